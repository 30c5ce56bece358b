package main

// This file tests the tool as its user sees it: arguments in, output and behaviour out.

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/compress"
)

// testTimeout bounds each test.
const testTimeout = 30 * time.Second

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	t.Cleanup(cancel)
	return ctx
}

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
		err := cmd.Run(ctx, append([]string{"ws", "serve"}, flags...))
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

// TestWrongUse protects that what cannot be done is one line that says why.
func TestWrongUse(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{"serve", "-addr", busy.Addr().String()}, busy.Addr().String()},
		{[]string{"serve", "-addr", "nonsense"}, "nonsense"},
		{[]string{"serve", "-unknown"}, "-unknown"},
		{[]string{"serve", "-limit", "many"}, "many"},
		{[]string{"serve", "-window-bits", "7"}, "7 bits"},
		{[]string{"serve", "argument"}, "argument"},
		{[]string{"unknown"}, "unknown"},
		{[]string{"dial"}, "URL"},
		{[]string{"dial", "gopher://127.0.0.1/"}, "gopher"},
		{[]string{"dial", "-H", "colonless", "ws://127.0.0.1:1/"}, "colonless"},
		{[]string{"dial", "ws://127.0.0.1:1/"}, "127.0.0.1:1"},
	} {
		cmd := root()
		var out bytes.Buffer
		cmd.Writer, cmd.ErrWriter = &out, &out
		err := cmd.Run(testContext(t), append([]string{"ws"}, row.args...))
		if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "\n") || out.Len() > 0 {
			t.Errorf("ws %q: %v, want one line with %q; printed:\n%s", row.args, err, row.want, out.Bytes())
		}
	}
}

// TestDial protects ws dial in a pipe: what is printed for what is read, and the exit status.
func TestDial(t *testing.T) {
	s := startServe(t, "-addr", "127.0.0.1:0")
	for _, row := range []struct {
		flags  []string
		input  string
		output string
		status string // a regular expression
	}{
		{nil, "hello\n\nlast", "hello\n\nlast\n", `^closed by us: 1000 \(normal closure\)\n$`},
		{nil, "windows\r\n", "windows\n", ``},
		{nil, "//slash\n", "/slash\n", ``},
		{nil, "/ping\n", "", `^pong after .*s\nclosed`},
		{nil, "/other\n", "", `^no such command: /other\n`},
		{[]string{"-b"}, "00 ff7B\nxx\n", "00ff7b\n", `invalid byte`},
		{nil, "/close 3333 see you\nnot sent", "", `closed by us: 3333 see you\n`},
		{nil, "/close\n", "", `closed by us: 1005`},
		{nil, "/close 1006\n/close x\n", "", `may not be sent.*\n.*want a number.*\nclosed by us: 1000`},
	} {
		cmd := root()
		var out, status bytes.Buffer
		cmd.Reader, cmd.Writer, cmd.ErrWriter = strings.NewReader(row.input), &out, &status
		err := cmd.Run(testContext(t), append(append([]string{"ws", "dial"}, row.flags...), "ws://"+s.host+"/"))
		if out.String() != row.output || !regexp.MustCompile(row.status).Match(status.Bytes()) || err != nil {
			t.Errorf("%v %q: printed %q, want %q; said %q, want %s; %v", row.flags, row.input, out.String(), row.output,
				status.String(), row.status, err)
		}
	}
}

// TestDialStatus protects that ws dial fails if the server ends the connection with an error, or refuses it, and only
// then.
func TestDialStatus(t *testing.T) {
	for _, row := range []struct {
		code websocket.StatusCode
		want string // of the error
	}{
		{websocket.StatusNormalClosure, ""},
		{websocket.StatusGoingAway, ""},
		{websocket.StatusNoStatusReceived, ""},
		{websocket.StatusInternalError, "1011"},
		{4000, "4000"},
	} {
		u := &websocket.Upgrader{Subprotocols: []string{"b"}}
		s := httptest.NewServer(u.Handler(func(conn *websocket.Conn, r *http.Request) {
			if got := r.Header.Get("X-Test"); got != "a, b" {
				t.Errorf("header is %q", got)
			}
			conn.Close(row.code, "")
		}))
		defer s.Close()
		input, w := io.Pipe() // an input that does not end
		defer w.Close()
		cmd := root()
		var status bytes.Buffer
		cmd.Reader, cmd.ErrWriter = input, &status
		err := cmd.Run(testContext(t), []string{"ws", "dial", "-H", "X-Test: a, b", "-subprotocol", "a", "-subprotocol", "b", s.URL})
		if failed := err != nil; failed != (row.want != "") || failed && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%v: %v", row.code, err)
		}
		if !strings.HasPrefix(status.String(), "subprotocol b\nclosed by the server: "+row.code.String()) {
			t.Errorf("%v: said %q", row.code, status.String())
		}
	}
	refusing := httptest.NewServer(http.NotFoundHandler())
	defer refusing.Close()
	err := root().Run(testContext(t), []string{"ws", "dial", refusing.URL})
	if err == nil || !strings.Contains(err.Error(), "404") || !strings.Contains(err.Error(), "page not found") {
		t.Errorf("refused: %v", err)
	}
}

// TestVisible protects the terminal of ws dial from what a server sends.
func TestVisible(t *testing.T) {
	var out bytes.Buffer
	if n, err := (visible{&out, "< "}).Write([]byte("a\x1b[2J\tü\r\u009b\n")); n != 12 || err != nil {
		t.Errorf("wrote %d, %v", n, err)
	}
	if want := "< a\ufffd[2J\tü\ufffd\ufffd\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// TestDialEscapes protects the terminal of ws dial from a refusal, and from the reason of a close: in an error, which
// main prints, and in a remark, which goes to the terminal whatever the output is.
func TestDialEscapes(t *testing.T) {
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, "go \x1b[2Jaway\u009b\nand stay there")
	}))
	defer refusing.Close()
	err := root().Run(testContext(t), []string{"ws", "dial", refusing.URL})
	if err == nil || strings.ContainsAny(err.Error(), "\x1b\u009b") || !strings.Contains(err.Error(), "go \ufffd[2Jaway\ufffd\nand stay there") {
		t.Errorf("refused: %q", err)
	}
	closing := httptest.NewServer(new(websocket.Upgrader).Handler(func(conn *websocket.Conn, _ *http.Request) {
		conn.Close(4000, "bye\x1b[2J\nclosed by us: 1000")
	}))
	defer closing.Close()
	input, w := io.Pipe() // an input that does not end
	defer w.Close()
	cmd := root()
	var status bytes.Buffer
	cmd.Reader, cmd.ErrWriter = input, &status
	cmd.Run(testContext(t), []string{"ws", "dial", closing.URL})
	if strings.Contains(status.String(), "\x1b") || strings.Count(status.String(), "\n") != 1 {
		t.Errorf("said %q", status.String())
	}
}

// TestTerminalWithoutWidth protects a terminal that does not know how wide it is from lines of one character.
func TestTerminalWithoutWidth(t *testing.T) {
	for _, width := range []int{0, 40} {
		var out bytes.Buffer
		term := newTerminal(struct {
			io.Reader
			io.Writer
		}{strings.NewReader("hello\r"), &out}, width, width)
		if line, err := term.ReadLine(); line != "hello" || err != nil || !strings.Contains(out.String(), "hello") {
			t.Errorf("width %d: %q, %v, and shows %q", width, line, err, out.String())
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

// TestServeHelp protects that the help says what is on without a flag.
func TestServeHelp(t *testing.T) {
	cmd := root()
	var out bytes.Buffer
	cmd.Writer = &out
	if err := cmd.Run(testContext(t), []string{"ws", "serve", "-h"}); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`--compress .*\(default: true\)`).MatchString(out.String()) {
		t.Errorf("help:\n%s", out.String())
	}
}

// TestServeIdle protects ws serve from connections of HTTP that nobody uses.
func TestServeIdle(t *testing.T) {
	if s := newServer(new(websocket.Upgrader)); s.IdleTimeout <= 0 || s.ReadHeaderTimeout <= 0 {
		t.Errorf("timeouts %v and %v", s.IdleTimeout, s.ReadHeaderTimeout)
	}
}
