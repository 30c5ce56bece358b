package websocket

// This file tests the rules of the opening handshake, apart from any server: AcceptKey, keys, lists, origins, and what
// a client accepts as a response.

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/race"
)

// TestAcceptKey protects the value that every client checks. The first is the example of RFC 6455, Section 1.3.
func TestAcceptKey(t *testing.T) {
	for key, want := range map[string]string{
		rfcKey:                     rfcAccept,
		"x3JJHMbDL1EzLkh9GBhXDw==": "HSmrc0sMlYUkAGmm5OPpG2HaGWk=",
		"":                         "Kfh9QIsMVZcl6xEPYxPHzW8SZ8w=",
		strings.Repeat("k", 1000):  "D5UkHUEpPcw/Kmar+sMcS126/cM=",
	} {
		if got := AcceptKey(key); got != want {
			t.Errorf("AcceptKey(%q) = %q, want %q", key, got, want)
		}
	}
}

// TestKey_4_2_1 protects the rule that a key is 16 bytes in base64.
func TestKey_4_2_1(t *testing.T) {
	for key, want := range map[string]bool{
		rfcKey:                       true,
		"AAAAAAAAAAAAAAAAAAAAAA==":   true,
		"/+/+/+/+/+/+/+/+/+/+/w==":   true,
		"AQIDBAUGBwgJCgsMDQ4PEC==":   true, // the example of Section 4.1, whose last bits are not zero
		"AAAAAAAAAAAAAAAAAAAAAB==":   true,
		"AAAAAAAAAAAAAAAAAAAAAA=":    false,
		"AAAAAAAAAAAAAAAAAAAAAAA=":   false, // 17 bytes
		"AAAAAAAAAAAAAAAAAAAAAAAA":   false, // 18 bytes
		"AAAAAAAAAAAAAAAAAAAA====":   false,
		"AAAAAAAAAAAAAAAAAAA=====":   false,
		"AAAAAAAAAAAAAAAAAAAAAA__":   false,
		"-_-_-_-_-_-_-_-_-_-_-w==":   false, // the alphabet for URLs
		"AAAAAAAAAAA\nAAAAAAAAAA==":  false,
		"\r\nAAAAAAAAAAAAAAAAAAAA==": false,
		"":                           false,
		"AAAAAAAAAAAAAAAAAAAA":       false,
		rfcKey + "=":                 false,
	} {
		if got := validKey(key); got != want {
			t.Errorf("validKey(%q) = %v, want %v", key, got, want)
		}
	}
}

// TestTokenLists protects RFC 9110's rules for lists: case, space, empty elements, several lines.
func TestTokenLists(t *testing.T) {
	for _, tc := range []struct {
		lines     []string
		n         int
		found, ok bool // of "Upgrade"
	}{
		{nil, 0, false, true},
		{[]string{""}, 0, false, true},
		{[]string{"Upgrade"}, 1, true, true},
		{[]string{"uPGRADE"}, 1, true, true},
		{[]string{"keep-alive, Upgrade"}, 2, true, true},
		{[]string{"keep-alive", "Upgrade"}, 2, true, true},
		{[]string{" ,\t, keep-alive ,Upgrade\t,, "}, 2, true, true},
		{[]string{"Upgrades"}, 1, false, true},
		{[]string{"Upgrad"}, 1, false, true},
		{[]string{"Up grade"}, 0, false, false},
		{[]string{"\"Upgrade\""}, 0, false, false},
		{[]string{"Upgrade; q=1"}, 0, false, false},
		{[]string{"Upgrade, a b"}, 1, true, false},
		{[]string{"Upgr\u00e4de"}, 0, false, false},
	} {
		if n, ok := countTokens(tc.lines); n != tc.n || ok != tc.ok {
			t.Errorf("countTokens(%q) = %d, %v, want %d, %v", tc.lines, n, ok, tc.n, tc.ok)
		}
		if found, ok := hasToken(tc.lines, "Upgrade"); found != tc.found || ok != tc.ok {
			t.Errorf("hasToken(%q) = %v, %v, want %v, %v", tc.lines, found, ok, tc.found, tc.ok)
		}
	}
}

// TestUpgradeList protects what Upgrade has beyond a list of tokens: versions.
func TestUpgradeList(t *testing.T) {
	for _, tc := range []struct {
		line      string
		found, ok bool
	}{
		{"websocket", true, true},
		{"h2c, , WebSocket", true, true},
		{"HTTP/2.0, websocket", true, true},
		{"websocket/13", false, true},
		{"websocket/", false, false},
		{"/13", false, false},
		{"web socket", false, false},
	} {
		if found, ok := hasProtocol([]string{tc.line}, "websocket"); found != tc.found || ok != tc.ok {
			t.Errorf("hasProtocol(%q) = %v, %v, want %v, %v", tc.line, found, ok, tc.found, tc.ok)
		}
	}
}

// TestExtensions_9_1 protects the grammar of Sec-WebSocket-Extensions.
func TestExtensions_9_1(t *testing.T) {
	type P = compress.Param
	for _, tc := range []struct {
		lines []string
		want  []extension // nil: malformed
	}{
		{[]string{"foo"}, []extension{{Name: "foo"}}},
		{[]string{" , foo ,, bar "}, []extension{{Name: "foo"}, {Name: "bar"}}},
		{[]string{"foo", "bar"}, []extension{{Name: "foo"}, {Name: "bar"}}},
		{[]string{"foo, bar; baz=2"}, []extension{{Name: "foo"}, {"bar", []P{{Name: "baz", Value: "2", HasValue: true}}}}},
		{
			[]string{`permessage-deflate; client_max_window_bits; server_max_window_bits="10", permessage-deflate`},
			[]extension{
				{"permessage-deflate", []P{{Name: "client_max_window_bits", Value: "", HasValue: false}, {Name: "server_max_window_bits", Value: "10", HasValue: true}}},
				{Name: "permessage-deflate"},
			},
		},
		{[]string{"a;b = c ;\td"}, []extension{{"a", []P{{Name: "b", Value: "c", HasValue: true}, {Name: "d", Value: "", HasValue: false}}}}},
		{[]string{`a; b="\c\d" , e`}, []extension{{"a", []P{{Name: "b", Value: "cd", HasValue: true}}}, {Name: "e"}}},
		{[]string{`a; b="c`}, nil},
		{[]string{`a; b="c\`}, nil},
		{[]string{`a; b="\c`}, nil},
		{[]string{`a; b=""`}, nil},
		{[]string{`a; b="c d"`}, nil}, // not a token once unquoted
		{[]string{`a; b="c,d"`}, nil},
		{[]string{`a; b="\""`}, nil},
		{[]string{`a; b="c"d`}, nil},
		{[]string{"a; b="}, nil},
		{[]string{"a; =b"}, nil},
		{[]string{"a;"}, nil},
		{[]string{"a; ; b"}, nil},
		{[]string{"; a"}, nil},
		{[]string{"a b"}, nil},
		{[]string{"a=b"}, nil},
		{[]string{`"a"`}, nil},
		{[]string{""}, nil},
		{[]string{" , "}, nil},
		{[]string{"foo", ";"}, nil},
	} {
		got, _, ok := appendExtensions(nil, nil, tc.lines)
		if !ok {
			got = nil
		}
		if ok != (tc.want != nil) || !cmp.Equal(got, tc.want, emptyIsNil) {
			t.Errorf("%q: %v, %v, want %v", tc.lines, got, ok, tc.want)
		}
	}
}

// emptyIsNil lets cmp take an empty list of parameters for none.
var emptyIsNil = cmp.Transformer("nil", func(p []compress.Param) []compress.Param {
	return append([]compress.Param(nil), p...)
})

// TestExtensionBounds protects the memory of a server from lists without end.
func TestExtensionBounds(t *testing.T) {
	for _, tc := range []struct {
		line string
		want bool
	}{
		{strings.Repeat("a,", maxExtensions), true},
		{strings.Repeat("a,", maxExtensions+1), false},
		{"a" + strings.Repeat(";b", maxExtensionParams), true},
		{"a" + strings.Repeat(";b", maxExtensionParams+1), false},
		{"a" + strings.Repeat(",", 1<<20), true},
	} {
		exts, params, ok := appendExtensions(nil, nil, []string{tc.line})
		if ok != tc.want || len(exts) > maxExtensions || len(params) > maxExtensionParams {
			t.Errorf("%.10q…: %v with %d extensions and %d parameters, want %v", tc.line, ok, len(exts), len(params), tc.want)
		}
	}
}

// TestFieldValue protects against control characters at every position of the fast loop and the slow one.
func TestFieldValue(t *testing.T) {
	for c := range 256 {
		want := c >= ' ' && c != 0x7F || c == '\t'
		for n := 1; n <= 17; n++ {
			for i := range n {
				for _, fill := range []byte{'a', '\t', 0xFF, ' '} {
					s := []byte(strings.Repeat(string([]byte{fill}), n))
					s[i] = byte(c)
					if got := isFieldValue(string(s)); got != want {
						t.Fatalf("isFieldValue(%q) = %v, want %v", s, got, want)
					}
				}
			}
		}
	}
}

// TestFieldLengths protects the words of eight bytes against what a byte does to the one above it: every pair of bytes,
// within a word and across two, and what is around them. Under the race detector, one pair in 61 is looked at, of all first bytes.
func TestFieldLengths(t *testing.T) {
	length := func(s []byte, member func(byte) bool) int {
		n := slices.IndexFunc(s, func(c byte) bool { return !member(c) })
		if n < 0 {
			return len(s)
		}
		return n
	}
	isTokenChar := func(c byte) bool { return c > ' ' && c < 0x7F && !strings.ContainsRune(`"(),/:;<=>?@[\]{}`, rune(c)) }
	isValueChar := func(c byte) bool { return c >= ' ' && c != 0x7F || c == '\t' }
	step := 1
	if race.Enabled {
		step = 61 // a prime: both bytes take every value
	}
	for pair := 0; pair < 1<<16; pair += step {
		for _, fill := range []string{"a", "Z", "-", "7"} {
			for _, at := range []int{0, 3, 7, 15} {
				s := []byte(strings.Repeat(fill, 18))
				s[at], s[at+1] = byte(pair), byte(pair>>8)
				if got, want := tokenLength(string(s)), length(s, isTokenChar); got != want {
					t.Fatalf("tokenLength(%q) = %d, want %d", s, got, want)
				}
				if got, want := fieldValueLength(string(s)), length(s, isValueChar); got != want {
					t.Fatalf("fieldValueLength(%q) = %d, want %d", s, got, want)
				}
			}
		}
	}
}

// TestOrigin_10_2 protects users from pages of other origins.
func TestOrigin_10_2(t *testing.T) {
	patterns, err := parseOrigins([]string{
		"one.example", "port.example:8080", "any.example:*", "https://secure.example", "*.wild.example", "*.any.wild:*",
		"app://local", "[2001:db8::1]", "Chrome-Extension://*", "file://", "null",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		origin, host string
		secure, want bool
	}{
		{"http://server.example", "server.example", false, true},
		{"https://server.example", "server.example", false, true}, // behind a proxy that speaks TLS
		{"HTTP://Server.Example", "server.eXample", false, true},
		{"http://server.example:80", "server.example", false, true},
		{"https://server.example:443", "server.example", false, true},
		{"http://server.example", "server.example:80", false, true},
		{"http://server.example:8080", "server.example:8080", false, true},
		{"http://[::1]:8080", "[::1]:8080", false, true},
		{"http://[::1]", "[::1]", false, true},
		{"https://server.example", "server.example", true, true},
		{"http://server.example", "server.example", true, false}, // another scheme is another origin
		{"http://server.example", "server.example:8080", false, false},
		{"http://server.example:8080", "server.example", false, false},
		{"http://server.example:443", "server.example", false, false},
		{"http://server.example.evil", "server.example", false, false},
		{"http://evil-server.example", "server.example", false, false},
		{"http://user@server.example", "server.example", false, false},
		{"ftp://server.example", "server.example", false, false},
		{"server.example", "server.example", false, false},
		{"", "server.example", false, false},
		{"http://", "", false, false},
		{"https://one.example", "x", false, true},
		{"http://ONE.example", "x", false, true},
		{"http://one.example:80", "x", false, true},
		{"http://one.example:81", "x", false, false},
		{"http://sub.one.example", "x", false, false},
		{"http://port.example:8080", "x", false, true},
		{"http://port.example", "x", false, false},
		{"http://any.example", "x", false, true},
		{"http://any.example:7", "x", false, true},
		{"https://secure.example", "x", false, true},
		{"http://secure.example", "x", false, false},
		{"https://a.wild.example", "x", false, true},
		{"https://a.b.Wild.example", "x", false, true},
		{"https://wild.example", "x", false, false},
		{"https://.wild.example", "x", false, false},
		{"https://notwild.example", "x", false, false},
		{"https://a.wild.example.evil", "x", false, false},
		{"app://local", "x", false, true},
		{"http://local", "x", false, false},
		{"http://[2001:db8::1]", "x", false, true},
		// Section 10.2 leaves to the server "which origins it is willing to accept": also those that are no pages of the web.
		{"null", "x", false, true},
		{"null://x", "x", false, false},
		{"file://", "x", false, true},
		{"file://host", "x", false, false},
		{"chrome-extension://abcdefgh", "x", false, true},
		{"chrome-extensions://abcdefgh", "x", false, false},
		{"chrome-extension://", "x", false, false},
		{"ionic://one.example", "x", false, false}, // a pattern without scheme is about the web
		{"ftp://one.example", "x", false, false},
		{"ionic://any.example", "x", false, false},
		{"http://a.any.wild:99", "x", false, true},
		// An authority is a host and perhaps a port (RFC 6454, Section 6.2), whatever stands at its end.
		{"https://evil.example/.wild.example", "x", false, false},
		{"https://evil.example?.wild.example", "x", false, false},
		{"https://evil.example#.wild.example", "x", false, false},
		{"https://evil.example .wild.example", "x", false, false},
		{"https://evil.example:8.wild.example", "x", false, false},
		{"https://evil.example\\.wild.example", "x", false, false},
		{"https://evil@a.wild.example", "x", false, false},
		{"https://a.wild.example:", "x", false, false},
		{"https://a.any.wild:8a", "x", false, false},
		{"https://[evil].wild.example", "x", false, false},
		{"https://[.wild.example", "x", false, false},
		{"chrome-extension://a/b", "x", false, false},
		{"http://a/b", "a/b", false, false},
		{"https://elsewhere.example", "x", false, false},
	} {
		if got := originAllowed(tc.origin, tc.host, tc.secure, patterns); got != tc.want {
			t.Errorf("origin %q at host %q (TLS %v): %v, want %v", tc.origin, tc.host, tc.secure, got, tc.want)
		}
	}
}

// TestOriginPatterns protects users from patterns that never match: they are errors, of Validate and of every handshake.
func TestOriginPatterns(t *testing.T) {
	for _, pattern := range []string{
		"", "*", "*:*", "https://*", "http://*:*", "https://example.com/", "example.com/a", "*example.com", "*.", "*.*.com", "a.*.com",
		"http://", "://example.com", "ht tp://example.com", "9p://x", "example.com:", "example.com:0", "example.com:080", "example.com:65536",
		"example.com:a", "user@example.com", "exämple.com", "exa mple.com", "[::1", "::1", "app://a/b", "app://*a", "nul l",
	} {
		u := &Upgrader{Origins: []string{"example.com", pattern}}
		err := u.Validate()
		if err == nil || !strings.HasPrefix(err.Error(), "websocket: Upgrader: ") || !strings.Contains(err.Error(), strconv.Quote(pattern)) {
			t.Errorf("%q: %v", pattern, err)
		}
	}
	for _, pattern := range []string{
		"example.com", "EXAMPLE.com:65535", "*.example.com:*", "http://*.example.com", "[::1]:80", "a_b", "xn--exmple-cua.com", "127.0.0.1:*",
		"null", "file://", "file://*", "capacitor://localhost", "moz-extension://*", "app+v1.0://local",
	} {
		if _, err := parseOrigin(pattern); err != nil {
			t.Errorf("%q %v", pattern, err)
		}
	}
}

// TestSubprotocol protects the choice: the server's preference, among what the client asks for, by exact spelling.
func TestSubprotocol(t *testing.T) {
	for _, tc := range []struct {
		lines, server []string
		want          string
	}{
		{nil, []string{"a"}, ""},
		{[]string{"a"}, nil, ""},
		{[]string{"a, b"}, []string{"b", "a"}, "b"},
		{[]string{"a", "b"}, []string{"c", "b"}, "b"},
		{[]string{"A"}, []string{"a"}, ""},
		{[]string{"a,,b"}, []string{""}, ""},
	} {
		o := opening{}
		o.lines[fieldProtocol] = tc.lines
		if got := o.chooseSubprotocol(tc.server); got != tc.want {
			t.Errorf("client %q, server %q: %q, want %q", tc.lines, tc.server, got, tc.want)
		}
	}
}

// TestResponse_4_1 protects a client from everything that Section 4.1 tells it to refuse.
func TestResponse_4_1(t *testing.T) {
	right := func() *http.Response {
		return &http.Response{StatusCode: 101, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{
			"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Accept": {rfcAccept},
		}}
	}
	for _, tc := range []struct {
		name   string
		change func(*http.Response)
		want   string // of the error, or "" for none
	}{
		{"right", func(r *http.Response) {}, ""},
		{"case", func(r *http.Response) { r.Header["Upgrade"] = []string{"WebSocket"} }, ""},
		{"list", func(r *http.Response) { r.Header["Connection"] = []string{"x, upgrade", "y"} }, ""},
		{"HTTP/1.0", func(r *http.Response) { r.ProtoMinor = 0 }, "HTTP/1.1"},
		{"no Upgrade", func(r *http.Response) { r.Header.Del("Upgrade") }, "Upgrade"},
		{"other Upgrade", func(r *http.Response) { r.Header.Set("Upgrade", "h2c, websocket") }, "Upgrade"},
		{"two Upgrades", func(r *http.Response) { r.Header.Add("Upgrade", "websocket") }, "Upgrade"},
		{"no Connection", func(r *http.Response) { r.Header.Del("Connection") }, "Connection"},
		{"other Connection", func(r *http.Response) { r.Header.Set("Connection", "close") }, "Connection"},
		{"bad Connection", func(r *http.Response) { r.Header.Set("Connection", "Upgrade, a b") }, "Connection"},
		{"no Accept", func(r *http.Response) { r.Header.Del("Sec-Websocket-Accept") }, "Accept"},
		{"other Accept", func(r *http.Response) { r.Header.Set("Sec-Websocket-Accept", strings.ToLower(rfcAccept)) }, "Accept"},
		{"two Accepts", func(r *http.Response) { r.Header.Add("Sec-Websocket-Accept", rfcAccept) }, "Accept"},
		{"extension", func(r *http.Response) { r.Header.Set("Sec-Websocket-Extensions", "permessage-deflate") }, "not offered"},
		{"bad extension", func(r *http.Response) { r.Header.Set("Sec-Websocket-Extensions", ";") }, "malformed or repeated"},
		{"empty extensions", func(r *http.Response) { r.Header.Set("Sec-Websocket-Extensions", "") }, "malformed or repeated"},
		{"two extensions", func(r *http.Response) { r.Header["Sec-Websocket-Extensions"] = []string{"a", "b"} }, "malformed or repeated"},
		{"subprotocol", func(r *http.Response) { r.Header.Set("Sec-Websocket-Protocol", "b") }, ""},
		{"other subprotocol", func(r *http.Response) { r.Header.Set("Sec-Websocket-Protocol", "c") }, "Protocol"},
		{"subprotocol in another case", func(r *http.Response) { r.Header.Set("Sec-Websocket-Protocol", "B") }, "Protocol"},
		{"two subprotocols", func(r *http.Response) { r.Header.Set("Sec-Websocket-Protocol", "a, b") }, "Protocol"},
		{"empty subprotocol", func(r *http.Response) { r.Header.Set("Sec-Websocket-Protocol", "") }, "Protocol"},
		{"repeated subprotocol", func(r *http.Response) { r.Header["Sec-Websocket-Protocol"] = []string{"b", "b"} }, "Protocol"},
	} {
		resp := right()
		tc.change(resp)
		got, err := checkResponse(resp, rfcKey, []string{"a", "b"}, nil)
		switch {
		case tc.want == "" && err != nil:
			t.Errorf("%s: %v", tc.name, err)
		case tc.want != "" && (err == nil || !strings.Contains(err.Reason, tc.want) || err.Status != 101):
			t.Errorf("%s: error %v, want one about %q", tc.name, err, tc.want)
		case tc.name == "subprotocol" && got.Subprotocol != "b", tc.want != "" && got.Subprotocol != "":
			t.Errorf("%s: subprotocol %q", tc.name, got.Subprotocol)
		}
	}
	if _, err := checkResponse(right(), rfcKey, nil, nil); err != nil {
		t.Error(err)
	}
}

// TestHandshakeError protects the text, and that the cause can be found.
func TestHandshakeError(t *testing.T) {
	cause := errors.New("websocket: cause")
	for want, e := range map[string]*HandshakeError{
		"websocket: handshake failed":                         {},
		"websocket: handshake failed with status 403: reason": {Status: 403, Reason: "reason"},
		"websocket: handshake failed: reason: cause":          {Reason: "reason", Err: cause},
	} {
		if got := e.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if errors.Is(e, cause) != (e.Err != nil) {
			t.Errorf("%v: cause not found", e)
		}
	}
	if got := (&HandshakeError{Status: 403}).body(); string(got) != "403 Forbidden\n" {
		t.Error(got)
	}
}

// TestSwitching protects the bytes of the response, with no field that the handshake owns coming from elsewhere.
func TestSwitching(t *testing.T) {
	const want = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + rfcAccept + "\r\n"
	if got := string(appendSwitching(nil, rfcKey, "", nil)); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	got := string(appendSwitching(nil, rfcKey, "chat", []byte("x; y")))
	if got != want+"Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: x; y\r\n" {
		t.Errorf("%q", got)
	}
	for _, tc := range []struct {
		h    http.Header
		want string
	}{
		{http.Header{"Set-Cookie": {"a=b", "c=d"}}, "Set-Cookie: a=b\r\nSet-Cookie: c=d\r\n"},
		{http.Header{"X": {"a\r\nY: b\nc"}}, "X: a  Y: b c\r\n"},
		{http.Header{"Connection": {"x-hop, close"}, "X-Hop": {"a"}, "X-End": {"b"}}, "X-End: b\r\n"},
		{http.Header{
			"Upgrade": {"h2c"}, "Keep-Alive": {"1"}, "Proxy-Connection": {"1"}, "Te": {"1"}, "Trailer": {"1"},
			"Transfer-Encoding": {"chunked"}, "Content-Length": {"1"}, "Content-Encoding": {"gzip"}, "Sec-Websocket-Accept": {"1"},
			"Sec-Websocket-Protocol": {"1"}, "sec-websocket-extensions": {"1"}, "Trailer:X": {"1"}, "": {"1"},
			"A B": {"1"}, "A\r\nB": {"1"},
		}, ""},
	} {
		if got := string(appendFields(nil, tc.h)); got != tc.want {
			t.Errorf("%v: %q, want %q", tc.h, got, tc.want)
		}
	}
}
