//go:build !js

package websocket

// This file tests the client's opening handshake without I/O, over streams, and what its errors must not show.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/seed-d69ae1b7/websocket/compress"
)

// TestClientHandshake protects the handshake without I/O: its request is accepted by Upgrader's rules in both forms, and
// the response to it gives what was agreed on.
func TestClientHandshake(t *testing.T) {
	d := Dialer{Subprotocols: []string{"a", "b"}, Header: http.Header{"x-own": {"1"}}}
	d.Compression = &compress.Options{}
	h, err := d.Handshake("wss://server.example/chat?x=1")
	if err != nil {
		t.Fatal(err)
	}
	parsed := readRequest(t, string(h.AppendRequest([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))[len("GET / HTTP/1.1\r\nHost: a\r\n\r\n"):]))
	made := h.Request()
	for _, r := range []*http.Request{parsed, made} {
		var o opening
		o.fill(r)
		if err := o.check(); err != nil || len(o.offers) != 1 || r.Host != "server.example" || r.URL.RequestURI() != "/chat?x=1" || r.Header.Get("X-Own") != "1" {
			t.Errorf("%v: %v", r, err)
		}
	}
	if parsed.Header.Get("Sec-WebSocket-Key") != made.Header.Get("Sec-WebSocket-Key") || made.URL.Scheme != "https" {
		t.Errorf("%v and %v", parsed, made)
	}
	resp := &http.Response{StatusCode: 101, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{
		"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Accept": {AcceptKey(made.Header.Get("Sec-WebSocket-Key"))},
		"Sec-Websocket-Protocol": {"b"}, "Sec-Websocket-Extensions": {"permessage-deflate"},
	}}
	if agreed, err := h.Check(resp); err != nil || agreed.Subprotocol != "b" || agreed.Compression == nil {
		t.Errorf("%+v, %v", agreed, err)
	}
	resp.Header.Del("Sec-Websocket-Accept")
	var e *HandshakeError
	if agreed, err := h.Check(resp); !errors.As(err, &e) || e.Status != 101 || agreed != (Agreement{}) {
		t.Errorf("%+v, %v", agreed, err)
	}
	if h, err := d.Handshake("ftp://server.example"); h != nil || err == nil {
		t.Errorf("%v, %v", h, err)
	}
}

// TestDialStream protects the handshake over streams of HTTP/2 (RFC 8441): the request, the responses that accept and
// those that do not, and that the stream is closed where it fails.
func TestDialStream(t *testing.T) {
	broken := errors.New("the cable was cut")
	for _, row := range []struct {
		name   string
		resp   *http.Response
		err    error
		noBody bool   // open returns no stream
		want   string // of the error
	}{
		{"200", &http.Response{StatusCode: 200, Header: http.Header{"Sec-Websocket-Protocol": {"a"}, "Sec-Websocket-Extensions": {"permessage-deflate"}}}, nil, false, ""},
		{"nothing agreed on", &http.Response{StatusCode: 200}, nil, false, ""},
		{"another subprotocol", &http.Response{StatusCode: 200, Header: http.Header{"Sec-Websocket-Protocol": {"c"}}}, nil, false, "Sec-WebSocket-Protocol"},
		{"another extension", &http.Response{StatusCode: 200, Header: http.Header{"Sec-Websocket-Extensions": {"foo"}}}, nil, false, "not offered"},
		{"101", &http.Response{StatusCode: 101, Status: "101 Switching"}, nil, false, "101 Switching"},
		{"403", &http.Response{StatusCode: 403, Status: "403 No", Body: io.NopCloser(strings.NewReader("go away"))}, nil, true, "403 No"},
		{"no stream", &http.Response{StatusCode: 200}, nil, true, "no stream"},
		{"no response", nil, nil, false, "no response"},
		{"error", nil, broken, true, "cable"},
		{"error and stream", nil, broken, false, "cable"},
	} {
		near, far := net.Pipe()
		d := Dialer{Subprotocols: []string{"a"}, Options: Options{Compression: &compress.Options{}}}
		c, resp, err := d.DialStream(t.Context(), "wss://server.example/chat", func(ctx context.Context, r *http.Request) (net.Conn, *http.Response, error) {
			if r.Method != "CONNECT" || r.URL.String() != "https://server.example/chat" || r.Host != "server.example" || r.Header[":protocol"][0] != "websocket" ||
				r.Header.Get("Sec-WebSocket-Version") != "13" || r.Header.Get("Sec-WebSocket-Key") != "" || r.Header.Get("Upgrade") != "" || r.Header.Get("Connection") != "" {
				t.Errorf("%s: request %+v", row.name, r)
			}
			if _, bounded := ctx.Deadline(); !bounded {
				t.Errorf("%s: the context has no deadline", row.name)
			}
			if row.noBody {
				return nil, row.resp, row.err
			}
			return near, row.resp, row.err
		})
		if row.want == "" {
			if err != nil || resp != row.resp || resp.Body != http.NoBody {
				t.Fatalf("%s: %v, %v", row.name, resp, err)
			}
			_, compressed := c.Compression()
			if agreed := len(resp.Header) > 0; agreed != compressed || agreed != (c.Subprotocol() == "a") {
				t.Errorf("%s: %q, %v", row.name, c.Subprotocol(), compressed)
			}
			go far.Write([]byte("\x81\x02hi"))
			if m, err := c.Read(t.Context()); string(m.Data) != "hi" {
				t.Errorf("%s: %q, %v", row.name, m.Data, err)
			}
			go io.Copy(io.Discard, far)
			c.CloseNow()
			continue
		}
		if c != nil || err == nil || !strings.Contains(err.Error(), row.want) || row.err != nil && !errors.Is(err, row.err) {
			t.Errorf("%s: %v", row.name, err)
		}
		var refused *HandshakeError
		if errors.As(err, &refused) != (resp != nil) {
			t.Errorf("%s: response %v beside %v", row.name, resp, err)
		}
		if row.name == "403" {
			if body, _ := io.ReadAll(resp.Body); string(body) != "go away" {
				t.Errorf("%s: body %q", row.name, body)
			}
		}
		if !row.noBody {
			if _, err := far.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("%s: the stream was left open: %v", row.name, err)
			}
		}
	}
	if _, _, err := new(Dialer).DialStream(t.Context(), "ftp://x", nil); err == nil {
		t.Error("ftp")
	}
}

// TestDialStreamEnds protects the bounds of a handshake over a stream: the handshake timeout ends open, and a refusal
// whose body does not come is not waited for.
func TestDialStreamEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, _, err := new(Dialer).DialStream(t.Context(), "ws://server.example", func(ctx context.Context, _ *http.Request) (net.Conn, *http.Response, error) {
			<-ctx.Done()
			return nil, nil, errors.New("some error")
		})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != DefaultHandshakeTimeout {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		start = time.Now()
		_, resp, err := new(Dialer).DialStream(t.Context(), "ws://server.example", func(context.Context, *http.Request) (net.Conn, *http.Response, error) {
			body, _ := io.Pipe()
			return nil, &http.Response{StatusCode: 500, Body: body}, nil
		})
		if err == nil || resp == nil || time.Since(start) != refusalSilence {
			t.Errorf("%v, %v after %v", resp, err, time.Since(start))
		}
	})
}

// TestDialRedirect protects that the place that a redirect names relative to the URL can be had.
func TestDialRedirect(t *testing.T) {
	d, _ := pipeDialer(Dialer{}, func(*http.Request) string {
		return "HTTP/1.1 307 Elsewhere\r\nLocation: /b?c\r\nContent-Length: 0\r\n\r\n"
	})
	_, resp, err := d.Dial(t.Context(), "ws://server.example:81/a")
	if resp == nil {
		t.Fatal(err)
	}
	if u, err := resp.Location(); err != nil || u.String() != "http://server.example:81/b?c" {
		t.Errorf("%v, %v", u, err)
	}
}

// TestMaxResponseHead protects the option, for servers and for proxies.
func TestMaxResponseHead(t *testing.T) {
	const filled = 2000
	for _, proxy := range []bool{false, true} {
		for _, tc := range []struct {
			max int
			ok  bool
		}{{0, true}, {filled + 500, true}, {filled, false}} {
			d, _ := pipeDialer(Dialer{MaxResponseHead: tc.max}, func(r *http.Request) string {
				return "HTTP/1.1 403 No\r\nContent-Length: 0\r\nA: " + strings.Repeat("b", filled) + "\r\n\r\n"
			})
			if proxy {
				d.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse("http://proxy.example") }
			}
			_, resp, err := d.Dial(t.Context(), "ws://server.example/")
			if (resp != nil) != tc.ok || !tc.ok && !errors.Is(err, errResponseTooLong) {
				t.Errorf("proxy %v, limit %d: %v, %v", proxy, tc.max, resp, err)
			}
		}
	}
}

// TestDialSecrets protects logs from what an error might repeat: credentials and the query of the URL, of the proxy's
// URL, and what a peer writes to forge lines or to control a terminal.
func TestDialSecrets(t *testing.T) {
	cut := func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("cut") }
	malformed := "http://user:secret%zz@proxy"
	environment := errors.New(`invalid proxy address "http://user:secret%zz@proxy": parse error`)
	for name, tc := range map[string]struct {
		url string
		d   Dialer
	}{
		"query":           {"ws://server.example/?token=secret", Dialer{DialContext: cut, Proxy: noProxy}},
		"password":        {"ws://user:secret@server.example/", Dialer{DialContext: cut, Proxy: noProxy}},
		"user":            {"ws://secret@server.example/", Dialer{DialContext: cut, Proxy: noProxy}},
		"malformed":       {"ws://user:secret%zz@server.example/", Dialer{}},
		"slash":           {"ws://user:secret/secret@server.example/", Dialer{}},
		"proxy":           {"ws://server.example/", Dialer{Proxy: func(*http.Request) (*url.URL, error) { return nil, environment }}},
		"proxy malformed": {"ws://server.example/", Dialer{Proxy: func(*http.Request) (*url.URL, error) { return url.Parse(malformed) }}},
		"proxy user": {"ws://server.example/", Dialer{DialContext: cut, Proxy: func(*http.Request) (*url.URL, error) {
			return url.Parse("http://secret:secret@proxy/?secret")
		}}},
	} {
		_, _, err := tc.d.Dial(t.Context(), tc.url)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
		if query := strings.Contains(err.Error(), "server.example/?xxxxx: "); query != (name == "query") {
			t.Errorf("%s: %v; a query is shown to be there, and only then", name, err)
		}
		if name == "proxy" && !errors.Is(err, environment) {
			t.Errorf("%s: %v does not wrap the cause", name, err)
		}
	}
	const evil = "No\x1b[2J\x07\u009b\xff\u202e" // clears a screen, rings, and turns the direction of writing
	for _, proxy := range []bool{false, true} {
		for _, answer := range []string{
			"HTTP/1.1 403 " + evil + "\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 403 " + strings.Repeat("a", 5000) + "\r\n\r\n",
			"SSH " + evil + "\r\n\r\n", "SSH " + strings.Repeat("a", 5000) + "\r\n\r\n", "HTTP/1.1 200 OK\r\n" + evil + "\r\n\r\n",
		} {
			d, _ := pipeDialer(Dialer{}, func(*http.Request) string { return answer })
			if proxy {
				d.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse("http://proxy.example") }
			}
			_, _, err := d.Dial(t.Context(), "ws://server.example/")
			var p *ProxyError
			if err == nil || errors.As(err, &p) != proxy || strings.ContainsAny(err.Error(), "\x1b\x07\u009b\u202e") || !utf8.ValidString(err.Error()) || len(err.Error()) > 1000 {
				t.Errorf("proxy %v: %q", proxy, fmt.Sprint(err))
			}
		}
	}
}

// TestDialStreamRefusal protects a refusal over a stream from what an HTTP of the caller's leaves out: its body can be read
// and its Location had in any case, and the error names the status.
func TestDialStreamRefusal(t *testing.T) {
	_, resp, err := new(Dialer).DialStream(t.Context(), "wss://server.example/a", func(context.Context, *http.Request) (net.Conn, *http.Response, error) {
		return nil, &http.Response{StatusCode: 307, Header: http.Header{"Location": {"/b"}}}, nil
	})
	if err == nil || !strings.Contains(err.Error(), "answered 307 Temporary Redirect") {
		t.Error(err)
	}
	if u, err := resp.Location(); err != nil || u.String() != "https://server.example/b" {
		t.Errorf("%v, %v", u, err)
	}
	if body, err := io.ReadAll(resp.Body); len(body) != 0 || err != nil || resp.Body.Close() != nil {
		t.Errorf("%q, %v", body, err)
	}
}

// drip is a body that never ends and gives a byte in time for not being given up.
type drip struct{ closed chan struct{} }

func (d drip) Read(p []byte) (int, error) {
	select {
	case <-time.After(refusalSilence / 2):
		return copy(p, "x"), nil
	case <-d.closed:
		return 0, net.ErrClosed
	}
}

func (d drip) Close() error {
	select {
	case <-d.closed:
	default:
		close(d.closed)
	}
	return nil
}

// TestDialStreamDrip protects the bound on a handshake from the body of a refusal that comes byte by byte.
func TestDialStreamDrip(t *testing.T) {
	for _, cancelled := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			want := DefaultHandshakeTimeout
			if cancelled {
				want = time.Second
				time.AfterFunc(want, cancel)
			}
			start := time.Now()
			_, resp, err := new(Dialer).DialStream(ctx, "ws://server.example", func(context.Context, *http.Request) (net.Conn, *http.Response, error) {
				return nil, &http.Response{StatusCode: 500, Body: drip{make(chan struct{})}}, nil
			})
			if body, _ := io.ReadAll(resp.Body); err == nil || len(body) == 0 || time.Since(start) != want {
				t.Errorf("%v, %d bytes, after %v", err, len(body), time.Since(start))
			}
		})
	}
}
