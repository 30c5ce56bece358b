package websocket

// This file tests what only UpgradeConn has: its own reading, bounds and timeouts, and the callback.

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/faultconn"
)

// upgradeScript runs UpgradeConn over a script of what the client sends, and returns what it wrote.
func upgradeScript(t *testing.T, nc net.Conn, script *scriptConn, accept func(*Request) error) (response string, err error) {
	t.Helper()
	u := &Upgrader{Subprotocols: []string{"chat"}, Origins: []string{"*.example.org"}, ErrorLog: log.New(io.Discard, "", 0)}
	c, err := u.UpgradeConn(context.Background(), nc, accept)
	if (c == nil) != (err != nil) {
		t.Errorf("Conn %v with error %v", c, err)
	}
	if script.closed != (err != nil) {
		t.Errorf("closed: %v, with error %v", script.closed, err)
	}
	return string(script.output), err
}

// TestUpgradeConnTruncated protects against every way in which a request can stop early: there is no answer, no
// connection, and an error that says so.
func TestUpgradeConnTruncated(t *testing.T) {
	for n := range len(browserRequest) {
		nc := &scriptConn{input: browserRequest[:n]}
		response, err := upgradeScript(t, nc, nc, nil)
		var e *HandshakeError
		if !errors.As(err, &e) || e.Status != 0 || !errors.Is(err, io.ErrUnexpectedEOF) || response != "" {
			t.Fatalf("prefix of %d bytes: %v, response %q", n, err, response)
		}
	}
}

// TestUpgradeConnPieces protects the scan for the end of the head: a request in pieces of any size is the same request.
func TestUpgradeConnPieces(t *testing.T) {
	whole := &scriptConn{input: browserRequest}
	want, err := upgradeScript(t, whole, whole, nil)
	if err != nil {
		t.Fatal(err)
	}
	for size := 1; size <= len(browserRequest); size++ {
		nc := &scriptConn{input: browserRequest}
		got, err := upgradeScript(t, &faultconn.Conn{Conn: nc, MaxRead: size}, nc, nil)
		if got != want || err != nil {
			t.Errorf("pieces of %d bytes: %q, %v, want %q", size, got, err, want)
		}
	}
}

// TestUpgradeConnFaults protects against I/O that fails at any operation: an error that names the cause, a closed
// connection, no connection given out.
func TestUpgradeConnFaults(t *testing.T) {
	broken := errors.New("the cable was cut")
	for n := int64(1); ; n++ {
		nc := &scriptConn{input: minimalRequest}
		faulty := &faultconn.Conn{Conn: nc, MaxRead: 64, FailAt: n, Err: broken}
		_, err := upgradeScript(t, faulty, nc, nil)
		if faulty.Ops() < n {
			if err != nil {
				t.Errorf("%v without a fault", err)
			}
			if n < 6 {
				t.Errorf("only %d operations", n)
			}
			return
		}
		var e *HandshakeError
		if !errors.As(err, &e) || e.Status != 0 || !errors.Is(err, broken) {
			t.Errorf("fault at operation %d: %v", n, err)
		}
	}
}

// halfCloser is a connection that can end its outgoing stream alone, and fails at it.
type halfCloser struct{ net.Conn }

func (halfCloser) CloseWrite() error { return errors.New("not connected") }

// TestRefusalFaults protects against I/O that fails while a request is refused: the refusal stays the error, and the
// connection is closed.
func TestRefusalFaults(t *testing.T) {
	for n := int64(3); n <= 7; n++ {
		nc := &scriptConn{input: requestWith("GET", "PUT")}
		faulty := &faultconn.Conn{Conn: nc, FailAt: n, Err: errors.New("the cable was cut")}
		_, err := upgradeScript(t, halfCloser{faulty}, nc, nil)
		var e *HandshakeError
		if !errors.As(err, &e) || n > 3 && e.Status != 405 {
			t.Errorf("fault at operation %d: %v", n, err)
		}
	}
}

// TestUpgradeConnLargeResponse protects the pool from responses of unusual size, and their receivers from losing them.
func TestUpgradeConnLargeResponse(t *testing.T) {
	nc := &scriptConn{input: minimalRequest}
	value := strings.Repeat("a", 3*requestBuffer)
	response, err := upgradeScript(t, nc, nc, func(r *Request) error { r.AddResponseHeader("X", value); return nil })
	if err != nil || !strings.Contains(response, "\r\nX: "+value+"\r\n\r\n") {
		t.Errorf("%v, %d bytes", err, len(response))
	}
}

// TestUpgradeConnSyntax protects against requests that are not HTTP, beyond what both servers are tested with.
func TestUpgradeConnSyntax(t *testing.T) {
	for _, tc := range []struct {
		name, request string
		status        int
		says          string
	}{
		{"bare LF", strings.ReplaceAll(minimalRequest, "\r\n", "\n"), 400, "CRLF"},
		{"bare LF in the middle", requestWith("\r\nUpgrade", "\nUpgrade"), 400, "CRLF"},
		{"bare LF at the end", strings.TrimSuffix(minimalRequest, "\r\n") + "\n", 400, "CRLF"},
		{"bare CR", requestWith("/chat", "/ch\rat"), 400, "request line"},
		{"CR in a value", requestWith("Host: ", "Host: \ra"), 400, "header field"},
		{"NUL in a name", requestWith("Host: ", "Ho\x00st: "), 400, "header field"},
		{"no name", requestWith("Host: ", ": a\r\nHost: "), 400, "header field"},
		{"no colon", requestWith("Host: ", "Host\r\nHost: "), 400, "header field"},
		{"folded", requestWith("Host: ", "X: a\r\n b\r\nHost: "), 400, "header field"},
		{"empty line first", "\r\n" + minimalRequest, 400, "request line"},
		{"HTTP/1", requestWith("HTTP/1.1", "HTTP/1"), 400, "request line"},
		{"HTTP/x.1", requestWith("HTTP/1.1", "HTTP/x.1"), 400, "request line"},
		{"http/1.1", requestWith("HTTP/1.1", "http/1.1"), 400, "request line"},
		{"HTTP-1.1", requestWith("HTTP/1.1", "HTTP/1-1"), 400, "request line"},
		{"two spaces", requestWith(" /chat", "  /chat"), 400, "request line"},
		{"space in the target", requestWith("/chat", "/ch at"), 400, "request line"},
		{"relative target", requestWith("/chat", "chat"), 400, "target"},
		{"star target", requestWith("/chat", "*"), 400, "target"},
		{"other scheme", requestWith("/chat", "ftp://server.example.com/chat"), 400, "target"},
		{"bad method", requestWith("GET", "G(T"), 400, "request line"},
		{"HTTP/2.0", requestWith("HTTP/1.1", "HTTP/2.0"), 505, "HTTP/2.0"},
		{"HTTP/1.2", requestWith("HTTP/1.1", "HTTP/1.2"), 101, ""},
		{"TLS", "\x16\x03\x01\x02\x00\x01\n\n", 400, "CRLF"},
		{"longest", paddedRequest(defaultRequestHead), 101, ""},
		{"too long", paddedRequest(defaultRequestHead + 1), 431, "65536"},
		{"endless line", "GET /" + strings.Repeat("a", 1<<20), 431, "65536"},
		{"endless lines", "GET / HTTP/1.1\r\n" + strings.Repeat("a: b\r\n", 1<<16), 431, "65536"},
		{"most fields", requestWith("Host", strings.Repeat("X: y\r\n", maxRequestFields-5)+"Host"), 101, ""},
		{"too many fields", requestWith("Host", strings.Repeat("X: y\r\n", maxRequestFields-4)+"Host"), 431, "too many"},
	} {
		nc := &scriptConn{input: tc.request}
		response, err := upgradeScript(t, nc, nc, nil)
		resp, body := readResponseTo(t, bufio.NewReader(strings.NewReader(response)))
		if resp.StatusCode != tc.status || !strings.Contains(body, tc.says) || (err == nil) != (tc.status == 101) {
			t.Errorf("%s: %s, %q, error %v; want %d and %q", tc.name, resp.Status, body, err, tc.status, tc.says)
		}
		var e *HandshakeError
		if err != nil && (!errors.As(err, &e) || e.Status != tc.status) {
			t.Errorf("%s: error %v", tc.name, err)
		}
	}
}

// TestMaxRequestHead protects the bound that a server chooses, however the bytes come, and its memory from a client that
// only says that it will send much.
func TestMaxRequestHead(t *testing.T) {
	for _, limit := range []int{1, len(minimalRequest), 5000, 1 << 20} {
		for _, over := range []int{0, 1} {
			input := minimalRequest
			if n := limit + over; n > len(minimalRequest)+20 {
				input = paddedRequest(n)
			}
			nc := &scriptConn{input: input}
			u := &Upgrader{MaxRequestHead: limit}
			_, err := u.UpgradeConn(t.Context(), &faultconn.Conn{Conn: nc, MaxRead: 1000}, nil)
			var e *HandshakeError
			if fits := len(input) <= limit; fits != (err == nil) || !fits && (!errors.As(err, &e) || e.Status != 431) {
				t.Errorf("%d bytes of at most %d: %v", len(input), limit, err)
			}
		}
	}
	h := new(serverHandshake)
	h.receive(&scriptConn{input: strings.Repeat("a", 5000)}, math.MaxInt32)
	if cap(h.in) > 4*requestBuffer {
		t.Errorf("%d bytes for a head of 5000 so far", cap(h.in))
	}
}

// paddedRequest returns a right request of n bytes.
func paddedRequest(n int) string {
	const field = "X-Padding: "
	return requestWith("Host", field+strings.Repeat("a", n-len(minimalRequest)-len(field)-2)+"\r\nHost")
}

// TestRequest protects what the callback sees.
func TestRequest(t *testing.T) {
	nc := &scriptConn{input: requestWith("Upgrade:", "Origin: https://a.example.org\r\nX-A: 1\r\nX-a: 2\r\n"+
		"Sec-WebSocket-Protocol: x,, chat\r\nSec-WebSocket-Protocol: y\r\nUpgrade:")}
	var kept string
	response, err := upgradeScript(t, nc, nc, func(r *Request) error {
		if r.URI != "/chat" || r.Path() != "/chat" || r.Host != "server.example.com" || r.Origin != "https://a.example.org" {
			t.Errorf("%+v", r)
		}
		if v, ok := r.Header("x-A"); v != "1" || !ok {
			t.Errorf("first X-A: %q, %v", v, ok)
		}
		if v, ok := r.Header("X-B"); v != "" || ok {
			t.Errorf("X-B: %q, %v", v, ok)
		}
		if got := slices.Collect(r.Subprotocols()); !slices.Equal(got, []string{"x", "chat", "y"}) {
			t.Errorf("subprotocols %q", got)
		}
		for p := range r.Subprotocols() {
			kept = p
			break
		}
		var names []string
		for name, value := range r.Headers() {
			if names = append(names, name+"="+value); len(names) == 4 {
				break
			}
		}
		if got := strings.Join(names, " "); got != "Host=server.example.com Origin=https://a.example.org X-A=1 X-a=2" {
			t.Errorf("fields %q", got)
		}
		r.AddResponseHeader("Set-Cookie", "a=b\r\nEvil: 1")
		r.AddResponseHeader("Sec-WebSocket-Protocol", "evil")
		r.AddResponseHeader("Ev il", "1")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	resp, _ := readResponseTo(t, bufio.NewReader(strings.NewReader(response)))
	if resp.Header.Get("Set-Cookie") != "a=b  Evil: 1" || len(resp.Header["Sec-Websocket-Protocol"]) != 1 || len(resp.Header) != 5 {
		t.Errorf("response %q", response)
	}
	if kept != "x" {
		t.Errorf("kept %q", kept)
	}
}

// TestUpgradeConnBorrows protects against strings that outlive the buffer that they are parts of: nothing that comes of
// a handshake changes when the buffer is used again, and what a callback has kept does not either.
func TestUpgradeConnBorrows(t *testing.T) {
	var seen *http.Request // by the hooks
	u := &Upgrader{
		Options:     Options{Compression: &compress.Options{}},
		CheckOrigin: func(r *http.Request, allowed bool) bool { seen = r; return allowed },
		SelectSubprotocol: func(_ *http.Request, offered []string) string {
			return offered[len(offered)-1]
		},
		OnRefuse: func(r *http.Request, _ *HandshakeError) { seen = r },
	}
	offers := requestWith("Upgrade:", "Sec-WebSocket-Protocol: chat\r\nX-A: 1\r\n"+
		"Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\nUpgrade:")
	var kept []string
	keep := func(r *Request) error {
		kept = append(kept[:0], r.URI, r.Host)
		for name, value := range r.Headers() {
			kept = append(kept, name, value)
		}
		return nil
	}
	refuse := func(r *Request) error { keep(r); return errors.New(r.URI + " " + r.Host) }
	for _, request := range []string{
		offers, browserRequest, minimalRequest,
		requestWith("GET", "PUT"), requestWith("HTTP/1.1", "HTTP/2.0"), requestWith("HTTP/1.1", "HTTP"),
		requestWith("Version: 13", "Version: 8"), requestWith("Key: ", "Key: x"), requestWith("Host: ", "Ho st: "),
		requestWith("Host: ", "Host: \x01"), requestWith("Upgrade\r", "x, (\r"), requestWith("websocket", "x"),
		requestWith("Upgrade:", "Origin: http://evil.example\r\nUpgrade:"),
		requestWith("Upgrade:", "Sec-WebSocket-Extensions: (\r\nUpgrade:"),
	} {
		for _, accept := range []func(*Request) error{nil, keep, refuse} {
			h := new(serverHandshake)
			seen = nil
			agreed, _, err := u.handshake(t.Context(), h, &scriptConn{input: request}, accept)
			if err != nil {
				u.refused(h, err)
			}
			outcome := func() string {
				s := fmt.Sprintf("%+v %+v %+v %v", agreed.Subprotocol, agreed.Compression, err, kept)
				if seen != nil {
					s += fmt.Sprint(seen.Method, seen.RequestURI, seen.URL, seen.Proto, seen.Host, seen.Header)
				}
				return s
			}
			before := outcome()
			for i := range h.in {
				h.in[i] = '!'
			}
			if after := outcome(); after != before {
				t.Errorf("%q: %s, and when the buffer was used again %s", request, before, after)
			}
		}
	}
}

// TestRequestTarget protects the path and the host of every form of target.
func TestRequestTarget(t *testing.T) {
	for target, want := range map[string][2]string{
		"/":                           {"/", "server.example.com"},
		"/a/b?c=d":                    {"/a/b", "server.example.com"},
		"/%2e?":                       {"/%2e", "server.example.com"},
		"/a?b=http://c/d":             {"/a", "server.example.com"},
		"http://other.example/a?b":    {"/a", "other.example"},
		"HTTPS://other.example:444":   {"/", "other.example:444"},
		"http://other.example?a=/b/c": {"/", "other.example"},
		"http://http/http":            {"/http", "http"},
	} {
		nc := &scriptConn{input: requestWith("/chat", target)}
		if _, err := upgradeScript(t, nc, nc, func(r *Request) error {
			if got := [2]string{r.Path(), r.Host}; got != want || r.URI != target {
				t.Errorf("%s: path and host %q, want %q", target, got, want)
			}
			return nil
		}); err != nil {
			t.Errorf("%s: %v", target, err)
		}
	}
}

// TestAcceptError protects the application's choice of a refusal, and that no text of its errors is sent unasked.
func TestAcceptError(t *testing.T) {
	secret := errors.New("secret")
	for _, tc := range []struct {
		err    error
		status int
		field  string // of the response
		value  string
		body   string
	}{
		{secret, 403, "Connection", "close", "403 Forbidden: the application refused the request\n"},
		{&HandshakeError{Status: 404, Reason: "no such room", Err: secret}, 404, "Content-Type", "text/plain; charset=utf-8", "404 Not Found: no such room\n"},
		{fmt.Errorf("a: %w", &HandshakeError{Status: 503}), 503, "Content-Length", "24", "503 Service Unavailable\n"},
		{&HandshakeError{Status: 302, Header: http.Header{"Location": {"/b"}}}, 302, "Location", "/b", "302 Found\n"},
		{&HandshakeError{Status: 401, Header: http.Header{
			"WWW-Authenticate": {"Basic"}, "Content-Length": {"9"}, "Transfer-Encoding": {"chunked"}, "A B": {""},
		}}, 401, "Www-Authenticate", "Basic", "401 Unauthorized\n"},
		{&HandshakeError{Status: 200}, 403, "", "", "403 Forbidden: the application refused the request\n"},
		{&HandshakeError{}, 403, "", "", "403 Forbidden: the application refused the request\n"},
	} {
		nc := &scriptConn{input: minimalRequest}
		response, err := upgradeScript(t, nc, nc, func(*Request) error { return tc.err })
		if !strings.HasPrefix(response, fmt.Sprintf("HTTP/1.1 %d %s\r\n", tc.status, http.StatusText(tc.status))) ||
			!strings.HasSuffix(response, "\r\n\r\n"+tc.body) || strings.Contains(response, "secret") {
			t.Errorf("%v: response %q", tc.err, response)
		}
		if tc.field != "" && !strings.Contains(strings.ToLower(response), strings.ToLower("\r\n"+tc.field+": "+tc.value+"\r\n")) {
			t.Errorf("%v: response %q without %s: %s", tc.err, response, tc.field, tc.value)
		}
		readResponseTo(t, bufio.NewReader(strings.NewReader(response)))
		if !errors.Is(err, tc.err) && !strings.Contains(err.Error(), "handshake failed with status") {
			t.Errorf("error %v for %v", err, tc.err)
		}
	}
}

// TestRefusalBody protects the application's choice of a body and its type, with both servers: a refusal may be JSON.
func TestRefusalBody(t *testing.T) {
	const body = `{"error":"no token"}`
	for _, tc := range []struct {
		name        string
		err         HandshakeError
		contentType string
		body        string
	}{
		{"text", HandshakeError{Status: 401, Reason: "no token"}, "text/plain; charset=utf-8", "401 Unauthorized: no token\n"},
		{"chosen", HandshakeError{Status: 401, Body: []byte(body), Header: http.Header{"content-type": {"application/json"}}}, "application/json", body},
		{"chosen without type", HandshakeError{Status: 401, Body: []byte(body)}, "text/plain; charset=utf-8", body},
		{"empty", HandshakeError{Status: 401, Reason: "no token", Body: []byte{}}, "text/plain; charset=utf-8", ""},
		{"dated", HandshakeError{Status: 401, Header: http.Header{"date": {"Thu, 01 Jan 1970 00:00:00 GMT"}}}, "text/plain; charset=utf-8", "401 Unauthorized\n"},
		{"framed", HandshakeError{Status: 401, Header: http.Header{"Content-Length": {"1"}, "Transfer-Encoding": {"chunked"}}}, "text/plain; charset=utf-8", "401 Unauthorized\n"},
	} {
		nc := &scriptConn{input: minimalRequest}
		response, _ := upgradeScript(t, nc, nc, func(*Request) error { return &tc.err })
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			sendRefusal(w, tc.err.response(r))
		}))
		resp, err := http.Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		got, _ := io.ReadAll(resp.Body)
		conn, connGot := readResponseTo(t, bufio.NewReader(strings.NewReader(response)))
		for server, r := range map[string]*http.Response{"UpgradeConn": conn, "Upgrade": resp} {
			if ct := r.Header["Content-Type"]; len(ct) != 1 || ct[0] != tc.contentType {
				t.Errorf("%s, %s: Content-Type %q, want %q", tc.name, server, ct, tc.contentType)
			}
			if date := r.Header["Date"]; len(date) != 1 || second(http.ParseTime(date[0])) != nil || tc.name == "dated" && !strings.Contains(date[0], "1970") {
				t.Errorf("%s, %s: Date %q", tc.name, server, date)
			}
		}
		if string(got) != tc.body || connGot != tc.body {
			t.Errorf("%s: body %q of Upgrade, %q of UpgradeConn, want %q", tc.name, got, connGot, tc.body)
		}
		s.Close()
	}
}

// TestAcceptPanic protects the connection from being left open when the callback panics, and the context from keeping a
// function that would touch it.
func TestAcceptPanic(t *testing.T) {
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	ctx := newCounting(base)
	nc := &scriptConn{input: minimalRequest}
	defer func() {
		if v := recover(); v != "x" || !nc.closed {
			t.Errorf("recovered %v, closed %v", v, nc.closed)
		}
		if in, out := ctx.registered.Load(), ctx.unregistered.Load(); in != 1 || out != 1 {
			t.Errorf("registered %d times, unregistered %d times", in, out)
		}
	}()
	new(Upgrader).UpgradeConn(ctx, nc, func(*Request) error { panic("x") })
}

// TestUpgradeConnTimeout protects a server from clients that send slowly or nothing: they get 408 when the time is up,
// whichever bound is the nearer one, and also where the connection knows no deadlines.
func TestUpgradeConnTimeout(t *testing.T) {
	for _, tc := range []struct {
		name    string
		timeout time.Duration
		ctx     time.Duration
		want    time.Duration
		sends   string
	}{
		{"default", 0, 0, DefaultHandshakeTimeout, ""},
		{"option", 3 * time.Second, 0, 3 * time.Second, ""},
		{"context", 0, 2 * time.Second, 2 * time.Second, ""},
		{"context alone", -1, time.Hour, time.Hour, ""},
		{"one byte a second", 0, 0, DefaultHandshakeTimeout, minimalRequest},
	} {
		for _, deadlines := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				client, server := net.Pipe()
				var sending sync.WaitGroup
				defer sending.Wait()
				defer client.Close()
				sending.Go(func() {
					for i := range len(tc.sends) {
						time.Sleep(time.Second)
						if _, err := client.Write([]byte(tc.sends[i : i+1])); err != nil {
							return
						}
					}
				})
				ctx := context.Background()
				if tc.ctx > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tc.ctx)
					defer cancel()
				}
				var nc net.Conn = server
				if !deadlines {
					nc = noDeadlines{server}
				}
				response := make(chan []byte, 1)
				go func() {
					b, _ := io.ReadAll(client)
					response <- b
				}()
				start := time.Now()
				u := &Upgrader{Options: Options{HandshakeTimeout: tc.timeout}}
				_, err := u.UpgradeConn(ctx, nc, nil)
				var e *HandshakeError
				if !errors.As(err, &e) {
					t.Fatalf("%s: %v", tc.name, err)
				}
				got := <-response
				if deadlines && (e.Status != 408 || !bytes.HasPrefix(got, []byte("HTTP/1.1 408 "))) {
					t.Errorf("%s: %v, response %q", tc.name, err, got)
				}
				if took := time.Since(start); took < tc.want || took > tc.want+lingerTime {
					t.Errorf("%s: took %v, want %v", tc.name, took, tc.want)
				}
			})
		}
	}
}

// noDeadlines is a connection that knows no deadlines, as some tunnels do not.
type noDeadlines struct{ net.Conn }

func (noDeadlines) SetDeadline(time.Time) error { return os.ErrNoDeadline }

// TestUpgradeConnCancel protects the promise about ctx: its end ends the handshake at once, and has no effect later.
func TestUpgradeConnCancel(t *testing.T) {
	t.Run("before", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			defer client.Close()
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(time.Second, cancel)
			start := time.Now()
			_, err := new(Upgrader).UpgradeConn(ctx, server, nil)
			if !errors.Is(err, context.Canceled) || time.Since(start) != time.Second {
				t.Errorf("%v after %v", err, time.Since(start))
			}
			if _, err := client.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("client reads %v", err)
			}
		})
	})
	t.Run("in accept", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		nc := &scriptConn{input: minimalRequest}
		_, err := new(Upgrader).UpgradeConn(ctx, nc, func(*Request) error { cancel(); return nil })
		if !errors.Is(err, context.Canceled) || !nc.closed {
			t.Errorf("%v, closed %v", err, nc.closed)
		}
	})
	t.Run("after", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			defer client.Close()
			ctx, cancel := context.WithCancel(context.Background())
			go func() {
				io.WriteString(client, minimalRequest)
				http.ReadResponse(bufio.NewReaderSize(client, 4096), nil)
			}()
			c, err := new(Upgrader).UpgradeConn(ctx, server, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			cancel()
			time.Sleep(time.Hour)
			go client.Write([]byte("x"))
			if n, err := server.Read(make([]byte, 1)); n != 1 {
				t.Errorf("the context or the handshake's deadline harmed the connection: %v", err)
			}
		})
	})
}

// TestRefusalReachesClient protects the answer to a client that is still sending: without the wait before closing,
// unread input makes the kernel reset the connection and drop the answer.
func TestRefusalReachesClient(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	done := make(chan error, 1)
	go func() {
		nc, err := ln.Accept()
		if err == nil {
			_, err = new(Upgrader).UpgradeConn(context.Background(), nc, nil)
		}
		done <- err
	}()
	resp, _, nc := send(t, ln.Addr().String(), "GET /"+strings.Repeat("a", 200<<10))
	if resp.StatusCode != 431 {
		t.Errorf("status %s", resp.Status)
	}
	nc.Close()
	var e *HandshakeError
	if err := <-done; !errors.As(err, &e) || e.Status != 431 {
		t.Error(err)
	}
}

// FuzzRequest checks the request parser against net/http's, and whole input against one byte at a time: what we
// accept, net/http must accept, with the same result and the same bytes left over.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(minimalRequest))
	f.Add([]byte(browserRequest + "\x81\x80\x00\x00\x00\x00"))
	f.Add([]byte(requestWith("/chat", "http://a/b")))
	f.Fuzz(func(t *testing.T, input []byte) {
		u := &Upgrader{Subprotocols: []string{"chat"}, InsecureSkipOriginCheck: true}
		run := func(nc net.Conn) (h *serverHandshake, rest string, err *HandshakeError) {
			h = new(serverHandshake)
			_, b, err := u.handshake(t.Context(), h, nc, nil)
			return h, string(b), err
		}
		whole := &scriptConn{input: string(input)}
		h, rest, err := run(whole)
		pieces := &scriptConn{input: string(input)}
		_, rest1, err1 := run(&faultconn.Conn{Conn: pieces, MaxRead: 1})
		if (err == nil) != (err1 == nil) || err != nil && err.Reason != err1.Reason || !bytes.Equal(whole.output, pieces.output) {
			t.Fatalf("whole: %v; one byte at a time: %v", err, err1)
		}
		if err != nil {
			if b := appendRefusal(nil, err); err.Status != 0 {
				readResponseTo(t, bufio.NewReader(bytes.NewReader(b)))
			}
			return
		}
		if rest1+pieces.input != rest+whole.input {
			t.Fatalf("left over: %q, one byte at a time %q", rest+whole.input, rest1+pieces.input)
		}
		head := strings.TrimSuffix(string(input), rest+whole.input)
		r, herr := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
		if herr != nil {
			if strings.Contains(herr.Error(), "parse ") || strings.Contains(herr.Error(), "malformed Host") {
				return // we do not interpret the target, nor the characters of Host
			}
			t.Fatalf("accepted %q, which net/http refuses: %v", head, herr)
		}
		if key := r.Header.Get("Sec-Websocket-Key"); h.opening.value(fieldKey) != key || r.RequestURI != h.request.URI {
			t.Fatalf("key %q, target %q; net/http: %q, %q", h.opening.value(fieldKey), h.request.URI, key, r.RequestURI)
		}
		for name, value := range h.request.Headers() {
			if !strings.EqualFold(name, "Host") && !slices.Contains(r.Header.Values(name), value) {
				t.Fatalf("field %s: %q; net/http has %q", name, value, r.Header.Values(name))
			}
		}
	})
}

// FuzzExtensions checks the parser of extensions: what it returns is made of tokens, within bounds, and survives being
// written and read again; and that a list that stands on one line is the list that stands on two.
func FuzzExtensions(f *testing.F) {
	f.Add("permessage-deflate; client_max_window_bits; server_max_window_bits=10, foo")
	f.Add(`a; b="\c" , ,d ;e`)
	f.Fuzz(func(t *testing.T, line string) {
		exts, params, ok := appendExtensions(nil, nil, []string{line})
		if len(exts) > maxExtensions || len(params) > maxExtensionParams {
			t.Fatalf("%d extensions, %d parameters", len(exts), len(params))
		}
		if !ok {
			return
		}
		var lines []string
		for _, e := range exts {
			s := e.Name
			if !isToken(e.Name) {
				t.Fatalf("name %q", e.Name)
			}
			for _, p := range e.Params {
				if !isToken(p.Name) || p.HasValue != isToken(p.Value) {
					t.Fatalf("parameter %+v", p)
				}
				if s += "; " + p.Name; p.HasValue {
					s += "=" + p.Value
				}
			}
			lines = append(lines, s)
		}
		for _, again := range [][]string{lines, {strings.Join(lines, ",")}} {
			exts2, params2, ok := appendExtensions(nil, nil, again)
			if !ok || !slices.Equal(params, params2) || len(exts) != len(exts2) {
				t.Fatalf("%q: %v, written as %q: %v, %v", line, exts, again, exts2, ok)
			}
		}
		// A list of extensions without parameters is a list of tokens.
		if n, ok := countTokens([]string{line}); ok && (len(params) > 0 || n != len(exts)) {
			t.Fatalf("%q: %d tokens, %d extensions", line, n, len(exts))
		}
	})
}
