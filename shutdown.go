package websocket

// This file holds Upgrader.Shutdown, and the list of open connections that it works through.

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
)

// shutdownWorkers is how many connections Shutdown closes at the same time. Closing one may take CloseTimeout.
const shutdownWorkers = 1024

// ShutdownError says that Upgrader.Shutdown could not close all connections in time.
type ShutdownError struct {
	Cut int   // how many connections were cut without a closing handshake
	Err error // why it did not wait longer: the cause of the context's end
}

// Error says how many connections were cut, and why.
func (e *ShutdownError) Error() string {
	return fmt.Sprintf("websocket: shutdown cut %d connections: %v", e.Cut, e.Err)
}

// Unwrap returns Err.
func (e *ShutdownError) Unwrap() error { return e.Err }

// Shutdown closes all connections that u has made, with StatusGoingAway, and waits for their closing handshakes. From
// then on u answers every request with 503. When ctx ends first, the connections that remain are cut, and the error is
// a *ShutdownError. Shutdown does not wait for the functions that use the connections, and it does nothing about the
// http.Server: stop that as well, in either order. It may be called more than once, also at the same time.
func (u *Upgrader) Shutdown(ctx context.Context) error {
	return u.conns.shutdown(ctx,
		func(c *Conn) { c.Close(StatusGoingAway, "") },
		func(c *Conn) { c.CloseNow() },
	)
}

// connList knows the open connections of an Upgrader.
type connList struct {
	closed atomic.Bool // Shutdown was called; set with mu held

	mu    sync.Mutex
	first *Conn         // guarded by mu, as is the rest, and the trackers in the list
	n     int           // how many there are
	empty chan struct{} // nil, or closed and forgotten once the list is empty
}

// tracker is a connection's place in the list, and part of the Conn. It is all that Shutdown costs a connection.
type tracker struct {
	list       *connList // nil, or the list that the connection was added to
	prev, next *Conn
}

// add takes note of an open connection that nobody else knows yet. If it returns false, Shutdown was called and has
// perhaps not seen c: the caller must close it. c is noted all the same, so that a Shutdown under way waits for it.
func (l *connList) add(c *Conn) bool {
	c.tracker.list = l
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.first != nil {
		c.tracker.next, l.first.tracker.prev = l.first, c
	}
	l.first = c
	l.n++
	return !l.closed.Load()
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
	if l.n--; l.n == 0 && l.empty != nil {
		close(l.empty)
		l.empty = nil
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

// close refuses connections from now on, and returns a channel that is closed once there are none.
func (l *connList) close() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed.Store(true)
	empty := l.empty
	if empty == nil {
		empty = make(chan struct{})
		if l.n == 0 {
			close(empty)
		} else {
			l.empty = empty
		}
	}
	return empty
}

// shutdown is Upgrader.Shutdown, given the two ways to end a connection: in order, which may take a while, and at
// once.
func (l *connList) shutdown(ctx context.Context, end, cut func(*Conn)) error {
	empty := l.close()
	go forEach(ctx, l.open(), end)
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
	}
	rest := l.open()
	if len(rest) == 0 {
		return nil
	}
	forEach(context.Background(), rest, cut)
	return &ShutdownError{Cut: len(rest), Err: context.Cause(ctx)}
}

// forEach calls f for every connection, for up to shutdownWorkers of them at the same time, and returns when all calls
// have. Once ctx has ended, it makes no more calls.
func forEach(ctx context.Context, conns []*Conn, f func(*Conn)) {
	var wg sync.WaitGroup
	var next atomic.Int64
	for range min(len(conns), shutdownWorkers) {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(conns) {
					return
				}
				f(conns[i])
			}
		})
	}
	wg.Wait()
}
