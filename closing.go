package websocket

// This file holds how a connection ends (RFC 6455, Section 7). The states, of Conn.ending, and what leads to them:
//
//	open         Nothing yet.
//	endHandshake Close was called: its close frame is in the write buffer. The peer's is awaited, data is discarded.
//	endLinger    The peer's close frame has come, and an answer is in the buffer; or the peer broke the protocol, and
//	             a close frame that says so is; or the peer's stream ended without one. What is buffered is sent, the
//	             outgoing stream ended, and what still comes discarded for a bounded time: closing a socket with unread
//	             input sends a reset, which destroys the close frame on its way.
//	endLastChance CloseNow was called. Reads are interrupted; what had been accepted is sent, the outgoing stream ended and
//	             what comes discarded, all of it within lingerTime.
//	endAborted   Reading failed, or a bound on time was passed. Nothing more is sent.
//	endFinished  The transport has been closed.
//
// A connection goes down this list and never up. Leaving open sets Conn.err, which every call returns from then on. A failed
// write by itself leaves it open, but for writing: the states of that stand in writing.go. Close then only has discarded
// what still comes, and how the connection ended is said by the end of the peer's stream.
//
// Whoever holds the reading bit when the connection ends gives it to finish, which takes the connection through the
// remaining states; if nobody holds it, end takes it for finish.

import (
	"context"
	"errors"
	"io"
	"time"
	"unicode/utf8"
)

// ending is how far the end of a connection has come.
type ending uint8

const (
	open ending = iota
	endHandshake
	endLinger
	endLastChance
	endAborted
	endFinished
)

const (
	// lingerTime and lingerBytes bound what is discarded before the transport is closed.
	lingerTime  = time.Second
	lingerBytes = 1 << 20
)

var errBodyPanicked = errors.New("websocket: body of a Messages loop did not return")

// Close performs the closing handshake (RFC 6455, Section 7.1.2): it sends a close frame with code and reason, waits
// for the peer's, discarding messages, and closes the transport as Section 7.1.1 asks. It is bounded by
// Options.CloseTimeout, and works whether or not another goroutine is reading; reads end with a *CloseError that is
// Local. In the body of a Messages loop, or while one runs elsewhere, it sends the frame and returns; the loop does
// the rest.
//
// After a write that failed nothing can be sent: then Close discards what the peer has sent, up to the end of its stream, and
// returns how the connection ended: with the peer's code, if it sent a close frame.
//
// A reason of more than MaxCloseReason bytes is cut. A code that may not travel, or a reason that is not UTF-8, is
// an error that leaves the connection as it was. StatusNoStatusReceived with an empty reason sends no code. Close
// returns nil when the handshake was completed, or when it leaves that to a loop. On a connection that has ended it
// waits until the transport has been closed and returns the *CloseError.
func (c *Conn) Close(code StatusCode, reason string) error {
	return c.CloseContext(context.Background(), code, reason)
}

// CloseContext is Close that waits until ctx ends, and then returns its error; the closing handshake goes on without it. With a
// context that has ended it sends the close frame and does not wait at all.
func (c *Conn) CloseContext(ctx context.Context, code StatusCode, reason string) error {
	if _, err := AppendClose(nil, code, reason); err != nil {
		return err
	}
	if c.inBrowser() && !browserSends(code) {
		return errBrowserCode
	}
	first, begun := c.beginClose(code, reason)
	if !begun {
		return c.closeUnwritable(ctx)
	}
	c.mu.Lock()
	err, done := c.err, c.doneLocked()
	c.unlock()
	if !c.bodyRuns() {
		if err := wait(ctx, done); err != nil {
			return err
		}
		if first && !c.r.closed {
			return &CloseError{Code: code, Local: true, Err: errCloseTimeout}
		}
	}
	if first {
		return nil
	}
	return err
}

// wait waits until done is closed, or ctx ends, whose error it returns then.
func wait(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// beginClose begins what Close does, with a code and a reason that may travel. begun is false if a write has failed: then the
// end that comes from the peer is the connection's.
func (c *Conn) beginClose(code StatusCode, reason string) (first, begun bool) {
	c.mu.Lock()
	unwritable := c.expectsEnd()
	c.unlock()
	if unwritable {
		c.discardRest()
		return false, false
	}
	return c.end(&CloseError{Code: code, Reason: cutReason(reason), Local: true}, endHandshake), true
}

// CloseNow ends the connection without a closing handshake and without waiting: reads end at once, and so do writes that have
// not begun to send. What writes had accepted, that is, whose call had returned nil, has a second to leave, behind a large
// message that is on its way; then the transport is closed. Where the transport cannot end its stream but by closing, as
// one without CloseWrite, it is closed as soon as that has left, and input that nobody has read may make it a reset.
//
// On a connection that has ended it cuts the closing handshake short and returns the *CloseError; otherwise it returns nil.
func (c *Conn) CloseNow() error {
	if c.end(&CloseError{Code: StatusAbnormalClosure, Local: true}, endLastChance) {
		return nil
	}
	return c.cause()
}

// doneLocked returns the channel that is closed with the transport, made on demand. mu is held.
func (c *Conn) doneLocked() <-chan struct{} {
	x := c.more()
	if x.done == nil {
		x.done = make(chan struct{})
		if c.ending == endFinished {
			close(x.done)
		}
	}
	return x.done
}

// end ends the connection because of err, unless it has ended, and takes the end at least as far as how. It reports
// whether err is what ended the connection.
func (c *Conn) end(err *CloseError, how ending) (first bool) {
	c.mu.Lock()
	aborts := how == endAborted && c.ending < endAborted
	hurries := how == endLastChance && c.ending < endLastChance
	c.ending = max(c.ending, how)
	first = c.err == nil
	var was uint32
	if first {
		c.err = err
		// Before the close frame leaves: the answer may come before this goroutine goes on.
		was = c.state.Or(ended | reading)
		c.endLocked(err, how)
	} else if hurries {
		c.timer.Reset(lingerTime)
	}
	c.notify()
	c.unlock()
	if aborts {
		c.t.Abort()
	}
	if hurries {
		c.interrupt()
	}
	if first {
		if trace := c.opts.Trace; trace != nil && trace.Closed != nil {
			trace.Closed(c, err)
		}
		if was&reading == 0 {
			go c.finish()
		}
	}
	return first
}

// endLocked tells everybody of the end and puts the close frame into the buffer. mu is held.
func (c *Conn) endLocked(err *CloseError, how ending) {
	if c.life != nil {
		c.life.cancel(err)
		if c.life.reads {
			go c.cancelRead(c.life.turn)
		}
	}
	c.pings.end()
	if how >= endAborted {
		return
	}
	reason := err.Reason
	if !err.Local {
		// RFC 6455, Section 5.5.1: "When sending a Close frame in response, the endpoint typically echos the status
		// code it received."
		reason = ""
	}
	// RFC 6455, Section 7.4.1: 1006 "MUST NOT be set as a status code in a Close control frame by an endpoint".
	if err.Code != StatusAbnormalClosure && !c.isBroken() {
		// The code has been checked: it is the peer's, or that of Close or of a ProtocolError. The frame fits: it is
		// the last, and may pass the bound.
		c.out, _ = c.s.AppendClose(growBuffer(c.out, headerSize(MaxControlPayload, true)+MaxControlPayload), err.Code, reason)
	}
	bound := c.closeTimeout()
	if how == endLastChance {
		bound = lingerTime
	}
	c.timer = time.AfterFunc(bound, func() { c.end(nil, endAborted) })
	c.flushByReader()
}

// closeTimeout returns the bound on the end of a connection.
func (c *Conn) closeTimeout() time.Duration {
	return orDefault(max(c.opts.CloseTimeout, 0), DefaultCloseTimeout)
}

// peerClosed deals with the peer's close frame.
func (c *Conn) peerClosed(code StatusCode, reason string) {
	c.stopped = true
	c.end(&CloseError{Code: code, Reason: reason}, endLinger)
}

// violated deals with a violation of the protocol. RFC 6455, Section 7.1.7: "the endpoint SHOULD send a Close frame
// with an appropriate status code".
func (c *Conn) violated(err error) {
	c.stopped = true
	var p *ProtocolError
	errors.As(err, &p)
	c.end(&CloseError{Code: p.Code, Reason: cutReason(validReason(p.Text)), Local: true, Err: p}, endLinger)
}

// validReason returns text if a close frame may carry it.
func validReason(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return ""
}

// lost deals with an error of the transport.
func (c *Conn) lost(err error) {
	if _, limit := err.(*ProtocolError); limit {
		c.violated(err) // the transport has one of its own: browserconn_js.go
		return
	}
	c.stopped = true
	how := endAborted
	if err == io.EOF {
		how = endLinger // the peer may have ended only its own half, and still wait for the answers to its last messages
	}
	c.mu.Lock()
	expected := c.expectsEnd()
	c.unlock()
	if expected {
		c.endUnwritable() // that was the first to be seen of it
		return
	}
	c.end(brokenBy(err), how)
}

// finish takes the connection from its end to the closed transport. It holds the reading bit, for ever.
func (c *Conn) finish() {
	c.unwatch()
	c.stopKeepalive()
	c.ctx = context.Background()
	c.gatherNothing()
	c.dst, c.stream, c.skip, c.stopped = nil, nil, false, true
	if c.phase() <= endHandshake {
		c.stopped = false
		c.message((*Conn).untilClosed)
	}
	c.mu.Lock()
	c.drain()
	lingers := c.ending == endLinger || c.ending == endLastChance
	c.unlock()
	if lingers {
		c.uninterruptible()
		c.linger()
	}
	c.t.Close()
	c.finished()
}

// phase returns how far the end has come.
func (c *Conn) phase() ending {
	c.mu.Lock()
	defer c.unlock()
	return c.ending
}

// untilClosed discards input until the peer's close frame.
func (c *Conn) untilClosed() (done bool) {
	c.next()
	return c.stopped
}

// linger ends the outgoing stream and discards what still comes.
func (c *Conn) linger() {
	// RFC 6455, Section 7.1.1: "The underlying TCP connection, in most normal cases, SHOULD be closed first by the
	// server, so that it holds the TIME_WAIT state and not the client". After a violation nobody can be relied on to
	// close first.
	if !c.s.client || !c.r.closed {
		if !c.t.CloseWrite() && (c.r.closed || c.phase() == endLastChance || c.t.Orderly()) {
			return // closing is the only way to end the stream, which the peer is to see at once, or sends nothing behind, or harmless
		}
	}
	c.t.SetReadDeadline(time.Now().Add(lingerTime))
	c.look()
	// Behind CloseNow the peer has not been told of an end before that of the stream: it may be sending much, and stops then.
	for left := lingerBytes; (left > 0 || c.phase() == endLastChance) && c.t.Run((*connReader)(c), false) == nil && c.recvErr == nil; {
		left -= c.discardInput()
	}
}

// finished lets go of everything.
func (c *Conn) finished() {
	c.discardInput()
	c.dropInput()
	c.mu.Lock()
	c.countInput()
	c.dropOutput()
	c.ending = endFinished
	if c.timer != nil {
		c.timer.Stop()
	}
	c.tracker.remove(c) // before those who wait for the end are told of it: Upgrader.Len no longer counts it then
	if x := c.extra; x != nil {
		x.stop()
	}
	c.notify()
	c.unlock()
}

// stop lets go of the timer, and of those who wait for the end. Conn.mu is held.
func (x *extra) stop() {
	for _, timer := range []*time.Timer{x.hold, x.expecting} {
		if timer != nil {
			timer.Stop()
		}
	}
	if x.done != nil {
		close(x.done)
	}
}
