package httpstream

// This file tests Conn over a stand-in for net/http's HTTP/2. The real one is in interop/newer.

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/httpstream/streamtest"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// open returns a stream, its response, and what the peer has of the incoming half.
func open(t *testing.T) (c *Conn, r *streamtest.Response, in *netpipe.Conn) {
	t.Helper()
	body, in := netpipe.New(0)
	r, _ = streamtest.New(1 << 10)
	c, err := New(r, &http.Request{Body: body, RemoteAddr: "192.0.2.1:1234"})
	if err != nil {
		t.Fatal(err)
	}
	c.Start()
	return c, r, in
}

// end is the end of a handler.
func end(c *Conn, r *streamtest.Response) {
	c.Wait()
	r.Returned()
}

// TestReadDeadline protects what comes behind a deadline: it is the next Read's, whole, and the body is not asked for more
// than somebody wants.
func TestReadDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, r, in := open(t)
		defer end(c, r)
		defer c.Close()
		start := time.Now()
		c.SetReadDeadline(start.Add(time.Second))
		for range 2 { // the second one does not wait
			if n, err := c.Read(make([]byte, 100)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("%d, %v", n, err)
			}
		}
		if waited := time.Since(start); waited != time.Second {
			t.Errorf("waited %v", waited)
		}
		c.SetReadDeadline(time.Time{})
		in.Write(bytes.Repeat([]byte("x"), 200))
		synctest.Wait()
		if got := len(c.in.have); got != 100 {
			t.Errorf("%d bytes were fetched, 100 asked for", got)
		}
		for _, size := range []int{1, 7, 500, 500} { // what was fetched, then the rest
			n, err := c.Read(make([]byte, size))
			if want := map[int]int{1: 1, 7: 7}[size]; err != nil || want != 0 && n != want {
				t.Errorf("%d of %d bytes, %v", n, size, err)
			}
			size -= n
		}
		in.CloseWrite()
		for range 2 {
			if _, err := c.Read(make([]byte, 1)); err != io.EOF {
				t.Error(err)
			}
		}
	})
}

// TestReadMoves protects a Read under way from a deadline that moves, either way.
func TestReadMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, r, _ := open(t)
		defer end(c, r)
		defer c.Close()
		start := time.Now()
		c.SetReadDeadline(start.Add(time.Hour))
		time.AfterFunc(time.Second, func() { c.SetReadDeadline(start.Add(time.Minute)) })
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// TestWriteDeadline protects the typed error of a write that the peer's window holds up, and of those behind it.
func TestWriteDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, r, _ := open(t)
		defer end(c, r)
		defer c.Close()
		start := time.Now()
		c.SetWriteDeadline(start.Add(time.Second))
		if n, err := c.Write(make([]byte, 2<<10)); n != 1<<10 || !errors.Is(err, os.ErrDeadlineExceeded) || !errors.Is(err, streamtest.ErrReset) {
			t.Errorf("%d, %v", n, err)
		}
		if time.Since(start) != time.Second || r.Flushes() != 0 {
			t.Errorf("%v, %d flushes", time.Since(start), r.Flushes())
		}
	})
}

// TestEnds protects both ways to end a stream, with calls under way that wait and without: those end, the handler may return
// then and not before, and the stream is reset only where it has to be.
func TestEnds(t *testing.T) {
	for name, test := range map[string]struct {
		end    func(*Conn)
		writes bool // a Write waits
		reset  bool
	}{
		"close":             {func(c *Conn) { c.Close() }, false, false},
		"close in a write":  {func(c *Conn) { c.Close() }, true, true},
		"abort":             {(*Conn).Abort, false, true},
		"abort in a write":  {(*Conn).Abort, true, true},
		"abort, then close": {func(c *Conn) { c.Abort(); c.Close() }, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, r, _ := open(t)
				over := make(chan struct{})
				go func() { defer close(over); end(c, r) }()
				var calls sync.WaitGroup
				calls.Go(func() {
					if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
						t.Error(err)
					}
				})
				if test.writes {
					calls.Go(func() {
						if _, err := c.Write(make([]byte, 4<<10)); !errors.Is(err, net.ErrClosed) {
							t.Error(err)
						}
					})
				}
				synctest.Wait()
				select {
				case <-over:
					t.Fatal("the handler has returned before the end")
				default:
				}
				test.end(c)
				calls.Wait()
				<-over
				if r.WasReset() != test.reset {
					t.Errorf("reset: %v", r.WasReset())
				}
				// Everything is refused now, and nothing of it reaches net/http, which would panic.
				_, readErr := c.Read(make([]byte, 1))
				_, writeErr := c.Write([]byte("x"))
				for _, err := range []error{readErr, writeErr, c.Close(), c.SetDeadline(time.Now()), c.SetWriteDeadline(time.Now())} {
					if !errors.Is(err, net.ErrClosed) {
						t.Error(err)
					}
				}
				c.Abort()
			})
		})
	}
}

// plain is a ResponseWriter of a middleware that hides what it wraps.
type plain struct{ http.ResponseWriter }

// flushing hides all but that.
type flushing struct{ http.ResponseWriter }

func (flushing) Flush() {}

// wrapping hides nothing.
type wrapping struct{ http.ResponseWriter }

func (w wrapping) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// TestNew protects the check of what middleware has made of a response, before anything is sent.
func TestNew(t *testing.T) {
	r, _ := streamtest.New(0)
	for _, test := range []struct {
		w  http.ResponseWriter
		ok bool
	}{{r, true}, {wrapping{r}, true}, {plain{r}, false}, {wrapping{plain{r}}, false}, {flushing{r}, false}} {
		c, err := New(test.w, &http.Request{RemoteAddr: "nowhere", Body: http.NoBody})
		if (err == nil) != test.ok || !test.ok && !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("%T: %v", test.w, err)
		}
		if err == nil && (c.RemoteAddr().String() != "nowhere" || c.LocalAddr() == nil) {
			t.Errorf("addresses %v, %v", c.RemoteAddr(), c.LocalAddr())
		}
	}
}
