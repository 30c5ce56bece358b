package reactor

// This file holds how messages get into what waits to be sent. None of it waits for the network.

import (
	"context"
	"fmt"
	"sync"

	"github.com/seed-d69ae1b7/websocket"
)

// Write sends a message: OpText, whose p must be UTF-8, or OpBinary. It never waits: what the kernel does not take at once leaves later.
// In a handler, and while one runs elsewhere for this connection, it leaves together with what else is written there.
//
// A write is taken, whatever its size, while no more than half of Options.WriteBuffer waits for the network, and as long as it
// fits into that. Otherwise the error is websocket.ErrBackpressure: nothing was sent, and the connection is not affected. Where
// more than half waits, the peer is not read, so a handler that writes one message for each that it gets never sees this error. The
// error of ctx, if that has ended, and that of a wrong opcode or of text that is not UTF-8 leave the connection as it was, too.
// websocket.ErrWriteFailed and *websocket.CloseError are final.
func (c *Conn) Write(ctx context.Context, op websocket.Opcode, p []byte) error {
	if ctx.Done() != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.write(op, p)
}

// write is Write with mu held, but not throughout.
func (c *Conn) write(op websocket.Opcode, p []byte) error {
	if err := c.reserve(len(p) + websocket.MaxHeaderSize); err != nil {
		return err
	}
	if len(p) >= largeSize && !c.has(sending|blocked) && !c.compresses() {
		return c.writeLarge(op, p)
	}
	if err := c.append(op, p); err != nil {
		return err
	}
	c.written()
	return nil
}

// WritePrepared is Write for a prepared message, or several, which are taken or refused together.
func (c *Conn) WritePrepared(ctx context.Context, m *websocket.PreparedMessage) error {
	if ctx.Done() != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.reserve(m.Size()); err != nil {
		return err
	}
	if err := c.appendPrepared(m); err != nil {
		return err
	}
	c.written()
	return nil
}

// Queue is Write that does not send: for those who write to many connections, and several messages to each. first reports that
// nobody else is going to send it: then call Send when what belongs together has been queued. It leaves with whatever is
// written next in any case.
func (c *Conn) Queue(op websocket.Opcode, p []byte) (first bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.reserve(len(p) + websocket.MaxHeaderSize); err != nil {
		return false, err
	}
	first = c.sendsNobody()
	return first, c.append(op, p)
}

// QueuePrepared is Queue for a prepared message, or several.
func (c *Conn) QueuePrepared(m *websocket.PreparedMessage) (first bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.reserve(m.Size()); err != nil {
		return false, err
	}
	first = c.sendsNobody()
	return first, c.appendPrepared(m)
}

// Send sends what is queued, as far as the kernel takes it; the rest leaves later.
func (c *Conn) Send() {
	c.mu.Lock()
	c.written()
	c.mu.Unlock()
}

// SendPing sends a ping with a payload of at most 125 bytes (RFC 6455, Section 5.5.2). Control frames are taken whatever waits.
func (c *Conn) SendPing(ctx context.Context, payload []byte) error {
	return c.sendControl(ctx, websocket.OpPing, payload)
}

// SendPong sends a pong that nobody has asked for (RFC 6455, Section 5.5.3). The peer's pings are answered without it.
func (c *Conn) SendPong(ctx context.Context, payload []byte) error {
	return c.sendControl(ctx, websocket.OpPong, payload)
}

func (c *Conn) sendControl(ctx context.Context, op websocket.Opcode, payload []byte) error {
	if ctx.Done() != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.control(op, payload)
}

// control is sendControl with mu held, but not throughout.
func (c *Conn) control(op websocket.Opcode, payload []byte) (err error) {
	if err := c.refusal(); err != nil {
		return err
	}
	var s websocket.Sender // nothing in it matters to a control frame between whole messages of a server
	o := c.output()
	if o.b, err = s.AppendControl(o.b, op, payload); err != nil {
		return c.appended(0, err)
	}
	c.written()
	return nil
}

// sendsNobody reports whether what is appended now stays until somebody is told to send it. mu is held.
func (c *Conn) sendsNobody() bool { return c.waiting() == 0 && !c.has(corked|sending|blocked) }

// refusal says why nothing can be written any more, or is nil. mu is held.
func (c *Conn) refusal() error {
	switch {
	case c.has(closing | over):
		return c.ext.err
	case c.has(broken):
		return fmt.Errorf("%w: %w", websocket.ErrWriteFailed, c.ext.failed)
	}
	return nil
}

// reserve makes sure that need more bytes may wait. mu is held, but not throughout.
func (c *Conn) reserve(need int) error {
	if err := c.refusal(); err != nil {
		return err
	}
	if c.fits(need) {
		return nil
	}
	c.flush() // what only collects
	if err := c.refusal(); err != nil {
		return err
	}
	if !c.fits(need) {
		return websocket.ErrBackpressure
	}
	return nil
}

// fits reports whether need more bytes may wait. mu is held.
func (c *Conn) fits(need int) bool {
	most := c.loop.server.writeBuffer
	return c.waiting() <= most/2 || c.waiting()+need <= most
}

// append puts a message behind what waits. mu is held.
func (c *Conn) append(op websocket.Opcode, p []byte) (err error) {
	o := c.output()
	if z, pool := c.sender(); z != nil {
		o.b, err = z.AppendMessage(o.b, op, p)
		giveBack(pool, z)
	} else {
		var s websocket.Sender // without compression a server's has no state between whole messages
		o.b, err = s.AppendMessage(o.b, op, p)
	}
	return c.appended(1, err)
}

// appendPrepared is append for a prepared message. mu is held.
func (c *Conn) appendPrepared(m *websocket.PreparedMessage) (err error) {
	o := c.output()
	if z, pool := c.sender(); z != nil {
		o.b, err = z.AppendPrepared(o.b, m)
		giveBack(pool, z)
	} else {
		var s websocket.Sender
		o.b, err = s.AppendPrepared(o.b, m)
	}
	return c.appended(m.Len(), err)
}

// giveBack gives a sender back that is not its connection's own.
func giveBack(pool *sync.Pool, z *websocket.Sender) {
	if pool != nil {
		pool.Put(z)
	}
}

// appended counts messages, and lets go of a buffer that has remained empty. mu is held.
func (c *Conn) appended(messages int, err error) error {
	if err == nil {
		c.counts.messagesOut += uint64(messages)
	} else if c.waiting() == 0 && !c.has(sending) {
		c.emptied()
	}
	return err
}

// writeLarge sends what waits, a header, and p from where it lies; what the kernel does not take of it is copied. mu is held
// throughout, so that nothing comes between.
func (c *Conn) writeLarge(op websocket.Opcode, p []byte) (err error) {
	o := c.output()
	var s websocket.Sender
	if o.b, err = s.AppendMessageHeader(o.b, op, p); err != nil {
		return c.appended(0, err)
	}
	c.counts.messagesOut++
	c.set(sending)
	c.unset(edge)
	first := len(o.b) - o.off
	n, err := c.loop.poll.send(c.fd, o.b[o.off:], p)
	c.unset(sending)
	if n > first {
		c.counts.bytesOut += uint64(n - first) // of p, which never were in o
		p = p[n-first:]
	}
	o.b = append(o.b, p...)
	c.sent(min(n, first), c.waiting(), err)
	c.flush()
	if c.waiting() > c.loop.server.writeBuffer/2 {
		c.set(stalled)
	}
	return nil
}
