package websocket

// This file holds Write: how a message gets into the one buffer for all writers. Who empties that stands in writing.go, what a
// writer waits for in room.go, and messages larger than the buffer in writelarge.go.
//
// While messages that arrived together are still being read, frames are held in the buffer: see park in read.go, and
// holding.go for how long.

import "context"

// Write sends p as one message: text, which must be UTF-8, or binary, by op. p is not changed and not kept. The message
// is one frame, unless it is larger than a mebibyte. Write returns nil once the message is in the write buffer or in the
// kernel: then it is sent, whatever is called later, as long as the peer takes it (CloseNow grants it a second). Flush waits
// for the kernel.
//
// Write waits while the buffer is full and while another message is being streamed; a message larger than the buffer waits
// for what was written before it, and then for the kernel. If ctx ends meanwhile, its error is returned and nothing of the
// message has been or will be sent; only a message larger than the buffer may be cut in the middle, which ends the
// connection and says so in the error. With Options.FailWhenFull nothing is waited for.
//
// Other errors: ErrBackpressure and ErrWriteInProgress, a wrong opcode or a text that is not UTF-8, after all of which the
// connection is as it was; one that wraps ErrWriteFailed, after which nothing can be sent any more, while what the peer has
// sent can still be read; or one that wraps the *CloseError.
func (c *Conn) Write(ctx context.Context, op Opcode, p []byte) error {
	if ctx.Done() != nil {
		if ctx.Err() != nil {
			return c.contextError(ctx)
		}
	}
	need := c.writeNeed(len(p))
	if need > c.limit() && !c.opts.FailWhenFull {
		return c.writeLarge(ctx, op, p)
	}
	c.mu.Lock()
	leaves, err := c.put(ctx, op, p, need)
	if leaves {
		// From here and not from below, because the stack of a goroutine that has grown once stays large.
		err = c.startFlush(c.mayWait(ctx))
	}
	c.unlock()
	return err
}

// WriteUncompressed is Write for a message that is not compressed, whatever was negotiated: one that has been before, such as an
// image, or one that mixes secrets with what others choose, whose size would tell of them.
func (c *Conn) WriteUncompressed(ctx context.Context, op Opcode, p []byte) error {
	if ctx.Done() != nil && ctx.Err() != nil {
		return c.contextError(ctx)
	}
	if err := checkPayload(op, p); err != nil {
		return err
	}
	need := len(p) + fragments(len(p))*MaxHeaderSize
	if need > c.limit() && !c.opts.FailWhenFull {
		return c.writeBeside(ctx, large, 1, func() (int64, error) { return c.sendFragments(ctx, op, p) })
	}
	c.mu.Lock()
	defer c.unlock()
	if err := c.reserve(ctx, need, forMessage); err != nil {
		return err
	}
	c.out, _ = c.s.appendPlain(growBuffer(c.out, need), op, p) // it has been checked
	c.counts.messagesOut++
	return c.appended(ctx)
}

// put appends a message of at most need bytes to out when there is room. It reports whether it is time to send what is there.
// mu is held, and released while it waits.
func (c *Conn) put(ctx context.Context, op Opcode, p []byte, need int) (leaves bool, err error) {
	if c.refused() != nil || c.writer != nil || !c.hasRoom(need) {
		if err := c.reserve(ctx, need, forMessage); err != nil {
			return false, err
		}
	}
	if c.out == nil {
		c.out = getBuffer(need) // which growBuffer would do, but deeper in the stack
	}
	out, err := c.appendMessage(growBuffer(c.out, need), op, p)
	if err != nil {
		c.keepOut(out)
		return false, err
	}
	c.out = out
	c.counts.messagesOut++
	return c.leaves(), nil
}

// writeNeed returns how many bytes a message of n takes at most.
func (c *Conn) writeNeed(n int) int { return c.s.Bound(n) + n/maxFrame*MaxHeaderSize }

// fragments returns in how many frames a message of n bytes goes out that is not compressed.
func fragments(n int) int { return max(1, (n+maxFrame-1)/maxFrame) }

// appendMessage appends a message to out, which has the room. mu is held.
func (c *Conn) appendMessage(out []byte, op Opcode, p []byte) ([]byte, error) {
	if c.s.compresses(len(p)) && !c.deflaterIsAwaited() {
		return c.s.AppendMessage(out, op, p)
	}
	return c.s.appendPlain(out, op, p)
}

// keepOut sets out after an append that failed: an empty buffer goes back. mu is held.
func (c *Conn) keepOut(out []byte) {
	c.out = out
	if len(out) == 0 {
		putBuffer(out)
		c.out = nil
	}
}

// appended sends what out holds on its way, if it is time to. mu is held, and released during the write.
func (c *Conn) appended(ctx context.Context) error {
	if c.leaves() {
		return c.flush(ctx)
	}
	return nil
}

// flushHeld sends what is held, for a reader that is about to wait. It reports whether a write has succeeded that
// began after the last bytes came.
func (c *Conn) flushHeld() (replied bool) {
	c.mu.Lock()
	c.countInput()
	replied = c.takeReply()
	if c.inLoop() && !c.isOffered() {
		c.offer()
	}
	if c.hasOutput() && !(c.restIsComing() && c.startHold()) {
		c.flushByReader()
		replied = replied || c.isIdle() && !c.hasOutput() && c.err == nil
	}
	if c.isBroken() && c.err == nil {
		c.expectEnd()
	}
	c.unlock()
	return replied
}
