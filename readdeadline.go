package websocket

// This file holds the read deadline of the transport, which four parties want: what ends a read at once, a context or
// CloseNow; the keepalive; what gives memory back (rest.go); and, once a write has failed, those who expect the end of the peer's
// stream (unwritable.go). The first wins, and otherwise the earliest.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// past is a deadline that has expired.
var past = time.Unix(1, 0)

// isTimeout reports whether err says that a deadline of the transport expired.
func isTimeout(err error) bool {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	if errors.Is(err, syscall.ETIMEDOUT) {
		return false // TCP has given the peer up; this error, too, has a method Timeout that returns true
	}
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// readDeadline arbitrates the transport's read deadline.
type readDeadline struct {
	// Owned by the reader. The context stays registered when its read has ended, because a loop will most likely pass
	// it again: registering costs two allocations.
	watched <-chan struct{} // Done of the context that is registered, or nil
	stop    func() bool     // undoes the registration; nil if it is the connection's own context

	mu        sync.Mutex
	turn      uint32     // guarded by mu: counts registrations, so that a late cancel of an earlier one does nothing
	cancelled bool       // guarded by mu: the deadline is past because the context, or the connection, has ended
	settled   bool       // guarded by mu: nothing interrupts the reading any more
	alive     *keepalive // nil without Options.PingInterval; its field at is guarded by mu
}

// setWanted sets the deadline that is wanted, unless it is past for another reason: the earliest of the keepalive's, that of
// rest.go, and that of an end which is expected. Conn.mu and d.mu are held.
func (c *Conn) setWanted() error {
	d := &c.deadline
	if d.cancelled {
		return nil
	}
	at := earlier(c.endExpected(), c.restDue())
	if d.alive != nil {
		at = earlier(at, d.alive.at)
	}
	return c.t.SetReadDeadline(at)
}

// earlier returns the earlier of two times, of which zero ones stand for never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// unwatched reports whether the context of the read under way has to be registered before the read waits.
func (c *Conn) unwatched() bool {
	done := c.ctx.Done()
	return done != nil && done != c.deadline.watched
}

// watch registers the context of the read under way, which is about to wait.
func (c *Conn) watch() {
	d := &c.deadline
	done := c.ctx.Done()
	d.mu.Lock()
	turn := d.turn
	d.mu.Unlock()
	d.watched, d.stop = done, nil
	if !c.watchOwn(done, turn) {
		d.stop = context.AfterFunc(c.ctx, func() { c.cancelRead(turn) })
	}
}

// watchOwn is watch for the connection's own context, of which it knows without context.AfterFunc when it ends. That
// saves the most natural loop a third of its memory while it is idle: AfterFunc takes 350 bytes, and where read calls
// it, deep in the stack, a stack of 4 KiB instead of 2.
func (c *Conn) watchOwn(done <-chan struct{}, turn uint32) bool {
	c.mu.Lock()
	defer c.unlock()
	if c.life == nil || c.life.ctx.Done() != done {
		return false
	}
	c.life.reads, c.life.turn = true, turn
	if c.err != nil {
		go c.cancelRead(turn)
	}
	return true
}

// cancelRead ends the wait of a read whose context has ended.
func (c *Conn) cancelRead(turn uint32) {
	d := &c.deadline
	d.mu.Lock()
	var err error
	waits := false
	if d.turn == turn {
		d.cancelled = true
		err = c.t.SetReadDeadline(past)
		waits = c.waitCanEnd() // with the context of this turn: a read registers its own before
	}
	d.mu.Unlock()
	if waits && err != nil && !isClosed(err) {
		// Some tunnels have no deadlines. Nothing but the connection's end can end the wait then.
		c.end(&CloseError{Code: StatusAbnormalClosure, Local: true, Err: fmt.Errorf("%w: %w", errNoDeadline, err)}, endAborted)
	}
}

// isClosed reports whether err says that a net.Conn has been closed, on either side: net.Pipe has no deadline any more when its
// peer has. A read of it returns by itself.
func isClosed(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe)
}

// errNoDeadline is why a context that ends a read may end the connection.
var errNoDeadline = errors.New("websocket: read was cancelled on a transport without deadlines")

// unwatchOther forgets the registered context if it is not that of the read under way.
func (c *Conn) unwatchOther() {
	if c.deadline.watched != nil && c.deadline.watched != c.ctx.Done() {
		c.unwatch()
	}
}

// unwatch forgets the registered context.
func (c *Conn) unwatch() {
	d := &c.deadline
	if d.watched == nil {
		return
	}
	if d.stop != nil {
		d.stop()
	}
	d.watched, d.stop = nil, nil
	c.mu.Lock()
	defer c.unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.turn++
	if d.cancelled {
		d.cancelled = false
		c.setWanted()
	}
}

// interrupt ends the wait of whoever reads, because CloseNow was called.
func (c *Conn) interrupt() {
	d := &c.deadline
	d.mu.Lock()
	var err error
	if !d.settled {
		d.cancelled = true
		err = c.t.SetReadDeadline(past)
	}
	d.mu.Unlock()
	if err != nil {
		c.end(nil, endAborted)
	}
}

// uninterruptible lets finish read in spite of interrupt.
func (c *Conn) uninterruptible() {
	d := &c.deadline
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settled, d.cancelled = true, false
	c.t.SetReadDeadline(time.Time{})
}

// timedOut deals with an expired read deadline. An error is that of the context. The keepalive looks in any case: both may
// have been due.
func (c *Conn) timedOut(err error) error {
	if c.phase() >= endLastChance {
		c.stopped = true
		return nil
	}
	switch silent, expects, rests := c.silent(), c.expects(), c.rests(); {
	case c.stopped:
	case c.ctx.Err() != nil:
		return c.contextError(c.ctx)
	case !silent && !expects && !rests:
		c.lost(err) // nobody has set such a deadline
	}
	return nil
}
