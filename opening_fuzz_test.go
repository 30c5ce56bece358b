//go:build !js

package websocket

// This file holds the fuzz targets of what came to the opening handshake later: bytes to bytes, origins, URLs, and proxies. Those of
// the parsers below stand beside them.

import (
	"bufio"
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/faultconn"
)

// FuzzAppendHandshake gives any bytes to AppendHandshake, whole, and as they come in pieces: the answer must be the one that
// UpgradeConn gives, and must take of src what that leaves behind.
func FuzzAppendHandshake(f *testing.F) {
	for i, request := range bytesRequests() {
		f.Add([]byte(request+"\x81\x80abcd"), []byte{byte(i), 7, 1})
	}
	f.Fuzz(func(t *testing.T, src, seed []byte) {
		u := &Upgrader{Subprotocols: []string{"chat"}, Options: Options{Compression: &compress.Options{}}}
		nc := &scriptConn{input: string(src)}
		h := new(serverHandshake)
		agreed, rest, refusal := u.handshake(t.Context(), h, nc, nil)
		want := nc.output
		if refusal != nil && refusal.Status != 0 {
			want = appendRefusal(nil, refusal)
		}
		have, scanned := 0, 0
		for _, chunk := range cutAt(src, seed) {
			have += len(chunk)
			out, got, n, err := u.AppendHandshake([]byte("dst"), src[:have], RequestSource{Scanned: scanned})
			scanned = have
			if n == 0 && err == nil {
				continue
			}
			if (err == nil) != (refusal == nil) || withoutDate(out) != "dst"+withoutDate(want) || got.Subprotocol != agreed.Subprotocol {
				t.Fatalf("%q: %q, %v; UpgradeConn: %q, %v", src[:have], out, err, want, refusal)
			}
			if left := len(rest) + len(nc.input); err == nil && n != len(src)-left {
				t.Fatalf("took %d bytes of %d, and UpgradeConn leaves %d", n, len(src), left)
			}
			return
		}
		if refusal == nil || refusal.Status != 0 {
			t.Fatalf("%q: not whole; UpgradeConn: %q, %v", src, want, refusal)
		}
	})
}

// anEscape is one in a host, of which net/url takes some only.
var anEscape = regexp.MustCompile("%[0-9A-Fa-f]{2}")

// FuzzOrigin asks about any origin, host and pattern. What is allowed is the server's own authority, or has what the pattern
// names, by net/url's reading of it.
func FuzzOrigin(f *testing.F) {
	f.Add("https://www.example.com", "www.example.com", "*.example.com", true)
	f.Add("http://[::1]:8080", "[::1]:8080", "https://a.example:*", false)
	f.Add("null", "a", "null", false)
	f.Add("https://evil/.example.com", "a", "*.example.com", true)
	f.Add("https://evil%w.example.com", "a", "*.example.com", true)
	f.Fuzz(func(t *testing.T, origin, host, pattern string, secure bool) {
		p, err := parseOrigin(pattern)
		if err != nil || p.exact != "" || !originAllowed(origin, host, secure, []originPattern{p}) {
			return
		}
		page, err := url.Parse(anEscape.ReplaceAllString(origin, "x"))
		if err != nil || page.Host == "" || page.Path != "" || page.User != nil {
			t.Fatalf("%q is allowed, and is no origin: %+v, %v", origin, page, err)
		}
		p.name = anEscape.ReplaceAllString(p.name, "x")
		if equalFold(page.Host, host) || originAllowed(origin, host, secure, nil) {
			return // the server's own, perhaps with the port that it has anyway
		}
		if name := strings.TrimPrefix(p.name, "."); name != "" && !strings.HasSuffix(strings.ToLower(page.Hostname()), strings.ToLower(strings.Trim(name, "[]"))) {
			t.Fatalf("%q is allowed by %q", origin, pattern)
		}
	})
}

// FuzzURL makes a request of any URL, subprotocol and field. One that is made has the lines that it should, and no others, for
// net/http: nothing of what was given begins a line of its own.
func FuzzURL(f *testing.F) {
	f.Add("wss://user:pass@example.com:8443/chat?a=b c", "chat", "Bearer x", false)
	f.Add("ws://[fe80::1%25eth0]/", "", "a\r\nb: c", true)
	f.Fuzz(func(t *testing.T, rawURL, subprotocol, value string, stream bool) {
		d := Dialer{Subprotocols: []string{subprotocol}, Header: http.Header{"Authorization": {value}}}
		h, err := d.handshake(rawURL, stream)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("the error has a line break: %q", err)
			}
			return
		}
		if stream {
			if r := h.Request(); r.Method != http.MethodConnect || r.Header.Get("Sec-Websocket-Key") != "" {
				t.Fatalf("%+v", r)
			}
			return
		}
		request := h.AppendRequest(nil)
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(request)))
		if err != nil {
			t.Fatalf("net/http refuses %q: %v", request, err)
		}
		if lines := bytes.Count(request, []byte("\n")); lines != 2+1+len(h.fields) {
			t.Fatalf("%d lines in %q", lines, request)
		}
		if r.Header.Get("Authorization") != trimSpace(value) || r.Header.Get("Sec-Websocket-Protocol") != subprotocol || r.Host != h.host {
			t.Fatalf("net/http has %+v of %q", r, request)
		}
	})
}

// FuzzProxy gives any bytes to the client as what a proxy answers: of HTTP, and of SOCKS5 with a password. In whatever pieces they
// come the outcome is the same, but that HTTP's early bytes are found only where they come with the answer; and what follows an
// answer of SOCKS5 is left for the server's part.
func FuzzProxy(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\n\r\nrest"), false)
	f.Add([]byte("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 3\r\n\r\nabc"), false)
	f.Add([]byte("\x05\x02\x01\x00\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50rest"), true)
	f.Add([]byte("\x05\x00\x05\x04\x00\x03\x01a\x00\x50"), true)
	f.Fuzz(func(t *testing.T, input []byte, socks bool) {
		run := func(pieces int) (rest string, err error) {
			script := &scriptConn{input: string(input)}
			nc := &faultconn.Conn{Conn: script, MaxRead: pieces}
			if socks {
				err = openSOCKS(nc, url.UserPassword("me", "secret"), "example.com:80")
			} else {
				_, err = openTunnel(nc, []byte("CONNECT"), defaultResponseHead)
			}
			return script.input, err
		}
		rest, err := run(0)
		rest1, err1 := run(1)
		early := !socks && err != nil && strings.Contains(err.Error(), "behind the response")
		if !early && (err == nil) != (err1 == nil) {
			t.Fatalf("whole: %v; one byte at a time: %v", err, err1)
		}
		if socks && err == nil && rest != rest1 {
			t.Fatalf("left over: %q, one byte at a time %q", rest, rest1)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Fatalf("the error has the password: %v", err)
		}
	})
}
