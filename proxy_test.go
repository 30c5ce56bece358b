//go:build !js

package websocket

// This file tests the client's way through proxies: real ones on real sockets, and the bytes of each kind.

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket/internal/faultconn"
)

// splice connects two connections until one of them ends.
func splice(a, b net.Conn) {
	go func() {
		io.Copy(a, b)
		a.Close()
	}()
	io.Copy(b, a)
	b.Close()
}

// connectProxy is an HTTP proxy that knows CONNECT, and tells what it was asked. It connects to target alone.
func connectProxy(target string, seen chan<- *http.Request) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r
		if r.Header.Get("Proxy-Authorization") != "Basic dXNlcjpwYXNz" { // user:pass
			w.Header().Set("Proxy-Authenticate", "Basic")
			http.Error(w, "who are you?", http.StatusProxyAuthRequired)
			return
		}
		to, err := net.Dial("tcp", target)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.WriteHeader(http.StatusOK)
		nc, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			to.Close()
			return
		}
		splice(readConn{nc, rw.Reader}, to)
	})
}

// TestHTTPProxy protects the tunnel through an HTTP proxy and an HTTPS proxy, to servers with and without TLS.
func TestHTTPProxy(t *testing.T) {
	for _, tlsProxy := range []bool{false, true} {
		for _, scheme := range []string{"ws", "wss"} {
			u := &Upgrader{}
			h := u.Handler(func(c *Conn, r *http.Request) { c.Write(context.Background(), OpText, []byte(r.Host)) })
			server := httptest.NewUnstartedServer(h)
			if scheme == "wss" {
				server.StartTLS()
			} else {
				server.Start()
			}
			seen := make(chan *http.Request, 1)
			proxy := httptest.NewUnstartedServer(connectProxy(server.Listener.Addr().String(), seen))
			if tlsProxy {
				proxy.StartTLS()
			} else {
				proxy.Start()
			}
			proxyURL, err := url.Parse(proxy.URL)
			if err != nil {
				t.Fatal(err)
			}
			proxyURL.User = url.UserPassword("user", "pass")
			d := Dialer{
				// httptest's certificates are good for 127.0.0.1 and example.com. The name is the server's, and must not be
				// asked of the proxy.
				TLS:         &tls.Config{RootCAs: trust(server, proxy), ServerName: "example.com"},
				Proxy:       func(r *http.Request) (*url.URL, error) { return proxyURL, nil },
				ProxyHeader: http.Header{"User-Agent": {"test"}, "Host": {"ignored"}},
			}
			c, _, err := d.Dial(t.Context(), scheme+"://behind.example/")
			if err != nil {
				t.Fatalf("%s through %s: %v", scheme, proxy.URL, err)
			}
			if m, err := c.Read(t.Context()); string(m.Data) != "behind.example" {
				t.Errorf("%q, %v", m.Data, err)
			}
			c.CloseNow()
			want := "behind.example:" + map[string]string{"ws": "80", "wss": "443"}[scheme]
			r := <-seen
			if r.Method != "CONNECT" || r.Host != want || r.RequestURI != want || r.Header.Get("User-Agent") != "test" {
				t.Errorf("proxy sees %s %s for %s with %v", r.Method, r.RequestURI, r.Host, r.Header)
			}
			proxyURL.User = url.User("nobody")
			_, resp, err := d.Dial(t.Context(), scheme+"://behind.example/")
			var e *HandshakeError
			var p *ProxyError
			if !errors.As(err, &e) || e.Status != 407 || !errors.As(err, &p) || p.URL != proxy.URL || !strings.Contains(err.Error(), "proxy "+proxy.URL) {
				t.Errorf("refusing proxy: %v", err)
			}
			if body, _ := io.ReadAll(resp.Body); resp.Header.Get("Proxy-Authenticate") != "Basic" || string(body) != "who are you?\n" {
				t.Errorf("refusing proxy: %v with body %q", resp.Header, body)
			}
			proxy.Close()
			server.Close()
		}
	}
}

// trust returns what makes a client accept the certificate of httptest's servers, which is the same for all.
func trust(servers ...*httptest.Server) (pool *x509.CertPool) {
	pool = x509.NewCertPool()
	for _, s := range servers {
		if c := s.Certificate(); c != nil {
			pool.AddCert(c)
		}
	}
	return pool
}

// TestProxyTLSFailure protects against a proxy with a certificate that nobody trusts.
func TestProxyTLSFailure(t *testing.T) {
	proxy := httptest.NewUnstartedServer(http.NotFoundHandler())
	proxy.Config.ErrorLog = log.New(io.Discard, "", 0)
	proxy.StartTLS()
	defer proxy.Close()
	d := Dialer{Proxy: func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL) }}
	var unknown *tls.CertificateVerificationError
	if _, _, err := d.Dial(t.Context(), "ws://behind.example/"); !errors.As(err, &unknown) {
		t.Error(err)
	}
}

// TestProxyUnreachable protects the error of a proxy that is not there, and of a header that may not be sent to it.
func TestProxyUnreachable(t *testing.T) {
	refused := errors.New("refused")
	d := Dialer{
		Proxy: func(*http.Request) (*url.URL, error) { return url.Parse("http://a:secret@proxy.example:3128") },
		DialContext: func(_ context.Context, _, addr string) (net.Conn, error) {
			if addr != "proxy.example:3128" {
				t.Errorf("connects to %s", addr)
			}
			return nil, refused
		},
	}
	if _, _, err := d.Dial(t.Context(), "ws://behind.example/"); !errors.Is(err, refused) || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
	d.ProxyHeader = http.Header{"A": {"b\r\nc"}}
	if _, _, err := d.Dial(t.Context(), "ws://behind.example/"); err == nil || !strings.Contains(err.Error(), "control characters") {
		t.Error(err)
	}
}

// TestTunnelAnswers protects against proxies that answer CONNECT in other ways.
func TestTunnelAnswers(t *testing.T) {
	for answer, want := range map[string]string{
		"HTTP/1.1 200 OK\r\n\r\n":                                 "",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n":            "", // which means nothing here
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 204 Fine\r\n\r\n":  "",
		"HTTP/1.1 200 OK\r\n\r\nhello":                            "unexpected bytes",
		"HTTP/1.1 302 Found\r\n\r\n":                              "302 Found",
		"HTTP/1.1 101 Switching Protocols\r\n\r\n":                "101 Switching",
		"HTTP/1.1 200 OK\r\n":                                     "unexpected EOF",
		"":                                                        "unexpected EOF",
		"HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", 1<<16): "too long",
	} {
		nc := &scriptConn{input: answer}
		_, err := openTunnel(nc, []byte("CONNECT"), defaultResponseHead)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want %q", answer, err, want)
		}
	}
}

// TestProxyFromEnvironment protects the default: the proxy that the environment names for http and https serves ws and
// wss, but not the hosts that it excepts. net/http reads the environment once, so a process of its own is asked.
func TestProxyFromEnvironment(t *testing.T) {
	wants := map[string]string{
		"ws://a.example":        "to plain.example:1",
		"wss://a.example":       "to secure.example:2",
		"ws://direct.example":   "to direct.example:80",
		"wss://a.b.direct.test": "to a.b.direct.test:443",
		"ws://127.0.0.1:9":      "to 127.0.0.1:9",
	}
	if os.Getenv("WEBSOCKET_TEST_PROXY") == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProxyFromEnvironment$")
		cmd.Env = append(os.Environ(), "WEBSOCKET_TEST_PROXY=1", "HTTP_PROXY=http://plain.example:1",
			"HTTPS_PROXY=http://secure.example:2", "NO_PROXY=direct.example,.direct.test", "REQUEST_METHOD=",
			"http_proxy=", "https_proxy=", "no_proxy=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	for rawURL, want := range wants {
		d := Dialer{DialContext: func(_ context.Context, _, addr string) (net.Conn, error) { return nil, errors.New("to " + addr) }}
		if _, _, err := d.Dial(t.Context(), rawURL); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", rawURL, err, want)
		}
	}
}

// recorder is a scriptConn that keeps all that was written.
type recorder struct {
	scriptConn
	written []byte
}

func (r *recorder) Write(p []byte) (int, error) {
	r.written = append(r.written, p...)
	return len(p), nil
}

// TestSOCKS5 protects the bytes of RFC 1928 and RFC 1929, both ways, and that none is read too many.
func TestSOCKS5(t *testing.T) {
	const (
		ok4      = "\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50"
		ok6      = "\x05\x00\x00\x04" + "0123456789abcdef" + "\x00\x50"
		okDomain = "\x05\x00\x00\x03\x04host\x00\x50"
		hello    = "\x05\x01\x00"
		helloPw  = "\x05\x02\x00\x02"
		toHost   = "\x05\x01\x00\x03\x0ea.example.test\x00\x50"
	)
	user := url.UserPassword("user", "pass")
	for _, tc := range []struct {
		name   string
		user   *url.Userinfo
		addr   string
		input  string
		output string
		want   string // of the error
	}{
		{"domain", nil, "a.example.test:80", "\x05\x00" + ok4, hello + toHost, ""},
		{"IPv6 reply", nil, "a.example.test:80", "\x05\x00" + ok6, hello + toHost, ""},
		{"domain reply", nil, "a.example.test:80", "\x05\x00" + okDomain, hello + toHost, ""},
		{"IPv4", nil, "127.0.0.1:443", "\x05\x00" + ok4, hello + "\x05\x01\x00\x01\x7f\x00\x00\x01\x01\xbb", ""},
		{"IPv6", nil, "[::1]:9001", "\x05\x00" + ok4, hello + "\x05\x01\x00\x04" + strings.Repeat("\x00", 15) + "\x01\x23\x29", ""},
		{"IPv6 zone", nil, "[::1%eth0]:9001", "\x05\x00" + ok4, hello + "\x05\x01\x00\x04" + strings.Repeat("\x00", 15) + "\x01\x23\x29", ""},
		{"mapped IPv4", nil, "[::ffff:127.0.0.1]:443", "\x05\x00" + ok4, hello + "\x05\x01\x00\x01\x7f\x00\x00\x01\x01\xbb", ""},
		{"password", user, "a.example.test:80", "\x05\x02\x01\x00" + ok4, helloPw + "\x01\x04user\x04pass" + toHost, ""},
		{"password not wanted", user, "a.example.test:80", "\x05\x00" + ok4, helloPw + toHost, ""},
		{"password refused", user, "a.example.test:80", "\x05\x02\x01\x01", helloPw + "\x01\x04user\x04pass", "refused"},
		{"password wanted", nil, "a.example.test:80", "\x05\x02", hello, "no acceptable method"},
		{"no method", user, "a.example.test:80", "\x05\xff", helloPw, "no acceptable method"},
		{"no password", url.User("user"), "a.example.test:80", "\x05\x02", helloPw, "1 to 255 bytes"},
		{"long password", url.UserPassword("a", strings.Repeat("b", 256)), "a.example.test:80", "\x05\x02", helloPw, "1 to 255 bytes"},
		{"version 4", nil, "a.example.test:80", "\x04\x00", hello, "not SOCKS5"},
		{"version 4 reply", nil, "a.example.test:80", "\x05\x00\x04\x00\x00\x01", hello + toHost, "not SOCKS5"},
		{"address type", nil, "a.example.test:80", "\x05\x00\x05\x00\x00\x02", hello + toHost, "not SOCKS5"},
		{"refused", nil, "a.example.test:80", "\x05\x00\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00", hello + toHost, "connection refused"},
		{"unknown refusal", nil, "a.example.test:80", "\x05\x00\x05\x63\x00\x01", hello + toHost, "reply 99"},
		{"long name", nil, strings.Repeat("a", 256) + ":80", "", "", "255 bytes"},
		{"port", nil, "a.example.test:65536", "", "", "out of range"},
		{"no port", nil, "a.example.test", "", "", "missing port"},
	} {
		nc := &recorder{scriptConn: scriptConn{input: tc.input + "x"}}
		err := openSOCKS(nc, tc.user, tc.addr)
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
		if string(nc.written) != tc.output {
			t.Errorf("%s: sent %q, want %q", tc.name, nc.written, tc.output)
		}
		if err == nil && nc.input != "x" {
			t.Errorf("%s: %q left over, want x", tc.name, nc.input)
		}
		if tc.want != "" {
			continue
		}
		for n := range tc.input { // every truncated prefix
			nc := &recorder{scriptConn: scriptConn{input: tc.input[:n]}}
			if err := openSOCKS(nc, tc.user, tc.addr); err != io.EOF && err != io.ErrUnexpectedEOF {
				t.Errorf("%s, prefix of %d bytes: %v", tc.name, n, err)
			}
		}
	}
}

// TestSOCKS5Faults protects against writes that fail.
func TestSOCKS5Faults(t *testing.T) {
	broken := errors.New("the cable was cut")
	const input = "\x05\x02\x01\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
	for n := int64(1); ; n++ {
		nc := &faultconn.Conn{Conn: &recorder{scriptConn: scriptConn{input: input}}, FailAt: n, Err: broken}
		err := openSOCKS(nc, url.UserPassword("user", "pass"), "behind.example:80")
		if err == nil {
			if nc.Ops() >= n || n < 7 {
				t.Errorf("no error with a fault at operation %d of %d", n, nc.Ops())
			}
			return
		}
		if err != broken {
			t.Errorf("fault at operation %d: %v", n, err)
		}
	}
}

// TestSOCKS5Proxy protects the whole way through a SOCKS5 proxy on a real socket.
func TestSOCKS5Proxy(t *testing.T) {
	server := httptest.NewServer(new(Upgrader).Handler(func(c *Conn, r *http.Request) {
		c.Write(context.Background(), OpText, []byte(r.Host))
	}))
	defer server.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		br := bufio.NewReader(nc)
		for _, step := range []struct {
			reads  int
			writes string
		}{
			{4, "\x05\x02"}, {11, "\x01\x00"}, {5 + len("behind.example") + 2, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"},
		} {
			if _, err := io.ReadFull(br, make([]byte, step.reads)); err != nil {
				nc.Close()
				return
			}
			io.WriteString(nc, step.writes)
		}
		to, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			nc.Close()
			return
		}
		splice(readConn{nc, br}, to)
	}()
	d := Dialer{Proxy: func(*http.Request) (*url.URL, error) {
		return &url.URL{Scheme: "socks5", Host: ln.Addr().String(), User: url.UserPassword("user", "pass")}, nil
	}}
	c, _, err := d.Dial(t.Context(), "ws://behind.example/")
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if m, err := c.Read(t.Context()); string(m.Data) != "behind.example" {
		t.Errorf("%q, %v", m.Data, err)
	}
}

// TestProxyAddress protects the ports that proxies have when the URL names none.
func TestProxyAddress(t *testing.T) {
	for rawURL, want := range map[string]string{
		"http://p": "p:80", "https://p": "p:443", "socks5://p": "p:1080", "socks5h://[::1]": "[::1]:1080", "http://p:1": "p:1",
	} {
		u, err := url.Parse(rawURL)
		if err != nil || address(u) != want {
			t.Errorf("%s: %s, want %s, %v", rawURL, address(u), want, err)
		}
	}
}

// TestConnectRequest protects the bytes of CONNECT: no zone in the address, names as they are spelled, a User-Agent.
func TestConnectRequest(t *testing.T) {
	proxy := &url.URL{Scheme: "http", Host: "proxy.example", User: url.UserPassword("user", "pass")}
	d := Dialer{ProxyHeader: http.Header{"x-low": {"1", "2"}, "hOST": {"ignored"}}}
	got, err := d.connectRequest(proxy, "[fe80::1%eth0]:9001")
	if want := "CONNECT [fe80::1]:9001 HTTP/1.1\r\nHost: [fe80::1]:9001\r\nProxy-Authorization: Basic dXNlcjpwYXNz\r\n" +
		"User-Agent: " + defaultUserAgent + "\r\nx-low: 1\r\nx-low: 2\r\n\r\n"; string(got) != want || err != nil {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	d.ProxyHeader = http.Header{"proxy-authorization": {"Bearer x"}, "User-Agent": {"mine"}}
	got, err = d.connectRequest(proxy, "a.example:80")
	if want := "CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\nUser-Agent: mine\r\nproxy-authorization: Bearer x\r\n\r\n"; string(got) != want || err != nil {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}
