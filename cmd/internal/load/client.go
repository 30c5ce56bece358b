package load

// This file holds one connection: how many messages of it are due, were sent and were answered.

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// client is one connection.
type client struct {
	conn  *websocket.Conn
	run   *run
	shard *shard

	// With a rate: whose lane it is in, and where, which says when each of its messages is due.
	lane  *lane
	place int

	mu       sync.Mutex
	due      int             // messages that should have been sent
	sent     int             // messages that have been
	answered int             // of those
	extra    int             // messages that answer none
	sentAt   []time.Duration // without a rate: when those under way were sent, a ring
	stopped  bool            // nothing more becomes due
	broken   bool            // the connection has ended
}

// message returns message k of the connection.
func (c *client) message(k int) websocket.Message {
	return c.run.Messages[(k+c.place)%len(c.run.Messages)]
}

// dueNow makes n messages more due, and sends what can be.
func (c *client) dueNow(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due += n
	c.pump()
}

// pump sends what is due, as far as the connection takes it: what it does not take is tried again with the next answer or message.
// c.mu is held.
func (c *client) pump() {
	send := false
	for c.sent < c.due && !c.broken {
		m := c.message(c.sent)
		first, err := c.conn.Queue(m.Op, m.Data)
		send = send || first
		if err != nil {
			c.broken = !errors.Is(err, websocket.ErrBackpressure) // what reads says why
			break
		}
		if c.sentAt != nil {
			c.sentAt[c.sent%len(c.sentAt)] = c.run.rec.now()
		}
		c.sent++
	}
	if send {
		c.conn.Send()
	}
}

// read reads answers until the connection ends.
func (c *client) read() {
	for _, err := range c.conn.MessagesInPlace(context.Background()) {
		if err != nil {
			c.end(err)
			return
		}
		c.answer()
	}
}

// answer notes an answer, and sends what follows it.
func (c *client) answer() {
	now := c.run.rec.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answered == c.sent {
		c.extra++
		return
	}
	c.shard.record(now - c.since(c.answered))
	c.answered++
	if c.sentAt != nil && !c.stopped {
		c.due++
	}
	c.pump()
}

// since returns from when on message k is waited for. c.mu is held.
func (c *client) since(k int) time.Duration {
	if c.sentAt != nil {
		return c.sentAt[k%len(c.sentAt)]
	}
	return c.lane.when(c.place + k*len(c.lane.clients))
}

// stop makes nothing more due.
func (c *client) stop() {
	c.mu.Lock()
	c.stopped = true
	c.mu.Unlock()
}

// end notes the end of the connection, which is an error until the run closes it.
func (c *client) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = true
	if !isOurs(err) {
		c.run.rec.fail(kindOf(err))
	}
}

// owes reports whether answers are still to come.
func (c *client) owes() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answered < c.due && !c.broken
}

// settle counts the messages when the run is over. One that was not answered counts with the time that it has waited, unless its
// connection was lost: it is no faster than that.
func (c *client) settle(now time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.run.rec.total.add(c)
	if c.broken {
		return
	}
	for k := c.answered; k < c.due && k < c.answered+c.late(); k++ {
		c.shard.record(now - c.since(k))
	}
}

// late is how many messages can be waited for: those whose time is known. c.mu is held.
func (c *client) late() int {
	if c.sentAt != nil {
		return c.sent - c.answered
	}
	return c.due - c.answered
}
