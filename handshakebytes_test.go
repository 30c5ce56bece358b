package websocket

// This file tests the server's opening handshake from bytes to bytes.

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket/compress"
)

// bytesRequests are requests of every kind that AppendHandshake and UpgradeConn have to answer in the same way.
func bytesRequests() []string {
	offers := "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n"
	return []string{
		minimalRequest, browserRequest, withFields(offers), requestWith("GET", "PUT"), requestWith("HTTP/1.1", "HTTP/1.0"),
		requestWith("n: 13", "n: 8"), requestWith(rfcKey, "x"), requestWith("Connection: Upgrade\r\n", ""), "nonsense\r\n\r\n",
		withFields("Origin: http://evil.example\r\n"), withFields("Content-Length: 5\r\n"), strings.ReplaceAll(minimalRequest, "\r\n", "\n"),
	}
}

// withoutDate removes the field that tells the time.
func withoutDate(response []byte) string {
	before, rest, ok := strings.Cut(string(response), "Date: ")
	if !ok {
		return before
	}
	_, after, _ := strings.Cut(rest, "\r\n")
	return before + after
}

// TestAppendHandshake protects that every request gets the bytes that UpgradeConn answers, whatever follows it; that each of its
// prefixes is answered by "more", whether or not the caller says how much it has seen; and that nothing of what the caller
// has is changed.
func TestAppendHandshake(t *testing.T) {
	for _, request := range bytesRequests() {
		u := &Upgrader{Subprotocols: []string{"chat"}, Options: Options{Compression: &compress.Options{}}}
		nc := &scriptConn{input: request}
		c, wantErr := u.UpgradeConn(t.Context(), nc, nil)
		if c != nil {
			defer c.tracker.remove(c)
		}
		for _, rest := range []string{"", "\x81\x80abcd", "\r\n\r\n"} {
			src := []byte(request + rest)
			for n := range len(request) {
				for _, scanned := range []int{0, max(n-1, 0), n} {
					out, _, took, err := u.AppendHandshake(nil, src[:n], RequestSource{Scanned: scanned})
					if out != nil || took != 0 || err != nil {
						t.Fatalf("%q: %q, %d, %v", src[:n], out, took, err)
					}
				}
			}
			out, agreed, n, err := u.AppendHandshake([]byte("dst"), src, RequestSource{Scanned: len(request) - 1})
			if want := "dst" + withoutDate(nc.output); withoutDate(out) != want {
				t.Errorf("%q: answered %q, want %q", request, out, want)
			}
			if string(src) != request+rest {
				t.Errorf("src has become %q", src)
			}
			if (err == nil) != (wantErr == nil) || err != nil && (err.Error() != wantErr.Error() || n != 0) {
				t.Errorf("%q: took %d, error %v, want %v", request, n, err, wantErr)
			}
			if err == nil && (n != len(request) || agreed.Subprotocol != c.Subprotocol() || (agreed.Compression != nil) != (c.agreement.Compression != nil)) {
				t.Errorf("%q: took %d, agreed on %+v", request, n, agreed)
			}
		}
	}
}

// TestAppendHandshakeLimit protects that a head is bounded: it is refused at the byte at which UpgradeConn refuses it.
func TestAppendHandshakeLimit(t *testing.T) {
	for name, limit := range map[string]int{"that of the request": len(minimalRequest), "less": len(minimalRequest) - 1} {
		u := &Upgrader{MaxRequestHead: limit}
		out, _, n, err := u.AppendHandshake(nil, []byte(minimalRequest), RequestSource{})
		var refusal *HandshakeError
		if limit == len(minimalRequest) {
			if err != nil || n != limit {
				t.Errorf("%s: took %d, %v", name, n, err)
			}
		} else if !errors.As(err, &refusal) || refusal.Status != 431 || !bytes.HasPrefix(out, []byte("HTTP/1.1 431 ")) {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
}

// TestAppendHandshakeErr protects that a client that is too slow is told so, that one that has gone is not answered, that the
// application hears of both, and that a request that is whole is judged all the same.
func TestAppendHandshakeErr(t *testing.T) {
	var heard []string
	u := &Upgrader{OnRefuse: func(_ *http.Request, err *HandshakeError) { heard = append(heard, err.Error()) }}
	for err, status := range map[error]string{os.ErrDeadlineExceeded: "HTTP/1.1 408 ", io.EOF: ""} {
		out, _, n, got := u.AppendHandshake(nil, []byte(minimalRequest[:20]), RequestSource{Err: err})
		if n != 0 || got == nil || !bytes.HasPrefix(out, []byte(status)) || (len(out) == 0) != (status == "") {
			t.Errorf("%v: %d, %q, %v", err, n, out, got)
		}
		if _, _, n, got := u.AppendHandshake(nil, []byte(minimalRequest), RequestSource{Err: err}); n != len(minimalRequest) || got != nil {
			t.Errorf("%v behind a whole request: %d, %v", err, n, got)
		}
	}
	if len(heard) != 2 {
		t.Errorf("heard of %q", heard)
	}
}

// TestAppendHandshakeAccept protects what the callbacks see and decide.
func TestAppendHandshakeAccept(t *testing.T) {
	var kept *http.Request
	refused := 0
	u := &Upgrader{OnRefuse: func(r *http.Request, err *HandshakeError) { refused++; err.Header = http.Header{"X-Why": {"because"}} }}
	from := RequestSource{Context: t.Context(), Conn: &scriptConn{}, Accept: func(r *Request) error {
		kept = r.HTTPRequest()
		r.AddResponseHeader("X-Server", "1")
		return nil
	}}
	src := []byte(minimalRequest)
	out, _, _, err := u.AppendHandshake(nil, src, from)
	clear(src)
	if err != nil || !bytes.Contains(out, []byte("\r\nX-Server: 1\r\n")) || kept.Host != "server.example.com" || kept.RemoteAddr != ":0" || kept.Context() != t.Context() {
		t.Errorf("%q, %v, %+v", out, err, kept)
	}
	from = RequestSource{Accept: func(r *Request) error {
		if r.HTTPRequest().RemoteAddr != "" {
			t.Errorf("an address without a connection: %q", r.HTTPRequest().RemoteAddr)
		}
		return errors.New("no")
	}}
	out, _, n, err := u.AppendHandshake(nil, []byte(minimalRequest), from)
	if n != 0 || err == nil || !bytes.HasPrefix(out, []byte("HTTP/1.1 403 ")) || !bytes.Contains(out, []byte("X-Why: because")) || refused != 1 {
		t.Errorf("%d, %q, %v; %d refused", n, out, err, refused)
	}
}
