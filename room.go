package websocket

// This file holds what writers wait for: room in the buffer, the end of another message, their turn. Every one of these waits is
// until, so that none can miss the end of the connection.
//
// There is room for a frame if it fits into out, beside what waits there, or if all that has been accepted and is not with the
// kernel fits into Options.WriteBuffer: then it is taken whatever its size. So a peer that takes what it is sent is never
// refused a message because of one before it that has not left yet, and at most twice the buffer waits, or the buffer and
// one message.

import (
	"context"
	"time"
)

// minWriteBuffer is the smallest Options.WriteBuffer, so that control frames always fit.
const minWriteBuffer = 1 << 10

// limit returns the most bytes that wait in out.
func (c *Conn) limit() int {
	if n := c.opts.WriteBuffer; n != 0 {
		return max(n, minWriteBuffer)
	}
	return DefaultWriteBuffer
}

// hasRoom reports whether out has room for need more bytes. mu is held.
func (c *Conn) hasRoom(need int) bool {
	return len(c.out)+need <= c.limit() || c.pending() <= c.limit()
}

// purpose is what room is reserved for.
type purpose uint8

const (
	forMessage  purpose = iota // a message: waits until none is being streamed
	forFirst                   // the first fragment of one that is being streamed
	forFragment                // a later one: waits whatever Options.FailWhenFull says, as there is no going back
	forControl                 // a control frame
)

// reserve waits until out has room for need bytes. mu is held, and released while it waits.
func (c *Conn) reserve(ctx context.Context, need int, why purpose) error {
	if why == forControl && c.inBrowser() {
		return errBrowserControl
	}
	if c.opts.FailWhenFull && why != forFragment {
		return c.unlessFull(ctx, need, why)
	}
	ready := func() bool { return c.isReady(need, why) }
	err := c.until(ctx, nil, func() bool { return ready() || why == forMessage && c.writer != nil })
	if err != nil || ready() {
		return err
	}
	return c.afterStreamed(ctx, ready)
}

// isReady reports whether a frame of need bytes may be put into out. mu is held.
func (c *Conn) isReady(need int, why purpose) bool {
	switch {
	case c.refused() != nil:
		return false
	case why == forControl:
		return c.hasRoomForControl(need)
	case why != forMessage && c.deflaterIsTaken():
		return false // a fragment has to be compressed
	}
	return (why != forMessage || c.writer == nil) && c.hasRoom(need)
}

// unlessFull is reserve with Options.FailWhenFull: what is held is sent, but nothing is waited for. mu is held, and released
// meanwhile.
func (c *Conn) unlessFull(ctx context.Context, need int, why purpose) error {
	if !c.isReady(need, why) && c.refused() == nil {
		if err := c.flush(ctx); err != nil {
			return err
		}
	}
	return c.unready(need, why)
}

// unready returns why a frame of need bytes cannot be put into out without waiting, or nil if it can. mu is held.
func (c *Conn) unready(need int, why purpose) error {
	switch {
	case c.refused() != nil:
		return c.refused()
	case c.isReady(need, why):
		return nil
	case why == forMessage && c.writer != nil:
		return ErrWriteInProgress
	}
	return ErrBackpressure
}

// afterStreamed waits until no message is being streamed, at most for the write timeout, and then until ready. Nobody begins to
// stream another meanwhile: those who do so without a pause would let nobody else write. mu is held, and released while it waits.
func (c *Conn) afterStreamed(ctx context.Context, ready func() bool) error {
	if c.writer == nil {
		return c.until(ctx, nil, ready)
	}
	var timeout <-chan time.Time
	if d := c.writeTimeout(); d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		timeout = t.C
	}
	x := c.more()
	x.passing++
	err := c.until(ctx, timeout, func() bool { return c.writer == nil })
	if err == nil {
		err = c.until(ctx, nil, ready)
	}
	if x.passing--; x.passing == 0 {
		c.notify()
	}
	return err
}

// nobodyPasses reports whether nobody waits who waited for the end of a streamed message. mu is held.
func (c *Conn) nobodyPasses() bool { return c.extra == nil || c.extra.passing == 0 }

// always is for those who wait for nothing else.
func always() bool { return true }

// until waits until ready, and sees to it that what is held is sent meanwhile: it would not leave before its time. The error is
// the context's, ErrWriteInProgress after the timeout, or why nothing can be written any more. mu is held, and released
// while it waits; whenever it has been, everything is asked again.
func (c *Conn) until(ctx context.Context, timeout <-chan time.Time, ready func() bool) error {
	for {
		if err := c.refused(); err != nil {
			return err
		}
		if ready() {
			return nil
		}
		if c.wouldFlush() {
			if err := c.flush(ctx); err != nil {
				return err
			}
			continue
		}
		if err := c.await(ctx, timeout); err != nil {
			return err
		}
	}
}

// await waits for a change of what writers wait for. mu is held, and released while it waits.
func (c *Conn) await(ctx context.Context, timeout <-chan time.Time) error {
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	changed := c.changed
	c.unlock()
	defer c.mu.Lock()
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return c.contextError(ctx)
	case <-timeout:
		return ErrWriteInProgress
	}
}

// notify wakes those who await. mu is held.
func (c *Conn) notify() {
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// Buffered returns how many bytes of written frames have not reached the kernel: none any more once the transport has been
// closed, whether a write that it interrupts has returned or not.
func (c *Conn) Buffered() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending == endFinished {
		return 0
	}
	return c.pending()
}

// Flush sends frames that are held back, and waits until everything that was written before the call has reached the kernel,
// however much others go on to write. The error is the context's, which leaves everything as it was, or says why nothing can
// be written any more: see Write.
func (c *Conn) Flush(ctx context.Context) error {
	if ctx.Done() != nil && ctx.Err() != nil {
		return c.contextError(ctx)
	}
	c.mu.Lock()
	defer c.unlock()
	last := c.lastBuffer()
	return c.until(ctx, nil, func() bool { return c.hasFlushed(last) })
}
