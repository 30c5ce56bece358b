package main

// The rules about how a connection ends, about control frames, and about streams of net/http.

var ending = group{
	file: "closing.go",
	tests: `^Test(Close(Handshake|Simultaneously|Timeout|Arguments|Now$|NowLastChance|NowCuts|InBody|BesideBody|Context|EveryCode)|PeerCloses|PeerDrops|ClientWaits|` +
		`Violation|UseAfterClose|Lost|ReadContextEndsDuringClose|Context$|Ends|BodyPanics|NobodyStarves|WritersSeeTheEnd|BufferedAfterEnd|LargeWriteThenClose|LenAfterClose|PeerEndsIts|SocketsCloseNowKeepsAccepted|StreamEnds|StreamKind|CloseCodeArrives)`,
	list: []change{
		{`7.1.2: Close does not wait for the peer's close frame`, `	if c.phase() <= endHandshake {`, `	if c.phase() < endHandshake {`},
		{`7.1.2: Close is content with the end of the stream`, `		if first && !c.r.closed {`, `		if first && !c.r.closed && !c.stopped {`},
		{`7.1.2: a second Close returns before the end`, `	if !c.bodyRuns() {
		if err := wait(ctx, done)`, `	if first && !c.bodyRuns() {
		if err := wait(ctx, done)`},
		{`7.1.2: Close in the body of a loop waits for itself`, `	if !c.bodyRuns() {
		if err := wait(ctx, done)`, `	if true {
		if err := wait(ctx, done)`},
		{`7.1.2: Close with a context that has ended waits`, `	case <-ctx.Done():
		return ctx.Err()`, `	case <-context.Background().Done():
		return ctx.Err()`},
		{`7.1.2: nothing bounds the closing handshake`, `	c.timer = time.AfterFunc(bound, func() { c.end(nil, endAborted) })`, `	c.timer = time.AfterFunc(1000*bound, func() { c.end(nil, endAborted) })`},
		{`7.4: a code that may not travel ends the connection`, `	if _, err := AppendClose(nil, code, reason); err != nil {
		return err
	}`, `	if _, err := AppendClose(nil, code, reason); err != nil {
		code = StatusNormalClosure
	}`},
		{`7.4: the close frame carries another code than the connection's`, `growBuffer(c.out, headerSize(MaxControlPayload, true)+MaxControlPayload), err.Code, reason)`, `growBuffer(c.out, headerSize(MaxControlPayload, true)+MaxControlPayload), StatusNormalClosure, reason)`},
		{`7.1.6: the error's reason is longer than what was sent`, `&CloseError{Code: code, Reason: cutReason(reason), Local: true}, endHandshake), true`, `&CloseError{Code: code, Reason: reason, Local: true}, endHandshake), true`},
		{`5.5.1: the peer's reason is echoed`, `	if !err.Local {
		// RFC`, `	if false {
		// RFC`},
		{`5.5.1: the peer's close frame is not answered`, `	if err.Code != StatusAbnormalClosure && !c.isBroken() {`, `	if err.Code != StatusAbnormalClosure && !c.isBroken() && err.Local {`},
		{`5.5.1: Close sends no close frame`, `	if err.Code != StatusAbnormalClosure && !c.isBroken() {`, `	if err.Code != StatusAbnormalClosure && !c.isBroken() && !err.Local {`},
		{`7.1.5: a close frame of the peer's is taken for the end of its stream`, `	c.end(&CloseError{Code: code, Reason: reason}, endLinger)`, `	c.end(&CloseError{Code: StatusAbnormalClosure, Reason: reason}, endLinger)`},
		{`7.1.6: the peer's reason is lost`, `	c.end(&CloseError{Code: code, Reason: reason}, endLinger)`, `	c.end(&CloseError{Code: code}, endLinger)`},
		{`7.1.4: the peer's close is this side's`, `	c.end(&CloseError{Code: code, Reason: reason}, endLinger)`, `	c.end(&CloseError{Code: code, Reason: reason, Local: true}, endLinger)`},
		{`7.1.7: a violation is closed with 1002 whatever it was`, `	c.end(&CloseError{Code: p.Code, Reason:`, `	c.end(&CloseError{Code: StatusProtocolError, Reason:`},
		{`7.1.7: after a violation nothing is sent`, `Local: true, Err: p}, endLinger)`, `Local: true, Err: p}, endAborted)`},
		{`7.1.7: after a violation the peer's close frame is awaited`, `Local: true, Err: p}, endLinger)`, `Local: true, Err: p}, endHandshake)`},
		{`7.1.7: after a violation more is read`, `	c.stopped = true
	var p *ProtocolError`, `	var p *ProtocolError`},
		{`7.1.1: a client closes before the server`, `	if !c.s.client || !c.r.closed {`, `	if true {`},
		{`7.1.1: a server waits for its client to close first`, `	if !c.s.client || !c.r.closed {`, `	if !c.r.closed {`},
		{`7.1.1: the transport is closed with input unread`, `	if lingers {
		c.uninterruptible()
		c.linger()
	}`, `	if lingers && c.s.client {
		c.uninterruptible()
		c.linger()
	}`},
		{`7.1.1: what still comes is discarded for ever`, `	c.t.SetReadDeadline(time.Now().Add(lingerTime))`, `	c.t.SetReadDeadline(time.Now().Add(1000 * lingerTime))`},
		{`7.1.1: there is no bound on what is discarded`, `		left -= c.discardInput()`, `		c.discardInput()`},
		{`7.1.1: the transport is not closed`, `	c.t.Close()
	c.finished()`, `	c.finished()`},
		{`what was accepted is not sent before the end`, `	c.drain()
	lingers`, `	lingers`},
		{`the peer's end of stream aborts what is on its way to it`, `		how = endLinger // the peer`, `		how = endAborted // the peer`},
		{`CloseNow destroys what was accepted`, `	if c.end(&CloseError{Code: StatusAbnormalClosure, Local: true}, endLastChance) {`, `	if c.end(&CloseError{Code: StatusAbnormalClosure, Local: true}, endAborted) {`},
		{`CloseNow waits as long as Close`, `	if how == endLastChance {
		bound = lingerTime
	}`, ``},
		{`CloseNow does not cut a closing handshake short`, `	} else if hurries {
		c.timer.Reset(lingerTime)
	}`, `	}`},
		{`CloseNow does not interrupt a read`, `	if hurries {
		c.interrupt()
	}`, ``},
		{`the end goes back to an earlier state`, `	c.ending = max(c.ending, how)`, `	c.ending = how`},
		{`what ended the connection last is its error`, `	first = c.err == nil
`, `	first = c.err == nil || err != nil && how == endAborted
`},
		{`the end is not told to those who wait for it`, `	if x.done != nil {
		close(x.done)
	}`, ``},
		{`the end does not cancel the connection's context`, `		c.life.cancel(err)
		if c.life.reads {`, `		if c.life.reads {`},
		{`pings wait beyond the end`, `	c.pings.end()
`, ``},
		{`writers wait beyond the end`, `		c.endLocked(err, how)
	} else if hurries {
		c.timer.Reset(lingerTime)
	}
	c.notify()`, `		c.endLocked(err, how)
	} else if hurries {
		c.timer.Reset(lingerTime)
	}`},
		{`a connection that has ended is still counted`, `	c.tracker.remove(c) // before`, `	// before`},
	},
}

var reasons = group{
	file: "errors.go", tests: `^Test(CloseError|BrokenBy|CloseStatus|ProtocolError|Ends)`,
	list: []change{
		{`7.1.4: going away is no clean end`, `|| e.Code == StatusGoingAway || e.Code == StatusNoStatusReceived)`, `|| e.Code == StatusNoStatusReceived)`},
		{`7.1.4: a close frame without a code is no clean end`, `|| e.Code == StatusGoingAway || e.Code == StatusNoStatusReceived)`, `|| e.Code == StatusGoingAway)`},
		{`7.1.4: the end of a stream without a close frame is a clean end`, `		err = io.ErrUnexpectedEOF // io.EOF`, `		return &CloseError{Code: StatusNoStatusReceived} // io.EOF`},
		{`7.1.4: a clean end of this side's is the peer's`, `		return !e.Local && (e.Code == StatusNormalClosure`, `		return (e.Code == StatusNormalClosure`},
		{`7.1.4: what a limit ended was the application's doing`, `		return e.Local && (e.Err == nil || e.Err == errCloseTimeout)`, `		return e.Local`},
		{`7.1.4: a timeout is the peer's doing`, `	local := isTimeout(err) || errors.Is(err, net.ErrClosed)`, `	local := errors.Is(err, net.ErrClosed)`},
	},
}

var silence = group{
	file: "keepalive.go", tests: `^Test(EveryPing|NewestPing|PongIsNotStarved|Ping_|PingEnds|PingFull|Keepalive($|[^S])|PingBetween|PingRTT|PingHooks|Pongs|ReadingNeverBlocks)`,
	list: []change{
		{`5.5.2: a ping is not answered`, `	if c.opts.NoBatching || c.hasFrames() && c.isIdle() && !c.startHold() {`, `	if c.opts.NoBatching {`},
		{`5.5.3: the oldest of the pings that wait is answered`, `		ps.pong, ps.pongDue = append(ps.pong[:0], payload...), true`, `		if !ps.pongDue {
			ps.pong, ps.pongDue = append(ps.pong[:0], payload...), true
		}`},
		{`5.5.3: a pong answers only its own ping`, `len(ps.waiting) > 0 && ps.waiting[0].number <= number {`, `len(ps.waiting) > 0 && ps.waiting[0].number == number {`},
		{`5.5.3: a pong that nobody asked for answers pings`, `if c.pings == nil || number == 0 || number > c.pings.number {`, `if c.pings == nil || number == 0 {`},
		{`5.5.3: a pong of another length answers pings`, `	if len(payload) != 8 {
		return
	}`, `	if len(payload) != 8 {
		payload = []byte{0, 0, 0, 0, 0, 0, 0, 1}
	}`},
		{`5.5.2: all pings have the same payload`, `	c.pings.number++
`, `	c.pings.number = 1
`},
		{`5.5.2: Ping waits for ever`, `	case <-timeout:
		err = errPongTimeout`, `	case <-ctx.Done():
		<-timeout`},
		{`5.5.2: a ping that nobody waits for is kept`, `			ps.waiting = append(ps.waiting[:i], ps.waiting[i+1:]...)
			return`, `			ps.waiting = append(ps.waiting[:i:i], ps.waiting[i:]...)
			return`},
		{`5.5.3: the keepalive measures only its last ping`, `	if ps.auto.number == 0 {`, `	if true {`},
		{`5.5.3: a pong measures an older ping than it need`, `		if p.number > newest {`, `		if newest == 0 {`},
		{`5.5.2: a peer that is silent is not pinged`, `	case !k.asked || !waited:
		k.asked, k.out = true, c.autoPing()`, `	case !k.asked || !waited:
		k.asked, k.out = true, 0`},
		{`5.5.2: a peer that sends is pinged`, `	k.last, k.asked, k.waits = time.Now(), false, false`, `	k.asked, k.waits = false, false`},
		{`5.5.2: only a pong is a sign of life`, `	k.last, k.asked, k.waits = time.Now(), false, false`, `	k.last, k.waits = time.Now(), false`},
		{`5.5.2: a peer that does not answer stays`, `		if !now.Before(until) {
			return true
		}`, ``},
		{`5.5.2: a peer that takes bytes is dead`, `	if progress || c.pings.autoDue && c.holdsControls() {`, `	if progress && c.pings.autoDue && c.holdsControls() {`},
		{`5.5.2: a ping waits for the end of a compressed message, and its time runs`, `	if progress || c.pings.autoDue && c.holdsControls() {`, `	if progress {`},
		{`5.5.2: without a bound on pongs a silent peer is cut off`, `	case pongTimeout == 0:`, `	case pongTimeout < 0:`},
		{`5.5.2: the time for a pong begins before the ping has left`, `	return c.pings.left.Add(pongTimeout)`, `	return c.pings.auto.sent.Add(pongTimeout)`},
	},
}

var controlling = group{
	file: "control.go", tests: `^Test(EveryPing|NewestPing|PongIsNotStarved|ControlsPass|ControlsAreFlushed|NoControlsInCompressed|CompressedWriterHolds|KeepaliveHeldPing|HostilePingFlood|PingFull)`,
	list: []change{
		{`5.4: control frames wait behind large messages`, `return c.pending() > maxFrame`, `return c.pending() > 1<<30`},
		{`pongs go into a compressed message that is being streamed`, `	return w != nil && w.started && c.s.deflater != nil`, `	return w != nil && !w.started && c.s.deflater != nil`},
		{`a compressed message that is being streamed holds pongs for ever`, ` && time.Since(w.began) < holdControls`, ``},
		{`what was held leaves only with the next write`, `	if ps.pongDue || ps.autoDue {
		c.releaseLater()
	}`, ``},
	},
}

var unwritable = group{
	file: "unwritable.go", tests: `^Test(WriteFails|WriterFails|WriteTimeoutEnds|SocketsWriteFails|Ends)`,
	list: []change{
		{`7.1.5: the peer's end is not awaited after a write has failed`, `return c.isBroken() && c.err == nil`, `return false`},
		{`7.1.5: the peer's end is awaited for ever`, `	over := expects && !time.Now().Before(c.extra.giveUp) && c.hasWaited()`, `	over := false`},
		{`7.1.5: a transport without deadlines awaits the peer's end for ever`, `	over := c.expectsEnd() && c.isWaiting()`, `	over := false`},
		{`7.1.5: bytes do not begin the time anew`, `	if !now.Before(x.giveUp) || c.counts.bytesIn != x.heard {`, `	if x.giveUp.IsZero() {`},
		{`Close after a write that failed does not return`, `	if c.state.Or(discards|reading)&reading == 0 {
		go c.finish()
	}`, `	c.state.Or(discards)`},
	},
}

var reads = group{
	file: "reading.go", tests: `^Test(ReadInProgress|Close(InBody|BesideBody)|BodyPanics|HandlerBodyPanics|OtherReadsInBody|MessagesBreak|ReadAfter|UseAfterClose|CloseHandshake|PeerCloses|PingHooks|HookCalls|Keepalive$)`,
	list: []change{
		{`two may read at once`, `		case s&reading != 0:
			return ErrReadInProgress`, `		case s&reading != 0 && s&inBody == 0:
			return ErrReadInProgress
		case s&reading != 0:
			return nil`},
		{`a read that ends after the end leaves the connection unfinished`, `		if s&over != 0 {
			go c.finish()
			return
		}`, `		if s&over != 0 {
			return
		}`},
		{`7.4.1: the panic of a loop's body does not end the connection`, `	if !returned {
		// RFC`, `	if returned && err != nil {
		// RFC`},
		{`7.4.1: the panic of a loop's body is a normal closure`, `Code: StatusInternalError, Local: true, Err: errBodyPanicked}`, `Code: StatusNormalClosure, Local: true, Err: errBodyPanicked}`},
		{`Close waits for a hook that has called it`, `	c.state.Or(inBody)
	hook()`, `	hook()`},
	},
}

var inputs = group{
	file: "input.go", tests: `^Test(PeerCloses|CloseHandshake|Close(InBody|BesideBody|Simultaneously)|ReaderLeft|CloseReadDiscards|CancelledReadResumes|PingHooks|EveryPing|Violation|ReadCancelledTwice|DiscardedInFewReads)`,
	list: []change{
		{`1.4: what follows Close is delivered`, `	// is left to take it.
	return c.state.Load()&over == 0`, `	// is left to take it.
	return true`},
		{`the rest of a message that was left is the next one`, `		c.skip = !ev.Last
		return false`, `		c.skip = false
		return false`},
		{`7.1.7: a violation is not one`, `			c.violated(err)
			return Event{}, false`, `			return Event{}, false`},
		{`5.5.2: a ping is not seen`, `			c.pinged(ev.Payload)`, `			_ = ev.Payload`},
		{`5.5.3: a pong is not seen`, `			c.ponged(ev.Payload)`, `			_ = ev.Payload`},
		{`5.5.1: a close frame is not seen`, `			c.peerClosed(ev.Code, string(ev.Payload))`, `			_ = ev.Code`},
		{`what has come of a message is lost with its read`, `	if len(p) > 0 && !c.stopped {`, `	if len(p) > 1<<20 && !c.stopped {`},
	},
}

var writes = group{
	file: "writing.go", tests: `^Test(WriteFails|WriterFails|WriteTimeout|NobodyStarves|WritersSeeTheEnd|BufferedAndFlush|BufferedAfterEnd|FlushFails|LargeWriteThenClose|ControlsPass|SocketsWriteFails|CloseHandshake|WritersCombine|CloseNowLastChance|FailWhenFullNeverWaits|SocketsWriteToSilentPeer)`,
	list: []change{
		{`2.1: a write that fails ends the connection`, `if why := brokenBy(err); why.Local {`, `if why := brokenBy(err); true {`},
		{`2.2: with FailWhenFull a write waits for a transport that cannot poll`, `return ctx.Done() == nil && !c.opts.FailWhenFull }`, `return ctx.Done() == nil }`},
		{`a write has no bound`, `		c.t.SetWriteDeadline(at)
`, ``},
		{`a write that failed is forgotten`, `	c.writes, c.sending = broken, 0`, `	c.writes, c.sending = idle, 0`},
		{`a control frame goes into another frame`, `		at += size + int(h.length)`, `		at += size + int(h.length)/2`},
	},
}

var waiting = group{
	file: "room.go", tests: `^Test(NobodyStarves|WritersSeeTheEnd|WriterInLine|Writer)`,
	list: []change{
		{`2.21: a writer that waits does not look at the end`, `	for {
		if err := c.refused(); err != nil {
			return err
		}
		if ready() {`, `	if err := c.refused(); err != nil {
		return err
	}
	for {
		if ready() {`},
	},
}

var sides = group{
	file: "conn.go", tests: `^Test(ReadLimit|CompressionEcho|BothRoles|BufferedByHandshake|Context$|ZeroOptions|Keepalive$|Stats)`,
	list: []change{
		{`10.4: there is no limit unless one is asked for`, `		return DefaultReadLimit
`, `		return 0
`},
		{`10.4: no limit is the default one`, `	case n < 0:
		return 0`, `	case n < 0:
		return DefaultReadLimit`},
		{`RFC 7692, 5: what was agreed on is not used`, `if p := cfg.agreement.Compression; p != nil {`, `if p := cfg.agreement.Compression; p != nil && cfg.client {`},
		{`PingInterval does nothing`, `	if c.opts.PingInterval > 0 {`, `	if c.opts.PingInterval < 0 {`},
	},
}

var handlers = group{
	file: "streamhandler.go", tests: `^Test(Stream)|IsUpgrade`,
	list: []change{
		{`RFC 8441, 5: a refusal accepts`, `	if resp.StatusCode != http.StatusOK {`, `	if resp.StatusCode == http.StatusSwitchingProtocols {`},
	},
}
