package newer

//lint:file-ignore SA1019 net/http's own client does not send a field named :protocol

// This file holds what the tests of WebSocket over HTTP/2 (RFC 8441) stand on: a server of net/http, and x/net's HTTP/2 as a
// client, whose streams Dialer.DialStream uses.

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/testlog"
	_ "github.com/seed-d69ae1b7/websocket/xconnect"
)

// world is a server of HTTP/2 and a client that has one connection to it.
type world struct {
	*httptest.Server
	transport *http2.Transport
	handlers  sync.WaitGroup  // those that have not returned
	log       *testlog.Buffer // what net/http has logged
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
	w.transport = &http2.Transport{TLSClientConfig: w.Client().Transport.(*http.Transport).TLSClientConfig}
	t.Cleanup(func() {
		w.transport.CloseIdleConnections()
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
	c *websocket.Conn, s *stream, resp *http.Response, err error,
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

// open sends an extended CONNECT. The request lasts as long as the stream, and no longer than a handshake that fails.
func (w *world) open(ctx context.Context, r *http.Request) (*stream, *http.Response, error) {
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	defer stop()
	body, out := io.Pipe()
	r = r.WithContext(lasting)
	r.Body = body
	resp, err := w.transport.RoundTrip(r)
	if err != nil {
		cancel()
		return nil, nil, err
	}
	return &stream{Reader: resp.Body, PipeWriter: out, in: resp.Body, over: cancel}, resp, nil
}

// stream is a net.Conn of the two directions of a client's stream. It has no deadlines.
type stream struct {
	io.Reader
	*io.PipeWriter // whose Close ends the outgoing half
	in             io.Closer
	over           func() // lets go of the request
}

// Close ends the outgoing half, and drops the incoming one.
func (s *stream) Close() error {
	s.CloseWrite()
	defer s.over()
	return s.in.Close()
}

// reset sends RST_STREAM with the code CANCEL, unless the stream has ended.
func (s *stream) reset() { s.in.Close() }

func (s *stream) CloseWrite() error              { return s.PipeWriter.Close() }
func (*stream) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (*stream) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (*stream) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (*stream) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (*stream) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }

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
