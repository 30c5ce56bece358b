package engineio

// This file holds the heartbeat: one clock with one timer for all sessions of a server.
//
// A session is between a pong and the next ping (due is pingDue), or waits for a pong (pongDue). Either lasts as long for every session, so
// the deadlines of each kind stand in a line, the earliest first, and a new one goes to the end of its line or near it.
//
//	pingDue -- its deadline: a ping is sent --> pongDue
//	pongDue -- a pong --> pingDue
//	pongDue -- its deadline, and nothing came --> the end
//	pongDue -- its deadline, but bytes came, or it was not read because the Handler was called, or had it paused: another ping is sent --> pongDue
//
// Pings go on whatever the reason why there is no pong: a client gives up, too, when none comes for the interval and the timeout.

import (
	"sync"
	"time"
)

// due is what a session waits for.
type due uint8

const (
	idle due = iota
	pingDue
	pongDue
)

// beat is a session's heartbeat.
type beat struct {
	due  due           // guarded by the session's mu
	busy bool          // the Handler was being called when the deadline was set; guarded by the session's mu
	in   uint64        // the bytes that had come when the deadline was set; guarded by the session's mu
	out  uint64        // those that had gone; guarded by the session's mu
	at   time.Duration // the deadline, by the clock; 0 is none; guarded by the session's mu

	// guarded by the clock's mu
	line       *line
	prev, next *Session
}

// clock has the deadlines of all sessions of a server. Its mu is locked with a session's held, never the other way round.
type clock struct {
	interval, timeout time.Duration
	epoch             time.Time

	mu           sync.Mutex
	pings, pongs line
	timer        *time.Timer
	wakes        time.Duration // when timer fires; 0 is never
}

// line is a row of sessions, the one with the earliest deadline first.
type line struct{ first, last *Session }

// now returns the time since the clock was made. It is never 0.
func (c *clock) now() time.Duration { return time.Since(c.epoch) + 1 }

// arm sets the deadline of s, whose mu is held.
func (c *clock) arm(s *Session, d due, at time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unlink(s)
	s.beat.due, s.beat.at = d, at
	l := &c.pings
	if d == pongDue {
		l = &c.pongs
	}
	l.insert(s)
	c.set()
}

// disarm removes s, whose mu is held.
func (c *clock) disarm(s *Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unlink(s)
	s.beat.due, s.beat.at = idle, 0
	if c.pings.first == nil && c.pongs.first == nil && c.timer != nil {
		c.timer.Stop()
		c.wakes = 0
	}
}

// insert puts s where its deadline belongs: at the end, or before those that were extended meanwhile.
func (l *line) insert(s *Session) {
	b := &s.beat
	b.line, b.prev, b.next = l, l.last, nil
	for b.prev != nil && b.prev.beat.at > b.at {
		b.prev, b.next = b.prev.beat.prev, b.prev
	}
	if b.prev != nil {
		b.prev.beat.next = s
	} else {
		l.first = s
	}
	if b.next != nil {
		b.next.beat.prev = s
	} else {
		l.last = s
	}
}

// unlink takes s out of its line. mu is held.
func (c *clock) unlink(s *Session) {
	b := &s.beat
	if b.line == nil {
		return
	}
	if b.prev != nil {
		b.prev.beat.next = b.next
	} else {
		b.line.first = b.next
	}
	if b.next != nil {
		b.next.beat.prev = b.prev
	} else {
		b.line.last = b.prev
	}
	b.line, b.prev, b.next = nil, nil, nil
}

// set sets the timer to the earliest deadline, unless it fires before it anyway. mu is held.
func (c *clock) set() {
	var at time.Duration
	for _, s := range []*Session{c.pings.first, c.pongs.first} {
		if s != nil && (at == 0 || s.beat.at < at) {
			at = s.beat.at
		}
	}
	if at == 0 || c.wakes != 0 && c.wakes <= at {
		return
	}
	c.wakes = at
	d := max(at-c.now(), 0)
	if c.timer == nil {
		c.timer = time.AfterFunc(d, c.tick)
	} else {
		c.timer.Reset(d)
	}
}

// expired is a session whose deadline has passed.
type expired struct {
	s  *Session
	at time.Duration
}

// tick tells all sessions whose deadlines have passed.
func (c *clock) tick() {
	var passed []expired
	c.mu.Lock()
	now := c.now()
	c.wakes = 0
	for _, l := range []*line{&c.pings, &c.pongs} {
		for s := l.first; s != nil && s.beat.at <= now; s = l.first {
			passed = append(passed, expired{s, s.beat.at})
			c.unlink(s)
		}
	}
	c.set()
	c.mu.Unlock()
	for _, e := range passed {
		e.s.expire(e.at)
	}
}

// startBeat begins the heartbeat of a session that has been opened at a time of the clock.
func (s *Session) startBeat(opened time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := &s.srv.clock; s.end == nil {
		c.arm(s, pingDue, opened+c.interval)
	}
}

// expire is called by the clock when a deadline has passed.
func (s *Session) expire(at time.Duration) {
	s.mu.Lock()
	switch {
	case s.end != nil || s.beat.at != at: // it was over, or had been set again, in the meantime
	case s.client != nil:
		s.expireClient(at)
		return
	case s.beat.due == pingDue:
		s.ping(at + s.srv.clock.timeout)
		return
	case s.beat.due == pongDue && (s.deaf() || s.beat.busy || s.lives()):
		s.ping(s.srv.clock.now() + s.srv.clock.timeout)
		return
	case s.beat.due == pongDue:
		if s.finish(PingTimeout, nil, byLoss) {
			go s.tell()
		}
	}
	s.mu.Unlock()
}

// ping sends a ping and waits for the pong until a time. Where something large is on its way, there is no room for the ping, and none
// is needed yet: the client shows life by taking bytes. mu is held, and released.
func (s *Session) ping(until time.Duration) {
	first, err := s.pushPing()
	s.beat.busy = s.deaf()
	s.beat.in, s.beat.out = s.moved()
	s.srv.clock.arm(s, pongDue, until)
	if err != nil {
		first, err = false, nil // how a connection has ended is told by its reader
	}
	s.pass(first, err)
}

// lives reports whether the client has shown life since the deadline was set: bytes have come, or it takes bytes that wait. mu is held.
func (s *Session) lives() bool {
	in, out := s.moved()
	return in != s.beat.in || out != s.beat.out && s.link != nil && s.link.Buffered() > 0
}

// moved returns how many bytes have come, and have gone over WebSocket. mu is held.
func (s *Session) moved() (in, out uint64) {
	if s.polling != nil {
		return s.polling.in.Load(), 0
	}
	n := s.link.Stats()
	return n.BytesIn, n.BytesOut
}

// pong takes a pong. One that nobody waits for means nothing. The next ping is due an interval after the last one, not after the pong,
// which may have waited for the Handler: the client's own timeout began with the ping.
func (s *Session) pong() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := &s.srv.clock; s.end == nil && s.beat.due == pongDue {
		c.arm(s, pingDue, max(c.now(), s.beat.at-c.timeout+c.interval))
	}
}
