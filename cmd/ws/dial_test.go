package main

// This file tests ws dial in a pipe: what is printed for what is read, and the exit status.

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
)

// serveWS runs a server whose connections f has.
func serveWS(t *testing.T, f func(*websocket.Conn, *http.Request)) *httptest.Server {
	u := &websocket.Upgrader{Subprotocols: []string{"b"}}
	s := httptest.NewServer(u.Handler(f))
	t.Cleanup(s.Close)
	return s
}

// serveHandler runs a server and returns its URL.
func serveHandler(t *testing.T, h http.Handler) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// TestDialFramings protects that each framing brings messages to the server, and back, as they are.
func TestDialFramings(t *testing.T) {
	t.Parallel() // it mostly waits
	s := serveWS(t, echo)
	for _, row := range []struct {
		flags  string
		input  string
		output string
	}{
		{"", "hello\n\nlast", "hello\n\nlast\n"},
		{"", "windows\r\n", "windows\n"},
		{"", "/ping\n//slash\n", "/ping\n//slash\n"},
		{"", "", ""},
		{"-0", "two\nlines\x00\x00last", "two\nlines\x00\x00last\x00"},
		{"-length", "\x00\x00\x00\x03a\nb\x00\x00\x00\x00", "\x00\x00\x00\x03a\nb\x00\x00\x00\x00"},
		{"-length -binary", "\x00\x00\x00\x02\x00\xff", "\x00\x00\x00\x02\x00\xff"},
		{"-base64", "YQpi\n", "YQpi\n"},
		{"-base64 -binary", "AP8=\n", "AP8=\n"},
		{"-hex", "00 ff7B\n", "00ff7b\n"},
		{"-binary", "\x00\xff\n\x00", "\x00\xff\n\x00"},
		{"-x a,b -x c", "not read", "a,b\nc\n"},
		{"-x a -x b -x c -n 2 -wait -1s", "", "a\nb\n"},
		{"-binary -x a -wait 0s", "", "a"},
		{"-compress -level smallest -window-bits 9 -no-context-takeover", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"},
	} {
		o := run(t, row.input, append(append([]string{"dial"}, strings.Fields(row.flags)...), s.URL)...)
		if o.out != row.output || o.said != "closed by us: 1000 (normal closure)\n" || o.status != 0 {
			t.Errorf("%s: printed %q, want %q; said %q, status %d", row.flags, o.out, row.output, o.said, o.status)
		}
	}
}

// TestDialBinary protects binary messages among lines, and that -binary changes what is sent.
func TestDialBinary(t *testing.T) {
	s := serveWS(t, func(conn *websocket.Conn, _ *http.Request) {
		msg, err := conn.Read(context.Background())
		if err != nil {
			return
		}
		conn.Write(context.Background(), websocket.OpBinary, []byte{0, 0xff})
		conn.Write(context.Background(), websocket.OpText, []byte(msg.Op.String()))
	})
	for flag, want := range map[string]string{
		"-wait=0s": "00ff\ntext\n", "-hex": "00ff\n62696e617279\n", "-0": "\x00\xff\x00text\x00", "-binary": "\x00\xffbinary",
	} {
		if o := run(t, "aa", "dial", flag, s.URL); o.out != want {
			t.Errorf("%s: printed %q, want %q", flag, o.out, want)
		}
	}
}

// TestDialInput protects that an input which cannot be sent is an error, behind what came before it.
func TestDialInput(t *testing.T) {
	s := serveWS(t, echo)
	for _, row := range []struct {
		flags, input, output, said string
	}{
		{"-hex", "00\nxx\n01\n", "00\n", "message 2 of the input: .*invalid byte"},
		{"-base64", "YQ==\n!\n", "YQ==\n", "message 2 of the input: illegal base64"},
		{"-length", "\x00\x00\x00\x01a\x00\x00\x00\x02b", "\x00\x00\x00\x01a", "message 2 of the input: unexpected EOF"},
		{"-limit 3", "abc\nabcd\n", "abc\n", "message 2 of the input: message is too long.*-limit"},
		{"-limit 3", "abc\n\xff\nabc\n", "abc\n", "UTF-8"},
	} {
		o := run(t, row.input, append(append([]string{"dial"}, strings.Fields(row.flags)...), s.URL)...)
		if o.out != row.output || !regexp.MustCompile(row.said).MatchString(o.said) || o.status != exitFailed {
			t.Errorf("%s: printed %q, want %q; said %q, want %s; status %d", row.flags, o.out, row.output, o.said, row.said, o.status)
		}
	}
}

// TestDialStatus protects that the exit status and the last line tell how the connection ended.
func TestDialStatus(t *testing.T) {
	s := serveWS(t, func(conn *websocket.Conn, r *http.Request) {
		code, reason, err := parseClose(strings.ReplaceAll(r.URL.Path[1:], "/", " "))
		switch {
		case r.URL.Path == "/cut":
			conn.CloseNow()
		case r.URL.Path == "/big":
			conn.Write(conn.Context(), websocket.OpText, make([]byte, 1000))
			conn.CloseRead(conn.Context())
			<-conn.Context().Done()
		case err != nil:
			t.Error(err)
		default:
			conn.Close(code, reason)
		}
	})
	refusing := httptest.NewServer(http.NotFoundHandler())
	defer refusing.Close()
	for _, row := range []struct {
		url    string
		status int
		said   string
	}{
		{s.URL + "/1000/bye", exitOrdinary, `^closed by the server: 1000 \(normal closure\) bye\n$`},
		{s.URL + "/1001", exitOrdinary, `^closed by the server: 1001 \(going away\)\n$`},
		{s.URL + "/", exitOrdinary, `^closed by the server: 1005`},
		{s.URL + "/1011", exitClosed, `^closed by the server: 1011 .*\nws: .*1011`},
		{s.URL + "/4000/a", exitClosed, `^closed by the server: 4000 a\nws: .*4000`},
		{s.URL + "/cut", exitLost, `^ws: .*1006`},
		{s.URL + "/big", exitBroken, `^ws: .*1009`},
		{refusing.URL, exitRefused, `^ws: .*404(.|\n)*page not found`},
		{"ws://127.0.0.1:1/", exitUnreachable, `^ws: .*127.0.0.1:1`},
	} {
		o := runWith(t, silence(t), "dial", "-limit", "999", row.url)
		if o.status != row.status || !regexp.MustCompile(row.said).MatchString(o.said) || o.out != "" {
			t.Errorf("%s: status %d, want %d; said %q, want %s; printed %q", row.url, o.status, row.status, o.said, row.said, o.out)
		}
	}
}

// TestDialClose protects -close.
func TestDialClose(t *testing.T) {
	ends := make(chan error, 1)
	s := serveWS(t, func(conn *websocket.Conn, _ *http.Request) {
		_, err := conn.Read(context.Background())
		ends <- err
	})
	for flag, want := range map[string]websocket.StatusCode{"1000": 1000, "3333 see you": 3333, "": 1005} {
		o := run(t, "", "dial", "-close", flag, s.URL)
		err := <-ends
		if websocket.CloseStatus(err) != want || o.status != exitOrdinary || !strings.HasPrefix(o.said, "closed by us: "+want.String()) {
			t.Errorf("-close %q: the server saw %v, status %d, said %q", flag, err, o.status, o.said)
		}
	}
}

// TestDialRequest protects what the request says, and a URL that lacks its scheme.
func TestDialRequest(t *testing.T) {
	requests := make(chan *http.Request, 1)
	s := serveWS(t, func(_ *websocket.Conn, r *http.Request) { requests <- r })
	o := run(t, "", "dial", "-H", "X-Test: a, b", "-H", "x-TEST:c", "-origin", s.URL, "-user", "me:secret:s",
		"-subprotocol", "a", "-subprotocol", "b", strings.TrimPrefix(s.URL, "http://")+"/path?q")
	if o.status != exitOrdinary || !strings.HasPrefix(o.said, "subprotocol b\n") {
		t.Fatalf("status %d, said %q", o.status, o.said)
	}
	r := <-requests
	user, password, _ := r.BasicAuth()
	if r.URL.String() != "/path?q" || strings.Join(r.Header["X-Test"], "|") != "a, b|c" && strings.Join(r.Header["X-Test"], "|") != "c|a, b" ||
		r.Header.Get("Origin") != s.URL || user != "me" || password != "secret:s" {
		t.Errorf("%v %v", r.URL, r.Header)
	}
	if got := fullURL(":80/x"); got != "ws://localhost:80/x" {
		t.Errorf("URL of a port is %s", got)
	}
	if o := run(t, "", "dial", "-user", "me", s.URL); o.status != exitUsage || !strings.Contains(o.said, "NAME:PASSWORD") {
		t.Errorf("without a terminal to ask for the password: %+v", o)
	}
}

// TestDialTLS protects the flags about certificates: a server that is not known is not talked to.
func TestDialTLS(t *testing.T) {
	s := httptest.NewTLSServer(new(websocket.Upgrader).Handler(echo))
	defer s.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	url := strings.Replace(s.URL, "https", "wss", 1)
	for flags, status := range map[string]int{"": exitUnreachable, "-insecure": exitOrdinary, "-cacert " + file: exitOrdinary} {
		o := run(t, "hello\n", append(append([]string{"dial"}, strings.Fields(flags)...), url)...)
		if o.status != status || (o.out == "hello\n") != (status == exitOrdinary) {
			t.Errorf("%s: %+v", flags, o)
		}
	}
	if o := run(t, "", "dial", url); !strings.Contains(o.said, "-insecure") {
		t.Errorf("no hint: %+v", o)
	}
	for flags, want := range map[string]string{
		"-cacert /none": "/none", "-cacert dial_test.go": "no certificate", "-key " + file: "-cert", "-cert " + file: "-cert " + file,
	} {
		if o := run(t, "", append(append([]string{"dial"}, strings.Fields(flags)...), url)...); o.status == 0 || !strings.Contains(o.said, want) {
			t.Errorf("%s: %+v", flags, o)
		}
	}
}

// TestDialClientCertificate protects -cert and -key: the server sees who connects.
func TestDialClientCertificate(t *testing.T) {
	cert, key := writeCertificate(t, t.TempDir())
	s := httptest.NewUnstartedServer(new(websocket.Upgrader).Handler(func(conn *websocket.Conn, r *http.Request) {
		conn.Write(r.Context(), websocket.OpText, []byte(r.TLS.PeerCertificates[0].Subject.CommonName))
	}))
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	if o := runWith(t, silence(t), "dial", "-insecure", "-cert", cert, "-key", key, s.URL); o.out != "ws serve\n" || o.status != exitOrdinary {
		t.Errorf("with: %+v", o)
	}
	if o := run(t, "", "dial", "-insecure", s.URL); o.status != exitUnreachable {
		t.Errorf("without: %+v", o)
	}
}

// TestHints protects what an error says to do.
func TestHints(t *testing.T) {
	statuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		if err != nil {
			status = http.StatusBadGateway
		}
		w.WriteHeader(status)
	}))
	defer statuses.Close()
	for args, want := range map[string]string{
		"ws://127.0.0.1:1/": "nothing listens there",
		"wss" + strings.TrimPrefix(statuses.URL, "http"): "try ws://",
		statuses.URL + "/200":                            "no WebSocket at that path",
		statuses.URL + "/401":                            "-user NAME",
		statuses.URL + "/403":                            "-origin",
		statuses.URL + "/404":                            "no WebSocket at that path",
		"ws://a.invalid/ -proxy " + statuses.URL:         "that was the proxy",
	} {
		url, flags, _ := strings.Cut(args, " ")
		if o := run(t, "", append(append([]string{"dial"}, strings.Fields(flags)...), url)...); o.status < exitUnreachable || !strings.Contains(o.said, want) {
			t.Errorf("%s: %+v, want %s", args, o, want)
		}
	}
	if got := hint(&net.DNSError{Name: "a.invalid", IsNotFound: true}, nil); !strings.Contains(got, "-proxy") {
		t.Errorf("a name: %s", got)
	}
}

// TestDialProxy protects -proxy, and that the password of a proxy is in no error.
func TestDialProxy(t *testing.T) {
	s := serveWS(t, echo)
	var asked string
	p := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method + " " + r.Host + " " + r.Header.Get("Proxy-Authorization")
		w.WriteHeader(http.StatusTeapot)
	}))
	defer p.Close()
	host := strings.TrimPrefix(s.URL, "http://")
	o := run(t, "", "dial", "-proxy", strings.Replace(p.URL, "://", "://me:secret@", 1), s.URL)
	if asked != "CONNECT "+host+" Basic bWU6c2VjcmV0" || o.status != exitRefused || !strings.Contains(o.said, "418") || strings.Contains(o.said, "secret") {
		t.Errorf("the proxy was asked %q, and %+v", asked, o)
	}
	if o := run(t, "hello\n", "dial", "-proxy", "none", s.URL); o.out != "hello\n" {
		t.Errorf("none: %+v", o)
	}
	if o := run(t, "", "dial", "-proxy", "http://me:secret@%", s.URL); o.status != exitUsage || strings.Contains(o.said, "secret") {
		t.Errorf("no URL: %+v", o)
	}
}

// TestDialReconnect protects that a connection which is lost is made again, and that what is read meanwhile is sent then.
func TestDialReconnect(t *testing.T) {
	t.Parallel() // it mostly waits
	connections := 0
	s := serveWS(t, func(conn *websocket.Conn, r *http.Request) {
		if connections++; connections == 1 {
			conn.Close(websocket.StatusGoingAway, "")
			return
		}
		echo(conn, r)
	})
	var out strings.Builder
	cmd := tool(t, "dial", "-reconnect", "-n", "1", s.URL)
	cmd.Stdout = &out
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var all string
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if all += lines.Text() + "\n"; strings.Contains(lines.Text(), "dialing again in") {
			input.Write([]byte("hello\n"))
		}
	}
	if err := cmd.Wait(); err != nil || strings.Count(all, "dialing again in") != 1 || out.String() != "hello\n" || connections != 2 {
		t.Errorf("%v, %d connections, printed %q, said %q", err, connections, out.String(), all)
	}
}

// TestWorthAnother protects servers from clients that come again in vain, by docs/reconnecting.md.
func TestWorthAnother(t *testing.T) {
	for _, row := range []struct {
		err  error
		want bool
	}{
		{&websocket.CloseError{Code: 1001}, true},
		{&websocket.CloseError{Code: 1006}, true},
		{&websocket.CloseError{Code: 1012}, true},
		{&websocket.CloseError{Code: 1000}, false},
		{&websocket.CloseError{Code: 1008}, false},
		{&websocket.CloseError{Code: 4000}, false},
		{&websocket.CloseError{Code: 1001, Local: true}, false},
		{&websocket.HandshakeError{Status: 503}, true},
		{&websocket.HandshakeError{Status: 403}, false},
		{unreachable{io.ErrUnexpectedEOF}, true},
		{os.ErrNotExist, false},
		{nil, false},
	} {
		if got := worthAnother(row.err); got != row.want {
			t.Errorf("%v: %v", row.err, got)
		}
	}
}

// TestDialVerbose protects what -v shows: the request without secrets, the response, what was agreed on, frames, and what pings carry.
func TestDialVerbose(t *testing.T) {
	u := &websocket.Upgrader{Options: websocket.Options{Compression: &websocket.CompressionOptions{}}}
	s := httptest.NewServer(u.Handler(func(conn *websocket.Conn, r *http.Request) {
		conn.SendPing(r.Context(), []byte("you\x1b"))
		echo(conn, r)
	}))
	defer s.Close()
	message := strings.Repeat("hello", 100) + "\n"
	o := run(t, message, "dial", "-v", "-compress", "-user", "me:secret", s.URL+"/path")
	for _, want := range []string{
		`> GET /path HTTP/1.1\n`, `> Host: 127.0.0.1:`, `> Authorization: \(not shown\)\n`, `> Sec-Websocket-Key: .+\n`,
		`< HTTP/1.1 101 Switching Protocols\n`, `< Sec-Websocket-Accept: .+\n`,
		`\* connected from .* to .*: permessage-deflate: server's window 2\^15, client's 2\^15\n`,
		`> frame text, \d+ bytes, compressed\n`, `< frame text, \d+ bytes, compressed\n`, `< frame ping, 4 bytes\n`, `\* ping "you\\x1b"\n`, `> frame pong, 4 bytes\n`,
		`< frame pong, 8 bytes\n`, `> frame close, 2 bytes\n`, `< frame close, 2 bytes\n`,
	} {
		if !regexp.MustCompile("(^|\n)" + want).MatchString(o.said) {
			t.Errorf("said no %s:\n%s", want, o.said)
		}
	}
	if o.out != message || strings.Contains(o.said, "secret") || strings.Contains(o.said, "bWU6c2VjcmV0") {
		t.Errorf("printed %q, said %s", o.out, o.said)
	}
}
