package newer

// This file holds what the tests of WebSocket over HTTP/2 (RFC 8441) stand on: a server of net/http, and package h2 as a client, whose
// streams Dialer.DialStream uses. Go's own clients cannot be one from Go 1.27 on: before, http2_xnet_test.go plays with x/net's.

import (
	"context"
	"crypto/tls"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/h2"
	"github.com/seed-d69ae1b7/websocket/internal/testlog"
	_ "github.com/seed-d69ae1b7/websocket/xconnect"
)

// world is a server of HTTP/2 and a client that has one connection to it.
type world struct {
	*httptest.Server
	client   *h2.Client
	open     opener          // how its streams are opened: by client, or by a foreign one
	handlers sync.WaitGroup  // those that have not returned
	log      *testlog.Buffer // what net/http has logged
}

// opener sends an extended CONNECT to a server, and returns the stream and the head of the response.
type opener func(ctx context.Context, r *http.Request) (stream, *http.Response, error)

// stream is a net.Conn of the two directions of a client's stream.
type stream interface {
	net.Conn
	CloseWrite() error // ends the outgoing half
	Abort()            // sends RST_STREAM with the code CANCEL
}

// foreign are the openers of other clients, by name: each is made for a configuration of TLS.
var foreign = map[string]func(t *testing.T, config *tls.Config) opener{}

// clients calls f once for each client, with what lets a world use it.
func clients(t *testing.T, f func(t *testing.T, use func(*testing.T, *world))) {
	t.Run("h2", func(t *testing.T) { f(t, func(*testing.T, *world) {}) })
	for name, opener := range foreign {
		t.Run(name, func(t *testing.T) {
			f(t, func(t *testing.T, w *world) { w.open = opener(t, w.client.Dialer.TLS) })
		})
	}
}

// newClient returns a client that trusts a server as config says.
func newClient(config *tls.Config) *h2.Client {
	return &h2.Client{MaxStreams: 1000, Dialer: websocket.Dialer{
		Proxy: func(*http.Request) (*url.URL, error) { return nil, nil }, TLS: config,
	}}
}

// openBy returns the opener of a client.
func openBy(c *h2.Client) opener {
	return func(ctx context.Context, r *http.Request) (stream, *http.Response, error) {
		nc, resp, err := c.OpenStream(ctx, r)
		if err != nil {
			return nil, nil, err
		}
		return nc.(stream), resp, nil
	}
}

// newWorld starts both. setUp may change the server before it starts.
func newWorld(t *testing.T, h http.Handler, setUp ...func(*http.Server)) *world {
	t.Helper()
	return newWorldOf(t, h, func(w *world) {
		for _, f := range setUp {
			f(w.Config)
		}
	})
}

// plaintext makes a server speak HTTP/2 without TLS, for proxies in front of it; a world's own client does not.
func plaintext(w *world) {
	w.EnableHTTP2 = false
	w.Config.Protocols = new(http.Protocols)
	w.Config.Protocols.SetUnencryptedHTTP2(true)
}

// newWorldOf is newWorld whose setUp may do more.
func newWorldOf(t *testing.T, h http.Handler, setUp ...func(*world)) *world {
	t.Helper()
	w := &world{log: &testlog.Buffer{}}
	w.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.handlers.Add(1)
		defer w.handlers.Done()
		h.ServeHTTP(rw, r)
	}))
	w.Config.ErrorLog = log.New(w.log, "", 0)
	w.EnableHTTP2 = true
	for _, f := range setUp {
		f(w)
	}
	if w.EnableHTTP2 {
		w.StartTLS()
	} else {
		w.Start()
	}
	w.client = newClient(w.Client().Transport.(*http.Transport).TLSClientConfig)
	w.open = openBy(w.client)
	t.Cleanup(func() {
		w.client.CloseIdleConnections()
		w.CloseClientConnections()
		w.Close()
		w.handlers.Wait()
	})
	return w
}

// dial opens a connection over a stream.
func (w *world) dial(t *testing.T, d websocket.Dialer) (*websocket.Conn, *http.Response, error) {
	c, _, resp, err := w.dialStream(t, d, func(*http.Request) {})
	return c, resp, err
}

// dialStream is dial that may change the request first, and returns the stream as well.
func (w *world) dialStream(t *testing.T, d websocket.Dialer, change func(*http.Request)) (
	c *websocket.Conn, s stream, resp *http.Response, err error,
) {
	t.Helper()
	c, resp, err = d.DialStream(t.Context(), w.URL+"/chat", func(ctx context.Context, r *http.Request) (net.Conn, *http.Response, error) {
		change(r)
		var resp *http.Response
		var err error
		if s, resp, err = w.open(ctx, r); err != nil {
			return nil, nil, err
		}
		return s, resp, nil
	})
	return c, s, resp, err
}

// mustDial is dial where nothing may go wrong.
func (w *world) mustDial(t *testing.T) *websocket.Conn {
	t.Helper()
	c, _, err := w.dial(t, websocket.Dialer{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c
}

// echo sends back all messages until the connection ends.
func echo(c *websocket.Conn, _ *http.Request) {
	for m, err := range c.MessagesInPlace(c.Context()) {
		if err != nil || c.Write(c.Context(), m.Op, m.Data) != nil {
			return
		}
	}
}

// exchange sends a message and reads its echo.
func exchange(t *testing.T, c *websocket.Conn, text string) {
	t.Helper()
	if err := c.Write(t.Context(), websocket.OpText, []byte(text)); err != nil {
		t.Fatal(err)
	}
	if m, err := c.Read(t.Context()); err != nil || string(m.Data) != text {
		t.Fatalf("%d bytes, %v; want %d", len(m.Data), err, len(text))
	}
}
