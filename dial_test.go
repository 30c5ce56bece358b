//go:build !js

package websocket

// This file tests the client's role against servers that play a script: what it sends, what it takes, what it refuses,
// and how it ends when something fails or takes too long.

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/faultconn"
)

// answer returns a right response to r, with further lines in its head.
func answer(r *http.Request, lines ...string) string {
	return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		AcceptKey(r.Header.Get("Sec-WebSocket-Key")) + "\r\n" + strings.Join(append(lines, ""), "\r\n") + "\r\n"
}

// play starts a server that reads a request from nc, and everything else that comes, and sends what respond returns.
// done gives the request as it came, when nc has ended.
func play(nc net.Conn, respond func(*http.Request) string) (done <-chan string) {
	request := make(chan string, 1)
	go func() {
		defer nc.Close()
		var raw bytes.Buffer
		r, err := http.ReadRequest(bufio.NewReaderSize(io.TeeReader(nc, &raw), 64<<10))
		if err == nil {
			go io.WriteString(nc, respond(r))
			io.Copy(io.Discard, nc)
		}
		request <- raw.String()
	}()
	return request
}

// pipeDialer returns d, made to reach a server that plays.
func pipeDialer(d Dialer, respond func(*http.Request) string) (_ *Dialer, request <-chan string) {
	client, server := net.Pipe()
	d.DialContext = func(context.Context, string, string) (net.Conn, error) { return client, nil }
	if d.Proxy == nil {
		d.Proxy = noProxy
	}
	return &d, play(server, respond)
}

func noProxy(*http.Request) (*url.URL, error) { return nil, nil }

// TestDialRequest_4_1 protects the bytes of the request.
func TestDialRequest_4_1(t *testing.T) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(&url.URL{Scheme: "http", Host: "jar.example"}, []*http.Cookie{{Name: "a", Value: "b"}, {Name: "s", Value: "t", Secure: true}})
	const common = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: KEY\r\nSec-WebSocket-Version: 13\r\n"
	const agent = "User-Agent: " + defaultUserAgent + "\r\n"
	two := http.Header{"Cookie": {"c=d", "e=f"}, "cookie": {"g=h"}, "x-Low": {"1"}, "X-ODD": {"2"}, "User-Agent": {"mine"}}
	for _, tc := range []struct {
		url, addr string
		d         Dialer
		want      string
	}{
		{"ws://server.example/chat?a=b", "server.example:80", Dialer{}, "GET /chat?a=b HTTP/1.1\r\nHost: server.example\r\n" + common + agent},
		{"http://server.example", "server.example:80", Dialer{}, "GET / HTTP/1.1\r\nHost: server.example\r\n" + common + agent},
		{"WS://server.example:80/", "server.example:80", Dialer{}, "GET / HTTP/1.1\r\nHost: server.example\r\n" + common + agent},
		{"ws://server.example:/", "server.example:80", Dialer{}, "GET / HTTP/1.1\r\nHost: server.example\r\n" + common + agent},
		{"ws://server.example:8080?x", "server.example:8080", Dialer{}, "GET /?x HTTP/1.1\r\nHost: server.example:8080\r\n" + common + agent},
		{"ws://server.example:443/%20", "server.example:443", Dialer{}, "GET /%20 HTTP/1.1\r\nHost: server.example:443\r\n" + common + agent},
		{"ws://[::1]:9001/a b", "[::1]:9001", Dialer{}, "GET /a%20b HTTP/1.1\r\nHost: [::1]:9001\r\n" + common + agent},
		{"ws://[fe80::1%25eth0]/", "[fe80::1%eth0]:80", Dialer{}, "GET / HTTP/1.1\r\nHost: [fe80::1]\r\n" + common + agent},
		{
			"ws://server.example", "server.example:80", Dialer{Subprotocols: []string{"a", "b"}},
			"GET / HTTP/1.1\r\nHost: server.example\r\n" + common + "Sec-WebSocket-Protocol: a, b\r\n" + agent,
		},
		{
			"ws://Aladdin:open%20sesame@server.example", "server.example:80", Dialer{},
			"GET / HTTP/1.1\r\nHost: server.example\r\n" + common + "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n" + agent,
		},
		{
			"ws://a:b@server.example", "server.example:80",
			Dialer{Header: http.Header{"Authorization": {"Bearer x"}, "Origin": {"http://a"}, "X": {"1", "2"}, "host": {"other.example"}}},
			"GET / HTTP/1.1\r\nHost: other.example\r\n" + common + "Authorization: Bearer x\r\nOrigin: http://a\r\n" + agent + "X: 1\r\nX: 2\r\n",
		},
		{
			"ws://jar.example", "jar.example:80", Dialer{Jar: jar, Header: http.Header{"Cookie": {"c=d"}}},
			"GET / HTTP/1.1\r\nHost: jar.example\r\n" + common + "Cookie: c=d; a=b\r\n" + agent,
		},
		{
			"ws://jar.example", "jar.example:80", Dialer{Jar: jar, Header: two},
			"GET / HTTP/1.1\r\nHost: jar.example\r\n" + common + "Cookie: c=d; e=f; g=h; a=b\r\nUser-Agent: mine\r\nX-ODD: 2\r\nx-Low: 1\r\n",
		},
		{
			"ws://server.example", "server.example:80", Dialer{Header: http.Header{"user-agent": {""}}},
			"GET / HTTP/1.1\r\nHost: server.example\r\n" + common,
		},
		{
			"ws://server.example/a\"b?\"<>\\^`{|}[] \u00e9%zz%41%4", "server.example:80", Dialer{},
			"GET /a%22b?%22%3C%3E%5C%5E%60%7B%7C%7D%5B%5D%20%C3%A9%25zz%41%254 HTTP/1.1\r\nHost: server.example\r\n" + common + agent,
		},
	} {
		var addr string
		d, request := pipeDialer(tc.d, func(r *http.Request) string { return answer(r) })
		inner := d.DialContext
		d.DialContext = func(ctx context.Context, network, a string) (net.Conn, error) {
			addr = network + " " + a
			return inner(ctx, network, a)
		}
		c, resp, err := d.Dial(t.Context(), tc.url)
		if err != nil {
			t.Errorf("%s: %v", tc.url, err)
			continue
		}
		c.CloseNow()
		got := <-request
		key := "Sec-WebSocket-Key: "
		if i := strings.Index(got, key); i >= 0 {
			k := got[i+len(key):][:keySize]
			if got = strings.Replace(got, k, "KEY", 1); !validKey(k) {
				t.Errorf("%s: key %q", tc.url, k)
			}
		}
		if want := tc.want + "\r\n"; got != want || addr != "tcp "+tc.addr || resp.StatusCode != 101 {
			t.Errorf("%s: connects to %q, sends\n%q, want\n%q", tc.url, addr, got, want)
		}
	}
}

// TestDialKey protects against keys that repeat.
func TestDialKey(t *testing.T) {
	seen := map[string]bool{}
	for range 10 {
		d, _ := pipeDialer(Dialer{}, func(r *http.Request) string {
			seen[r.Header.Get("Sec-WebSocket-Key")] = true
			return answer(r)
		})
		c, _, err := d.Dial(t.Context(), "ws://server.example")
		if err != nil {
			t.Fatal(err)
		}
		c.CloseNow()
	}
	if len(seen) != 10 {
		t.Errorf("%d different keys", len(seen))
	}
}

// TestDialMisuse protects against requests that must not be sent: each is an error before anything is connected.
func TestDialMisuse(t *testing.T) {
	for _, tc := range []struct {
		url  string
		d    Dialer
		want string
	}{
		{"ws://server.example/#", Dialer{}, "fragment"},
		{"ws://server.example/#a", Dialer{}, "fragment"},
		{"ftp://server.example/", Dialer{}, `scheme "ftp"`},
		{"server.example/", Dialer{}, "scheme"},
		{"ws:server.example", Dialer{}, "host"},
		{"ws://", Dialer{}, "host"},
		{"ws://:80/", Dialer{}, "host"},
		{"ws://user:secret@%zz/", Dialer{}, "malformed URL"},
		{"ws://server.example:x/", Dialer{}, "malformed URL"},
		{"ws://server.example/\r\nEvil: 1", Dialer{}, "malformed URL"},
		{"ws://b\u00fccher.example/", Dialer{}, "punycode"},
		{"ws://server.example/", Dialer{Header: http.Header{"A": {"b\r\nEvil: 1"}}}, "control characters"},
		{"ws://server.example/", Dialer{Header: http.Header{"A\r\nEvil": {"1"}}}, "not a token"},
		{"ws://server.example/", Dialer{Header: http.Header{"sec-websocket-key": {rfcKey}}}, "may not be set"},
		{"ws://server.example/", Dialer{Header: http.Header{"Sec-WebSocket-Protocol": {"a"}}}, "may not be set"},
		{"ws://server.example/", Dialer{Header: http.Header{"Connection": {"close"}}}, "may not be set"},
		{"ws://server.example/", Dialer{Header: http.Header{"Upgrade": {"h2c"}}}, "may not be set"},
		{"ws://server.example/", Dialer{Header: http.Header{"Content-Length": {"1"}}}, "may not be set"},
		{"ws://server.example/", Dialer{Subprotocols: []string{"a b"}}, "not a token"},
		{"ws://server.example/", Dialer{Subprotocols: []string{""}}, "not a token"},
		{"ws://server.example/", Dialer{Subprotocols: []string{"a", "b", "a"}}, "\"a\" is asked for twice"},
		{"ws://user:secret/secret@server.example/", Dialer{}, "malformed URL"},
		{"ws://server.example/", Dialer{Proxy: func(*http.Request) (*url.URL, error) { return nil, errors.New("x-error") }}, "x-error"},
		{"ws://server.example/", Dialer{Proxy: func(*http.Request) (*url.URL, error) { return &url.URL{Scheme: "gopher"}, nil }}, `scheme "gopher"`},
	} {
		tc.d.DialContext = func(context.Context, string, string) (net.Conn, error) {
			t.Errorf("%s: connected", tc.url)
			return nil, io.EOF
		}
		c, resp, err := tc.d.Dial(t.Context(), tc.url)
		if c != nil || resp != nil || err == nil || !strings.Contains(err.Error(), tc.want) ||
			!strings.HasPrefix(err.Error(), "websocket: ") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, want an error about %s", tc.url, err, tc.want)
		}
	}
}

// TestDialResponse protects against every kind of response that is not the right one, and the right one in disguise.
func TestDialResponse(t *testing.T) {
	const interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
	fixed := func(s string) func(*http.Request) string { return func(*http.Request) string { return s } }
	for _, tc := range []struct {
		name    string
		respond func(*http.Request) string
		status  int    // of the response that is returned, 0 for none
		body    string // of it
		want    string // of the error, empty for none
	}{
		{"right", func(r *http.Request) string { return answer(r, "Sec-WebSocket-Protocol: b") }, 101, "", ""},
		{"interim", func(r *http.Request) string { return strings.Repeat(interim, maxInterim) + answer(r) }, 101, "", ""},
		{"too many interim", func(r *http.Request) string { return strings.Repeat(interim, maxInterim+1) + answer(r) }, 0, "", "interim"},
		{"longest head", func(r *http.Request) string {
			return answer(r, "X: "+strings.Repeat("a", defaultResponseHead-len(answer(r))-5))
		}, 101, "", ""},
		{"too long head", func(r *http.Request) string {
			return answer(r, "X: "+strings.Repeat("a", defaultResponseHead-len(answer(r))-4))
		}, 0, "", "too long"},
		{"endless head", fixed("HTTP/1.1 101 A\r\n" + strings.Repeat("A: b\r\n", 20000)), 0, "", "too long"},
		{"endless interim", fixed(strings.Repeat("HTTP/1.1 100 Continue\r\nA: "+strings.Repeat("b", 20000)+"\r\n\r\n", 5)), 0, "", "too long"},
		{"nothing", fixed(""), 0, "", "unexpected EOF"},
		{"no HTTP", fixed("SSH-2.0-OpenSSH\r\n\r\n"), 0, "", "could not be read"},
		{"wrong accept", fixed("HTTP/1.1 101 A\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + rfcAccept + "\r\n\r\n"), 101, "", "Sec-WebSocket-Accept"},
		{"unasked subprotocol", func(r *http.Request) string { return answer(r, "Sec-WebSocket-Protocol: c") }, 101, "", "Sec-WebSocket-Protocol"},
		{"unasked extension", func(r *http.Request) string { return answer(r, "Sec-WebSocket-Extensions: permessage-deflate") }, 101, "", "not offered"},
		{"200", fixed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), 200, "hello", "200 OK"},
		{"302", fixed("HTTP/1.1 302 Found\r\nLocation: ws://elsewhere.example/\r\nContent-Length: 0\r\n\r\n"), 302, "", "302 Found"},
		{"403", fixed("HTTP/1.1 403 Forbidden\r\nContent-Length: 5000\r\n\r\n" + strings.Repeat("x", 5000)), 403, strings.Repeat("x", 1024), "403 Forbidden"},
		{"chunked", fixed("HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), 500, "abcde", "500 No"},
		{"tiny chunks", fixed("HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1\r\nx\r\n", 2000)), 500, strings.Repeat("x", 1024), "500 No"},
		{"cut body", func(*http.Request) string { return "HTTP/1.0 404 Not Found\r\n\r\nhe" }, 404, "he", "404 Not Found"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client, server := net.Pipe()
			d := Dialer{Subprotocols: []string{"a", "b"}, Proxy: noProxy, DialContext: func(context.Context, string, string) (net.Conn, error) {
				return client, nil
			}}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				defer server.Close()
				if r, err := http.ReadRequest(bufio.NewReader(server)); err == nil {
					io.WriteString(server, tc.respond(r))
				}
			}()
			c, resp, err := d.Dial(t.Context(), "ws://server.example/")
			<-ended // the client has closed, or taken everything
			if err == nil {
				c.CloseNow()
			}
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one about %q", err, tc.want)
			}
			var e *HandshakeError
			if err != nil && (!errors.As(err, &e) || e.Status != tc.status || c != nil) {
				t.Errorf("error %v, want status %d", err, tc.status)
			}
			if _, err := client.Write(nil); err == nil && tc.want != "" {
				if client.SetDeadline(time.Now()) == nil {
					t.Error("the connection was left open")
				}
			}
			if resp == nil {
				if tc.status != 0 {
					t.Error("no response")
				}
				return
			}
			body, err := io.ReadAll(resp.Body)
			if resp.StatusCode != tc.status || string(body) != tc.body || err != nil || resp.Body.Close() != nil {
				t.Errorf("response %s with body %q, %v", resp.Status, body, err)
			}
		})
	}
}

// TestDialTruncated protects against every way in which a response can stop early.
func TestDialTruncated(t *testing.T) {
	whole := len(answer(&http.Request{}))
	for n := range whole {
		client, server := net.Pipe()
		d := Dialer{Proxy: noProxy, DialContext: func(context.Context, string, string) (net.Conn, error) { return client, nil }}
		go func() {
			defer server.Close()
			if r, err := http.ReadRequest(bufio.NewReader(server)); err == nil {
				io.WriteString(server, answer(r)[:n])
			}
		}()
		_, resp, err := d.Dial(t.Context(), "ws://server.example/")
		var e *HandshakeError
		if resp != nil || !errors.As(err, &e) || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("prefix of %d bytes: %v, %v", n, resp, err)
		}
	}
}

// TestDialBytesBehindResponse protects the frames that a server sends in the same segment as its response, and those
// that come in pieces.
func TestDialBytesBehindResponse(t *testing.T) {
	for _, size := range []int{0, 1, 7} {
		client, server := net.Pipe()
		play(server, func(r *http.Request) string { return answer(r) + "\x81\x05hello\x81\x05world" })
		d := Dialer{Proxy: noProxy, DialContext: func(context.Context, string, string) (net.Conn, error) {
			return &faultconn.Conn{Conn: client, MaxRead: size}, nil
		}}
		c, _, err := d.Dial(t.Context(), "ws://server.example/")
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"hello", "world"} {
			if m, err := c.Read(t.Context()); string(m.Data) != want || err != nil {
				t.Errorf("pieces of %d bytes: %q, %v, want %q", size, m.Data, err, want)
			}
		}
		c.CloseNow()
	}
}

// TestDialCookies protects the cookies of a response, also of one that refuses.
func TestDialCookies(t *testing.T) {
	for _, respond := range []func(*http.Request) string{
		func(r *http.Request) string { return answer(r, "Set-Cookie: a=b") },
		func(r *http.Request) string { return "HTTP/1.1 401 No\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n" },
	} {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		d, _ := pipeDialer(Dialer{Jar: jar}, respond)
		if c, _, err := d.Dial(t.Context(), "ws://server.example/"); err == nil {
			c.CloseNow()
		}
		if got := jar.Cookies(&url.URL{Scheme: "http", Host: "server.example"}); len(got) != 1 || got[0].Value != "b" {
			t.Errorf("cookies %v", got)
		}
	}
}

// TestDialFaults protects against I/O that fails at any operation, directly and through proxies: an error that names
// the cause, and a closed connection.
func TestDialFaults(t *testing.T) {
	broken := errors.New("the cable was cut")
	for _, proxy := range []string{"", "http://proxy.example", "socks5://proxy.example"} {
		for n := int64(1); ; n++ {
			client, server := net.Pipe()
			done := playProxy(server, proxy)
			faulty := &faultconn.Conn{Conn: client, FailAt: n, Err: broken}
			d := Dialer{
				Proxy: noProxy, DialContext: func(context.Context, string, string) (net.Conn, error) { return faulty, nil },
			}
			if proxy != "" {
				d.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(proxy) }
			}
			c, resp, err := d.Dial(t.Context(), "ws://server.example/")
			if err == nil {
				if faulty.Ops() >= n {
					t.Errorf("proxy %q: fault at operation %d was not noticed", proxy, n)
				}
				c.CloseNow()
				<-done
				if n < 3 {
					t.Errorf("only %d operations", n)
				}
				break
			}
			if !errors.Is(err, broken) || resp != nil {
				t.Errorf("proxy %q, fault at operation %d: %v", proxy, n, err)
			}
			<-done // the connection has been closed
		}
	}
}

// playProxy plays a proxy of the kind that the URL names, if any, and the server behind it, on one connection.
func playProxy(nc net.Conn, proxy string) (done <-chan struct{}) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer nc.Close()
		switch {
		case strings.HasPrefix(proxy, "http"):
			if _, err := http.ReadRequest(bufio.NewReader(nc)); err != nil {
				return
			}
			if _, err := io.WriteString(nc, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
				return
			}
		case strings.HasPrefix(proxy, "socks5"):
			for _, step := range []struct {
				reads  int
				writes string
			}{{3, "\x05\x00"}, {5 + len("server.example") + 2, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"}} {
				if _, err := io.ReadFull(nc, make([]byte, step.reads)); err != nil {
					return
				}
				if _, err := io.WriteString(nc, step.writes); err != nil {
					return
				}
			}
		}
		<-play(nc, func(r *http.Request) string { return answer(r) })
	}()
	return ended
}

// TestDialEnds protects the promise about time: a timeout or a context that ends stops Dial at once in every phase, and
// leaves neither a goroutine nor a connection.
func TestDialEnds(t *testing.T) {
	for _, url1 := range []string{"ws://server.example/", "wss://server.example/"} {
		for _, proxy := range []string{"", "http://proxy.example", "https://proxy.example", "socks5://proxy.example"} {
			for _, cancelled := range []bool{true, false} {
				t.Run(fmt.Sprint(url1, proxy, cancelled), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						client, server := net.Pipe()
						ended := make(chan struct{})
						go func() { // a peer that takes everything and says nothing
							defer close(ended)
							io.Copy(io.Discard, server)
						}()
						d := Dialer{Proxy: noProxy, DialContext: func(context.Context, string, string) (net.Conn, error) { return client, nil }}
						if proxy != "" {
							d.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(proxy) }
						}
						ctx, cancel := context.WithCancelCause(context.Background())
						defer cancel(nil)
						want, wantErr := DefaultHandshakeTimeout, error(context.DeadlineExceeded)
						if cancelled {
							want, wantErr = 2*time.Second, errors.New("changed my mind")
							time.AfterFunc(want, func() { cancel(wantErr) })
						}
						start := time.Now()
						_, _, err := d.Dial(ctx, url1)
						if !errors.Is(err, wantErr) || time.Since(start) != want {
							t.Errorf("%v after %v, want %v after %v", err, time.Since(start), wantErr, want)
						}
						<-ended
					})
				})
			}
		}
	}
}

// cancelReader is a connection that ends a context when something has been read.
type cancelReader struct {
	net.Conn
	cancel context.CancelFunc
}

func (c cancelReader) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.cancel()
	return n, err
}

// TestDialEndsLate protects against a Conn whose context ended together with the handshake.
func TestDialEndsLate(t *testing.T) {
	client, server := net.Pipe()
	request := play(server, func(r *http.Request) string { return answer(r) })
	ctx, cancel := context.WithCancel(context.Background())
	d := Dialer{Proxy: noProxy, DialContext: func(context.Context, string, string) (net.Conn, error) {
		return cancelReader{client, cancel}, nil
	}}
	if c, resp, err := d.Dial(ctx, "ws://server.example/"); c != nil || resp != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v, %v", c, resp, err)
	}
	<-request // the connection has been closed
}

// TestDialConnecting protects the same for the time before there is a connection, and a timeout that is switched off.
func TestDialConnecting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := Dialer{
			Options: Options{HandshakeTimeout: -1}, Proxy: noProxy,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, errors.New("some error")
			},
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		start := time.Now()
		if _, _, err := d.Dial(ctx, "ws://server.example"); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Hour {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// TestDialSlowBody protects the status of a refusal whose body never comes.
func TestDialSlowBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, request := pipeDialer(Dialer{}, func(*http.Request) string { return "HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nhe" })
		start := time.Now()
		_, resp, err := d.Dial(context.Background(), "ws://server.example")
		var e *HandshakeError
		if !errors.As(err, &e) || e.Status != 403 || resp == nil {
			t.Fatalf("%v, %v", resp, err)
		}
		if body, _ := io.ReadAll(resp.Body); string(body) != "he" || time.Since(start) != refusalSilence {
			t.Errorf("body %q after %v", body, time.Since(start))
		}
		<-request
	})
}

// TestDialContextLater protects a connection from the context that it was dialed with.
func TestDialContextLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		send := make(chan struct{})
		go func() {
			r, err := http.ReadRequest(bufio.NewReader(server))
			if err != nil {
				return
			}
			io.WriteString(server, answer(r))
			<-send
			io.WriteString(server, "\x81\x05hello")
		}()
		ctx, cancel := context.WithCancel(context.WithValue(context.Background(), contextKey{}, "value"))
		d := Dialer{Proxy: noProxy, DialContext: func(context.Context, string, string) (net.Conn, error) { return client, nil }}
		c, _, err := d.Dial(ctx, "ws://server.example")
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
		cancel()
		time.Sleep(time.Hour)
		close(send)
		if m, err := c.Read(context.Background()); string(m.Data) != "hello" {
			t.Errorf("%q, %v", m.Data, err)
		}
		if v := c.Context().Value(contextKey{}); v != "value" {
			t.Errorf("context with value %v", v)
		}
	})
}

type contextKey struct{}

// TestDialTLS protects wss: the right name, http/1.1 and nothing else, certificates that are checked.
func TestDialTLS(t *testing.T) {
	names := make(chan string, 10)
	s := httptest.NewUnstartedServer(new(Upgrader).Handler(func(c *Conn, r *http.Request) {
		names <- r.TLS.ServerName + " " + r.TLS.NegotiatedProtocol
	}))
	s.TLS = &tls.Config{NextProtos: []string{"h2", "http/1.1"}} // the first of which must not be chosen
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	roots := s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	d := Dialer{
		TLS: &tls.Config{RootCAs: roots, NextProtos: []string{"h2"}}, Proxy: noProxy,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, s.Listener.Addr().String())
		},
	}
	c, resp, err := d.Dial(t.Context(), "wss://example.com/") // a name in httptest's certificate
	if err != nil {
		t.Fatal(err)
	}
	c.CloseNow()
	if got := <-names; got != "example.com http/1.1" || resp.StatusCode != 101 {
		t.Errorf("server sees %q", got)
	}
	if d.TLS.ServerName != "" || d.TLS.NextProtos[0] != "h2" {
		t.Error("the caller's configuration was changed")
	}
	var unknown *tls.CertificateVerificationError
	if _, _, err := d.Dial(t.Context(), "wss://wrong.example/"); !errors.As(err, &unknown) {
		t.Errorf("wrong name: %v", err)
	}
	if _, _, err := Dial(t.Context(), s.URL); !errors.As(err, &unknown) {
		t.Errorf("unknown authority: %v", err)
	}
}

// FuzzResponse checks the client's half against its own rules: what it accepts has the right key in it, and whatever
// follows the head is left over, byte for byte.
func FuzzResponse(f *testing.F) {
	right := strings.Replace(answer(&http.Request{}), AcceptKey(""), rfcAccept, 1)
	f.Add([]byte(right))
	f.Add([]byte("HTTP/1.1 100 Continue\r\n\r\n" + right + "\x81\x05hello"))
	f.Add([]byte("HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, input []byte) {
		d := Dialer{Subprotocols: []string{"chat"}}
		nc := &scriptConn{input: string(input)}
		h, err := d.Handshake("ws://server.example/")
		if err != nil {
			t.Fatal(err)
		}
		h.key = rfcKey
		resp, br, err := exchange(nc, nil, h.Request(), defaultResponseHead, h.accepts)
		if err != nil {
			if resp != nil {
				t.Fatal("response beside an error")
			}
			return
		}
		body, err := io.ReadAll(resp.Body)
		if len(body) > maxRefusalBody || err != nil {
			t.Fatalf("body of %d bytes, %v", len(body), err)
		}
		buffered, _ := br.Peek(br.Buffered())
		agreed, err := h.Check(resp)
		if err != nil {
			var e *HandshakeError
			if !errors.As(err, &e) || e.Status != resp.StatusCode {
				t.Fatal(err)
			}
			return
		}
		if !strings.HasSuffix(string(input), string(buffered)+nc.input) {
			t.Fatalf("left over: %q of %q", string(buffered)+nc.input, input)
		}
		head := strings.TrimSuffix(string(input), string(buffered)+nc.input)
		if !strings.HasSuffix(head, "\n") || !strings.Contains(head, rfcAccept) || agreed.Subprotocol != "" && !strings.Contains(head, agreed.Subprotocol) {
			t.Fatalf("accepted %q", head)
		}
	})
}
