package main

// This file tests ws serve: its echo, its page, and its end.

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/compress"
)

// server is a ws serve under way.
type server struct {
	host string             // host and port
	end  context.CancelFunc // what a signal does
	done chan error         // how it ended
}

// startServe runs ws serve with flags until the test ends.
func startServe(t *testing.T, flags ...string) *server {
	ctx, cancel := context.WithCancel(testContext(t))
	output, w := io.Pipe()
	cmd := root()
	cmd.Writer = w
	s := &server{end: cancel, done: make(chan error, 1)}
	go func() {
		err := cmd.Run(ctx, append([]string{"ws", "serve", "-log", "off"}, flags...))
		w.CloseWithError(errors.Join(err, io.EOF))
		s.done <- err
	}()
	line, err := bufio.NewReader(output).ReadString('\n')
	address := regexp.MustCompile(`Open http://([^/]+)/ `).FindStringSubmatch(line)
	if err != nil || address == nil {
		t.Fatalf("ws serve printed %q, %v", line, err)
	}
	s.host = address[1]
	t.Cleanup(cancel)
	return s
}

// dial connects to the server, on some path.
func (s *server) dial(t *testing.T, d websocket.Dialer) *websocket.Conn {
	conn, _, err := d.Dial(testContext(t), "ws://"+s.host+"/any/path?and=query")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	return conn
}

// TestServeEcho protects that an upgrade on any path, from any origin, is echoed, and that both spellings of a flag work.
func TestServeEcho(t *testing.T) {
	for _, flags := range [][]string{
		{"-addr", "127.0.0.1:0"}, {"--addr", "127.0.0.1:0"}, {"-addr=127.0.0.1:0"}, {"--addr=127.0.0.1:0", "-limit", "-1"},
	} {
		conn := startServe(t, flags...).dial(t, websocket.Dialer{Header: http.Header{"Origin": {"https://elsewhere.example"}}})
		for _, want := range []websocket.Message{
			{Op: websocket.OpText, Data: []byte("grüße")}, {Op: websocket.OpBinary, Data: []byte{0, 0xff}}, {Op: websocket.OpText, Data: []byte{}},
		} {
			if err := conn.Write(testContext(t), want.Op, want.Data); err != nil {
				t.Fatal(err)
			}
			m, err := conn.Read(testContext(t))
			if err != nil || m.Op != want.Op || !bytes.Equal(m.Data, want.Data) {
				t.Errorf("%v: echo of %v is %v %q, %v", flags, want, m.Op, m.Data, err)
			}
		}
	}
}

// TestServeLimit protects that -limit bounds messages, and that its default is 64 MiB. The messages are only declared: a
// frame's header and a few bytes. Then the client ends, which the server takes for what it is unless it has objected.
func TestServeLimit(t *testing.T) {
	for _, row := range []struct {
		flags  []string
		length uint64
		want   websocket.StatusCode
	}{
		{[]string{"-limit", "1000"}, 1000, websocket.StatusAbnormalClosure},
		{[]string{"-limit", "1000"}, 1001, websocket.StatusMessageTooBig},
		{nil, 64 << 20, websocket.StatusAbnormalClosure},
		{nil, 64<<20 + 1, websocket.StatusMessageTooBig},
		{[]string{"-limit", "-1"}, 1 << 40, websocket.StatusAbnormalClosure},
	} {
		var nc net.Conn
		conn := startServe(t, append(row.flags, "-addr", "127.0.0.1:0")...).dial(t, websocket.Dialer{
			DialContext: func(ctx context.Context, network, addr string) (_ net.Conn, err error) {
				nc, err = new(net.Dialer).DialContext(ctx, network, addr)
				return nc, err
			}})
		header := websocket.AppendHeader(nil, websocket.Header{Fin: true, Opcode: websocket.OpBinary, Masked: true, Length: row.length})
		if _, err := nc.Write(append(header, "a few bytes"...)); err != nil {
			t.Fatal(err)
		}
		if err := nc.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		_, err := conn.Read(testContext(t))
		var end *websocket.CloseError
		if !errors.As(err, &end) || end.Local || end.Code != row.want {
			t.Errorf("%v: %d bytes: %v, want %v", row.flags, row.length, err, row.want)
		}
	}
}

// TestServeHTTP protects what requests get that are no right opening handshakes.
func TestServeHTTP(t *testing.T) {
	s := startServe(t, "-addr", "127.0.0.1:0")
	for _, row := range []struct {
		method, path string
		header       http.Header
		status       int
		contentType  string
		body         string
	}{
		{"GET", "/", nil, 200, "text/html", `src="page.js"`},
		{"GET", "/page.js", nil, 200, "text/javascript", "new WebSocket("},
		{"GET", "/page.css", nil, 200, "text/css", "prefers-color-scheme"},
		{"HEAD", "/", nil, 200, "text/html", ""},
		{"GET", "/other", nil, 404, "", ""},
		{"GET", "/favicon.ico", nil, 404, "", ""},
		{"POST", "/", nil, 405, "", ""},
		{"GET", "/", http.Header{"Upgrade": {"websocket"}}, 400, "", "Section 4.2.1"},
		{"GET", "/other", http.Header{"Sec-WebSocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}, 400, "", "Section 4.2.1"},
		{"POST", "/", http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}}, 405, "", ""},
	} {
		req, err := http.NewRequestWithContext(testContext(t), row.method, "http://"+s.host+row.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, values := range row.header {
			req.Header[name] = values
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != row.status || !strings.Contains(string(body), row.body) ||
			!strings.HasPrefix(resp.Header.Get("Content-Type"), row.contentType) {
			t.Errorf("%s %s %v: %s %q %v, and the body is\n%s", row.method, row.path, row.header, resp.Status,
				resp.Header.Get("Content-Type"), err, body)
		}
	}
}

// TestServeShutdown protects that the end of ws serve reaches its clients, and is not an error.
func TestServeShutdown(t *testing.T) {
	s := startServe(t, "-addr", "127.0.0.1:0")
	conn := s.dial(t, websocket.Dialer{})
	s.end()
	_, err := conn.Read(testContext(t))
	var end *websocket.CloseError
	if !errors.As(err, &end) || end.Local || end.Code != websocket.StatusGoingAway {
		t.Errorf("the client saw %v, want 1001", err)
	}
	if err := <-s.done; err != nil {
		t.Errorf("ws serve: %v", err)
	}
	if _, err := net.Dial("tcp", s.host); err == nil {
		t.Error("the port is still open")
	}
}

// TestServeCompression protects the flags about compression: what they make of a client's offer.
func TestServeCompression(t *testing.T) {
	for _, row := range []struct {
		flags []string
		want  compress.Params
	}{
		{nil, compress.Params{ServerMaxWindowBits: 15, ClientMaxWindowBits: 15}},
		{[]string{"-window-bits", "9"}, compress.Params{ServerMaxWindowBits: 9, ClientMaxWindowBits: 9}},
		{[]string{"-no-context-takeover"}, compress.Params{ServerNoContextTakeover: true, ClientNoContextTakeover: true, ServerMaxWindowBits: 15, ClientMaxWindowBits: 15}},
		{[]string{"-compress=false", "-window-bits", "9"}, compress.Params{}},
	} {
		d := websocket.Dialer{Options: websocket.Options{Compression: &compress.Options{}}}
		conn := startServe(t, append(row.flags, "-addr", "127.0.0.1:0")...).dial(t, d)
		if got, ok := conn.Compression(); got != row.want || ok != (row.want != compress.Params{}) {
			t.Errorf("%q: %+v, %v, want %+v", row.flags, got, ok, row.want)
		}
	}
}

// TestServeSubprotocols protects clients that ask for subprotocols, such as the page: a browser fails the connection unless it
// gets one of them.
func TestServeSubprotocols(t *testing.T) {
	s := startServe(t, "-addr", "127.0.0.1:0")
	for _, want := range []string{"", "one"} {
		d := websocket.Dialer{}
		if want != "" {
			d.Subprotocols = []string{want, "two"}
		}
		if got := s.dial(t, d).Subprotocol(); got != want {
			t.Errorf("subprotocol %q, want %q", got, want)
		}
	}
}

// TestServeIdle protects ws serve from connections of HTTP that nobody uses.
func TestServeIdle(t *testing.T) {
	s := (&service{mode: mode{handler: broadcast}, upgrader: new(websocket.Upgrader), watch: &watch{log: slog.New(slog.DiscardHandler)}}).server()
	if s.IdleTimeout <= 0 || s.ReadHeaderTimeout <= 0 {
		t.Errorf("timeouts %v and %v", s.IdleTimeout, s.ReadHeaderTimeout)
	}
}
