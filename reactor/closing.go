package reactor

// This file holds how a connection ends (RFC 6455, Section 7). The states, which are flags of a connection and only ever added:
//
//	(none)   Open, or its opening handshake is under way.
//	closing  Close was called: its close frame has been written. The peer's is awaited, and messages are discarded.
//	over     The peer's close frame has come, and been answered; or the peer broke the protocol, or was refused, and has been told
//	         so; or its stream ended; or CloseNow was called. Handler.Close is called. What waits is sent, the outgoing stream
//	         ended, and what comes discarded until the peer ends its own, for a bounded time: closing a socket with unread input
//	         sends a reset, which destroys what is on its way.
//	gone     The descriptor is closed.
//
// Leaving open sets ext.err, which every write returns from then on. Anybody may take a connection to closing or over; only its loop
// takes it on from there, and only the loop closes the descriptor. A send that failed (broken) leaves it open but for
// writing: what has arrived is delivered, and the end of the peer's stream is awaited for as long as the closing handshake.

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/seed-d69ae1b7/websocket"
)

// lingerTicks is how long what still comes is discarded once the outgoing stream has ended.
const lingerTicks = tickRate

var (
	errPongTimeout  = fmt.Errorf("websocket: ping was not answered in time: %w", os.ErrDeadlineExceeded)
	errWriteTimeout = fmt.Errorf("websocket: write: %w", os.ErrDeadlineExceeded)
	errPanicked     = errors.New("websocket: a handler did not return")
)

// Close begins the closing handshake (RFC 6455, Section 7.1.2): it sends a close frame with code and reason behind what was written, and
// does not wait. Messages that come from then on are discarded. Handler.Close is called when the peer has answered, or
// Options.CloseTimeout is over.
//
// A reason of more than websocket.MaxCloseReason bytes is cut. A code that may not travel, or a reason that is not UTF-8, is an error
// that leaves the connection as it was. On a connection that has ended it returns the *websocket.CloseError.
func (c *Conn) Close(code websocket.StatusCode, reason string) error {
	reason, err := cutReason(code, reason)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.has(closing | over) {
		return c.ext.err
	}
	c.end(closing, &websocket.CloseError{Code: code, Reason: reason, Local: true})
	return nil
}

// CloseNow ends the connection without a closing handshake and without waiting. What was written has a second to leave. On a
// connection that has ended it cuts the closing handshake short and returns the *websocket.CloseError; otherwise it returns nil.
func (c *Conn) CloseNow() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	if c.has(closing | over) {
		err = c.ext.err
	}
	c.end(over, &websocket.CloseError{Code: websocket.StatusAbnormalClosure, Local: true})
	c.ext.deadline = min(c.ext.deadline, c.loop.ticks()+lingerTicks)
	return err
}

// end takes the connection to closing or over because of err, unless it has been there. mu is held, but not throughout.
func (c *Conn) end(how uint32, err *websocket.CloseError) {
	if c.has(over) {
		return
	}
	x := c.more()
	first := !c.has(closing)
	c.set(how)
	if first {
		x.err = err
		x.deadline = c.loop.ticks() + c.loop.server.closeTicks
		c.appendClose(err)
	}
	if how == over {
		x.pings.ended()
	}
	c.attend()
	c.flush()
}

// appendClose puts the close frame behind what waits. mu is held.
func (c *Conn) appendClose(err *websocket.CloseError) {
	// RFC 6455, Section 7.4.1: 1006 "MUST NOT be set as a status code in a Close control frame by an endpoint".
	if err.Code == websocket.StatusAbnormalClosure || c.has(broken) {
		return
	}
	reason := err.Reason
	if !err.Local {
		// RFC 6455, Section 5.5.1: "When sending a Close frame in response, the endpoint typically echos the status code it received."
		reason = ""
	}
	var s websocket.Sender
	o := c.output()
	o.b, _ = s.AppendClose(o.b, err.Code, reason) // the code has been checked: it is the peer's, or that of Close or a ProtocolError
}

// cutReason returns reason as a close frame with code carries it, or the error of one that cannot be.
func cutReason(code websocket.StatusCode, reason string) (string, error) {
	payload, err := websocket.AppendClose(nil, code, reason)
	if err != nil || len(payload) == 0 {
		return "", err
	}
	_, carried, err := websocket.ParseClose(payload)
	return string(carried), err
}

// peerClosed deals with the peer's close frame.
func (c *Conn) peerClosed(code websocket.StatusCode, reason string) {
	c.mu.Lock()
	c.end(over, &websocket.CloseError{Code: code, Reason: reason})
	c.mu.Unlock()
}

// violated deals with a violation of the protocol. RFC 6455, Section 7.1.7: "the endpoint SHOULD send a Close frame with an appropriate
// status code".
func (c *Conn) violated(err error) {
	var p *websocket.ProtocolError
	errors.As(err, &p)
	reason, _ := cutReason(p.Code, p.Text) // its own text: the code may travel, and the text is UTF-8
	c.mu.Lock()
	c.end(over, &websocket.CloseError{Code: p.Code, Reason: reason, Local: true, Err: p})
	c.mu.Unlock()
}

// lost deals with the end of the peer's stream, or an error of reading.
func (c *Conn) lost(err error) {
	c.bits |= ended
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // io.EOF stands for an ordinary close, and this is none, or over
	}
	c.mu.Lock()
	c.end(over, &websocket.CloseError{Code: websocket.StatusAbnormalClosure, Err: err})
	c.mu.Unlock()
}

// unwritable deals with a send that failed. mu is held.
func (c *Conn) unwritable(err error) {
	c.set(broken)
	c.unset(stalled | blocked)
	x := c.more()
	x.failed = err
	if !c.has(closing | over) {
		x.deadline = c.loop.ticks() + c.loop.server.closeTicks
	}
	c.emptied()
	c.attend()
}

// wind takes a connection that is over to its end. Handler.Close has been called.
func (l *loop) wind(c *Conn) {
	c.mu.Lock()
	busy, left := c.has(sending), c.waiting() > 0
	finished := c.has(broken) || c.bits&ended != 0 && !left
	if !finished && !busy && !left && c.bits&shut == 0 {
		c.bits |= shut
		c.ext.deadline = min(c.ext.deadline, l.ticks()+lingerTicks)
		// RFC 6455, Section 7.1.1: "The underlying TCP connection, in most normal cases, SHOULD be closed first by the server".
		l.poll.closeWrite(c.fd)
	}
	c.mu.Unlock()
	if finished {
		l.finish(c)
		return
	}
	l.setTimer(c)
}

// abort ends a connection at once: a bound on time was passed, which is this side's unless a send had failed before.
func (l *loop) abort(c *Conn, err error) {
	c.mu.Lock()
	c.end(over, &websocket.CloseError{Code: websocket.StatusAbnormalClosure, Local: !c.has(broken), Err: err})
	c.unset(blocked | stalled)
	c.set(broken)
	if !c.has(sending) {
		c.emptied()
	}
	c.mu.Unlock()
	l.look(c)
}

// cut has a connection end without waiting for anything, when the loop looks at it.
func (c *Conn) cut() {
	c.mu.Lock()
	c.end(over, &websocket.CloseError{Code: websocket.StatusAbnormalClosure, Local: true})
	c.set(broken)
	c.attend()
	c.mu.Unlock()
}

// finish closes the descriptor of a connection that is over. If somebody is sending, it is done when the loop looks again.
func (l *loop) finish(c *Conn) {
	c.mu.Lock()
	if c.has(sending) {
		c.set(broken)
		c.mu.Unlock()
		return
	}
	c.set(gone | broken)
	c.emptied()
	c.mu.Unlock()
	l.poll.close(c.fd)
	l.forget(c)
}
