package websocket

// This file holds pings (RFC 6455, Sections 5.5.2 and 5.5.3): those of the application, those that find out whether
// the peer is alive, and the answers to the peer's.

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"sync"
	"time"
)

// errPongTimeout is the error of a ping that was not answered in time.
var errPongTimeout = fmt.Errorf("websocket: ping was not answered in time: %w", os.ErrDeadlineExceeded)

// pings are the pings that were sent, and what could not be. The payload of a ping is its number, 8 bytes,
// big-endian. Guarded by Conn.mu.
type pings struct {
	number  uint64 // of the last that was sent
	rtt     time.Duration
	waiting []*ping // in the order of their numbers
	auto    ping    // the keepalive's oldest that was not answered; number 0 if there is none

	autoDue bool      // auto has to wait
	autoEnd uint64    // how many bytes will have been sent when auto has left; 0 while it waits
	left    time.Time // when it has; zero before

	pong    []byte // the payload of the newest pong that has to wait
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

// pongCame looks for the pings that a pong answers. RFC 6455, Section 5.5.3: an endpoint may "elect to send a Pong frame for only the most
// recently processed Ping frame", so a pong answers every ping before its own, too; and "A response to an
// unsolicited Pong frame is not expected".
func (c *Conn) pongCame(payload []byte) {
	if len(payload) != 8 {
		return
	}
	number := binary.BigEndian.Uint64(payload)
	c.mu.Lock()
	defer c.unlock()
	if c.pings == nil || number == 0 || number > c.pings.number {
		return
	}
	c.pings.answered(number, time.Now())
}

// answered notes that the pong of a ping has come. mu is held.
func (ps *pings) answered(number uint64, now time.Time) {
	newest := uint64(0) // of those that it answers
	if auto := &ps.auto; auto.number != 0 && auto.number <= number {
		ps.rtt, newest = now.Sub(auto.sent), auto.number
		auto.number = 0
	}
	for len(ps.waiting) > 0 && ps.waiting[0].number <= number {
		p := ps.waiting[0]
		ps.waiting = ps.waiting[1:]
		if p.number > newest {
			ps.rtt = now.Sub(p.sent)
		}
		p.rtt <- now.Sub(p.sent)
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
	ps := c.pings
	if !c.appendPong(payload) {
		// RFC 6455, Section 5.5.3: "If an endpoint receives a Ping frame and has not yet sent Pong frame(s) in response
		// to previous Ping frame(s), the endpoint MAY elect to send a Pong frame for only the most recently processed
		// Ping frame."
		ps = c.pingsLocked()
		ps.pong, ps.pongDue = append(ps.pong[:0], payload...), true
		c.releaseLater()
		return
	}
	if ps != nil {
		ps.pong, ps.pongDue = nil, false // it would be behind that of a newer ping
	}
	if c.opts.NoBatching || c.hasFrames() && c.isIdle() && !c.startHold() {
		c.flushByReader()
	}
}

// pingsLocked returns c.pings, made on demand. mu is held.
func (c *Conn) pingsLocked() *pings {
	if c.pings == nil {
		c.pings = new(pings)
	}
	return c.pings
}

// keepalive finds out whether the peer is alive. It has neither goroutine nor timer, but the read deadline; a timer takes
// its place where the transport has no deadlines, and then works while the reader waits.
type keepalive struct {
	mu    sync.Mutex
	last  time.Time   // when the last bytes came
	at    time.Time   // when to look; zero before the first wait; written with readDeadline.mu held, too
	asked bool        // a ping has been due since then, and nothing has come
	waits bool        // the reader waits, and nothing has come since it began to
	out   uint64      // how many bytes had been sent when it was asked, or looked for progress
	timer *time.Timer // nil where there are deadlines
}

// heard notes that bytes have come: any of them is a sign of life.
func (k *keepalive) heard() {
	k.mu.Lock()
	k.last, k.asked, k.waits = time.Now(), false, false
	k.mu.Unlock()
}

// arm sets the read deadline for a read that is about to wait. One that passed while nobody read is reason for a ping, and
// not for the end: the peer's bytes may not have been read.
func (c *Conn) arm() {
	k, now := c.deadline.alive, time.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.waits = true
	switch due := k.last.Add(c.opts.PingInterval); {
	case k.at.IsZero():
		k.last = now
		c.lookAt(k, now.Add(c.opts.PingInterval))
	case !now.Before(k.at):
		c.lookAround(k, now, false)
	case !k.asked && due.Before(k.at):
		c.lookAt(k, due) // a ping was answered sooner than it had to be
	}
}

// silent deals with a read deadline that may be the keepalive's. It reports whether it was.
func (c *Conn) silent() bool {
	k, now := c.deadline.alive, time.Now()
	if k == nil {
		return false
	}
	k.mu.Lock()
	due := !now.Before(k.at)
	dead := due && c.lookAround(k, now, c.hasWaited())
	k.mu.Unlock()
	if dead {
		c.stopped = true
		c.dead()
	}
	return due
}

// timerFires is silent for a transport without deadlines.
func (c *Conn) timerFires(k *keepalive) {
	now := time.Now()
	k.mu.Lock()
	dead := k.waits && !now.Before(k.at) && c.lookAround(k, now, true)
	k.mu.Unlock()
	if dead {
		c.dead()
	}
}

// dead ends the connection.
func (c *Conn) dead() {
	c.end(&CloseError{Code: StatusAbnormalClosure, Local: true, Err: errPongTimeout}, endAborted)
}

// lookAround pings a peer that has been silent for the interval, and reports whether one that was asked before has been
// silent for too long. waited says that somebody waited for its bytes until now. k.mu is held.
func (c *Conn) lookAround(k *keepalive, now time.Time, waited bool) (dead bool) {
	pongTimeout := orDefault(c.opts.PongTimeout, DefaultPongTimeout)
	switch due := k.last.Add(c.opts.PingInterval); {
	case now.Before(due):
		c.lookAt(k, due)
	case pongTimeout == 0:
		k.asked, k.out = true, c.autoPing()
		c.lookAt(k, now.Add(c.opts.PingInterval))
	case !k.asked || !waited:
		k.asked, k.out = true, c.autoPing()
		c.lookAt(k, now.Add(pongTimeout))
	default:
		until := c.patience(k, now, pongTimeout)
		if !now.Before(until) {
			return true
		}
		c.lookAt(k, until)
	}
	return false
}

// patience returns until when a peer that was asked may be silent: the pong timeout begins when the ping leaves, and again
// as long as a write waits for the network and the peer goes on taking bytes, or the ping for a message to end. k.mu is held.
func (c *Conn) patience(k *keepalive, now time.Time, pongTimeout time.Duration) time.Time {
	c.mu.Lock()
	defer c.unlock()
	out := c.bytesInKernel()
	progress := !c.isIdle() && out > k.out
	k.out = out
	if progress || c.pings.autoDue && c.holdsControls() {
		return now.Add(pongTimeout)
	}
	return c.pings.left.Add(pongTimeout)
}

// autoPing sends the keepalive's ping, as soon as that can be: while the buffer is full, bytes are on their way in any case, and
// show by their progress whether the peer is alive. It returns how many bytes have been sent.
func (c *Conn) autoPing() (out uint64) {
	c.mu.Lock()
	defer c.unlock()
	ps := c.pingsLocked()
	ps.left, ps.autoEnd, ps.autoDue = time.Time{}, 0, true
	c.appendDue()
	c.flushByReader()
	return c.bytesInKernel()
}

// appendAutoPing puts the keepalive's ping into the buffer, and reports false if it has to wait. mu is held.
func (c *Conn) appendAutoPing() (done bool) {
	if c.refused() != nil {
		return true // it cannot be sent any more
	}
	if c.holdsControls() || !c.hasRoomForControl(pingSize) {
		return false
	}
	ps, p := c.pings, ping{}
	c.appendPing(&p)
	if ps.auto.number == 0 {
		ps.auto = p // and not in the place of one whose pong may be on its way
	}
	ps.autoEnd = c.counts.bytesOut + uint64(c.unsent())
	return true
}

// progressed notes that n bytes more have reached the kernel. mu is held.
func (c *Conn) progressed(n int) {
	c.counts.bytesOut += uint64(n)
	if ps := c.pings; ps != nil && ps.left.IsZero() && ps.autoEnd > 0 && c.bytesInKernel() >= ps.autoEnd {
		ps.left = time.Now()
	}
}

// bytesInKernel returns how many bytes have reached the kernel, at least. mu is held.
func (c *Conn) bytesInKernel() uint64 {
	return c.counts.bytesOut - min(c.counts.bytesOut, uint64(c.t.Backlog()))
}

// lookAt sets when to look at the peer next. k.mu is held.
func (c *Conn) lookAt(k *keepalive, at time.Time) {
	d := &c.deadline
	c.mu.Lock()
	defer c.unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	k.at = at
	if c.setWanted() == nil {
		return
	}
	if k.timer == nil {
		k.timer = time.AfterFunc(time.Until(at), func() { c.timerFires(k) })
	} else {
		k.timer.Reset(time.Until(at))
	}
}

// stopKeepalive ends it, for good. Only finish calls it.
func (c *Conn) stopKeepalive() {
	k := c.deadline.alive
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.waits = false
	if k.timer != nil {
		k.timer.Stop()
	}
	c.t.SetReadDeadline(time.Time{})
	c.deadline.alive = nil
}
