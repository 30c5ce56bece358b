package engineio

// This file tests WebSocket over HTTP/2, on a stand-in for net/http's. Browsers are in ../interop.

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/httpstream/streamtest"
)

// connect sends an extended CONNECT (RFC 8441, Section 4) and returns the stream.
func (w *world) connect(query string, header http.Header) *streamtest.Stream {
	u, err := url.Parse(base + "?" + query)
	if err != nil {
		w.Fatal(err)
	}
	header.Set("Sec-WebSocket-Version", "13")
	r := &http.Request{Method: http.MethodConnect, Proto: "HTTP/2.0", ProtoMajor: 2, URL: u, Host: u.Host, Header: header, ContentLength: -1}
	return streamtest.Serve(w.srv, r, nil)
}

// TestExtendedConnect protects sessions over streams of HTTP/2: new ones, those that come from polling, and the answer to a CONNECT
// that is not extended.
func TestExtendedConnect(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		ctx := context.Background()
		asks := func() http.Header { return http.Header{":protocol": {"websocket"}} }
		s := w.connect("EIO=4&transport=websocket", asks())
		c := websocket.ClientConn(s, nil, websocket.Agreement{}, nil)
		read := func(c *websocket.Conn, want string) {
			t.Helper()
			if m, err := c.Read(ctx); err != nil || !strings.HasPrefix(string(m.Data), want) {
				t.Errorf("%q, %v; want %s", m.Data, err, want)
			}
		}
		read(c, `0{"sid":"`)
		c.Write(ctx, websocket.OpText, []byte("4hello"))
		read(c, "4hello")
		c.Close(websocket.StatusNormalClosure, "")
		if v := <-s.Returned; v != nil || s.Response.Status() != http.StatusOK {
			t.Errorf("status %d, panic %v", s.Response.Status(), v)
		}
		w.expect(t, "open", "text hello", "close: transport close")

		s = w.connect(strings.Replace(w.polling(), "polling", "websocket", 1), asks())
		c = websocket.ClientConn(s, nil, websocket.Agreement{}, nil)
		c.Write(ctx, websocket.OpText, []byte("2probe"))
		read(c, "3probe")
		c.Write(ctx, websocket.OpText, []byte("5"))
		c.Write(ctx, websocket.OpText, []byte("4moved"))
		read(c, "4moved")
		c.CloseNow()
		<-s.Returned

		s = w.connect("EIO=4&transport=polling", http.Header{})
		if <-s.Returned; s.Response.Status() != http.StatusBadRequest {
			t.Errorf("a plain CONNECT: status %d", s.Response.Status())
		}
	})
}
