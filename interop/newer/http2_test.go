package newer

// This file tests the handlers of an Upgrader over the HTTP/2 of net/http.

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// handlers are the two ways in, which over a stream differ only in the request's context.
func handlers(u *websocket.Upgrader, f func(*websocket.Conn, *http.Request)) map[string]http.Handler {
	return map[string]http.Handler{"Handler": u.Handler(f), "DetachedHandler": u.DetachedHandler(f)}
}

// TestHTTP2 protects connections over streams, from both handlers: a subprotocol, compression, messages of all sizes, larger
// than the windows too, many at once, and the end in order.
func TestHTTP2(t *testing.T) {
	o := websocket.Options{Compression: &websocket.CompressionOptions{}}
	u := &websocket.Upgrader{Options: o, Subprotocols: []string{"chat"}}
	clients(t, func(t *testing.T, use func(*testing.T, *world)) {
		for name, h := range handlers(u, echo) {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t, h)
				use(t, w)
				tryConnections(t, w, o)
			})
		}
	})
}

// tryConnections makes connections to w, some with o.
func tryConnections(t *testing.T, w *world, o websocket.Options) {
	c, _, err := w.dial(t, websocket.Dialer{Options: o, Subprotocols: []string{"other", "chat"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, compressed := c.Compression(); !compressed || c.Subprotocol() != "chat" {
		t.Errorf("compressed: %v, subprotocol %q", compressed, c.Subprotocol())
	}
	long := strings.Repeat("squeeze me ", 10_000)
	for _, text := range []string{"", "short", long, long} {
		exchange(t, c, text)
	}
	if in := c.Stats().BytesIn; in > 10_000 {
		t.Errorf("%d bytes travelled", in)
	}
	plain := w.mustDial(t)
	exchange(t, plain, strings.Repeat("x", 1<<20))
	inflight(t, plain)
	for _, c := range []*websocket.Conn{c, plain} {
		if err := c.Close(4000, "bye"); err != nil {
			t.Error(err)
		}
	}
}

// inflight writes many messages while their echoes are read.
func inflight(t *testing.T, c *websocket.Conn) {
	const n = 2000
	var writer sync.WaitGroup
	defer writer.Wait()
	writer.Go(func() {
		for i := range n {
			if err := c.Write(t.Context(), websocket.OpBinary, make([]byte, i)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for i := range n {
		if m, err := c.Read(t.Context()); err != nil || len(m.Data) != i {
			t.Fatalf("message %d: %d bytes, %v", i, len(m.Data), err)
		}
	}
}

// TestHTTP2Ends protects the end of a connection over a stream, whoever brings it about: what both sides are told, and that
// the handler returns.
func TestHTTP2Ends(t *testing.T) {
	const normal, gone, abnormal, internal = 1000, 1001, 1006, 1011
	for name, test := range map[string]struct {
		server         func(*websocket.Conn) // after a first exchange; nil: reads
		client         func(*websocket.Conn, stream)
		onServer       websocket.StatusCode // what its reads return
		onClient       websocket.StatusCode
		serverErr, log string // parts of them
	}{
		"client closes":       {nil, func(c *websocket.Conn, _ stream) { c.Close(4000, "bye") }, 4000, 4000, "bye", ""},
		"server closes":       {func(c *websocket.Conn) { c.Close(4001, "tired") }, nil, 4001, 4001, "tired", ""},
		"function returns":    {func(c *websocket.Conn) {}, nil, normal, normal, "", ""},
		"function panics":     {func(c *websocket.Conn) { panic("too bad") }, nil, internal, internal, "", "too bad"},
		"server closes now":   {func(c *websocket.Conn) { c.CloseNow() }, nil, abnormal, abnormal, "", ""},
		"client closes now":   {nil, func(c *websocket.Conn, _ stream) { c.CloseNow() }, abnormal, abnormal, "", ""},
		"client ends stream":  {nil, func(_ *websocket.Conn, s stream) { s.CloseWrite() }, abnormal, abnormal, "EOF", ""},
		"client resets":       {nil, func(_ *websocket.Conn, s stream) { s.Abort() }, abnormal, abnormal, "CANCEL", ""},
		"client is malformed": {nil, func(_ *websocket.Conn, s stream) { s.Write([]byte("\xff\xff")) }, 1002, 1002, "", ""},
	} {
		clients(t, func(t *testing.T, use func(*testing.T, *world)) {
			t.Run(name, func(t *testing.T) {
				ended := make(chan *websocket.Conn, 1)
				u := &websocket.Upgrader{}
				w := newWorld(t, u.Handler(func(c *websocket.Conn, r *http.Request) {
					defer func() { ended <- c }()
					m, err := c.Read(r.Context())
					if err == nil {
						err = c.Write(r.Context(), m.Op, m.Data)
					}
					if err != nil {
						t.Error(err)
					}
					if test.server != nil {
						test.server(c)
					} else if m, err := c.Read(r.Context()); err == nil {
						t.Errorf("%q", m.Data)
					}
				}))
				use(t, w)
				c, s, _, err := w.dialStream(t, websocket.Dialer{}, func(*http.Request) {})
				if err != nil {
					t.Fatal(err)
				}
				exchange(t, c, "hello")
				if test.client != nil {
					test.client(c, s)
				}
				_, err = c.Read(t.Context())
				if code := websocket.CloseStatus(err); code != test.onClient {
					t.Errorf("the client was told %v: %v", code, err)
				}
				theirs := <-ended
				<-theirs.Context().Done()
				err = context.Cause(theirs.Context())
				if code := websocket.CloseStatus(err); code != test.onServer || !strings.Contains(err.Error(), test.serverErr) {
					t.Errorf("the server was told %v: %v", code, err)
				}
				w.handlers.Wait()
				if err := w.log.Await(t.Context(), test.log); err != nil {
					t.Error(err)
				}
				if n := u.Len(); n != 0 || test.log == "" && w.log.String() != "" {
					t.Errorf("%d connections left; log: %s", n, w.log)
				}
			})
		})
	}
}

// TestHTTP2Read protects reads with contexts: one that ends loses nothing, though net/http's own read deadline would end the
// stream. It also protects a connection from the deadlines that a server has for requests.
func TestHTTP2Read(t *testing.T) {
	const limit = time.Second
	u := &websocket.Upgrader{}
	w := newWorld(t, u.Handler(func(c *websocket.Conn, r *http.Request) {
		for end := time.Now().Add(limit + limit/10); time.Now().Before(end); {
			ctx, cancel := context.WithTimeout(r.Context(), limit/10)
			_, err := c.Read(ctx)
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
				return
			}
		}
		c.Write(r.Context(), websocket.OpText, []byte("go"))
		echo(c, r)
	}), func(s *http.Server) { s.ReadTimeout, s.WriteTimeout, s.IdleTimeout = limit, limit, time.Hour })
	c := w.mustDial(t)
	if m, err := c.Read(t.Context()); err != nil || string(m.Data) != "go" {
		t.Fatal(m, err)
	}
	exchange(t, c, "still here")
	c.Close(websocket.StatusNormalClosure, "")
}

// TestHTTP2Stall protects the other streams of a connection from one whose client does not read: its write ends by its
// timeout, with a typed error, and only it.
func TestHTTP2Stall(t *testing.T) {
	stuck := make(chan error, 1)
	u := &websocket.Upgrader{Options: websocket.Options{WriteTimeout: 50 * time.Millisecond}}
	w := newWorld(t, u.Handler(func(c *websocket.Conn, r *http.Request) {
		m, err := c.Read(r.Context())
		for err == nil && string(m.Data) == "flood" {
			err = c.Write(r.Context(), websocket.OpBinary, make([]byte, 64<<10))
		}
		if err != nil {
			stuck <- err
			return
		}
		c.Write(r.Context(), m.Op, m.Data)
		echo(c, r)
	}))
	good, bad := w.mustDial(t), w.mustDial(t)
	if err := bad.Write(t.Context(), websocket.OpText, []byte("flood")); err != nil {
		t.Fatal(err)
	}
	var closed *websocket.CloseError
	if err := <-stuck; !errors.As(err, &closed) || !closed.Local || closed.Code != websocket.StatusAbnormalClosure {
		t.Error(err)
	}
	exchange(t, good, "alive")
	good.Close(websocket.StatusNormalClosure, "")
}

// TestHTTP2Shutdown protects Shutdown, also of connections that are being made: it and the server's both return, with no
// function left, and every client is told 1001 or refused.
func TestHTTP2Shutdown(t *testing.T) {
	var functions sync.WaitGroup
	u := &websocket.Upgrader{}
	w := newWorld(t, u.Handler(func(c *websocket.Conn, r *http.Request) {
		functions.Add(1)
		defer functions.Done()
		echo(c, r)
	}))
	var clients, connected sync.WaitGroup
	for i := range 50 {
		connected.Add(1)
		clients.Go(func() {
			c, resp, err := w.dial(t, websocket.Dialer{})
			if i < 25 {
				connected.Done() // the others come at the same time as Shutdown
			} else {
				defer connected.Done()
			}
			if err != nil {
				if i < 25 || resp == nil || resp.StatusCode != http.StatusServiceUnavailable {
					t.Errorf("%v, %v", resp, err)
				}
				return
			}
			if _, err := c.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusGoingAway {
				t.Error(err)
			}
		})
		if i == 24 {
			connected.Wait()
		}
	}
	if err := u.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	functions.Wait()
	clients.Wait()
	if err := w.Config.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestHTTP2ServerShutdown protects the page's way to shut a server down: the server's Shutdown waits for the streams, which end
// while it does.
func TestHTTP2ServerShutdown(t *testing.T) {
	u := &websocket.Upgrader{}
	w := newWorld(t, u.Handler(echo))
	ended := make(chan error, 1)
	c := w.mustDial(t)
	go func() {
		_, err := c.Read(t.Context())
		ended <- err
	}()
	w.Config.RegisterOnShutdown(func() { u.Shutdown(t.Context()) })
	if err := errors.Join(w.Config.Shutdown(t.Context()), u.Shutdown(t.Context())); err != nil {
		t.Error(err)
	}
	if err := <-ended; websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Error(err)
	}
}

// TestHTTP2Hosts protects what the page says of patterns with a host: for CONNECT the port counts.
func TestHTTP2Hosts(t *testing.T) {
	mux := http.NewServeMux()
	w := newWorld(t, mux)
	h := new(websocket.Upgrader).Handler(echo)
	mux.Handle("127.0.0.1/chat", h)
	if _, resp, err := w.dial(t, websocket.Dialer{}); resp == nil || resp.StatusCode != http.StatusNotFound {
		t.Error(resp, err)
	}
	mux.Handle(w.Listener.Addr().String()+"/chat", h)
	exchange(t, w.mustDial(t), "hello")
}

// TestHTTP2Cut protects the server from a connection that vanishes with a hundred streams on it: all functions end.
func TestHTTP2Cut(t *testing.T) {
	u := &websocket.Upgrader{}
	w := newWorld(t, u.Handler(echo))
	for range 100 {
		exchange(t, w.mustDial(t), "hello")
	}
	w.CloseClientConnections()
	w.handlers.Wait()
	if n := u.Len(); n != 0 {
		t.Errorf("%d connections left", n)
	}
}

// TestHTTP2Rules_8441_5 protects the answers to wrong requests, and those of servers that are set up wrongly.
func TestHTTP2Rules_8441_5(t *testing.T) {
	u := &websocket.Upgrader{}
	handler := u.Handler(func(*websocket.Conn, *http.Request) { t.Error("accepted") })
	for name, test := range map[string]struct {
		change func(*http.Request)
		serve  http.HandlerFunc // nil: handler
		status int
		body   string
	}{
		"other protocol": {func(r *http.Request) { r.Header[":protocol"] = []string{"connect-udp"} }, nil, 501, ":protocol"},
		"no version":     {func(r *http.Request) { r.Header.Del("Sec-WebSocket-Version") }, nil, 400, "Sec-WebSocket-Version"},
		"foreign origin": {func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, nil, 403, "evil.example"},
		"Upgrade": {func(*http.Request) {}, func(w http.ResponseWriter, r *http.Request) {
			if c, err := u.Upgrade(w, r); err == nil {
				c.CloseNow()
			}
		}, 501, "Handler"},
		"middleware without Flush": {func(*http.Request) {}, func(w http.ResponseWriter, r *http.Request) {
			handler.ServeHTTP(hiding{w}, r)
		}, 500, "stream"},
	} {
		t.Run(name, func(t *testing.T) {
			serve := test.serve
			if serve == nil {
				serve = handler.ServeHTTP
			}
			w := newWorld(t, serve)
			_, _, resp, err := w.dialStream(t, websocket.Dialer{}, test.change)
			if resp == nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			if resp.StatusCode != test.status || !strings.Contains(string(body), test.body) || err != nil {
				t.Errorf("%s, %q, %v", resp.Status, body, err)
			}
			w.handlers.Wait()
			if logged := w.log.String(); (test.status == 500) != strings.Contains(logged, "hiding implements neither http.Flusher") {
				t.Errorf("log: %s", logged)
			}
		})
	}
}

// hiding is a ResponseWriter of a middleware that hides what it wraps.
type hiding struct{ http.ResponseWriter }
