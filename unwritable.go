package websocket

// This file holds what follows a write that failed, Conn.writes broken: what the peer has sent is still read, up to the end of
// its stream, because only that says how the connection ended. RFC 6455, Sections 7.1.5 and 7.1.6: code and reason are
// those of the close frame that was received.
//
// The end is expected as long as somebody reads, and for the close timeout without a byte: the read deadline bounds that wait,
// or a timer on a transport without deadlines.

import (
	"context"
	"time"
)

// expectEnd bounds the wait for the end of the peer's stream. It is called when a write has failed, and by a reader that is about
// to wait: bytes begin the time anew, and so does the time in which nobody has waited. mu is held.
func (c *Conn) expectEnd() {
	x, now := c.extra, time.Now()
	if !now.Before(x.giveUp) || c.counts.bytesIn != x.heard {
		x.giveUp, x.heard = now.Add(c.closeTimeout()), c.counts.bytesIn
	}
	d := &c.deadline
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case c.setWanted() == nil:
	case x.expecting == nil:
		x.expecting = time.AfterFunc(x.giveUp.Sub(now), c.noEndCame)
	default:
		x.expecting.Reset(x.giveUp.Sub(now))
	}
}

// expectsEnd reports whether the end of the peer's stream is what is still awaited. mu is held.
func (c *Conn) expectsEnd() bool { return c.isBroken() && c.err == nil }

// endExpected returns until when, or the zero time. mu is held.
func (c *Conn) endExpected() time.Time {
	if !c.expectsEnd() {
		return time.Time{}
	}
	return c.extra.giveUp
}

// expects reports whether an expired read deadline may be that of expectEnd, and ends the connection if it is.
func (c *Conn) expects() bool {
	c.mu.Lock()
	expects := c.expectsEnd()
	over := expects && !time.Now().Before(c.extra.giveUp) && c.hasWaited()
	c.unlock()
	if over {
		c.stopped = true
		c.endUnwritable()
	}
	return expects
}

// noEndCame is expects for a transport without deadlines. A reader that is about to wait sets the timer again.
func (c *Conn) noEndCame() {
	c.mu.Lock()
	over := c.expectsEnd() && c.isWaiting()
	c.unlock()
	if over {
		c.endUnwritable()
	}
}

// endUnwritable ends the connection, whose end has not come: what is known of it is the write that failed.
func (c *Conn) endUnwritable() {
	c.mu.Lock()
	err := c.extra.failed
	c.unlock()
	c.end(brokenBy(err), endAborted)
}

// discardRest has what still comes read by finish, for nobody.
func (c *Conn) discardRest() {
	if c.state.Or(discards|reading)&reading == 0 {
		go c.finish()
	}
}

// closeUnwritable is Close after a write that failed and discardRest: it returns how the connection ended.
func (c *Conn) closeUnwritable(ctx context.Context) error {
	c.mu.Lock()
	failed, done := c.extra.failed, c.doneLocked()
	c.unlock()
	if c.bodyRuns() {
		return failed // the loop does the rest
	}
	if err := wait(ctx, done); err != nil {
		return err
	}
	return c.cause()
}
