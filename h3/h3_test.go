package h3

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m, nil) }

// world is a server of HTTP/3 and a client's connection to it.
type world struct {
	over *http3.ClientConn
	url  string
}

func newWorld(t *testing.T, h http.Handler) *world {
	t.Helper()
	cert := httptest.NewTLSServer(nil) // for its certificate
	certificates := cert.TLS.Certificates
	cert.Close()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http3.Server{
		Handler: h, TLSConfig: http3.ConfigureTLSConfig(&tls.Config{Certificates: certificates}), Logger: slog.New(slog.DiscardHandler),
	}
	var serving sync.WaitGroup
	serving.Go(func() { s.Serve(pc) })
	to, err := quic.DialAddr(t.Context(), pc.LocalAddr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{http3.NextProtoH3}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		to.CloseWithError(0, "")
		s.Close()
		serving.Wait()
		pc.Close()
	})
	return &world{over: new(http3.Transport).NewClientConn(to), url: "https://" + pc.LocalAddr().String()}
}

// dial opens a connection.
func (w *world) dial(t *testing.T, d websocket.Dialer) *websocket.Conn {
	t.Helper()
	c, resp, err := Dial(t.Context(), &d, w.over, w.url+"/chat?a=b")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp, err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c
}

// echo sends back all messages until the connection ends.
func echo(c *websocket.Conn, _ *http.Request) {
	for m, err := range c.Messages(c.Context()) {
		if err != nil || c.Write(c.Context(), m.Op, m.Data) != nil {
			return
		}
	}
}

// exchange sends a message and reads its echo.
func exchange(t *testing.T, c *websocket.Conn, text string) {
	t.Helper()
	if err := c.Write(t.Context(), websocket.OpText, []byte(text)); err != nil {
		t.Error(err)
	} else if m, err := c.Read(t.Context()); err != nil || string(m.Data) != text {
		t.Errorf("%d bytes, %v; want %d", len(m.Data), err, len(text))
	}
}

// TestEcho protects connections over streams: what the request says, a subprotocol, compression, messages up to 900 KiB, many at once.
func TestEcho(t *testing.T) {
	o := websocket.Options{Compression: &websocket.CompressionOptions{}}
	u := &websocket.Upgrader{Options: o, Subprotocols: []string{"chat"}}
	w := newWorld(t, Handler(u, func(c *websocket.Conn, r *http.Request) {
		if r.URL.RequestURI() != "/chat?a=b" || r.ProtoMajor != 3 || r.TLS == nil || r.Context() != c.Context() || c.RemoteAddr().String() != r.RemoteAddr {
			t.Errorf("%+v from %v", r, c.RemoteAddr())
		}
		echo(c, r)
	}))
	c := w.dial(t, websocket.Dialer{Options: o, Subprotocols: []string{"chat"}})
	if _, compressed := c.Compression(); !compressed || c.Subprotocol() != "chat" {
		t.Error(compressed, c.Subprotocol())
	}
	exchange(t, c, strings.Repeat("squeeze me ", 10_000))
	var all sync.WaitGroup
	for i := range 50 {
		c := w.dial(t, websocket.Dialer{})
		all.Go(func() {
			for _, size := range []int{0, 125, 65536, 900 << 10} {
				exchange(t, c, strings.Repeat("x", min(size, size/(i%5+1))))
			}
			if err := c.Close(4000, "bye"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// TestEnds protects what both sides are told of an end, whoever brings it about.
func TestEnds(t *testing.T) {
	for name, test := range map[string]struct {
		server             func(*websocket.Conn) // after a first exchange; nil: reads
		client             func(*websocket.Conn)
		onServer, onClient websocket.StatusCode
	}{
		"client closes":     {nil, func(c *websocket.Conn) { c.Close(4000, "bye") }, 4000, 4000},
		"server closes":     {func(c *websocket.Conn) { c.Close(4001, "tired") }, nil, 4001, 4001},
		"function returns":  {func(*websocket.Conn) {}, nil, 1000, 1000},
		"function panics":   {func(*websocket.Conn) { panic("too bad") }, nil, 1011, 1011},
		"server closes now": {func(c *websocket.Conn) { c.CloseNow() }, nil, 1006, 1006},
		"client closes now": {nil, func(c *websocket.Conn) { c.CloseNow() }, 1006, 1006},
	} {
		t.Run(name, func(t *testing.T) {
			ended := make(chan *websocket.Conn, 1)
			u := &websocket.Upgrader{}
			w := newWorld(t, Handler(u, func(c *websocket.Conn, r *http.Request) {
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
				} else {
					c.Read(r.Context())
				}
			}))
			c := w.dial(t, websocket.Dialer{})
			exchange(t, c, "hello")
			if test.client != nil {
				test.client(c)
			}
			_, err := c.Read(t.Context())
			if code := websocket.CloseStatus(err); code != test.onClient {
				t.Errorf("the client was told %v: %v", code, err)
			}
			theirs := <-ended
			<-theirs.Context().Done()
			if err := context.Cause(theirs.Context()); websocket.CloseStatus(err) != test.onServer {
				t.Errorf("the server was told %v", err)
			}
		})
	}
}

// TestReset protects a connection that the peer resets: code 1006, with quic-go's error.
func TestReset(t *testing.T) {
	w := newWorld(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.WriteHeader(http.StatusOK)
		s, err := rw.(http3.HTTPStreamer).HTTPStream()
		if err != nil {
			t.Error(err)
			return
		}
		s.Read(make([]byte, 1)) // the client has the response, which a reset may overtake
		s.CancelRead(quic.StreamErrorCode(http3.ErrCodeInternalError))
		s.CancelWrite(quic.StreamErrorCode(http3.ErrCodeInternalError))
	}))
	c := w.dial(t, websocket.Dialer{})
	if err := c.Write(t.Context(), websocket.OpText, []byte("now")); err != nil {
		t.Fatal(err)
	}
	_, err := c.Read(t.Context())
	var reset *http3.Error
	if websocket.CloseStatus(err) != websocket.StatusAbnormalClosure || !errors.As(err, &reset) || reset.ErrorCode != http3.ErrCodeInternalError || !reset.Remote {
		t.Error(err)
	}
}

// TestRead protects reads with contexts: one that ends loses nothing.
func TestRead(t *testing.T) {
	w := newWorld(t, Handler(&websocket.Upgrader{}, echo))
	c := w.dial(t, websocket.Dialer{})
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		if _, err := c.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		cancel()
		exchange(t, c, "still here")
	}
}

// TestStall protects the other streams of a connection from one whose peer does not read: its write ends by its timeout, and only it.
func TestStall(t *testing.T) {
	stuck := make(chan error, 1)
	u := &websocket.Upgrader{Options: websocket.Options{WriteTimeout: 50 * time.Millisecond}}
	w := newWorld(t, Handler(u, func(c *websocket.Conn, r *http.Request) {
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
	good, bad := w.dial(t, websocket.Dialer{}), w.dial(t, websocket.Dialer{})
	if err := bad.Write(t.Context(), websocket.OpText, []byte("flood")); err != nil {
		t.Fatal(err)
	}
	if err := <-stuck; err == nil {
		t.Error("no error")
	}
	exchange(t, good, "alive")
}

// TestRefused protects the answer to a request that is not accepted, and from a context that ends.
func TestRefused(t *testing.T) {
	w := newWorld(t, Handler(&websocket.Upgrader{CheckOrigin: func(*http.Request, bool) bool { return false }}, echo))
	_, resp, err := Dial(t.Context(), &websocket.Dialer{}, w.over, w.url)
	var refused *websocket.HandshakeError
	if !errors.As(err, &refused) || resp == nil || resp.StatusCode != http.StatusForbidden {
		t.Error(resp, err)
	}
	resp, err = w.over.RoundTrip(httptest.NewRequest(http.MethodGet, w.url, nil))
	if err != nil || resp.StatusCode != http.StatusBadRequest {
		t.Error(resp, err)
	} else {
		resp.Body.Close()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Dial(ctx, &websocket.Dialer{}, w.over, w.url); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
