package reactor

// This file holds pings that are waited for (RFC 6455, Sections 5.5.2 and 5.5.3). Those of the keepalive are in timers.go.

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// pings are those of a connection whose pongs are waited for, in the order of their numbers. The payload of a ping is its number, 8 bytes,
// big-endian. Guarded by Conn.mu.
type pings struct {
	last    uint64 // number
	rtt     time.Duration
	waiting []ping
}

// ping is one of them.
type ping struct {
	number uint64
	sent   time.Time
	rtt    chan time.Duration // receives the answer; closed when the connection has ended
}

// Ping sends a ping and waits for its pong, or a later one's. It returns the time between. A handler must not call it, unless there are
// Workers: the loop waits for the handler, and would not hear the pong. The error is the context's, one that is os.ErrDeadlineExceeded
// after Options.PongTimeout, or that of a write; none but the last has done anything to the connection.
func (c *Conn) Ping(ctx context.Context) (time.Duration, error) {
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	p, err := c.sendPing()
	if err != nil {
		return 0, err
	}
	var timeout <-chan time.Time
	if ticks := c.loop.server.pongTicks; ticks > 0 {
		t := time.NewTimer(time.Duration(ticks) * time.Second / tickRate)
		defer t.Stop()
		timeout = t.C
	}
	select {
	case rtt, ok := <-p.rtt:
		if ok {
			return rtt, nil
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		return 0, c.ext.err
	case <-ctx.Done():
		err = ctx.Err()
	case <-timeout:
		err = errPongTimeout
	}
	c.forgetPing(p.number)
	return 0, err
}

// sendPing sends one that is waited for.
func (c *Conn) sendPing() (ping, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.refusal(); err != nil {
		return ping{}, err
	}
	x := c.more()
	if x.pings == nil {
		x.pings = new(pings)
	}
	x.pings.last++
	p := ping{number: x.pings.last, sent: time.Now(), rtt: make(chan time.Duration, 1)}
	x.pings.waiting = append(x.pings.waiting, p)
	return p, c.control(websocket.OpPing, binary.BigEndian.AppendUint64(nil, p.number))
}

// forgetPing gives a ping up.
func (c *Conn) forgetPing(number uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ps := c.ext.pings
	for i := range ps.waiting {
		if ps.waiting[i].number == number {
			ps.waiting = append(ps.waiting[:i], ps.waiting[i+1:]...)
			return
		}
	}
}

// ponged deals with a pong of the peer's. RFC 6455, Section 5.5.3: "If an endpoint receives a Ping frame and has not yet sent Pong frame(s)
// in response to previous Ping frame(s), the endpoint MAY elect to send a Pong frame for only the most recently processed
// Ping frame": so one answers all before it.
func (c *Conn) ponged(payload []byte) {
	if len(payload) != 8 {
		return
	}
	number := binary.BigEndian.Uint64(payload)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ext == nil || c.ext.pings == nil || number > c.ext.pings.last {
		return
	}
	ps := c.ext.pings
	for len(ps.waiting) > 0 && ps.waiting[0].number <= number {
		ps.rtt = time.Since(ps.waiting[0].sent)
		ps.waiting[0].rtt <- ps.rtt
		ps.waiting = ps.waiting[1:]
	}
}

// ended tells all who wait that no pong will come. Conn.mu is held.
func (ps *pings) ended() {
	if ps == nil {
		return
	}
	for _, p := range ps.waiting {
		close(p.rtt)
	}
	ps.waiting = nil
}
