package websocket

// This file tests the two handlers of an Upgrader: when they return, what the function gets, and what becomes of a
// panic.

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/testlog"
)

// handlers are the two, by name.
var handlers = map[string]func(*Upgrader, func(*Conn, *http.Request)) http.Handler{
	"Handler": (*Upgrader).Handler, "DetachedHandler": (*Upgrader).DetachedHandler,
}

// lineWriter passes on what is written to a log, line by line.
type lineWriter chan string

func (w lineWriter) Write(p []byte) (int, error) { w <- string(p); return len(p), nil }

// TestHandlerLasts protects middleware, and requests of routers that use their contexts again: all of a request belongs
// to the function until it has returned.
func TestHandlerLasts(t *testing.T) {
	type room struct{ name string }
	pool := sync.Pool{New: func() any { return new(room) }}
	h := new(Upgrader).Handler(func(c *Conn, r *http.Request) {
		for msg, err := range c.Messages(r.Context()) {
			if err != nil {
				return
			}
			if got := r.Context().Value(valueKey("room")).(*room).name; got != string(msg.Data) {
				t.Errorf("the client of %s sees room %q", msg.Data, got)
			}
			c.Write(r.Context(), msg.Op, msg.Data)
		}
	})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		current := pool.Get().(*room)
		current.name = r.URL.Path
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), valueKey("room"), current)))
		current.name = "none"
		pool.Put(current)
	}))
	defer s.Close()
	var clients sync.WaitGroup
	defer clients.Wait()
	for _, path := range []string{"/a", "/b", "/c", "/d", "/e"} {
		clients.Go(func() {
			c, _, err := Dial(t.Context(), s.URL+path)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close(StatusNormalClosure, "")
			for range 20 {
				c.Write(t.Context(), OpText, []byte(path))
				if m, err := c.Read(t.Context()); string(m.Data) != path {
					t.Errorf("%q, %v", m.Data, err)
				}
			}
		})
	}
}

// TestHandlerRequest protects what both functions get of a request: a context that has the values and no deadline of
// middleware's, and ends with the connection, or, where that would take memory, not at all; and what ServeMux has
// found.
func TestHandlerRequest(t *testing.T) {
	for name, handler := range handlers {
		t.Run(name, func(t *testing.T) {
			outcome := make(chan error, 1)
			h := handler(new(Upgrader), func(c *Conn, r *http.Request) {
				ctx := r.Context()
				if got := r.PathValue("room"); got != "1" {
					t.Errorf("room %q", got)
				}
				if got := ctx.Value(valueKey("a")); got != "b" {
					t.Errorf("value %v", got)
				}
				if _, ok := ctx.Deadline(); ok || ctx.Err() != nil {
					t.Errorf("a deadline is set (%v), or the context has ended: %v", ok, ctx.Err())
				}
				if m, err := c.Read(ctx); string(m.Data) != "hi" {
					t.Errorf("%q, %v", m.Data, err)
				}
				if _, err := c.Read(context.Background()); err == nil {
					t.Error("a second message")
				}
				if name == "DetachedHandler" {
					if ctx.Done() != nil || ctx.Err() != nil {
						t.Errorf("the context can end: %v", ctx.Err())
					}
					ctx = c.Context()
				}
				<-ctx.Done()
				outcome <- context.Cause(ctx)
			})
			mux := http.NewServeMux()
			mux.HandleFunc("/{room}", func(w http.ResponseWriter, r *http.Request) {
				ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), valueKey("a"), "b"), time.Hour)
				defer cancel()
				h.ServeHTTP(w, r.WithContext(ctx))
			})
			s := httptest.NewServer(mux)
			defer s.Close()
			c, _, err := Dial(t.Context(), s.URL+"/1")
			if err != nil {
				t.Fatal(err)
			}
			c.Write(t.Context(), OpText, []byte("hi"))
			c.Close(4000, "bye")
			wantClosed(t, <-outcome, 4000, false)
		})
	}
}

// TestHandlerWriters protects ResponseWriters of middleware with Unwrap, in both.
func TestHandlerWriters(t *testing.T) {
	for name, handler := range handlers {
		h := handler(new(Upgrader), func(c *Conn, r *http.Request) { c.Write(r.Context(), OpText, []byte("hi")) })
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(unwrapper{plainWriter{w}}, r)
		}))
		defer s.Close()
		c, _, err := Dial(t.Context(), s.URL)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		m, err := c.Read(t.Context())
		wantMessage(t, m.Op, m.Data, err, "hi")
		_, err = c.Read(t.Context())
		wantClosed(t, err, StatusNormalClosure, false)
	}
}

// TestHandlerEnds protects the close code of every way out of the function, and where a panic goes: through middleware
// to net/http from Handler, and to the log from DetachedHandler, where nobody else can see it.
func TestHandlerEnds(t *testing.T) {
	for name, handler := range handlers {
		for _, tc := range []struct {
			name   string
			f      func()
			panics any
			logged bool
			code   StatusCode
		}{
			{"return", func() {}, nil, false, StatusNormalClosure},
			{"panic", func() { panic("the handler is broken") }, "the handler is broken", true, StatusInternalError},
			{"abort", func() { panic(http.ErrAbortHandler) }, http.ErrAbortHandler, false, StatusInternalError},
			{"Goexit", runtime.Goexit, nil, false, StatusInternalError},
		} {
			t.Run(name+"/"+tc.name, func(t *testing.T) {
				logged, recovered := make(lineWriter, 1), make(chan any, 1)
				u := &Upgrader{}
				h := handler(u, func(*Conn, *http.Request) { tc.f() })
				s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer func() {
						v := recover()
						recovered <- v
						if v != nil {
							panic(v)
						}
					}()
					h.ServeHTTP(w, r)
				}))
				s.Config.ErrorLog = log.New(logged, "", 0)
				if name == "DetachedHandler" {
					u.ErrorLog = s.Config.ErrorLog
					s.Config.ErrorLog = log.New(io.Discard, "", 0)
					tc.panics = nil // for middleware
				}
				s.Start()
				defer s.Close()
				_, _, nc := send(t, s.Listener.Addr().String(), minimalRequest)
				if code := closingHandshake(t, nc); code != tc.code {
					t.Errorf("closed with %v, want %v", code, tc.code)
				}
				if v := <-recovered; v != tc.panics {
					t.Errorf("middleware sees %v, want %v", v, tc.panics)
				}
				if !tc.logged {
					return // a line that comes all the same is not waited for
				}
				if line := <-logged; !strings.Contains(line, "panic serving 127.0.0.1:") ||
					!strings.Contains(line, "the handler is broken") || !strings.Contains(line, "handler_test.go") {
					t.Errorf("log %q, want the panic with its value and stack", line)
				}
			})
		}
	}
}

// TestHandlerLeaves protects net/http's goroutine from waiting for peers that do not answer a close frame.
func TestHandlerLeaves(t *testing.T) {
	u := &Upgrader{Options: Options{CloseTimeout: time.Hour}}
	returned := make(chan bool)
	h := u.Handler(func(c *Conn, r *http.Request) {})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		close(returned)
	}))
	defer s.Close()
	_, _, nc := send(t, s.Listener.Addr().String(), minimalRequest)
	<-returned
	if code := closingHandshake(t, nc); code != StatusNormalClosure {
		t.Errorf("closed with %v", code)
	}
}

// TestHandlerWriteFailed protects what the peer said of its end from a function that returns because a write has
// failed, and from Shutdown.
func TestHandlerWriteFailed(t *testing.T) {
	for name, end := range map[string]func(*Conn){
		"return": func(c *Conn) { runFunction(c, nil, func(*Conn, *http.Request) {}) },
		"Shutdown": func(c *Conn) {
			c.tracker.list.shutdown(endedContext(), false, func(c *Conn) { c.beginClose(1001, "") }, func(*Conn) {})
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, server := tcpPair(t)
			client.Write(wireOf(t, false, Agreement{}, 1))
			client.Close()
			c, refusal := new(Upgrader).open(t.Context(), server, Agreement{}, nil)
			if refusal != nil {
				t.Fatal(refusal)
			}
			defer c.CloseNow()
			wantWriteFailed(t, c)
			end(c)
			<-c.Context().Done()
			wantClosed(t, context.Cause(c.Context()), 4001, false)
		})
	}
}

// TestDefaultLog protects the last resort for a log: that of package log.
func TestDefaultLog(t *testing.T) {
	var logged testlog.Buffer
	defer log.SetOutput(log.Writer())
	log.SetOutput(&logged)
	r := readRequest(t, minimalRequest)
	a, b := net.Pipe()
	b.Close()
	c := newConn(a, connConfig{options: &Options{}})
	(&detachedFunction{u: new(Upgrader), c: c, r: r, f: func(*Conn, *http.Request) { panic("x") }}).run()
	if !strings.Contains(logged.String(), "panic serving") {
		t.Errorf("log %q", logged.String())
	}
	if err := c.Close(StatusNormalClosure, ""); !errors.As(err, new(*CloseError)) {
		t.Error(err)
	}
}
