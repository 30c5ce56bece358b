package websocket

// This file tests Upgrader.Shutdown and the list of connections behind it.

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
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

// TestShutdownWaits protects the order of things: refuse, close all of them at the same time, wait for all.
func TestShutdownWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 3 * shutdownWorkers
		l, _ := trackConns(t, n)
		start := time.Now()
		err := l.shutdown(context.Background(), func(c *Conn) {
			if !l.closed.Load() {
				t.Error("not refusing connections yet")
			}
			time.Sleep(time.Second)
			go func() { // the closing handshake may end later than the call
				time.Sleep(time.Second)
				c.tracker.remove(c)
				c.tracker.remove(c)
			}()
		}, func(*Conn) { t.Error("cut") })
		if took := time.Since(start); err != nil || took != 4*time.Second {
			t.Errorf("%v after %v, want 4s", err, took)
		}
		if l.first != nil || l.n != 0 {
			t.Errorf("%d connections left in the list", l.n)
		}
	})
}

// TestShutdownCuts protects against peers that do not answer: they are cut when the context ends, and counted.
func TestShutdownCuts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, conns := trackConns(t, 10)
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		var mu sync.Mutex
		cut := map[*Conn]bool{}
		start := time.Now()
		err := l.shutdown(ctx, func(c *Conn) {
			if c == conns[0] || c == conns[1] {
				time.Sleep(time.Minute)
			}
			c.tracker.remove(c)
		}, func(c *Conn) {
			mu.Lock()
			defer mu.Unlock()
			cut[c] = true
		})
		var e *ShutdownError
		if !errors.As(err, &e) || e.Cut != 2 || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 3*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if len(cut) != 2 || !cut[conns[0]] || !cut[conns[1]] {
			t.Errorf("cut %v", cut)
		}
		if want := "websocket: shutdown cut 2 connections: context deadline exceeded"; err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
		time.Sleep(time.Hour) // for the two that are still in end
	})
}

// TestShutdownBounded protects against a goroutine for each of a million connections.
func TestShutdownBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := trackConns(t, 2*shutdownWorkers+1)
		var mu sync.Mutex
		now, most := 0, 0
		err := l.shutdown(context.Background(), func(c *Conn) {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			now--
			mu.Unlock()
			c.tracker.remove(c)
		}, nil)
		if err != nil || most != shutdownWorkers {
			t.Errorf("%v, %d at a time, want %d", err, most, shutdownWorkers)
		}
	})
}

// TestShutdownTwice protects calls at the same time, after the end, with nothing open, and with a context that has
// ended already.
func TestShutdownTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := trackConns(t, 5)
		end := func(c *Conn) { time.Sleep(time.Second); c.tracker.remove(c) }
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if err := l.shutdown(context.Background(), end, nil); err != nil || len(l.open()) != 0 {
					t.Error(err)
				}
			})
		}
		both.Wait()
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		for range 10 { // select chooses at random
			if err := l.shutdown(ended, end, nil); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestShutdownStraggler protects a connection whose handshake ends while Shutdown runs: it is closed by its maker,
// and waited for.
func TestShutdownStraggler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, conns := trackConns(t, 1)
		straggler := new(Conn)
		start := time.Now()
		err := l.shutdown(context.Background(), func(c *Conn) {
			if l.add(straggler) {
				t.Error("accepted during shutdown")
			}
			go func() {
				time.Sleep(time.Second)
				straggler.tracker.remove(straggler)
			}()
			conns[0].tracker.remove(conns[0])
		}, nil)
		if err != nil || time.Since(start) != time.Second {
			t.Errorf("%v after %v, want 1s", err, time.Since(start))
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
