package websocket

// This file tests Upgrader.Shutdown and the list of connections behind it.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// trackConns returns a list of n connections.
func trackConns(t *testing.T, n int) (*connList, []*Conn) {
	t.Helper()
	l := new(connList)
	conns := make([]*Conn, n)
	for i := range conns {
		conns[i] = new(Conn)
		if !l.add(conns[i]) {
			t.Fatal("add refused before any shutdown")
		}
	}
	return l, conns
}

// TestConnList protects the list: connections leave it in any order, and only once.
func TestConnList(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {1, 2, 0}, {0, 0, 2, 2, 1, 1}} {
		l, conns := trackConns(t, 3)
		gone := map[*Conn]bool{}
		for _, i := range order {
			conns[i].tracker.remove(conns[i])
			gone[conns[i]] = true
			open := l.open()
			if len(open) != 3-len(gone) || l.n != len(open) {
				t.Errorf("order %v: %d open, count %d, want %d", order, len(open), l.n, 3-len(gone))
			}
			for _, c := range open {
				if gone[c] {
					t.Errorf("order %v: a connection that was removed is in the list", order)
				}
			}
		}
	}
}

// TestShutdownWaits protects the order of things: refuse, begin to close all of them, and only then wait, for all.
func TestShutdownWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 5000
		l, _ := trackConns(t, n)
		var begun atomic.Int32
		start := time.Now()
		err := l.shutdown(context.Background(), false, func(c *Conn) {
			if !l.closed.Load() {
				t.Error("not refusing connections yet")
			}
			begun.Add(1)
			go func() {
				time.Sleep(time.Second)
				if begun.Load() != n {
					t.Errorf("time has passed with %d of %d begun", begun.Load(), n)
				}
				c.tracker.remove(c)
				c.tracker.remove(c)
			}()
		}, func(*Conn) { t.Error("cut") })
		if took := time.Since(start); err != nil || took != time.Second {
			t.Errorf("%v after %v, want 1s", err, took)
		}
		if l.first != nil || l.n != 0 {
			t.Errorf("%d connections left in the list", l.n)
		}
	})
}

// TestShutdownCuts protects against peers that do not answer and functions that do not return: the peers are cut when
// the context ends, and both are counted.
func TestShutdownCuts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, conns := trackConns(t, 10)
		l.enter()
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		cut := map[*Conn]bool{}
		start := time.Now()
		err := l.shutdown(ctx, false, func(c *Conn) {
			if c != conns[0] && c != conns[1] {
				c.tracker.remove(c)
			}
		}, func(c *Conn) { cut[c] = true })
		var e *ShutdownError
		if !errors.As(err, &e) || *e != (ShutdownError{Cut: 2, Running: 1, Err: context.DeadlineExceeded}) ||
			time.Since(start) != 3*time.Second {
			t.Errorf("%+v after %v", err, time.Since(start))
		}
		if len(cut) != 2 || !cut[conns[0]] || !cut[conns[1]] {
			t.Errorf("cut %v", cut)
		}
		want := "websocket: shutdown cut 2 connections and left 1 functions running: context deadline exceeded"
		if err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	})
}

// TestShutdownTwice protects calls at the same time, after the end, with nothing open, and with a context that has
// ended already.
func TestShutdownTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := trackConns(t, 5)
		end := func(c *Conn) { go func() { time.Sleep(time.Second); c.tracker.remove(c) }() }
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if err := l.shutdown(context.Background(), false, end, nil); err != nil || len(l.open()) != 0 {
					t.Error(err)
				}
			})
		}
		both.Wait()
		for range 10 {
			if err := l.shutdown(endedContext(), false, end, nil); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestShutdownStraggler protects a connection whose handshake ends while Shutdown runs: it is closed as the others are,
// not given out, and waited for.
func TestShutdownStraggler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, conns := trackConns(t, 1)
		straggler := new(Conn)
		start := time.Now()
		err := l.shutdown(context.Background(), false, func(c *Conn) {
			if c == conns[0] {
				if l.add(straggler) {
					t.Error("accepted during shutdown")
				}
			}
			go func() {
				if c == straggler {
					time.Sleep(time.Second)
				}
				c.tracker.remove(c)
			}()
		}, nil)
		if err != nil || time.Since(start) != time.Second {
			t.Errorf("%v after %v, want 1s", err, time.Since(start))
		}
	})
}

// TestShutdownDeadPeers protects the one who answers from the many who do not: all get their close frame at once, and
// all together are waited for once.
func TestShutdownDeadPeers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 2000
		u := &Upgrader{Options: Options{CloseTimeout: 5 * time.Second}}
		peers := make([]*peer, n)
		for i := range peers {
			a, b := netpipe.New(256)
			if _, err := u.open(t.Context(), a, Agreement{}, nil); err != nil {
				t.Fatal(err)
			}
			peers[i] = peerOver(t, b, true)
		}
		start := time.Now()
		result := inGoroutine(func() error { return u.Shutdown(t.Context()) })
		for i, p := range peers {
			if p.expect(OpClose, closePayload(StatusGoingAway, "")); time.Since(start) != 0 {
				t.Fatalf("peer %d of %d has its close frame after %v", i, n, time.Since(start))
			}
		}
		if err := <-result; err != nil || time.Since(start) != 5*time.Second {
			t.Errorf("%v after %v, want CloseTimeout", err, time.Since(start))
		}
	})
}

// TestShutdown protects the whole of it on real connections: one peer answers the close frame and one does not.
func TestShutdown(t *testing.T) {
	u := &Upgrader{Options: Options{CloseTimeout: time.Hour}}
	opened := make(chan *Conn, 2)
	var conns []net.Conn
	for _, addr := range upgradeServers(t, u, func(c *Conn) { opened <- c }) {
		resp, _, nc := send(t, addr, minimalRequest)
		if resp.StatusCode != 101 {
			t.Fatal(resp.Status)
		}
		conns = append(conns, nc)
		<-opened
	}
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- u.Shutdown(ctx) }()
	if code := closingHandshake(t, conns[0]); code != StatusGoingAway {
		t.Errorf("closed with %v", code)
	}
	conns[0].Close()
	silent := make([]byte, 4)
	if _, err := io.ReadFull(conns[1], silent); err != nil || string(silent) != "\x88\x02\x03\xe9" {
		t.Errorf("%x, %v, want a close frame", silent, err)
	}
	for len(u.conns.open()) > 1 { // the first connection is closing
		runtime.Gosched()
	}
	cancel()
	var e *ShutdownError
	if err := <-result; !errors.As(err, &e) || e.Cut != 1 || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want one connection cut", err)
	}
	if _, err := conns[1].Read(silent); err == nil {
		t.Error("the silent peer's connection is still open")
	}
}

// TestShutdownRefuses protects the answer to requests after Shutdown.
func TestShutdownRefuses(t *testing.T) {
	u := &Upgrader{}
	if err := u.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	for name, addr := range upgradeServers(t, u, func(*Conn) { t.Error("accepted") }) {
		resp, body, nc := send(t, addr, minimalRequest)
		if resp.StatusCode != 503 || body == "" {
			t.Errorf("%s: %s, %q", name, resp.Status, body)
		}
		nc.Close()
	}
	if c, err := u.open(context.Background(), &scriptConn{}, Agreement{}, nil); c != nil || err == nil {
		t.Error("a connection was opened after Shutdown")
	}
}

// TestShutdownWith protects the code and the reason, and connections from ones that may not travel.
func TestShutdownWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &Upgrader{}
		a, b := netpipe.New(256)
		if _, err := u.open(t.Context(), a, Agreement{}, nil); err != nil {
			t.Fatal(err)
		}
		p := peerOver(t, b, true)
		for _, wrong := range []struct {
			code   StatusCode
			reason string
		}{{StatusAbnormalClosure, ""}, {StatusNormalClosure, "\xff"}, {StatusNoStatusReceived, "why"}} {
			if err := u.ShutdownWith(t.Context(), wrong.code, wrong.reason); err == nil || u.conns.closed.Load() {
				t.Errorf("code %v, reason %q: %v, begun: %v", wrong.code, wrong.reason, err, u.conns.closed.Load())
			}
		}
		result := inGoroutine(func() error { return u.ShutdownWith(t.Context(), StatusServiceRestart, strings.Repeat("a", 200)) })
		p.close(StatusServiceRestart, strings.Repeat("a", MaxCloseReason))
		if err := <-result; err != nil {
			t.Error(err)
		}
	})
}

// TestOpenConnections protects Len and All: every entry point's connections are in them, until they have ended.
func TestOpenConnections(t *testing.T) {
	u := &Upgrader{}
	opened := make(chan *Conn, 2)
	want := map[*Conn]bool{}
	for _, addr := range upgradeServers(t, u, func(c *Conn) { opened <- c }) {
		send(t, addr, minimalRequest)
		want[<-opened] = true
	}
	for range u.All() {
		break
	}
	if got := maps.Collect(withTrue(u.All())); !maps.Equal(got, want) || u.Len() != 2 {
		t.Errorf("connections %v, number %d; want %v", got, u.Len(), want)
	}
	for c := range u.All() { // the body may change the list
		c.CloseNow()
		c.Close(StatusNormalClosure, "") // waits
		delete(want, c)
	}
	if u.Len() != 0 || len(want) != 0 {
		t.Errorf("%d connections left, %d not seen", u.Len(), len(want))
	}
}

// TestLenAfterClose protects Len from a connection that has ended: once a call that waits for its end has returned, it is
// not counted any more, whichever goroutine goes on first.
func TestLenAfterClose(t *testing.T) {
	u := &Upgrader{}
	var busy sync.WaitGroup
	over := make(chan struct{})
	busy.Go(func() { // asks the list all the time, so that who takes something off it may have to wait
		for {
			select {
			case <-over:
				return
			default:
				u.Len()
				runtime.Gosched()
			}
		}
	})
	defer busy.Wait()
	defer close(over)
	for range 2000 {
		a, b := netpipe.New(256)
		c, err := u.open(t.Context(), a, Agreement{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		b.Close()
		c.CloseNow()
		c.Close(StatusNormalClosure, "") // waits
		if n := u.Len(); n != 0 {
			t.Fatalf("%d connections open after the end of the only one", n)
		}
	}
}

// withTrue yields true beside each element.
func withTrue[T any](s iter.Seq[T]) iter.Seq2[T, bool] {
	return func(yield func(T, bool) bool) { s(func(e T) bool { return yield(e, true) }) }
}

// TestShutdownFunctions protects what functions save in their deferred calls: when the server's Shutdown and ours have
// returned, in either order, all of them have.
func TestShutdownFunctions(t *testing.T) {
	for name, handler := range handlers {
		for _, ours := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/ours first %v", name, ours), func(t *testing.T) {
				const n = 50
				u := &Upgrader{}
				var saved atomic.Int32
				begun := make(chan bool)
				s := httptest.NewServer(handler(u, func(c *Conn, r *http.Request) {
					begun <- true
					defer func() {
						for range 100 { // while others run
							runtime.Gosched()
						}
						saved.Add(1)
					}()
					for range c.Messages(c.Context()) {
					}
				}))
				defer s.Close()
				for range n {
					c, _, err := Dial(t.Context(), s.URL)
					if err != nil {
						t.Fatal(err)
					}
					c.CloseRead(t.Context())
					<-begun
				}
				both := []func(context.Context) error{s.Config.Shutdown, u.Shutdown}
				if ours {
					slices.Reverse(both)
				}
				for _, shutdown := range both {
					if err := shutdown(t.Context()); err != nil {
						t.Error(err)
					}
				}
				if got := saved.Load(); got != n {
					t.Errorf("%d of %d have saved", got, n)
				}
			})
		}
	}
}

// TestShutdownInside protects a function that calls Shutdown from waiting for itself, however deep: all else is done.
func TestShutdownInside(t *testing.T) {
	for name, handler := range handlers {
		t.Run(name, func(t *testing.T) {
			u := &Upgrader{}
			result := make(chan error, 2)
			s := httptest.NewServer(handler(u, func(c *Conn, r *http.Request) {
				for _, depth := range []int{0, 500} {
					result <- below(depth, func() error { return u.Shutdown(context.Background()) })
				}
			}))
			defer s.Close()
			c, _, err := Dial(t.Context(), s.URL)
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Read(t.Context())
			wantClosed(t, err, StatusGoingAway, false)
			for range cap(result) {
				err := <-result
				var e *ShutdownError
				if !errors.As(err, &e) || !errors.Is(err, ErrShutdownInside) || e.Cut != 0 || e.Running != 1 {
					t.Errorf("inside: %+v", err)
				}
			}
			if err := u.Shutdown(t.Context()); err != nil {
				t.Errorf("outside: %v", err)
			}
		})
	}
}

// below calls f that many frames further down the stack.
//
//go:noinline
func below(depth int, f func() error) error {
	if depth == 0 {
		return f()
	}
	return below(depth-1, f)
}
