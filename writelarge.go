package websocket

// This file holds the writing of a message that is larger than the write buffer: its frame goes from the caller's
// slice to the network, while the frames of others collect in the buffer and follow.

import (
	"context"
	"fmt"
	"time"
)

// chunkSize is how much of a large message is sent at once: each chunk has the write timeout to itself.
const chunkSize = size1M

// A payload of more than leadFrom bytes is led by leadSize bytes of its frame in a write of their own: the peer wakes and
// reads while the rest is written. An echo of 1 MiB takes a quarter less CPU, and one of 16 messages of 64 KiB half
// (bench/echo, one connection).
const (
	leadFrom = size32K
	leadSize = size4K
)

// maskChunkSize is how much of it a client masks at once.
const maskChunkSize = size64K

// writeLarge is Write for a message that does not fit into the buffer.
func (c *Conn) writeLarge(ctx context.Context, op Opcode, p []byte) error {
	if err := checkPayload(op, p); err != nil {
		return err
	}
	if c.s.deflater != nil {
		return c.writeCompressed(ctx, op, p)
	}
	return c.writeFrame(ctx, finBit|byte(op), p)
}

// writeFrame sends a message as one frame that begins with the byte b0 and has the payload p.
func (c *Conn) writeFrame(ctx context.Context, b0 byte, p []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.takeTransport(ctx); err != nil {
		return err
	}
	h := c.s.newHead(head{b0: b0, length: uint64(len(p))})
	head := appendHead(getBuffer(MaxHeaderSize), h)
	c.counts.messagesOut++
	c.sending = len(head) + len(p)
	c.mu.Unlock()
	var n int64
	var err error
	if h.masked {
		n, err = c.sendMasked(ctx, head, p, h.key)
	} else {
		n, err = c.sendPlain(ctx, head, p)
	}
	putBuffer(head)
	if err != nil {
		return c.sendStopped(ctx, n, err)
	}
	c.mu.Lock()
	c.giveTransport()
	return nil
}

// sendStopped deals with an error after n bytes of a large message. mu is not held at first, and is at the end.
func (c *Conn) sendStopped(ctx context.Context, n int64, err error) error {
	if ctx.Err() == nil || !isTimeout(err) && err != ctx.Err() {
		return c.flushFailed(err)
	}
	if n > 0 {
		return c.flushFailed(fmt.Errorf("%w: %w", errCut, ctx.Err()))
	}
	c.mu.Lock()
	c.counts.messagesOut--
	c.sending = 0
	c.giveTransport()
	if c.err != nil {
		return c.err
	}
	return ctx.Err()
}

// takeTransport waits until everything before has been sent and makes the caller the one that writes to the
// transport: flushing is set. mu is held, and released while it waits.
func (c *Conn) takeTransport(ctx context.Context) error {
	for {
		if err := c.reserve(ctx, c.limit(), forMessage); err != nil {
			return err
		}
		if !c.flushing {
			c.beginSending()
			return nil
		}
		if c.opts.FailWhenFull {
			return ErrBackpressure
		}
		if err := c.await(ctx, nil); err != nil {
			return err
		}
	}
}

// giveTransport undoes takeTransport, and leaves what others have written meanwhile to a goroutine or to the kernel.
// mu is held.
func (c *Conn) giveTransport() {
	if !c.sent() {
		c.flushing = false
		c.flushByReader()
	}
}

// sendPlain sends a server's frame.
func (c *Conn) sendPlain(ctx context.Context, head, p []byte) (sent int64, err error) {
	chunk := p[:min(len(p), chunkSize)]
	if len(p) > leadFrom {
		chunk = p[:leadSize-len(head)]
	}
	for {
		n, err := c.sendChunk(ctx, head, chunk)
		sent += n
		p = p[len(chunk):]
		if err != nil || len(p) == 0 {
			return sent, err
		}
		c.chunkSent(n)
		head, chunk = nil, p[:min(len(p), chunkSize)]
	}
}

// sendMasked sends a client's frame, masked a chunk at a time.
func (c *Conn) sendMasked(ctx context.Context, head, p []byte, key uint32) (sent int64, err error) {
	buf := getBuffer(maskChunkSize)
	defer putBuffer(buf)
	for len(p) > 0 {
		chunk := p[:min(len(p), maskChunkSize)]
		maskBytes(buf[:len(chunk)], chunk, key) // a whole number of keys, but for the last
		n, err := c.sendChunk(ctx, head, buf[:len(chunk)])
		sent += n
		if err != nil {
			return sent, err
		}
		c.chunkSent(n)
		head, p = nil, p[len(chunk):]
	}
	return sent, nil
}

// chunkSent notes that n bytes of a large message are with the kernel.
func (c *Conn) chunkSent(n int64) {
	c.mu.Lock()
	c.sending -= int(n)
	c.progressed(int(n))
	c.mu.Unlock()
}

// sendChunk sends b and then p, and stops when ctx ends: with a timeout and the number of bytes that were sent on a
// transport that polls, whose deadlines can be used for that; with the error of ctx elsewhere, where a goroutine that
// has a copy is left behind, and nobody can tell how much it will have sent.
func (c *Conn) sendChunk(ctx context.Context, b, p []byte) (int64, error) {
	switch {
	case c.t.polls():
		return c.sendPolling(ctx, b, p)
	case ctx.Done() == nil:
		return c.sendTwo(b, p)
	}
	copied := append(append(getBuffer(len(b)+len(p)), b...), p...)
	done := make(chan error, 1)
	go func() {
		err := c.send(copied)
		putBuffer(copied)
		done <- err
	}()
	select {
	case err := <-done:
		return int64(len(b) + len(p)), err
	case <-ctx.Done():
		return 1, ctx.Err()
	}
}

// sendPolling is sendChunk on a transport that polls: only what the kernel does not take at once needs a deadline.
func (c *Conn) sendPolling(ctx context.Context, b, p []byte) (int64, error) {
	c.mu.Lock()
	direct := c.lend()
	c.mu.Unlock()
	n, err := c.t.trySendTwo(b, p, direct)
	c.mu.Lock()
	c.giveBack()
	c.mu.Unlock()
	if err != nil || n == len(b)+len(p) {
		return int64(n), err
	}
	if n < len(b) {
		b = b[n:]
	} else {
		b, p = p[n-len(b):], nil
	}
	var m int64
	if ctx.Done() == nil {
		m, err = c.sendTwo(b, p)
	} else {
		m, err = c.sendUntil(ctx, b, p)
	}
	return int64(n) + m, err
}

// sendUntil is sendTwo with a context that moves the write deadline to the past.
func (c *Conn) sendUntil(ctx context.Context, b, p []byte) (int64, error) {
	var at time.Time
	if d := c.writeTimeout(); d > 0 {
		at = time.Now().Add(d)
	}
	c.t.setWriteDeadline(at)
	moved := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		c.t.setWriteDeadline(past)
		close(moved)
	})
	n, err := c.t.send(b, p)
	if !stop() {
		<-moved
	}
	c.t.setWriteDeadline(time.Time{})
	return n, err
}

// writeCompressed is writeLarge where messages are compressed: in fragments, so that neither the whole of the result
// has to be held nor others have to wait for it.
func (c *Conn) writeCompressed(ctx context.Context, op Opcode, p []byte) error {
	w, err := c.Writer(ctx, op)
	if err != nil {
		return err
	}
	if _, err := w.Write(p); err != nil {
		return err
	}
	return w.Close()
}
