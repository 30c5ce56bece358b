package websocket

// This file holds pings (RFC 6455, Sections 5.5.2 and 5.5.3): those of the application, those that find out whether
// the peer is alive, and the answers to the peer's.

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"time"
)

// errPongTimeout is the error of a ping that was not answered in time.
var errPongTimeout = fmt.Errorf("websocket: ping was not answered in time: %w", os.ErrDeadlineExceeded)

// pings are the pings that were sent, and the pong that could not be. The payload of a ping is its number, 8 bytes,
// big-endian. Guarded by Conn.mu.
type pings struct {
	number  uint64 // of the last that was sent
	rtt     time.Duration
	waiting []*ping // in the order of their numbers
	auto    ping    // the keepalive's last; number 0 when it was answered

	pong    []byte // the payload of the newest pong for which the buffer had no room
	pongDue bool
}

// ping is one that waits for its pong.
type ping struct {
	number uint64
	sent   time.Time
	rtt    chan time.Duration // receives the answer; closed when the connection has ended
}

// Ping sends a ping and waits for its pong, or a later one's. It returns the time between. It needs somebody to read
// the connection meanwhile: see CloseRead. The error is the context's, one that is os.ErrDeadlineExceeded after
// Options.PongTimeout, ErrBackpressure, or wraps the *CloseError; none but the last has done anything to the
// connection.
func (c *Conn) Ping(ctx context.Context) (time.Duration, error) {
	if ctx.Err() != nil {
		return 0, c.contextError(ctx)
	}
	p := &ping{rtt: make(chan time.Duration, 1)}
	if err := c.sendPing(ctx, p); err != nil {
		return 0, err
	}
	var timeout <-chan time.Time
	if d := orDefault(c.opts.PongTimeout, DefaultPongTimeout); d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		timeout = t.C
	}
	var err error
	select {
	case rtt, ok := <-p.rtt:
		if !ok {
			return 0, c.cause()
		}
		return rtt, nil
	case <-ctx.Done():
		err = c.contextError(ctx)
	case <-timeout:
		err = errPongTimeout
	}
	c.mu.Lock()
	c.pings.forget(p)
	c.unlock()
	return 0, err
}

// sendPing sends p.
func (c *Conn) sendPing(ctx context.Context, p *ping) error {
	c.mu.Lock()
	defer c.unlock()
	if err := c.reserve(ctx, pingSize, forControl); err != nil {
		return err
	}
	ps := c.pingsLocked()
	ps.waiting = append(ps.waiting, p)
	c.appendPing(p)
	return c.appended(ctx)
}

// pingSize is the most bytes that the frame of a ping of ours takes.
const pingSize = 2 + 4 + 8

// appendPing numbers p and puts its frame into the buffer. mu is held.
func (c *Conn) appendPing(p *ping) {
	c.pings.number++
	p.number, p.sent = c.pings.number, time.Now()
	var payload [8]byte
	binary.BigEndian.PutUint64(payload[:], p.number)
	c.appendControl(OpPing, payload[:])
}

// ponged deals with a pong. RFC 6455, Section 5.5.3: an endpoint may "elect to send a Pong frame for only the most
// recently processed Ping frame", so a pong answers every ping before its own, too; and "A response to an
// unsolicited Pong frame is not expected".
func (c *Conn) ponged(payload []byte) {
	if len(payload) != 8 {
		return
	}
	number := binary.BigEndian.Uint64(payload)
	c.mu.Lock()
	defer c.unlock()
	if c.pings == nil || number == 0 || number > c.pings.number {
		return
	}
	now := time.Now()
	for len(c.pings.waiting) > 0 && c.pings.waiting[0].number <= number {
		p := c.pings.waiting[0]
		c.pings.waiting = c.pings.waiting[1:]
		c.pings.rtt = now.Sub(p.sent)
		p.rtt <- c.pings.rtt
	}
	if auto := &c.pings.auto; auto.number != 0 && auto.number <= number {
		auto.number = 0
		c.pings.rtt = now.Sub(auto.sent)
	}
}

// forget removes a ping that nobody waits for any more. mu is held.
func (ps *pings) forget(p *ping) {
	for i, w := range ps.waiting {
		if w == p {
			ps.waiting = append(ps.waiting[:i], ps.waiting[i+1:]...)
			return
		}
	}
}

// end tells those who wait that the connection has ended. ps may be nil. mu is held.
func (ps *pings) end() {
	if ps == nil {
		return
	}
	for _, p := range ps.waiting {
		close(p.rtt)
	}
	ps.waiting = nil
}

// answer puts the pong for a ping of the peer's into the buffer. RFC 6455, Section 5.5.2: "Upon receipt of a Ping
// frame, an endpoint MUST send a Pong frame in response, unless it already received a Close frame."
func (c *Conn) answer(payload []byte) {
	c.mu.Lock()
	defer c.unlock()
	if !c.appendPong(payload) {
		// RFC 6455, Section 5.5.3: "If an endpoint receives a Ping frame and has not yet sent Pong frame(s) in response
		// to previous Ping frame(s), the endpoint MAY elect to send a Pong frame for only the most recently processed
		// Ping frame."
		ps := c.pingsLocked()
		ps.pong, ps.pongDue = append(ps.pong[:0], payload...), true
		c.releaseLater()
		return
	}
	if c.opts.NoBatching {
		c.flushByReader()
	} else if c.hasOutput() && c.isIdle() {
		c.startHold()
	}
}

// pingsLocked returns c.pings, made on demand. mu is held.
func (c *Conn) pingsLocked() *pings {
	if c.pings == nil {
		c.pings = new(pings)
	}
	return c.pings
}

// keepalive finds out whether the peer is alive. Owned by the reader: it has neither goroutine nor timer, but the
// read deadline.
type keepalive struct {
	last   time.Time // when the last bytes came
	at     time.Time // the read deadline; zero when none has been set; guarded by readDeadline.mu
	pinged bool      // a ping has been sent and nothing has come since
}

// heard notes that bytes have come: any of them is a sign of life.
func (k *keepalive) heard() { k.last, k.pinged = time.Now(), false }

// arm sets the read deadline for a read that is about to wait, unless one is set that has not passed. One that passed
// while nobody read is reason for a ping, and not for the end: the peer's bytes may not have been read.
func (c *Conn) arm() {
	k := c.deadline.alive
	switch now := time.Now(); {
	case k.at.IsZero():
		k.last = now
		c.keepaliveAt(now.Add(c.opts.PingInterval))
	case !now.Before(k.at):
		c.overdue(now)
	}
}

// patience returns how long the peer may be silent from now on.
func (c *Conn) patience() time.Duration {
	if d := orDefault(c.opts.PongTimeout, DefaultPongTimeout); c.deadline.alive.pinged && d > 0 {
		return d
	}
	return c.opts.PingInterval
}

// silence deals with the read deadline of the keepalive.
func (c *Conn) silence() {
	if c.did == waited && c.deadline.alive.pinged && c.opts.PongTimeout >= 0 {
		c.stopped = true
		c.end(&CloseError{Code: StatusAbnormalClosure, Local: true, Err: errPongTimeout}, endAborted)
		return
	}
	c.overdue(time.Now())
}

// overdue pings a peer that has been silent for so long, and sets the next deadline.
func (c *Conn) overdue(now time.Time) {
	k := c.deadline.alive
	if quiet := now.Sub(k.last); quiet < c.opts.PingInterval {
		c.keepaliveAt(now.Add(c.opts.PingInterval - quiet))
		return
	}
	if !k.pinged || c.opts.PongTimeout < 0 {
		k.pinged = true
		c.autoPing()
	}
	c.keepaliveAt(now.Add(c.patience()))
}

// autoPing sends the keepalive's ping, unless the buffer is full: then bytes are on their way in any case.
func (c *Conn) autoPing() {
	c.mu.Lock()
	defer c.unlock()
	if c.refused() != nil || c.holdsControls() || !c.hasRoomForControl(pingSize) {
		return
	}
	c.appendPing(&c.pingsLocked().auto)
	c.flushByReader()
}
