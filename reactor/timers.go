package reactor

// This file holds what the timer of a connection means. There is one for each, for whatever comes first; it is set when that may
// have become sooner, and what it is about is found out when it expires.

import (
	"errors"
	"math"
	"os"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// ticksOf returns how many ticks d takes, at least one.
func ticksOf(d time.Duration) uint32 {
	const tick = time.Second / tickRate
	return uint32(min(max((d+tick-1)/tick, 1), math.MaxInt32))
}

// never is the tick of what has no timer.
const never = math.MaxUint32

// These are no errors: it is time for a ping, or to give memory back.
var (
	errPingDue = errors.New("reactor: a ping is due")
	errRestDue = errors.New("reactor: a rest is due")
)

// ticks returns the time, in ticks of the loop. Anybody may ask.
func (l *loop) ticks() uint32 { return uint32(time.Since(l.start)/(time.Second/tickRate)) + 1 }

// timers deals with those that have expired.
func (l *loop) timers() {
	if l.fired.Load() {
		l.fired.Store(false)
		l.armed = false
		l.now.Store(l.ticks())
		l.expired = l.wheel.advance(l.expired, l.now.Load())
	}
	for n := len(l.expired); n > 0; n = len(l.expired) {
		c := l.conns[l.expired[n-1]]
		l.expired = l.expired[:n-1]
		if c != nil {
			l.expire(c)
		}
	}
	if !l.armed && l.wheel.n > 0 {
		l.armed = true
		l.timer.Reset(time.Second / tickRate)
	}
}

// setTimer sets the timer of c for what comes first, if that is sooner than what it is set for.
func (l *loop) setTimer(c *Conn) {
	c.mu.Lock()
	due, _ := c.due()
	c.mu.Unlock()
	if set := l.wheel.due(c.slot); due != never && (set == 0 || due < set) {
		l.wheel.set(c.slot, due)
	}
}

// expire deals with the timer of c.
func (l *loop) expire(c *Conn) {
	if c.has(busy) {
		l.wheel.set(c.slot, l.ticks()+1) // until it is back
		return
	}
	c.mu.Lock()
	due, why := c.due()
	c.mu.Unlock()
	if due > l.ticks() {
		l.setTimer(c)
		return
	}
	switch {
	case why == errPingDue:
		c.ping()
		l.setTimer(c)
	case why == errRestDue:
		c.rest()
		l.setTimer(c)
	case c.has(over) && c.bits&told == 0:
		l.look(c) // it comes here again
	case c.has(over):
		l.finish(c)
	case !c.has(opened):
		l.worker.late(c)
	default:
		l.abort(c, why)
	}
}

// due returns the tick at which something is due, or never; and why the connection is to be ended then, if it has not been. mu is
// held.
func (c *Conn) due() (at uint32, why error) {
	s := c.loop.server
	switch {
	case c.has(closing | over | broken):
		return c.ext.deadline, c.ext.failed
	case !c.has(opened):
		if s.handshakeTicks == 0 {
			return never, nil
		}
		return c.heard.Load() + s.handshakeTicks, os.ErrDeadlineExceeded
	}
	at = never
	if c.has(blocked) && s.writeTicks > 0 {
		at, why = c.out.since+s.writeTicks, errWriteTimeout
	}
	if t, alive := c.pingDue(); t < at {
		at, why = t, alive
	}
	if x := c.ext; x != nil && x.rest != 0 && x.rest < at {
		at, why = x.rest, errRestDue
	}
	return at, why
}

// rest gives back what compression holds of a connection that has said nothing for long: see CompressionOptions.IdleAfter.
func (c *Conn) rest() {
	if c.in != nil && c.in.own {
		c.in.receiver.Rest()
	}
	c.mu.Lock()
	if z := c.ext.sender; z != nil {
		z.Rest()
	}
	c.restLater()
	c.mu.Unlock()
}

// restLater sets when a connection that is busy with compression now gives memory back if it has not been since. mu is held, or
// nobody else knows the connection yet.
func (c *Conn) restLater() {
	if after := c.loop.server.restTicks; after > 0 {
		c.more().rest = c.loop.ticks() + after
	}
}

// pingDue returns when the keepalive wants to act, or never, and whether that is to send a ping or to give up. mu is held.
func (c *Conn) pingDue() (at uint32, why error) {
	s := c.loop.server
	switch {
	case s.pingTicks == 0:
		return never, nil
	case c.ext == nil || c.ext.pinged == 0 || c.heard.Load() != 0:
		return c.heard.Load() + s.pingTicks, errPingDue
	case s.pongTicks == 0:
		return never, nil
	}
	return c.ext.pinged + s.pongTicks, errPongTimeout
}

// ping sends a ping of the keepalive.
func (c *Conn) ping() {
	c.mu.Lock()
	c.more().pinged = c.loop.ticks()
	c.heard.Store(0)
	c.control(websocket.OpPing, nil)
	c.mu.Unlock()
}
