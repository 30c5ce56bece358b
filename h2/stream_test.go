package h2

// This file tests stream as a net.Conn: flow control, deadlines, and its ends.

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// twins returns what opens a stream, of which it returns both sides, on two connections, and what ends those.
func twins(t *testing.T) (open func() (client, server *stream), stop func()) {
	t.Helper()
	a, b := netpipe.New(0)
	server := newConn(b, false, 0)
	accepted := make(chan *stream, 1)
	server.most = 1000
	server.accept = acceptAll(accepted)
	server.base = t.Context()
	client := newConn(a, true, 0)
	var running sync.WaitGroup
	server.start("", pair{settingConnectProtocol, 1})
	client.start(preface)
	running.Go(server.run)
	running.Go(client.run)
	if err := client.awaitSettings(t.Context()); err != nil {
		t.Fatal(err)
	}
	open = func() (*stream, *stream) {
		if !client.hold(1000) {
			t.Fatal("no place")
		}
		nc, _, err := (&place{c: client}).open(t.Context(), newTestRequest(t))
		if err != nil {
			t.Fatal(err)
		}
		return nc.(*stream), <-accepted
	}
	return open, func() {
		for _, c := range []*conn{client, server} {
			c.mu.Lock()
			c.cut(errors.New("the test is over"))
			c.mu.Unlock()
		}
		running.Wait()
	}
}

// TestStreamBytes protects the bytes of many streams at once, in both directions, far beyond every window.
func TestStreamBytes(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		open, stop := twins(t)
		defer stop()
		var all sync.WaitGroup
		for i := range 20 {
			client, server := open()
			for _, way := range [][2]*stream{{client, server}, {server, client}} {
				sent := bytes.Repeat([]byte{byte(i), 1, 2, 3, 4, 5, 6}, 50_000)
				all.Go(func() {
					if n, err := way[0].Write(sent); n != len(sent) || err != nil {
						t.Error(n, err)
					}
					way[0].CloseWrite()
				})
				all.Go(func() {
					if got, err := io.ReadAll(way[1]); err != nil || !bytes.Equal(got, sent) {
						t.Errorf("%d bytes, %v", len(got), err)
					}
				})
			}
		}
		all.Wait()
	})
}

// TestStreamWindows protects the bounds of what is kept for a stream that nobody reads, and the others from it.
func TestStreamWindows(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		open, stop := twins(t)
		defer stop()
		more := make([]byte, 2*defaultWindow)
		var stalled []*stream
		for range 300 { // more than the connection's window
			client, server := open()
			client.SetWriteDeadline(time.Now().Add(time.Second))
			go client.Write(more)
			stalled = append(stalled, server)
		}
		synctest.Wait()
		client, server := open()
		go client.Write([]byte("hello"))
		b := make([]byte, 5)
		if _, err := io.ReadFull(server, b); err != nil || string(b) != "hello" {
			t.Errorf("%q, %v", b, err)
		}
		for _, s := range stalled {
			if n := s.in.len(); n != defaultWindow {
				t.Fatalf("%d bytes are kept", n)
			}
		}
		time.Sleep(2 * time.Second)
	})
}

// TestStreamDeadlines protects deadlines, which end calls and nothing else: what comes behind is the next call's.
func TestStreamDeadlines(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		open, stop := twins(t)
		defer stop()
		client, server := open()
		start := time.Now()
		client.SetReadDeadline(start.Add(time.Hour))
		time.AfterFunc(time.Second, func() { client.SetReadDeadline(start.Add(time.Minute)) })
		for range 2 {
			if n, err := client.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Minute {
				t.Errorf("%d, %v after %v", n, err, time.Since(start))
			}
		}
		client.SetDeadline(time.Time{})
		server.Write([]byte("late"))
		if b, err := readSome(client); b != "late" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		start = time.Now()
		client.SetWriteDeadline(start.Add(time.Second))
		n, err := client.Write(make([]byte, 100_000))
		if n != defaultWindow || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("%d, %v after %v", n, err, time.Since(start))
		}
		if n, err := client.Write([]byte("x")); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(n, err)
		}
		client.SetWriteDeadline(time.Time{})
		go func() {
			client.Write([]byte("the rest"))
			client.Close()
		}()
		if b, err := io.ReadAll(server); len(b) != defaultWindow+8 || !bytes.HasSuffix(b, []byte("the rest")) || err != nil {
			t.Errorf("%d bytes, %v", len(b), err)
		}
	})
}

// readSome returns what comes next.
func readSome(s *stream) (string, error) {
	b := make([]byte, 100)
	n, err := s.Read(b)
	return string(b[:n]), err
}

// TestStreamEnds protects both ways to end a stream, with calls under way that wait and without: those end, and what the other side is told.
func TestStreamEnds(t *testing.T) {
	for name, test := range map[string]struct {
		end    func(*stream)
		writes bool // a Write waits
		code   ErrorCode
		clean  bool // the other side reads io.EOF
	}{
		"close":            {func(s *stream) { s.Close() }, false, 0, true},
		"half":             {func(s *stream) { s.CloseWrite(); s.Close() }, false, 0, true},
		"close in a write": {func(s *stream) { s.Close() }, true, Cancel, false},
		"half in a write":  {func(s *stream) { s.CloseWrite(); s.Close() }, true, Cancel, false},
		"abort":            {(*stream).Abort, false, Cancel, false},
		"abort in a write": {(*stream).Abort, true, Cancel, false},
		"abort, close":     {func(s *stream) { s.Abort(); s.Close() }, true, Cancel, false},
	} {
		for _, byClient := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					open, stop := twins(t)
					defer stop()
					one, two := open()
					if !byClient {
						one, two = two, one
					}
					one.Write([]byte("before"))
					var calls sync.WaitGroup
					calls.Go(func() {
						var reset *StreamError // of a half that ends in a write, before Close
						if _, err := one.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) && !(test.writes && errors.As(err, &reset)) {
							t.Error(err)
						}
					})
					for range 2 {
						if test.writes {
							calls.Go(func() {
								var reset *StreamError
								if _, err := one.Write(make([]byte, 1<<20)); !errors.Is(err, net.ErrClosed) && !errors.As(err, &reset) {
									t.Error(err)
								}
							})
						}
					}
					synctest.Wait()
					test.end(one)
					calls.Wait()
					_, readErr := one.Read(make([]byte, 1))
					_, writeErr := one.Write([]byte("x"))
					for _, err := range []error{readErr, writeErr, one.Close(), one.CloseWrite(), one.SetDeadline(time.Now())} {
						if !errors.Is(err, net.ErrClosed) {
							t.Error(err)
						}
					}
					one.Abort()
					b, err := io.ReadAll(two)
					if !strings.HasPrefix(string(b), "before") || !test.writes && len(b) != 6 {
						t.Errorf("%d bytes come", len(b))
					}
					var reset *StreamError
					if (err == nil) != test.clean || !test.clean && (!errors.As(err, &reset) || reset.Code != test.code || !reset.Remote) {
						t.Errorf("the other side is told %v", err)
					}
					two.Close()
					synctest.Wait()
					if a, b := len(one.c.streams), len(two.c.streams); a+b != 0 {
						t.Errorf("%d and %d streams are left", a, b)
					}
				})
			})
		}
	}
}

// TestStreamTurns protects streams that have little to send from those that have much: each has its turn.
func TestStreamTurns(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		open, stop := twins(t)
		defer stop()
		greedy, sink := open()
		c := greedy.c
		c.mu.Lock()
		c.peer.initialWindow, greedy.sendWindow, c.out.window = 1<<30, 1<<30, outputRoom // what is there must do
		c.mu.Unlock()
		go io.Copy(io.Discard, sink)
		go greedy.Write(make([]byte, 1<<20))
		synctest.Wait() // the connection's window is used up
		modest, _ := open()
		go modest.Write([]byte("small"))
		synctest.Wait()
		c.mu.Lock()
		c.out.window.grow(2 * maxFrame)
		c.send()
		if len(modest.pending) > 0 {
			t.Error("the small one waits for more than its turn")
		}
		c.mu.Unlock()
		greedy.Abort()
	})
}
