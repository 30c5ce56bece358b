package websocket

// This file holds what a connection without messages gives back of what compression holds: CompressionOptions.IdleAfter. The
// reader does it, which owns the Inflater: it is woken for that by the read deadline of the transport, which costs nothing
// while there are messages, and needs neither goroutine nor timer. A connection that nobody reads does not rest, nor does one
// over a transport without deadlines.

import "time"

// beginRests has the connection rest now and then, if that is wanted and there is anything to give back.
func (c *Conn) beginRests() {
	o, agreed := c.opts.Compression, c.agreement.Compression
	if agreed == nil || o.IdleAfter <= 0 || agreed.ServerNoContextTakeover && agreed.ClientNoContextTakeover {
		return
	}
	c.mu.Lock()
	defer c.unlock()
	c.restLater()
}

// restLater sets when to rest next. mu is held.
func (c *Conn) restLater() {
	c.more().restAt = time.Now().Add(c.opts.Compression.IdleAfter)
	c.deadline.mu.Lock()
	defer c.deadline.mu.Unlock()
	c.setWanted()
}

// restDue returns when the connection is to rest, or the zero time. mu is held.
func (c *Conn) restDue() time.Time {
	if c.extra == nil {
		return time.Time{}
	}
	return c.extra.restAt
}

// rests deals with a read deadline that may be restLater's. It reports whether it was.
func (c *Conn) rests() bool {
	c.mu.Lock()
	due := c.restDue()
	c.unlock()
	if due.IsZero() || time.Now().Before(due) {
		return false
	}
	c.r.Rest()
	c.mu.Lock()
	defer c.unlock()
	if !c.deflaterIsTaken() {
		c.s.Rest()
	}
	c.restLater()
	return true
}
