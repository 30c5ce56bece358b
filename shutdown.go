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
	return u.tracker.shutdown(ctx,
		func(c *Conn) { c.Close(StatusGoingAway, "") },
		func(c *Conn) { c.CloseNow() },
	)
}

// tracker knows the open connections of an Upgrader. What it keeps for each is an entry of a map: between 10 and 21
// bytes.
type tracker struct {
	mu     sync.Mutex
	conns  map[*Conn]struct{} // guarded by mu; nil when empty, since a map never shrinks
	closed bool               // guarded by mu; Shutdown was called
	empty  chan struct{}      // guarded by mu; nil, or closed once conns is empty
}

// isClosed reports whether Shutdown was called.
func (t *tracker) isClosed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.closed
}

// add takes note of an open connection. If it returns false, Shutdown was called and has perhaps not seen c: the
// caller must close it. c is noted all the same, so that a Shutdown under way waits for it.
func (t *tracker) add(c *Conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conns == nil {
		t.conns = make(map[*Conn]struct{})
	}
	t.conns[c] = struct{}{}
	return !t.closed
}

// remove forgets a connection that has ended. A second call for the same one does nothing.
func (t *tracker) remove(c *Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.conns, c)
	if len(t.conns) > 0 {
		return
	}
	t.conns = nil
	if t.empty != nil {
		close(t.empty)
		t.empty = nil
	}
}

// open returns the connections that are open now.
func (t *tracker) open() []*Conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	conns := make([]*Conn, 0, len(t.conns))
	for c := range t.conns {
		conns = append(conns, c)
	}
	return conns
}

// close refuses connections from now on, and returns a channel that is closed once there are none.
func (t *tracker) close() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	empty := t.empty
	if empty == nil {
		empty = make(chan struct{})
		if len(t.conns) == 0 {
			close(empty)
		} else {
			t.empty = empty
		}
	}
	return empty
}

// shutdown is Upgrader.Shutdown, given the two ways to end a connection: in order, which may take a while, and at
// once.
func (t *tracker) shutdown(ctx context.Context, end, cut func(*Conn)) error {
	empty := t.close()
	go forEach(ctx, t.open(), end)
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
	}
	rest := t.open()
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
