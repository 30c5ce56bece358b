package newer

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/seed-d69ae1b7/websocket"
)

// TestHTTP2 protects the hooks for streams against a real HTTP/2 (RFC 8441), that of net/http as the server and of x/net as
// the client: a connection that has a subprotocol and compresses, its end in order, and a refusal. net/http does extended
// CONNECT only for who asks for it in the environment, which it reads at its start, so a process of its own does it.
func TestHTTP2(t *testing.T) {
	const asked = "http2xconnect=1"
	if !strings.Contains(os.Getenv("GODEBUG"), asked) {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHTTP2$")
		cmd.Env = append(os.Environ(), "GODEBUG="+asked)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	o := websocket.Options{Compression: &websocket.CompressionOptions{}}
	up := &websocket.Upgrader{Options: o, Subprotocols: []string{"chat"}}
	ended := make(chan error, 1)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serveStream(up, w, r, func(conn *websocket.Conn) {
			for m, err := range conn.Messages(conn.Context()) {
				if err != nil {
					ended <- err
					return
				}
				conn.Write(conn.Context(), m.Op, m.Data)
			}
		})
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	//lint:ignore SA1019 net/http's own does not send a field named :protocol
	transport := &http2.Transport{TLSClientConfig: s.Client().Transport.(*http.Transport).TLSClientConfig}
	defer (&http.Client{Transport: transport}).CloseIdleConnections()
	open := func(ctx context.Context, r *http.Request) (net.Conn, *http.Response, error) {
		return openStream(ctx, transport, r)
	}

	d := websocket.Dialer{Options: o, Subprotocols: []string{"other", "chat"}}
	c, _, err := d.DialStream(t.Context(), s.URL+"/chat", open)
	if err != nil {
		t.Fatal(err)
	}
	if _, compressed := c.Compression(); !compressed || c.Subprotocol() != "chat" {
		t.Errorf("compressed: %v, subprotocol %q", compressed, c.Subprotocol())
	}
	long := strings.Repeat("squeeze me ", 10_000)
	for _, want := range []string{"short", long, long} {
		if err := c.Write(t.Context(), websocket.OpText, []byte(want)); err != nil {
			t.Fatal(err)
		}
		if m, err := c.Read(t.Context()); err != nil || string(m.Data) != want {
			t.Fatalf("%.20q, %v; want %.20q", m.Data, err, want)
		}
	}
	if in := c.Stats().BytesIn; in > 10_000 {
		t.Errorf("%d bytes travelled", in)
	}
	if err := c.Close(4000, "bye"); err != nil {
		t.Error(err)
	}
	if err := <-ended; websocket.CloseStatus(err) != 4000 {
		t.Error(err)
	}

	d.Header = http.Header{"Origin": {"https://evil.example"}}
	_, resp, err := d.DialStream(t.Context(), s.URL+"/chat", open)
	var refused *websocket.HandshakeError
	if !errors.As(err, &refused) || refused.Status != 403 {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(resp.Body); !strings.Contains(string(body), "evil.example") {
		t.Errorf("body %q", body)
	}
}

// stream is a net.Conn of the two directions of a stream of HTTP/2.
type stream struct {
	io.Reader
	io.Writer
	close func() error
}

func (s stream) Close() error                     { return s.close() }
func (s stream) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (s stream) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (s stream) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (s stream) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (s stream) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }

// flushed writes to a response and lets it leave.
type flushed struct{ w http.ResponseWriter }

func (f flushed) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if err == nil {
		err = http.NewResponseController(f.w).Flush()
	}
	return n, err
}

// serveStream answers an extended CONNECT of net/http, and runs f on the connection. The stream ends with the handler.
func serveStream(up *websocket.Upgrader, w http.ResponseWriter, r *http.Request, f func(*websocket.Conn)) {
	closed := make(chan struct{})
	conn, err := up.AcceptStream(r, r.Header.Get(":protocol"), func(resp *http.Response) (net.Conn, error) {
		for name, values := range resp.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(resp.StatusCode)
		if resp.StatusCode != http.StatusOK {
			io.Copy(w, resp.Body)
			return nil, nil
		}
		s := stream{r.Body, flushed{w}, func() error { close(closed); return r.Body.Close() }}
		return s, http.NewResponseController(w).Flush()
	})
	if err == nil {
		f(conn)
		<-closed
	}
}

// openStream sends an extended CONNECT. The request lasts as long as the stream, and no longer than a handshake that fails.
func openStream(ctx context.Context, transport http.RoundTripper, r *http.Request) (net.Conn, *http.Response, error) {
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	defer stop()
	body, w := io.Pipe()
	r = r.WithContext(lasting)
	r.Body = body
	resp, err := transport.RoundTrip(r)
	if err != nil {
		cancel()
		return nil, nil, err
	}
	in := resp.Body
	return stream{in, w, func() error {
		w.Close()
		defer cancel()
		return in.Close()
	}}, resp, nil
}
