package websocket

// This file holds the writing of a message that is larger than the write buffer: it goes from the caller's slice to the
// transport, while the frames of others collect in the buffer and follow. Large messages stand in line for that, and in front of
// each leaves what had been written before it.

import (
	"context"
	"fmt"
	"time"
)

// maxFrame is the most payload of a frame where the library may choose: what is larger is fragmented, so that control frames can
// go between (RFC 6455, Section 5.4: a purpose of fragmentation is that "an endpoint" need not occupy the channel).
const maxFrame = size1M

// A payload of more than leadFrom bytes is led by leadSize bytes of its frame in a write of their own: the peer wakes and
// reads while the rest is written. An echo of 1 MiB takes a quarter less CPU, and one of 16 messages of 64 KiB half
// (bench/echo, one connection).
const (
	leadFrom = size32K
	leadSize = size4K
)

const (
	// maskChunkSize is how much of it a client masks at once.
	maskChunkSize = size64K
	// deflateChunkSize is how much of it is compressed at once.
	deflateChunkSize = size256K
)

// turn is the place in line of a large message, or of a Writer that found others there.
type turn struct {
	how   writing // large, deflating, or idle for a Writer, which does not take the transport
	after uint32  // the buffer that leaves before it
	next  *turn
}

// line returns the head of the line, or nil. mu is held.
func (c *Conn) line() *turn {
	if c.extra == nil {
		return nil
	}
	return c.extra.turns
}

// largeIsNext reports whether the transport is left to the large message at the head of the line. While a message is being
// streamed, the line stands still. mu is held.
func (c *Conn) largeIsNext() bool {
	t := c.line()
	return t != nil && t.how != idle && c.hasFlushed(t.after) && c.writer == nil && c.err == nil
}

// deflaterIsAwaited reports whether a message in line will take the deflater, or has it. It may pass what is written behind it,
// which must not be compressed then: the peer inflates messages in the order in which they were deflated. mu is held.
func (c *Conn) deflaterIsAwaited() bool {
	for t := c.line(); t != nil; t = t.next {
		if t.how == deflating {
			return true
		}
	}
	return c.deflaterIsTaken()
}

// takeTurn waits until everything before has been sent and makes the caller the one that writes to the transport. mu is held,
// and released while it waits.
func (c *Conn) takeTurn(ctx context.Context, how writing) error {
	if err := c.afterStreamed(ctx, always); err != nil {
		return err
	}
	if !c.isIdle() || c.hasFrames() || c.line() != nil {
		if err := c.queue(ctx, how, func() bool { return c.isIdle() && c.largeIsNext() }); err != nil {
			return err
		}
	}
	c.beginTurn(how)
	return nil
}

// queue stands in line, and returns when its turn has come and it is ready: the place is the caller's then. mu is held, and
// released meanwhile.
func (c *Conn) queue(ctx context.Context, how writing, ready func() bool) error {
	x := c.more()
	t := &turn{how: how, after: c.lastBuffer()}
	place := func() **turn {
		at := &x.turns
		for *at != nil && *at != t {
			at = &(*at).next
		}
		return at
	}
	*place() = t
	err := c.untilHead(ctx, t, ready)
	*place() = t.next
	if err != nil {
		// The transport may have been left to this one.
		c.notify()
		c.flushByReader()
	}
	return err
}

// untilHead waits until t is the head of the line and ready. For a Writer before it, it waits as everybody does. mu is held, and
// released meanwhile.
func (c *Conn) untilHead(ctx context.Context, t *turn, ready func() bool) error {
	for {
		err := c.until(ctx, nil, func() bool { return c.line() == t && (c.writer != nil || ready()) })
		if err != nil || c.writer == nil {
			return err
		}
		if err := c.afterStreamed(ctx, always); err != nil {
			return err
		}
	}
}

// letOthersPass lets at least one buffer of what others have written go before the large messages in line: whichever is next, as
// those before it may give up. mu is held.
func (c *Conn) letOthersPass() {
	for t := c.line(); t != nil && c.hasFrames(); t = t.next {
		t.after = c.lastBuffer()
	}
}

// writeLarge is Write for a message that does not fit into the buffer.
func (c *Conn) writeLarge(ctx context.Context, op Opcode, p []byte) error {
	if err := checkPayload(op, p); err != nil {
		return err
	}
	if c.s.compresses(len(p)) {
		return c.writeBeside(ctx, deflating, 1, func() (int64, error) { return c.sendCompressed(ctx, op, p) })
	}
	return c.writeBeside(ctx, large, 1, func() (int64, error) { return c.sendFragments(ctx, op, p) })
}

// writeBeside writes messages past the buffer, by send, which returns how many bytes of them are with the kernel.
func (c *Conn) writeBeside(ctx context.Context, how writing, messages uint64, send func() (int64, error)) error {
	c.mu.Lock()
	defer c.unlock()
	if err := c.takeTurn(ctx, how); err != nil {
		return err
	}
	c.counts.messagesOut += messages
	c.unlock()
	n, err := send()
	c.mu.Lock()
	switch {
	case err == nil:
	case ctx.Err() == nil || !isTimeout(err) && err != ctx.Err():
		return c.broke(err)
	case n > 0:
		return c.broke(fmt.Errorf("%w: %w", errCut, ctx.Err()))
	default:
		c.counts.messagesOut -= messages
		err = firstError(c.refused(), ctx.Err())
	}
	c.endTurn()
	return err
}

// sendFragments sends a message as it is, in frames of at most maxFrame bytes, and between them the control frames that wait.
func (c *Conn) sendFragments(ctx context.Context, op Opcode, p []byte) (sent int64, err error) {
	for first := true; ; first = false {
		part := p[:min(len(p), maxFrame)]
		rest := p[len(part):]
		n, err := c.sendFrame(ctx, fragmentByte(op, first, len(rest) == 0), part, len(p))
		sent += n
		if err != nil || len(rest) == 0 {
			return sent, err
		}
		p = rest
	}
}

// sendCompressed sends a message compressed: as one frame, or in several if it still is larger than maxFrame. No control frame
// goes between them, because some peers lose what they have inflated so far (Tornado, wsproto, cowlib, aiohttp).
// The deflater is this goroutine's meanwhile: see deflaterIsTaken.
func (c *Conn) sendCompressed(ctx context.Context, op Opcode, p []byte) (sent int64, err error) {
	if len(p) <= maxFrame {
		b, pays := c.s.deflater.Append(getBuffer(len(p)/2), p)
		defer putBuffer(b)
		if !pays {
			return c.sendFragments(ctx, op, p)
		}
		n, err := c.sendFrame(ctx, fragmentByte(op, true, true)|rsv1Bit, b, len(b))
		return max(n, 1), err // the window has changed, so that it cannot be taken back
	}
	b := getBuffer(maxFrame)
	defer func() { putBuffer(b) }()
	b0 := fragmentByte(op, true, false) | rsv1Bit
	for len(p) > 0 {
		part := p[:min(len(p), deflateChunkSize)]
		p = p[len(part):]
		b = c.s.deflater.AppendPart(growBuffer(b, c.s.deflater.Bound(len(part))), part, len(p) == 0)
		if len(b) < maxFrame && len(p) > 0 {
			continue
		}
		if len(p) == 0 {
			b0 |= finBit
		}
		n, err := c.sendFrame(ctx, b0, b, len(b)+len(p))
		sent += n
		if err != nil {
			return max(sent, 1), err
		}
		b, b0 = b[:0], fragmentByte(op, false, false)
	}
	return sent, nil
}

// sendFrame sends a frame that begins with b0 and has the payload p, behind the control frames that may go before it. left is
// how many bytes of the message are still to be sent.
func (c *Conn) sendFrame(ctx context.Context, b0 byte, p []byte, left int) (sent int64, err error) {
	c.mu.Lock()
	c.frameSent() // the one before
	b := getBuffer(MaxHeaderSize)
	if Opcode(b0&^finBit) == OpContinuation && !c.deflaterIsTaken() {
		if controls := c.joinControls(); controls != nil {
			putBuffer(b)
			b = controls
		}
	}
	h := c.s.newHead(head{b0: b0, length: uint64(len(p))})
	b = appendHead(b, h)
	c.sendingLarge(len(b) + left)
	c.unlock()
	defer putBuffer(b)
	if h.masked {
		return c.sendMasked(ctx, b, p, h.key)
	}
	return c.sendPlain(ctx, b, p)
}

// sendPlain sends a server's frame.
func (c *Conn) sendPlain(ctx context.Context, head, p []byte) (sent int64, err error) {
	part := p[:min(len(p), maxFrame)]
	if len(p) > leadFrom {
		part = p[:leadSize]
	}
	for {
		n, err := c.sendPart(ctx, head, part)
		sent += n
		p = p[len(part):]
		if err != nil || len(p) == 0 {
			return sent, err
		}
		head, part = nil, p[:min(len(p), maxFrame)]
	}
}

// sendMasked sends a client's frame, masked a chunk at a time.
func (c *Conn) sendMasked(ctx context.Context, head, p []byte, key uint32) (sent int64, err error) {
	buf := getBuffer(maskChunkSize)
	defer putBuffer(buf)
	for {
		chunk := p[:min(len(p), maskChunkSize)]
		maskBytes(buf[:len(chunk)], chunk, key) // a whole number of keys, but for the last
		n, err := c.sendPart(ctx, head, buf[:len(chunk)])
		sent += n
		head, p = nil, p[len(chunk):]
		if err != nil || len(p) == 0 {
			return sent, err
		}
	}
}

// sendPart sends b and then p, and stops when ctx ends: with a timeout and the number of bytes that were sent on a
// transport that polls, whose deadlines can be used for that; with the error of ctx elsewhere, where a goroutine that
// has a copy is left behind, and nobody can tell how much it will have sent.
func (c *Conn) sendPart(ctx context.Context, b, p []byte) (n int64, err error) {
	switch {
	case c.t.Polls():
		return c.sendPolling(ctx, b, p)
	case ctx.Done() == nil:
		n, err = c.sendTwo(b, p)
	default:
		n, err = c.sendCopied(ctx, b, p)
	}
	c.mu.Lock()
	c.progress(int(n))
	c.unlock()
	return n, err
}

// sendCopied is sendPart on a transport that cannot poll.
func (c *Conn) sendCopied(ctx context.Context, b, p []byte) (int64, error) {
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

// sendPolling is sendPart on a transport that polls: only what the kernel does not take at once needs a deadline.
func (c *Conn) sendPolling(ctx context.Context, b, p []byte) (int64, error) {
	c.mu.Lock()
	direct := c.lend()
	c.unlock()
	n, err := c.t.TrySendTwo(b, p, direct)
	c.mu.Lock()
	c.giveBack()
	c.progress(n)
	c.unlock()
	if err != nil || c.allIsOut(n, len(b)+len(p)) {
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
	c.mu.Lock()
	c.progress(int(m))
	c.unlock()
	return int64(n) + m, err
}

// sendUntil is sendTwo with a context that moves the write deadline to the past.
func (c *Conn) sendUntil(ctx context.Context, b, p []byte) (int64, error) {
	c.t.SetWriteDeadline(c.writeDeadline())
	moved := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		c.t.SetWriteDeadline(past)
		close(moved)
	})
	n, err := c.t.Send(b, p)
	if !stop() {
		<-moved
	}
	c.t.SetWriteDeadline(time.Time{})
	return n, err
}
