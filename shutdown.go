package websocket

// This file holds what an Upgrader knows of all its connections: the list of those that are open, the count of the
// functions of its handlers that run, and Shutdown, which ends the ones and waits for both.

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// ErrShutdownInside is wrapped by the error of a Shutdown that was called inside of a handler's function. See
// Upgrader.Shutdown.
var ErrShutdownInside = errors.New("websocket: Shutdown inside of a handler's function does not wait for functions")

// ShutdownError says what Upgrader.Shutdown has left.
type ShutdownError struct {
	Cut     int   // how many connections were cut without a closing handshake
	Running int   // how many functions of handlers had not returned
	Err     error // why it did not wait longer: the cause of the context's end, or ErrShutdownInside
}

// Error says how many connections were cut and how many functions still run, and why.
func (e *ShutdownError) Error() string {
	return fmt.Sprintf("websocket: shutdown cut %d connections and left %d functions running: %v", e.Cut, e.Running,
		withoutPrefix(e.Err))
}

// Unwrap returns Err.
func (e *ShutdownError) Unwrap() error { return e.Err }

// Shutdown closes all connections that u has made, with StatusGoingAway, and waits until their closing handshakes are
// over and the functions of Handler and DetachedHandler have returned, deferred calls of theirs included. All close
// frames are sent before the first answer is waited for. From then on u answers every request with 503. When ctx ends
// first, the connections that remain are cut, and the error is a *ShutdownError.
//
// Shutdown does nothing about the http.Server, whose own Shutdown knows nothing of these connections. Call both, in
// either order; when both have returned nil, no handler runs any more. With the server's first, clients that come
// meanwhile are not even connected, instead of being answered with 503.
// Over HTTP/2 (RFC 8441) the server's waits for the connections, which are its streams: there, call this one first, or both at
// the same time.
//
// A function that calls Shutdown itself would wait for its own end. There, also in a function of another Upgrader's
// handler, it does all the rest, does not wait for any function, and returns a *ShutdownError that wraps
// ErrShutdownInside. (It cannot know of a goroutine that such a function has started and waits for.) A context of the
// function's own connection is of no use there: it ends with the connection.
//
// Shutdown may be called more than once, also at the same time.
func (u *Upgrader) Shutdown(ctx context.Context) error {
	return u.ShutdownWith(ctx, StatusGoingAway, "")
}

// ShutdownWith is Shutdown with another code and reason, such as StatusServiceRestart, which not all clients know. They
// are as for Conn.Close: a code that may not travel, or a reason that is not UTF-8, is an error, and nothing is done.
func (u *Upgrader) ShutdownWith(ctx context.Context, code StatusCode, reason string) error {
	if _, err := AppendClose(nil, code, reason); err != nil {
		return err
	}
	end := func(c *Conn) { c.beginClose(code, reason) }
	return u.conns.shutdown(ctx, insideFunction(), end, func(c *Conn) { c.CloseNow() })
}

// Len returns how many connections that u has made are open. One that is closing counts until its transport is closed.
func (u *Upgrader) Len() int {
	u.conns.mu.Lock()
	defer u.conns.mu.Unlock()
	return u.conns.n
}

// All returns the connections that u has made and that were open when the loop began, in no order. One may end, and
// others come, while the loop runs; its body may do anything.
func (u *Upgrader) All() iter.Seq[*Conn] {
	return func(yield func(*Conn) bool) {
		for _, c := range u.conns.open() {
			if !yield(c) {
				return
			}
		}
	}
}

// insideFunction reports whether the calling goroutine runs a function of a handler: whether what runs those has called it.
func insideFunction() bool {
	want := [...]uintptr{reflect.ValueOf(runFunction).Pointer(), reflect.ValueOf((*detachedFunction).run).Pointer()}
	var pcs [64]uintptr
	for skip := 2; ; skip += len(pcs) {
		n := runtime.Callers(skip, pcs[:])
		for frames, more := runtime.CallersFrames(pcs[:n]), n > 0; more; {
			var f runtime.Frame
			if f, more = frames.Next(); slices.Contains(want[:], f.Entry) {
				return true
			}
		}
		if n < len(pcs) {
			return false
		}
	}
}

// connList knows the open connections of an Upgrader, and how many functions of its handlers run.
type connList struct {
	closed atomic.Bool // Shutdown was called; set with mu held

	mu      sync.Mutex
	end     func(*Conn)   // closes those who come after Shutdown; guarded by mu, as is the rest, and the trackers
	first   *Conn         // any of them, or nil
	n       int           // how many there are
	running int           // functions
	changed chan struct{} // nil, or closed and forgotten once n or running is 0
}

// tracker is a connection's place in the list, and part of the Conn. It is all that Shutdown costs a connection.
type tracker struct {
	list       *connList // nil, or the list that the connection was added to
	prev, next *Conn
}

// add takes note of an open connection that nobody else knows yet, and reports whether it may be used. If not, Shutdown
// was called and has perhaps not seen c: add has begun to close it, and a Shutdown under way waits for it.
func (l *connList) add(c *Conn) bool {
	c.tracker.list = l
	l.mu.Lock()
	if l.first != nil {
		c.tracker.next, l.first.tracker.prev = l.first, c
	}
	l.first = c
	l.n++
	end := l.end
	l.mu.Unlock()
	if end != nil {
		end(c)
	}
	return end == nil
}

// remove forgets a connection that has ended. It does nothing for one that was never added, nor when called again.
func (t *tracker) remove(c *Conn) {
	l := t.list
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case t.prev != nil:
		t.prev.tracker.next = t.next
	case l.first == c:
		l.first = t.next
	default:
		return // it is not in the list any more
	}
	if t.next != nil {
		t.next.tracker.prev = t.prev
	}
	t.prev, t.next = nil, nil
	if l.n--; l.n == 0 {
		l.notify()
	}
}

// open returns the connections that are open now.
func (l *connList) open() []*Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	conns := make([]*Conn, 0, l.n)
	for c := l.first; c != nil; c = c.tracker.next {
		conns = append(conns, c)
	}
	return conns
}

// enter takes note of a function before its request is looked at, so that it is either refused or waited for.
func (l *connList) enter() {
	l.mu.Lock()
	l.running++
	l.mu.Unlock()
}

// leave takes note of the end of what enter began.
func (l *connList) leave() {
	l.mu.Lock()
	if l.running--; l.running == 0 {
		l.notify()
	}
	l.mu.Unlock()
}

// notify wakes those who wait. mu is held.
func (l *connList) notify() {
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

// wait waits until there are no connections and, unless inside, no functions, and reports whether ctx let it.
func (l *connList) wait(ctx context.Context, inside bool) bool {
	for {
		l.mu.Lock()
		if l.n == 0 && (inside || l.running == 0) {
			l.mu.Unlock()
			return true
		}
		if l.changed == nil {
			l.changed = make(chan struct{})
		}
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// shutdown is Upgrader.Shutdown, given the two ways to end a connection, in order and at once. Neither waits.
func (l *connList) shutdown(ctx context.Context, inside bool, end, cut func(*Conn)) error {
	l.mu.Lock()
	l.end = end
	l.closed.Store(true)
	l.mu.Unlock()
	for _, c := range l.open() {
		end(c)
	}
	if l.wait(ctx, inside) {
		if inside {
			return &ShutdownError{Running: l.functions(), Err: ErrShutdownInside}
		}
		return nil
	}
	rest := l.open()
	for _, c := range rest {
		cut(c)
	}
	if running := l.functions(); len(rest) > 0 || running > 0 {
		return &ShutdownError{Cut: len(rest), Running: running, Err: context.Cause(ctx)}
	}
	return nil
}

// functions returns how many functions run.
func (l *connList) functions() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.running
}
