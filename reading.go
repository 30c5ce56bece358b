package websocket

// This file holds the state of reading. Nobody else names its fields: TestFieldOwners.
//
// Who reads, the bit reading of Conn.state:
//
//	free       Nobody does.
//	held       One read of the application's does, and owns the reading fields.
//	finish's   The connection has ended, and finish reads, for ever.
//
//	acquire    free → held
//	release    held → free, or → finish's once the connection has ended
//	end        free → finish's (closing.go)
//
// What is known of the socket, Conn.known; the reader's:
//
//	unknown    Whatever was known does not hold: a run of the transport begins, and an edge of readability that came
//	           before it may wake nobody.
//	someLeft   Bytes were read, and there may be more.
//	noneLeft   Bytes were read, and the socket said that nothing was behind them, the end of the stream included. Only
//	           a reader that has waited in this run asks it: its context is registered then.
//	nothing    The reader has begun to wait, and nothing has come. It stays when the wait fails: the keepalive has seen
//	           silence if the reader was waiting when the time was up, and not if nobody read.
//
//	look       any → unknown; at every entry of the transport's run
//	found      unknown, someLeft, nothing → someLeft or noneLeft
//	waits      any → nothing
//
// Whose body runs, Conn.loopBody and the bits inBody and moreInput of Conn.state:
//
//	no loop    loopBody is nil.
//	loop       loopBody is that of the MessagesInPlace loop that reads. That of Messages is never seen here: it only enters.
//	in body    ... and inBody is set from the first message of a burst to the next wait.
//
//	beginLoop  no loop → loop
//	enterBody  loop → in body; so does the body of Messages
//	leaveBody  in body → loop; before the next wait
//	loopLeft   → no loop; the body has returned false
//	endLoop    → no loop; deferred, and the only place that releases what a loop has acquired

// knowledge is what is known of the socket.
type knowledge uint8

const (
	unknown knowledge = iota
	someLeft
	noneLeft
	nothing
)

// look forgets what is known of the socket.
func (c *Conn) look() { c.known = unknown }

// found notes that bytes have come, and whether the socket said that nothing was behind them.
func (c *Conn) found(drained bool) {
	c.known = someLeft
	if drained {
		c.known = noneLeft
	}
}

// waits notes that the reader waits.
func (c *Conn) waits() { c.known = nothing }

// nothingIsLeft reports whether the socket said that nothing was behind the bytes that came last.
func (c *Conn) nothingIsLeft() bool { return c.known == noneLeft }

// hasWaited reports whether nothing has come since the reader began to wait.
func (c *Conn) hasWaited() bool { return c.known == nothing }

// acquire makes the caller the one that reads.
func (c *Conn) acquire() error {
	for {
		s := c.state.Load()
		switch {
		case s&over != 0:
			return c.endedBy()
		case s&reading != 0:
			return ErrReadInProgress
		case c.state.CompareAndSwap(s, s|reading):
			return nil
		}
	}
}

// release lets others read. When the connection has ended, reading passes to finish for ever instead.
func (c *Conn) release() {
	for {
		s := c.state.Load()
		if s&over != 0 {
			go c.finish()
			return
		}
		next := s &^ (reading | inBody | moreInput)
		if c.hasInput() {
			next |= moreInput
		}
		if c.state.CompareAndSwap(s, next) {
			return
		}
	}
}

// beginLoop makes body the one that gets the messages.
func (c *Conn) beginLoop(body messageBody) { c.loopBody = body }

// inLoop reports whether the read is a MessagesInPlace loop whose body has not left it.
func (c *Conn) inLoop() bool { return c.loopBody != nil }

// loopLeft is inLoop's opposite, as wait asks it.
func (c *Conn) loopLeft() bool { return c.loopBody == nil }

// runBody gives the body of beginLoop a message. It reports whether the loop goes on.
func (c *Conn) runBody(p []byte) (goesOn bool) {
	if !c.give(c.loopBody, Message{c.op, p}) {
		c.loopBody = nil
		return false
	}
	return true
}

// give runs body on a message, unless the connection has ended. It reports whether the loop goes on.
func (c *Conn) give(body messageBody, m Message) (goesOn bool) {
	return !c.enterBody() || body(m, nil)
}

// enterBody notes that the body runs, and reports whether it may: not after Close.
func (c *Conn) enterBody() bool {
	set := uint32(inBody)
	if c.hasInput() {
		set |= moreInput
	}
	// The bits stay from one message of a burst to the next: park clears them.
	was := c.state.Load() & (inBody | moreInput)
	if set&^was != 0 {
		c.state.Or(set)
	}
	if was&^set != 0 {
		c.state.And(^(was &^ set))
	}
	return c.state.Load()&over == 0
}

// runHook runs a function of the application's in the midst of reading, as the body of a loop is run: Close does not wait there.
func (c *Conn) runHook(hook func()) {
	inside := c.bodyRuns()
	c.state.Or(inBody)
	hook()
	if !inside {
		c.state.And(^uint32(inBody))
	}
}

// leaveBody notes that the reader is about to wait, so that Close waits again and frames are not held.
func (c *Conn) leaveBody() {
	if c.state.Load()&(inBody|moreInput) != 0 {
		c.state.And(^uint32(inBody | moreInput))
	}
}

// moreIsAtHand reports whether messages that arrived together are still being read. Anybody may ask.
func (c *Conn) moreIsAtHand() bool { return c.state.Load()&moreInput != 0 }

// bodyRuns reports whether the body of a loop runs, or is about to run again. Anybody may ask.
func (c *Conn) bodyRuns() bool { return c.state.Load()&inBody != 0 }

// beginWait notes that a read with a context that can end waits from now on, until endWait. Whoever finds after that that its
// context has ended does not wait, and whoever ends it before does not see a wait: see cancelRead.
func (c *Conn) beginWait() { c.state.Or(inWait) }

// endWait ends what beginWait began.
func (c *Conn) endWait() { c.state.And(^uint32(inWait)) }

// waitCanEnd reports whether a read with a context that can end waits. Anybody may ask.
func (c *Conn) waitCanEnd() bool { return c.state.Load()&inWait != 0 }

// isWaiting reports whether somebody reads, and no body runs. Anybody may ask.
func (c *Conn) isWaiting() bool { return c.state.Load()&(reading|inBody) == reading }

// endLoop ends the read that the loop was, with its error. It ends the connection if the body did not return, but
// panicked or ended its goroutine: nobody knows how far it came with its message.
func (c *Conn) endLoop(returned bool, err error) error {
	if !returned {
		// RFC 6455, Section 7.4.1: 1011 is for "an unexpected condition that prevented it from fulfilling the request".
		c.end(&CloseError{Code: StatusInternalError, Local: true, Err: errBodyPanicked}, endLinger)
	}
	c.keepGathered(returned && err != nil)
	c.loopBody = nil
	c.state.And(^uint32(inBody)) // Close waits again
	return firstError(c.endRead(), err)
}
