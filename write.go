package websocket

// This file holds writing: how frames of many goroutines go into one buffer and leave it in few system calls.
//
// A frame is appended to Conn.out. Whoever finds that no goroutine is writing to the transport takes the whole
// buffer and writes it; what is appended meanwhile goes out next. Where the transport can write without waiting, a
// writer and the reader try that first, and what the kernel does not take is left to a goroutine that ends when the
// buffer is empty. Where it cannot, only a writer that has nothing to wait for but this write does it itself.
//
// While messages that arrived together are still being read, frames are held in the buffer: see park in read.go, and
// holding.go for how long.

import (
	"context"
	"sync"
	"time"
)

const (
	// minWriteBuffer is the smallest Options.WriteBuffer, so that control frames always fit.
	minWriteBuffer = 1 << 10
	// maxRounds is how many buffers a writer sends before it leaves the frames of others to a goroutine.
	maxRounds = 8
)

// Write sends p as one message: text, which must be UTF-8, or binary, by op. p is not changed and not kept. The message
// is one frame, unless it is compressed and larger than the write buffer. Write returns nil once the frame is in the
// write buffer or in the kernel; Flush waits for the kernel.
//
// Write waits while the buffer is full and while another message is being streamed. If ctx ends meanwhile, its error
// is returned and nothing of the message has been or will be sent; only a message larger than the buffer may be cut
// in the middle, which ends the connection and says so in the error. Other errors: ErrBackpressure and
// ErrWriteInProgress, a wrong opcode or a text that is not UTF-8, after all of which the connection is as it was, or
// one that wraps the *CloseError.
func (c *Conn) Write(ctx context.Context, op Opcode, p []byte) error {
	if ctx.Done() != nil {
		if ctx.Err() != nil {
			return c.contextError(ctx)
		}
	}
	need := c.s.Bound(len(p))
	if need > c.limit() {
		return c.writeLarge(ctx, op, p)
	}
	c.mu.Lock()
	leaves, err := c.put(ctx, op, p, need)
	if leaves {
		// From here and not from below, because the stack of a goroutine that has grown once stays large.
		err = c.startFlush(ctx.Done() == nil)
	}
	c.mu.Unlock()
	return err
}

// put appends the frame of a message, of at most need bytes, to out when there is room. It reports whether it is time
// to send what is there. mu is held, and released while it waits.
func (c *Conn) put(ctx context.Context, op Opcode, p []byte, need int) (leaves bool, err error) {
	if c.err != nil || c.writer != nil || len(c.out)+need > c.limit() {
		if err := c.reserve(ctx, need, forMessage); err != nil {
			return false, err
		}
	}
	if c.out == nil {
		c.out = getBuffer(need) // which growBuffer would do, but deeper in the stack
	}
	out, err := c.s.AppendMessage(growBuffer(c.out, need), op, p)
	if err != nil {
		c.keepOut(out)
		return false, err
	}
	c.out = out
	c.counts.messagesOut++
	return c.leaves(), nil
}

// keepOut sets out after an append that failed: an empty buffer goes back. mu is held.
func (c *Conn) keepOut(out []byte) {
	c.out = out
	if len(out) == 0 {
		putBuffer(out)
		c.out = nil
	}
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
	var timeout <-chan time.Time
	for {
		streaming := why == forMessage && c.writer != nil
		switch {
		case c.err != nil:
			return c.err
		case !streaming && (len(c.out) == 0 || len(c.out)+need <= c.limit()):
			return nil
		case streaming && timeout == nil && c.writeTimeout() > 0:
			t := time.NewTimer(c.writeTimeout())
			defer t.Stop()
			timeout = t.C
		case !streaming && !c.flushing:
			// What is held would not leave before its time.
			if err := c.flush(ctx); err != nil {
				return err
			}
			continue
		case !streaming && c.opts.FailWhenFull && why != forFragment:
			return ErrBackpressure
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
	c.mu.Unlock()
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

// writeTimeout returns the bound on one write to the network; 0 means none.
func (c *Conn) writeTimeout() time.Duration {
	return orDefault(c.opts.WriteTimeout, DefaultWriteTimeout)
}

// appended sends what out holds on its way, if it is time to. mu is held, and released during the write.
func (c *Conn) appended(ctx context.Context) error {
	if c.leaves() {
		return c.flush(ctx)
	}
	return nil
}

// leaves reports whether what has been appended to out is to be sent now: not if it goes out next in any case, and not
// while more input is at hand. mu is held.
func (c *Conn) leaves() bool {
	if c.flushing {
		return false
	}
	if !c.opts.NoBatching && c.moreIsAtHand() && len(c.out) < c.limit()/2 {
		return !c.startHold()
	}
	return true
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
	if len(c.out) > 0 {
		c.flushByReader()
		replied = replied || !c.flushing && len(c.out) == 0 && c.err == nil
	}
	c.mu.Unlock()
	return replied
}

// flushByReader is flush for those who must not wait. mu is held.
func (c *Conn) flushByReader() { c.startFlush(false) }

// flush sends what is in out. A context that can end keeps the caller from waiting for the network. mu is held, and
// released during the write.
func (c *Conn) flush(ctx context.Context) error { return c.startFlush(ctx.Done() == nil) }

// startFlush makes sure that somebody sends what is in out: this goroutine as far as it need not wait, or may, and
// another one for the rest. The error is that of a write of its own; it has ended the connection. mu is held, and
// released during the write.
func (c *Conn) startFlush(mayWait bool) error {
	if c.flushing || len(c.out) == 0 || c.ending >= endAborted {
		return nil
	}
	c.beginSending()
	if !c.t.polls() && !mayWait {
		c.flushLater(c.takeOut(), 0)
		return nil
	}
	for range maxRounds {
		b := c.takeOut()
		direct := c.lend()
		c.mu.Unlock()
		var n int
		var err error
		if c.t.polls() {
			n, err = c.t.trySend(b, direct)
		} else {
			n, err = len(b), c.send(b)
		}
		c.mu.Lock()
		c.giveBack()
		if err == nil && n < len(b) {
			c.flushLater(b, n)
			return nil
		}
		putBuffer(b)
		if err != nil {
			c.mu.Unlock()
			return c.flushFailed(err)
		}
		if c.sent() {
			return nil
		}
	}
	c.flushLater(c.takeOut(), 0)
	return nil
}

// beginSending makes the caller the one that writes to the transport. mu is held.
func (c *Conn) beginSending() {
	c.flushing = true
	c.replyBegins()
}

// laterFlush holds the arguments of a flushRest on a goroutine of its own: a go statement with arguments allocates.
type laterFlush struct {
	c   *Conn
	b   []byte
	n   int
	run func() // its method; made once
}

var laterFlushes = sync.Pool{New: func() any { return new(laterFlush) }}

func (l *laterFlush) flush() {
	c, b, n := l.c, l.b, l.n
	l.c, l.b = nil, nil
	laterFlushes.Put(l)
	c.flushRest(b, n)
}

// flushLater leaves flushRest to another goroutine.
func (c *Conn) flushLater(b []byte, n int) {
	l := laterFlushes.Get().(*laterFlush)
	l.c, l.b, l.n = c, b, n
	if l.run == nil {
		l.run = l.flush
	}
	go l.run()
}

// flushRest sends b from its n-th byte on, and then what is in out until that is empty. flushing is set.
func (c *Conn) flushRest(b []byte, n int) {
	for {
		err := c.send(b[n:])
		putBuffer(b)
		if err != nil {
			c.flushFailed(err)
			break
		}
		c.mu.Lock()
		if c.sent() {
			break
		}
		b, n = c.takeOut(), 0
		c.mu.Unlock()
	}
	c.mu.Unlock()
}

// takeOut takes what is in out to be sent. A pong that had to wait goes first into the room that this makes: the
// writers who wait would fill it again. mu is held.
func (c *Conn) takeOut() []byte {
	b := c.out
	c.out = nil
	c.sending = len(b)
	c.appendPongDue()
	c.notify()
	return b
}

// sent notes that what was taken is with the kernel, and reports whether that was all; if so, flushing ends. mu is
// held.
func (c *Conn) sent() (all bool) {
	c.progressed(c.sending)
	c.sending = 0
	c.replySent()
	if len(c.out) > 0 && c.ending < endAborted {
		return false
	}
	c.flushing = false
	c.notify()
	return true
}

// flushFailed ends the connection because of an error of writing. mu is not held at first, and is at the end.
func (c *Conn) flushFailed(err error) error {
	c.end(brokenBy(err), endAborted)
	c.mu.Lock()
	c.flushing, c.sending = false, 0
	putBuffer(c.out)
	c.out = nil
	c.notify()
	return c.err
}

// send writes b to the transport, waiting at most the write timeout.
func (c *Conn) send(b []byte) error {
	_, err := c.sendTwo(b, nil)
	return err
}

// sendTwo writes b and then p.
func (c *Conn) sendTwo(b, p []byte) (int64, error) {
	if d := c.writeTimeout(); d > 0 {
		c.t.setWriteDeadline(time.Now().Add(d))
		defer c.t.setWriteDeadline(time.Time{})
	}
	return c.t.send(b, p)
}

// Buffered returns how many bytes of written frames have not reached the kernel.
func (c *Conn) Buffered() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.out) + c.sending
}

// Flush sends frames that are held and waits until everything that was written before has reached the kernel, for at
// most the write timeout. The error wraps the *CloseError.
func (c *Conn) Flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.drain(context.Background())
}

// drain waits until nothing is left to send. mu is held, and released while it waits.
func (c *Conn) drain(ctx context.Context) error {
	for c.ending < endAborted {
		if err := c.flush(ctx); err != nil {
			return err
		}
		if len(c.out) == 0 && !c.flushing {
			return nil
		}
		if err := c.await(ctx, nil); err != nil {
			return err
		}
	}
	return c.err
}
