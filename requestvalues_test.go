package websocket

// This file tests what a connection keeps of its request: the values of the context, and nothing else.

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"testing"
	"time"
	"weak"
)

// valueKey is a key of the application's.
type valueKey string

// addValue returns ctx with a value for key, and with an end in front of it and behind it.
func addValue(t *testing.T, ctx context.Context, key any, value any) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(context.WithValue(ctx, key, value), time.Hour)
	t.Cleanup(cancel)
	return ctx
}

// TestRequestValues protects the values of a request's context, net/http's and the application's, against what is done
// to hold less of it; and that as much of it goes as can.
func TestRequestValues(t *testing.T) {
	places := []valueKey{"base", "connection", "request"} // where an application may add values
	for name, used := range map[string][]valueKey{
		"none": nil, "base": places[:1], "connection": places[1:2], "request": places[2:], "all": places,
	} {
		t.Run(name, func(t *testing.T) {
			add := func(ctx context.Context, place valueKey) context.Context {
				if slices.Contains(used, place) {
					return addValue(t, ctx, place, "value")
				}
				return ctx
			}
			conns := make(chan *Conn, 1)
			h := new(Upgrader).DetachedHandler(func(c *Conn, _ *http.Request) {
				conns <- c
				c.Read(context.Background())
			})
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				h.ServeHTTP(w, r.WithContext(add(r.Context(), "request")))
			}))
			s.Config.BaseContext = func(net.Listener) context.Context { return add(context.Background(), "base") }
			s.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context { return add(ctx, "connection") }
			s.Start()
			defer s.Close()
			send(t, s.Listener.Addr().String(), minimalRequest)
			c := <-conns
			defer c.CloseNow()

			ctx := c.Context()
			for _, place := range places {
				if got := ctx.Value(place) == "value"; got != slices.Contains(used, place) {
					t.Errorf("value of the %s: %v", place, got)
				}
			}
			if got := ctx.Value(http.ServerContextKey); got != s.Config {
				t.Errorf("server %v", got)
			}
			if got := ctx.Value(http.LocalAddrContextKey); got != c.LocalAddr() {
				t.Errorf("local address %v", got)
			}
			// A value of the request is in front of net/http's contexts, and holds them.
			if held := c.base.Value(http.LocalAddrContextKey) != nil; held != slices.Contains(used, "request") {
				t.Errorf("net/http's contexts are held: %v", held)
			}
		})
	}
}

// oddAddr is an address that cannot be compared: the == of two such values panics.
type oddAddr []byte

func (oddAddr) Network() string { return "odd" }
func (oddAddr) String() string  { return "odd" }

// addrConn is a net.Conn with a local address.
type addrConn struct {
	scriptConn
	local net.Addr
}

func (c *addrConn) LocalAddr() net.Addr { return c.local }

// TestLocalAddrValue protects local addresses in a context that cannot be left to the connection: not its own, not to
// be compared, or not from net/http.
func TestLocalAddrValue(t *testing.T) {
	tcp := &net.TCPAddr{Port: 1}
	server := context.WithValue(context.Background(), http.ServerContextKey, new(http.Server))
	for _, tc := range []struct {
		name  string
		base  context.Context
		value any
		local net.Addr
		held  bool
	}{
		{"own", server, tcp, tcp, false},
		{"another", server, &net.TCPAddr{Port: 1}, tcp, true},
		{"no address", server, "here", tcp, true},
		{"nil", server, nil, nil, true},
		{"not to be compared", server, oddAddr("a"), oddAddr("a"), true},
		{"no server", context.Background(), tcp, tcp, true},
		{"hides another", addValue(t, server, http.LocalAddrContextKey, tcp), tcp, tcp, true},
	} {
		nc := &addrConn{local: tc.local}
		base := keepValues(addValue(t, tc.base, http.LocalAddrContextKey, tc.value), nc)
		if held := base != tc.base; held != tc.held {
			t.Errorf("%s: held %v, want %v", tc.name, held, tc.held)
		}
		c := newConn(nc, connConfig{options: new(Options), base: base})
		if tc.name == "not to be compared" {
			continue
		}
		if got := c.Context().Value(http.LocalAddrContextKey); got != tc.value {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.value)
		}
	}
	// The context of UpgradeConn gets no value that it did not have.
	c := newConn(&addrConn{local: tcp}, connConfig{options: new(Options), base: context.Background()})
	if got := c.Context().Value(http.LocalAddrContextKey); got != nil {
		t.Errorf("a context without an address has %v", got)
	}
}

// rememberingHijacker notes where net/http's buffers are.
type rememberingHijacker struct {
	http.ResponseWriter
	buffers *weakBuffers
}

type weakBuffers struct {
	r weak.Pointer[bufio.Reader]
	w weak.Pointer[bufio.Writer]
}

func (h *rememberingHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err == nil {
		*h.buffers = weakBuffers{weak.Make(rw.Reader), weak.Make(rw.Writer)}
	}
	return nc, rw, err
}

// TestIdleHoldsNoRequest protects that a connection whose function waits for messages holds nothing of what net/http
// has made for it: not the request, its header, and the ResponseWriter, and not the buffers.
func TestIdleHoldsNoRequest(t *testing.T) {
	held := make(chan map[string]func() bool, 1)
	var writer weak.Pointer[rememberingHijacker]
	var buffers weakBuffers
	h := new(Upgrader).DetachedHandler(func(c *Conn, r *http.Request) {
		request, header := weak.Make(r), weak.Make(&r.Header["Upgrade"][0])
		held <- map[string]func() bool{
			"request":        func() bool { return request.Value() != nil },
			"header":         func() bool { return header.Value() != nil },
			"ResponseWriter": func() bool { return writer.Value() != nil },
			"bufio.Reader":   func() bool { return buffers.r.Value() != nil },
			"bufio.Writer":   func() bool { return buffers.w.Value() != nil },
		}
		for range c.MessagesInPlace(context.Background()) {
		}
	})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rw := &rememberingHijacker{w, &buffers}
		writer = weak.Make(rw)
		h.ServeHTTP(rw, r)
	}))
	defer s.Close()
	_, _, nc := send(t, s.Listener.Addr().String(), minimalRequest)
	defer nc.Close()
	isHeld := <-held
	// net/http's goroutine, and ours, may still be on their way to where they drop all of it.
	for range 100 {
		runtime.GC()
		for name, is := range isHeld {
			if !is() {
				delete(isHeld, name)
			}
		}
		if len(isHeld) == 0 {
			return
		}
	}
	for name := range isHeld {
		t.Errorf("the %s is held", name)
	}
}
