package websocket

// This file tests the server's role on real sockets: every rule of RFC 6455, Section 4.2.1, against both servers, and
// what only net/http has. upgradeconn_test.go has what only UpgradeConn has.

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/testlog"
)

// upgradeServers starts both servers and returns their addresses. opened is called with every connection.
func upgradeServers(t *testing.T, u *Upgrader, opened func(*Conn)) (byName map[string]string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := u.Upgrade(w, r); err == nil {
			opened(c)
		}
	}))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				if c, err := u.UpgradeConn(context.Background(), nc, nil); err == nil {
					opened(c)
				}
			})
		}
	})
	t.Cleanup(func() {
		s.Close()
		ln.Close()
		running.Wait()
	})
	return map[string]string{"Upgrade": s.Listener.Addr().String(), "UpgradeConn": ln.Addr().String()}
}

// closingHandshake reads the server's close frame, answers it, waits for the server to end the connection, and returns
// the status code.
func closingHandshake(t *testing.T, nc net.Conn) StatusCode {
	t.Helper()
	var frame [4]byte
	if _, err := io.ReadFull(nc, frame[:]); err != nil {
		t.Fatal(err)
	}
	if frame[0] != 0x88 || frame[1] != 2 {
		t.Fatalf("frame %x, want a close frame with a code alone", frame)
	}
	if _, err := nc.Write([]byte{0x88, 0x82, 0, 0, 0, 0, frame[2], frame[3]}); err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, nc); n != 0 || err != nil {
		t.Fatalf("%d bytes behind the close frame, %v", n, err)
	}
	return StatusCode(frame[2])<<8 | StatusCode(frame[3])
}

// send connects to addr, sends a request, and returns the response to it and the connection.
func send(t *testing.T, addr, request string) (*http.Response, string, net.Conn) {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	if _, err := io.WriteString(nc, request); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(nc)
	resp, body := readResponseTo(t, r)
	return resp, body, readConn{nc, r}
}

// readConn is a connection whose first bytes have already been read into a buffer.
type readConn struct {
	net.Conn
	r *bufio.Reader
}

func (c readConn) Read(p []byte) (int, error) { return c.r.Read(p) }

// requestWith returns the minimal request with one part of it replaced.
func requestWith(old, new string) string {
	if !strings.Contains(minimalRequest, old) {
		panic(old)
	}
	return strings.Replace(minimalRequest, old, new, 1)
}

// TestRequests_4_2_1 protects the status, the headers and the explanation of every wrong request, and that right ones
// are not refused, by both servers alike.
func TestRequests_4_2_1(t *testing.T) {
	const (
		upgrade    = "Upgrade: websocket\r\n"
		connection = "Connection: Upgrade\r\n"
		keyLine    = "Sec-WebSocket-Key: " + rfcKey + "\r\n"
		version    = "Sec-WebSocket-Version: 13\r\n"
		host       = "Host: server.example.com\r\n"
	)
	with := func(line string) string { return requestWith(host, host+line) }
	for _, tc := range []struct {
		name, request string
		status        int
		says          string            // in the body
		httpSays      string            // instead, where net/http answers before us
		header        map[string]string // of the response
	}{
		{name: "minimal", request: minimalRequest, status: 101},
		{name: "browser", request: browserRequest, status: 101, header: map[string]string{"Sec-Websocket-Protocol": "chat"}},
		{name: "case", request: requestWith(upgrade+connection, "uPGRADE: WebSocket\r\ncONNECTION: uPGRADE\r\n"), status: 101},
		{name: "list", request: requestWith(connection, "Connection: keep-alive, Upgrade\r\n"), status: 101},
		{name: "repeated Connection", request: requestWith(connection, "Connection: keep-alive\r\nConnection: Upgrade\r\n"), status: 101},
		{name: "repeated Upgrade", request: requestWith(upgrade, "Upgrade: h2c\r\nUpgrade: websocket\r\n"), status: 101},
		{name: "no space", request: requestWith(upgrade, "Upgrade:websocket\r\n"), status: 101},
		{name: "much space", request: requestWith(upgrade, "Upgrade: \t websocket \t\r\n"), status: 101},
		{name: "absolute target", request: requestWith("/chat", "http://server.example.com/chat"), status: 101},
		{name: "empty body", request: with("Content-Length: 0\r\n"), status: 101},
		{
			name: "subprotocols on two lines", request: with("Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: superchat, chat\r\n"),
			status: 101, header: map[string]string{"Sec-Websocket-Protocol": "chat"},
		},
		{name: "unknown subprotocol", request: with("Sec-WebSocket-Protocol: a, b\r\n"), status: 101, header: map[string]string{"Sec-Websocket-Protocol": ""}},
		{name: "unknown extension", request: with("Sec-WebSocket-Extensions: a; b=\"c\"\r\n"), status: 101, header: map[string]string{"Sec-Websocket-Extensions": ""}},
		{name: "same origin", request: with("Origin: http://server.example.com\r\n"), status: 101},
		{name: "allowed origin", request: with("Origin: https://www.example.org\r\n"), status: 101},

		{name: "HTTP/1.0", request: requestWith("HTTP/1.1", "HTTP/1.0"), status: 505, says: "HTTP/1.1"},
		{name: "POST", request: requestWith("GET", "POST"), status: 405, says: "GET", header: map[string]string{"Allow": "GET"}},
		{name: "HEAD for another method", request: requestWith("GET", "PUT"), status: 405, says: "GET", header: map[string]string{"Allow": "GET"}},
		{name: "no Host", request: requestWith(host, ""), status: 400, says: "Host is missing", httpSays: "missing required Host"},
		{name: "empty Host", request: requestWith(host, "Host:\r\n"), status: 400, says: "Host is missing"},
		{name: "repeated Host", request: with(host), status: 400, says: "Host is repeated", httpSays: "Bad Request"},
		{name: "body", request: with("Content-Length: 5\r\n") + "hello", status: 400, says: "body"},
		{name: "chunked body", request: with("Transfer-Encoding: chunked\r\n") + "0\r\n\r\n", status: 400, says: "body"},
		{name: "no Connection", request: requestWith(connection, ""), status: 400, says: "the header field Connection is missing: this is no WebSocket request, or a proxy"},
		{name: "other Connection", request: requestWith(connection, "Connection: keep-alive\r\n"), status: 400, says: "Connection does not name Upgrade"},
		{name: "bad Connection", request: requestWith(connection, "Connection: Upgrade, a b\r\n"), status: 400, says: "Connection is malformed"},
		{name: "no Upgrade", request: requestWith(upgrade, ""), status: 400, says: "Upgrade is missing"},
		{name: "other Upgrade", request: requestWith(upgrade, "Upgrade: h2c\r\n"), status: 400, says: "Upgrade does not name websocket"},
		{name: "bad Upgrade", request: requestWith(upgrade, "Upgrade: websocket, \"a\"\r\n"), status: 400, says: "Upgrade is malformed"},
		{name: "version 8", request: requestWith("n: 13", "n: 8"), status: 426, says: "13", header: map[string]string{
			"Upgrade": "websocket", "Sec-Websocket-Version": "13",
		}},
		{name: "version list", request: requestWith("n: 13", "n: 13, 8"), status: 426, says: "13"},
		{name: "no version", request: requestWith(version, ""), status: 426, says: "13"},
		{name: "repeated version", request: with(version), status: 400, says: "Version is repeated"},
		{name: "no key", request: requestWith(keyLine, ""), status: 400, says: "Key is missing"},
		{name: "repeated key", request: with(keyLine), status: 400, says: "Key is repeated"},
		{name: "empty key", request: requestWith(rfcKey, ""), status: 400, says: "16 bytes"},
		{name: "short key", request: requestWith(rfcKey, "AAAAAAAAAAAAAAAAAAAA"), status: 400, says: "16 bytes"},
		{name: "bad key", request: requestWith(rfcKey, "!!!!!!!!!!!!!!!!!!!!!!=="), status: 400, says: "16 bytes"},
		{name: "repeated Origin", request: with("Origin: http://server.example.com\r\nOrigin: http://server.example.com\r\n"), status: 400, says: "Origin is repeated"},
		{name: "malformed Host", request: requestWith("server.example.com", "exa mple"), status: 400, says: "Host is malformed", httpSays: "malformed Host"},
		{name: "list of Hosts", request: requestWith("server.example.com", "a, b"), status: 400, says: "Host is malformed", httpSays: "malformed Host"},
		{name: "user in Host", request: requestWith("server.example.com", "a@evil"), status: 400, says: "Host is malformed", httpSays: "malformed Host"},
		{name: "path in Host", request: requestWith("server.example.com", "a/b"), status: 400, says: "Host is malformed", httpSays: "malformed Host"},
		{name: "two ports in Host", request: requestWith("server.example.com", "a:1:2"), status: 400, says: "Host is malformed"},
		{
			name: "malformed Host beside a target", request: strings.Replace(requestWith("server.example.com", "exa mple"), "/chat", "http://a/chat", 1),
			status: 400, says: "Host is malformed", httpSays: "malformed Host",
		},
		{
			name: "foreign origin", request: with("Origin: http://evil.example\r\n"), status: 403,
			says: `Origin "http://evil.example" may not connect to Host "server.example.com"`,
		},
		{name: "origin with a path", request: with("Origin: https://evil.example/.example.org\r\n"), status: 403, says: "Origin"},
		{name: "null origin", request: with("Origin: null\r\n"), status: 403, says: "Origin"},
		{name: "empty origin", request: with("Origin:\r\n"), status: 403, says: "Origin"},
		{name: "bad subprotocol", request: with("Sec-WebSocket-Protocol: a b\r\n"), status: 400, says: "Sec-WebSocket-Protocol is malformed"},
		{name: "empty subprotocols", request: with("Sec-WebSocket-Protocol: ,\r\n"), status: 400, says: "Sec-WebSocket-Protocol is malformed"},
		{name: "bad extension", request: with("Sec-WebSocket-Extensions: a;\r\n"), status: 400, says: "Sec-WebSocket-Extensions is malformed"},
		{name: "space before colon", request: with("X : a\r\n"), status: 400, says: "header field", httpSays: "invalid header name"},
		{name: "control character", request: with("X: a\x01\r\n"), status: 400, says: "header field", httpSays: "Bad Request"},
		{name: "bad request line", request: requestWith("GET /chat", "GET"), status: 400, says: "request line", httpSays: "Bad Request"},
	} {
		u := &Upgrader{Subprotocols: []string{"chat", "superchat"}, Origins: []string{"*.example.org"}}
		for name, addr := range upgradeServers(t, u, func(c *Conn) { c.CloseNow() }) {
			t.Run(tc.name+"/"+name, func(t *testing.T) {
				resp, body, nc := send(t, addr, tc.request)
				if resp.StatusCode != tc.status {
					t.Fatalf("status %s, want %d; body %q", resp.Status, tc.status, body)
				}
				says := tc.says
				if name == "Upgrade" && tc.httpSays != "" {
					says = tc.httpSays
				}
				if !strings.Contains(body, says) {
					t.Errorf("body %q, want it to name %q", body, says)
				}
				for field, want := range tc.header {
					if got := resp.Header.Get(field); got != want {
						t.Errorf("%s: %q, want %q", field, got, want)
					}
				}
				if found, _ := hasToken(resp.Header["Connection"], "Upgrade"); found != (tc.status == 101 || tc.status == 426) {
					t.Errorf("Connection %q beside status %d", resp.Header["Connection"], tc.status)
				}
				if got := resp.Header["Sec-Websocket-Accept"]; tc.status == 101 && (len(got) != 1 || got[0] != rfcAccept) {
					t.Errorf("accept %q", got)
				}
				nc.Close()
			})
		}
	}
}

// TestTargetUser protects against an absolute target whose authority names a user, which is deprecated (RFC 9110, Section
// 4.2.4) and no host. net/http cuts it off.
func TestTargetUser(t *testing.T) {
	nc := &scriptConn{input: requestWith("/chat", "http://a@evil.example/chat")}
	if response, err := upgradeScript(t, nc, nc, nil); err == nil || !strings.Contains(response, "Host is malformed") {
		t.Errorf("%v: %q", err, response)
	}
}

// TestMisconfigured protects against an Upgrader whose fields are wrong: every entry point refuses, and does not tell the
// client why.
func TestMisconfigured(t *testing.T) {
	for _, wrong := range []func() *Upgrader{
		func() *Upgrader { return &Upgrader{Origins: []string{"*"}} },
		func() *Upgrader {
			return &Upgrader{Origins: []string{"https://example.com/"}, InsecureSkipOriginCheck: true}
		},
		func() *Upgrader { return &Upgrader{Subprotocols: []string{"a b"}} },
		func() *Upgrader { return &Upgrader{Subprotocols: []string{"a", "b", "a"}} },
	} {
		u := wrong()
		u.ErrorLog = log.New(io.Discard, "", 0)
		for name, addr := range allServers(t, u) {
			resp, body, _ := send(t, addr, minimalRequest)
			if resp.StatusCode != 500 || strings.Contains(body, "element") {
				t.Errorf("%s: %s %q", name, resp.Status, body)
			}
		}
		logged := make(lineWriter, 1)
		u = wrong()
		u.ErrorLog = log.New(logged, "", 0)
		u.Handler(nil).ServeHTTP(httptest.NewRecorder(), readRequest(t, minimalRequest))
		if line, err := <-logged, u.Validate(); !strings.Contains(line, strings.TrimPrefix(err.Error(), "websocket: ")) {
			t.Errorf("log %q, want %v", line, err)
		}
	}
}

// TestAllowsOrigin protects what is asked about requests that need not be opening handshakes.
func TestAllowsOrigin(t *testing.T) {
	request := func(fields string) *http.Request {
		return readRequest(t, "POST /poll HTTP/1.1\r\nHost: server.example.com\r\n"+fields+"\r\n")
	}
	for _, tc := range []struct {
		name, fields string
		u            *Upgrader
		want         bool
	}{
		{"no origin", "", &Upgrader{}, true},
		{"own origin", "Origin: http://server.example.com\r\n", &Upgrader{}, true},
		{"foreign origin", "Origin: http://evil.example\r\n", &Upgrader{}, false},
		{"named origin", "Origin: http://evil.example\r\n", &Upgrader{Origins: []string{"evil.example"}}, true},
		{"no check", "Origin: http://evil.example\r\n", &Upgrader{InsecureSkipOriginCheck: true}, true},
		{"repeated", "Origin: http://server.example.com\r\nOrigin: http://evil.example\r\n", &Upgrader{}, false},
		{"misconfigured", "", &Upgrader{Origins: []string{"*"}}, false},
	} {
		if got := tc.u.AllowsOrigin(request(tc.fields)); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}

// TestInsecureSkipOriginCheck protects the switch, and that it is needed.
func TestInsecureSkipOriginCheck(t *testing.T) {
	request := requestWith("Upgrade", "Origin: http://evil.example\r\nUpgrade")
	for _, skip := range []bool{false, true} {
		u := &Upgrader{InsecureSkipOriginCheck: skip}
		for name, addr := range upgradeServers(t, u, func(c *Conn) { c.CloseNow() }) {
			if resp, _, _ := send(t, addr, request); resp.StatusCode != map[bool]int{false: 403, true: 101}[skip] {
				t.Errorf("%s, skip %v: status %s", name, skip, resp.Status)
			}
		}
	}
}

// TestBytesBehindRequest protects the frames that a client sends in the same segment as its request.
func TestBytesBehindRequest(t *testing.T) {
	const frame = "\x81\x85\x00\x00\x00\x00hello"
	behind := make(chan string, 1)
	u := &Upgrader{}
	for name, addr := range upgradeServers(t, u, func(c *Conn) {
		m, err := c.Read(context.Background())
		if err != nil {
			t.Error(err)
		}
		behind <- string(m.Data)
		c.CloseNow()
	}) {
		if resp, _, _ := send(t, addr, minimalRequest+frame); resp.StatusCode != 101 {
			t.Errorf("%s: %s", name, resp.Status)
		}
		if got := <-behind; got != "hello" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestUpgradeHeader protects the fields that a handler or middleware has set for the response.
func TestUpgradeHeader(t *testing.T) {
	u := &Upgrader{ErrorLog: log.New(io.Discard, "", 0)}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Set-Cookie", "a=b")
		w.Header().Add("Set-Cookie", "c=d")
		w.Header().Set("Sec-WebSocket-Extensions", "permessage-deflate")
		w.Header().Set("Content-Length", "5")
		if c, err := u.Upgrade(w, r); err == nil {
			c.CloseNow()
		}
	}))
	defer s.Close()
	resp, _, _ := send(t, s.Listener.Addr().String(), minimalRequest)
	if resp.StatusCode != 101 || len(resp.Header["Set-Cookie"]) != 2 || resp.Header.Get("Sec-Websocket-Extensions") != "" ||
		resp.Header.Get("Content-Length") != "" {
		t.Errorf("%s with %v", resp.Status, resp.Header)
	}
}

// plainWriter hides all but the three methods of a ResponseWriter, as careless middleware does.
type plainWriter struct{ http.ResponseWriter }

// unwrapper lets http.ResponseController find what it wraps.
type unwrapper struct{ plainWriter }

func (w unwrapper) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// TestHijack protects middleware that implements Unwrap, and names the type of one that does not, to the caller, the
// log, and not at all to the client.
func TestHijack(t *testing.T) {
	for _, tc := range []struct {
		name   string
		wrap   func(http.ResponseWriter) http.ResponseWriter
		status int
		says   string
	}{
		{"bare", func(w http.ResponseWriter) http.ResponseWriter { return w }, 101, ""},
		{"Unwrap", func(w http.ResponseWriter) http.ResponseWriter { return unwrapper{plainWriter{w}} }, 101, ""},
		{"hidden", func(w http.ResponseWriter) http.ResponseWriter { return plainWriter{w} }, 500, "websocket.plainWriter implements neither"},
		{
			"hidden below", func(w http.ResponseWriter) http.ResponseWriter { return unwrapper{plainWriter{plainWriter{w}}} }, 500,
			"websocket.plainWriter implements neither",
		},
		{"broken", func(w http.ResponseWriter) http.ResponseWriter { return brokenHijacker{w} }, 500, "no hijacking today"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var logged testlog.Buffer
			u := &Upgrader{ErrorLog: log.New(&logged, "", 0)}
			h := u.Handler(func(c *Conn, r *http.Request) {})
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(tc.wrap(w), r) }))
			defer s.Close()
			resp, body, _ := send(t, s.Listener.Addr().String(), minimalRequest)
			if resp.StatusCode != tc.status || strings.Contains(body, "plainWriter") {
				t.Errorf("%s: %s", resp.Status, body)
			}
			if got := logged.String(); tc.says == "" && got != "" || !strings.Contains(got, tc.says) {
				t.Errorf("log %q, want %q", got, tc.says)
			}
		})
	}
}

// brokenHijacker implements http.Hijacker and fails.
type brokenHijacker struct{ http.ResponseWriter }

func (brokenHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, errors.New("no hijacking today")
}

// TestHTTP2 protects the answer to a request that came over HTTP/2, where there is nothing to hijack.
func TestHTTP2(t *testing.T) {
	u := &Upgrader{}
	s := httptest.NewUnstartedServer(u.Handler(func(c *Conn, r *http.Request) {}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	resp, err := s.Client().Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if resp.ProtoMajor != 2 || resp.StatusCode != 505 || !strings.Contains(string(body), "HTTP/2.0") {
		t.Errorf("%s %s: %q", resp.Proto, resp.Status, body)
	}
}

// TestUpgradeWriteFailure protects against a connection that breaks under the response.
func TestUpgradeWriteFailure(t *testing.T) {
	client, server := net.Pipe()
	client.Close()
	w := &pipeHijacker{ResponseRecorder: httptest.NewRecorder(), nc: server}
	_, err := new(Upgrader).Upgrade(w, readRequest(t, minimalRequest))
	var e *HandshakeError
	if !errors.As(err, &e) || e.Status != 0 || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("error %v", err)
	}
	if err := server.SetDeadline(time.Time{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the connection was left open: %v", err)
	}
}

// pipeHijacker hands over nc.
type pipeHijacker struct {
	*httptest.ResponseRecorder
	nc net.Conn
}

func (h *pipeHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.nc, bufio.NewReadWriter(bufio.NewReader(h.nc), bufio.NewWriter(h.nc)), nil
}
