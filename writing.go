package websocket

// This file holds who writes to the transport. The states, of Conn.writes:
//
//	idle       Nobody does. Either out is empty, or what it holds is held back on purpose (holding.go), or the transport is
//	           left to the large message whose turn has come.
//	busy       A goroutine sends what it has taken from out, and then what has collected there meanwhile: a writer or the
//	           reader, as far as it need not wait or may, and a goroutine of its own for the rest, which ends when out is empty.
//	large      A message goes from its caller's slice to the transport (writelarge.go). What others write collects in out.
//	deflating  The same, and the deflater is that message's: what others write meanwhile is not compressed.
//	broken     A write has failed. Nothing is sent any more, and writers get ErrWriteFailed; what the peer has sent is still
//	           read, up to the end of its stream, which says how the connection ended (RFC 6455, Sections 7.1.5 and 7.1.6).
//
//	begin     idle → busy          by whoever wants out to leave
//	sent      busy → busy or idle  goes on with what has collected, unless there is nothing or a large message is next
//	beginTurn idle → large or deflating, by the large message at the head of the line
//	endTurn   large, deflating → idle
//	broke     busy, large, deflating → broken
//
// How much has left is counted in buffers: taken counts those that were taken from out, flushed is the last of them that is with
// the kernel. So a Flush and a large message know what they wait for, however much others write behind it. Control frames that
// leave amid a buffer or a large message count with it: see joinControls.
//
// All of it is guarded by mu. Nobody else names these fields: TestFieldOwners.

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// writing says who writes to the transport.
type writing uint8

const (
	idle writing = iota
	busy
	large
	deflating
	broken
)

// maxRounds is how many buffers a writer sends before it leaves the frames of others to a goroutine.
const maxRounds = 8

// lastBuffer returns the number of the buffer that holds, or will hold, the last frame that has been accepted. mu is held.
func (c *Conn) lastBuffer() uint32 {
	if c.hasFrames() {
		return c.taken + 1
	}
	return c.taken
}

// hasFlushed reports whether the buffer of that number is with the kernel. mu is held.
func (c *Conn) hasFlushed(buffer uint32) bool { return int32(c.flushed-buffer) >= 0 }

// wouldFlush reports whether startFlush would do something. mu is held.
func (c *Conn) wouldFlush() bool {
	return c.writes == idle && c.hasOutput() && c.ending < endAborted && !c.largeIsNext()
}

// pending returns how many bytes have been accepted and are not with the kernel. mu is held.
func (c *Conn) pending() int { return c.unsent() + c.t.Backlog() }

// unsent returns how many of them the transport has not taken. mu is held.
func (c *Conn) unsent() int { return c.sending + len(c.out) + len(c.controls()) }

// hasFrames reports whether frames wait to be taken. mu is held.
func (c *Conn) hasFrames() bool { return len(c.out) > 0 || len(c.controls()) > 0 }

// hasOutput reports whether something can be sent: frames, or, where nobody writes, what TLS had to say by itself. mu is held.
func (c *Conn) hasOutput() bool { return c.hasFrames() || c.t.Backlog() > 0 }

// allIsOut reports whether the transport, which has taken n bytes of so many, has none that are not with the kernel. Only who
// writes to it asks.
func (c *Conn) allIsOut(n, of int) bool { return n == of && c.t.Backlog() == 0 }

// isBroken reports whether a write has failed. mu is held.
func (c *Conn) isBroken() bool { return c.writes == broken }

// leaves reports whether what has been appended to out is to be sent now: not if it goes out next in any case, and not
// while more input is at hand. mu is held.
func (c *Conn) leaves() bool {
	if c.writes != idle {
		return false
	}
	if !c.opts.NoBatching && c.moreIsAtHand() && len(c.out) < c.limit()/2 {
		return !c.startHold()
	}
	return true
}

// mayWait reports whether a write with ctx may itself wait for a transport that cannot poll: a context that can end must not
// interrupt a write, which a TLS connection would not survive, and with FailWhenFull no write waits for the network.
func (c *Conn) mayWait(ctx context.Context) bool { return ctx.Done() == nil && !c.opts.FailWhenFull }

// flush sends what is in out, for a writer with ctx. The error is that of a write of its own. mu is held, and released during
// the write.
func (c *Conn) flush(ctx context.Context) error { return c.startFlush(c.mayWait(ctx)) }

// flushByReader is flush for those who must not wait. mu is held, and released during the write.
func (c *Conn) flushByReader() { c.startFlush(false) }

// startFlush makes sure that somebody sends what is in out: this goroutine as far as it need not wait, or may, and
// another one for the rest. The error is that of a write of its own. mu is held, and released during the write.
func (c *Conn) startFlush(mayWait bool) error {
	if !c.wouldFlush() {
		return nil
	}
	c.writes = busy
	c.replyBegins()
	if !c.t.Polls() && !mayWait {
		c.flushLater(c.takeOut(), 0)
		return nil
	}
	for range maxRounds {
		b := c.takeOut()
		direct := c.lend()
		c.unlock()
		var n int
		var err error
		if c.t.Polls() {
			n, err = c.t.TrySend(b, direct)
		} else {
			n, err = len(b), c.send(b)
		}
		c.mu.Lock()
		c.giveBack()
		if err == nil && !c.allIsOut(n, len(b)) {
			c.progress(n)
			c.flushLater(b, n)
			return nil
		}
		putBuffer(b)
		if err != nil {
			return c.broke(err)
		}
		if c.sent() {
			return nil
		}
	}
	c.flushLater(c.takeOut(), 0)
	return nil
}

// isIdle reports whether nobody writes to the transport. mu is held.
func (c *Conn) isIdle() bool { return c.writes == idle }

// deflaterIsTaken reports whether the deflater is a large message's. mu is held.
func (c *Conn) deflaterIsTaken() bool { return c.writes == deflating }

// beginTurn makes the caller, who has a large message, the one that writes. mu is held.
func (c *Conn) beginTurn(how writing) {
	c.writes = how
	c.replyBegins()
}

// sendingLarge notes that so many bytes of a large message are to be sent. mu is held.
func (c *Conn) sendingLarge(n int) { c.sending = n }

// frameSent notes that a frame of a large message is with the kernel, and the control frames that joined it. mu is held.
func (c *Conn) frameSent() {
	if c.flushed != c.taken {
		c.flushed = c.taken
		c.notify()
	}
}

// endTurn undoes beginTurn. What others have written meanwhile is left to a goroutine or to the kernel. mu is held, and released
// meanwhile.
func (c *Conn) endTurn() {
	c.sending, c.flushed = 0, c.taken
	c.replySent()
	c.writes = idle
	c.letOthersPass()
	c.notify()
	c.flushByReader()
}

// takeOut takes what waits, to be sent. A pong or ping that had to wait goes first into the room that this makes: the writers who
// wait would fill it again. mu is held.
func (c *Conn) takeOut() []byte {
	b := c.out
	if controls := c.takeControls(); controls != nil {
		b = append(growBuffer(controls, len(b)), b...)
		putBuffer(c.out)
	}
	c.out = nil
	c.sending = len(b)
	c.taken++
	c.appendDue()
	c.notify()
	return b
}

// joinControls takes the control frames that wait, or returns nil: they are sent amid what is being sent, and are part of it
// then. As in takeOut, what had to wait gets the room. mu is held.
func (c *Conn) joinControls() []byte {
	b := c.takeControls()
	if b == nil {
		return nil
	}
	if len(c.out) == 0 {
		c.taken++ // lastBuffer has told of a buffer that they wait for
	}
	c.sending += len(b)
	c.appendDue()
	c.notify()
	return b
}

// progress notes that n more bytes are with the kernel. mu is held.
func (c *Conn) progress(n int) {
	c.progressed(n)
	c.sending -= n
}

// sent notes that what was taken is with the kernel, and reports whether that ends the flushing. mu is held.
func (c *Conn) sent() (over bool) {
	c.progress(c.sending)
	c.flushed = c.taken
	c.replySent()
	if c.hasOutput() && c.ending < endAborted && !c.largeIsNext() {
		return false
	}
	c.writes = idle
	c.notify()
	return true
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

// flushRest sends b from its n-th byte on, and then what is in out until that is empty.
func (c *Conn) flushRest(b []byte, n int) {
	for {
		err := c.sendFrames(b, n)
		putBuffer(b)
		c.mu.Lock()
		if err != nil {
			c.broke(err)
			break
		}
		if c.sent() {
			break
		}
		b, n = c.takeOut(), 0
		c.unlock()
	}
	c.unlock()
}

// sendFrames sends the frames in b from its n-th byte on, about maxFrame bytes at a time, and control frames between them.
func (c *Conn) sendFrames(b []byte, n int) error {
	for {
		end := controlPoint(b, n+maxFrame)
		if err := c.send(b[n:end]); err != nil || end == len(b) {
			return err
		}
		c.mu.Lock()
		c.progress(end - n)
		controls := c.joinControls()
		c.unlock()
		if controls != nil {
			err := c.send(controls)
			putBuffer(controls)
			if err != nil {
				return err
			}
			c.mu.Lock()
			c.progress(len(controls))
			c.unlock()
		}
		n = end
	}
}

// controlPoint returns the first place at or behind the n-th byte of b, which holds whole frames, where a control frame may be
// put in; or len(b).
func controlPoint(b []byte, n int) int {
	if n >= len(b) {
		return len(b)
	}
	compressed := false // inside of a compressed message: see holdsControls
	at := 0
	for at < n || compressed && at < len(b) {
		h, size, _ := parseHead(b[at:])
		at += size + int(h.length)
		if !h.opcode().IsControl() {
			compressed = (compressed || h.b0&rsv1Bit != 0) && h.b0&finBit == 0
		}
	}
	return at
}

// broke notes that a write has failed, and returns what its writer and all others get. mu is held, and released meanwhile.
func (c *Conn) broke(err error) error {
	c.more().failed = fmt.Errorf("%w: %w", ErrWriteFailed, err)
	c.writes, c.sending = broken, 0
	c.dropOutput()
	if why := brokenBy(err); why.Local {
		// Nothing of the peer's says how the connection ended: it was this side that gave up.
		c.unlock()
		c.end(why, endAborted)
		c.mu.Lock()
	} else if c.err == nil {
		c.expectEnd()
	}
	c.notify()
	return c.refused()
}

// dropOutput gives up what waits to be sent: it cannot be any more. mu is held.
func (c *Conn) dropOutput() {
	putBuffer(c.out)
	c.out = nil
	putBuffer(c.takeControls())
}

// refused returns why nothing can be written any more, or nil: how the connection ended, or that a write has failed and the
// end is not known yet. mu is held.
func (c *Conn) refused() error {
	switch {
	case c.err != nil:
		return c.err
	case c.writes == broken:
		return c.extra.failed
	}
	return nil
}

// send writes b to the transport, waiting at most the write timeout.
func (c *Conn) send(b []byte) error {
	_, err := c.sendTwo(b, nil)
	return err
}

// sendTwo writes b and then p.
func (c *Conn) sendTwo(b, p []byte) (int64, error) {
	if at := c.writeDeadline(); !at.IsZero() {
		c.t.SetWriteDeadline(at)
		defer c.t.SetWriteDeadline(time.Time{})
	}
	return c.t.Send(b, p)
}

// writeTimeout returns the bound on one write to the network; 0 means none. mu is held.
func (c *Conn) writeTimeout() time.Duration {
	if x := c.extra; x != nil && x.timeout != 0 {
		return max(x.timeout, 0)
	}
	return orDefault(c.opts.WriteTimeout, DefaultWriteTimeout)
}

// writeDeadline returns until when a write to the network that begins now may take; zero means for ever.
func (c *Conn) writeDeadline() time.Time {
	c.mu.Lock()
	d := c.writeTimeout()
	c.mu.Unlock()
	if d == 0 {
		return time.Time{}
	}
	return time.Now().Add(d)
}

// drain sends what was accepted, once the connection has ended. mu is held, and released meanwhile.
func (c *Conn) drain() {
	for c.ending < endAborted && c.writes != broken {
		switch {
		case c.writes != idle:
			c.await(context.Background(), nil)
		case c.hasOutput():
			c.startFlush(true)
		default:
			return
		}
	}
}
