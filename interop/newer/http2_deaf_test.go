package newer

// This file tests the handlers over HTTP/2 with a client that opens all windows and reads nothing.

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/seed-d69ae1b7/websocket"
)

// openDeaf opens a stream to w on a connection of its own, of which it reads nothing.
func openDeaf(t *testing.T, w *world) {
	t.Helper()
	config := w.client.Dialer.TLS.Clone()
	config.NextProtos = []string{"h2"}
	nc, err := tls.Dial("tcp", w.Listener.Addr().String(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	const window = 1 << 30
	var block bytes.Buffer
	fields := hpack.NewEncoder(&block)
	for _, f := range [][2]string{
		{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "https"}, {":path", "/chat"},
		{":authority", w.Listener.Addr().String()}, {"sec-websocket-version", "13"},
	} {
		fields.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]})
	}
	_, err = io.WriteString(nc, http2.ClientPreface)
	framer := http2.NewFramer(nc, nc)
	if err := errors.Join(
		err,
		framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: window}),
		framer.WriteWindowUpdate(0, window),
		framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true}),
	); err != nil {
		t.Fatal(err)
	}
}

// TestHTTP2Deaf protects what the page says about such a client: net/http cannot even reset a stream there, and it is
// HTTP2Config.WriteByteTimeout that ends the connection with all functions.
func TestHTTP2Deaf(t *testing.T) {
	ended := make(chan *websocket.Conn, 1)
	const patience = 2 * time.Second // also for a machine that does something else between a deadline and its write
	u := &websocket.Upgrader{}
	w := newWorld(t, u.Handler(func(c *websocket.Conn, r *http.Request) {
		for c.Write(context.Background(), websocket.OpBinary, make([]byte, 1<<20)) == nil {
		}
		ended <- c
	}), func(s *http.Server) { s.HTTP2 = &http.HTTP2Config{WriteByteTimeout: patience} })
	openDeaf(t, w)
	c := <-ended
	w.handlers.Wait()
	if err := context.Cause(c.Context()); websocket.CloseStatus(err) != websocket.StatusAbnormalClosure {
		t.Error(err)
	}
	if n := u.Len(); n != 0 {
		t.Errorf("%d connections left", n)
	}
}
