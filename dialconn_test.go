//go:build !js

package websocket

// This file tests the halves of Dial that others use.

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// TestConnect protects what ALPN offers, that the connection leads to the server, and that the handshake over it is one of Dial's.
func TestConnect(t *testing.T) {
	s := httptest.NewUnstartedServer(new(Upgrader).Handler(func(c *Conn, r *http.Request) {
		c.Write(context.Background(), OpText, []byte(r.Host))
	}))
	s.TLS = &tls.Config{NextProtos: []string{"odd", "http/1.1"}}
	s.StartTLS()
	defer s.Close()
	d := Dialer{TLS: &tls.Config{RootCAs: trust(s)}, Proxy: noProxy}
	for _, test := range []struct {
		protocols []string
		want      string
	}{{nil, "http/1.1"}, {[]string{"odd", "http/1.1"}, "odd"}, {[]string{"h2", "http/1.1"}, "http/1.1"}} {
		nc, resp, err := d.Connect(t.Context(), "wss"+s.URL[len("https"):], test.protocols...)
		if err != nil || resp != nil {
			t.Fatal(resp, err)
		}
		if got := nc.(*tls.Conn).ConnectionState().NegotiatedProtocol; got != test.want {
			t.Errorf("%v: agreed on %q, want %q", test.protocols, got, test.want)
		}
		if test.want == "odd" {
			nc.Close()
			continue
		}
		c, resp, err := d.DialConn(context.WithValue(t.Context(), contextKey{}, "value"), nc, "wss://other.example/")
		if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
			t.Fatal(resp, err)
		}
		if m, err := c.Read(t.Context()); err != nil || string(m.Data) != "other.example" || c.Context().Value(contextKey{}) != "value" {
			t.Errorf("%q, %v", m.Data, err)
		}
		c.CloseNow()
	}
}

// TestConnectFails protects the errors of Connect, which are Dial's: of the URL, of a proxy with its response, of a context.
func TestConnectFails(t *testing.T) {
	if _, _, err := new(Dialer).Connect(t.Context(), "ftp://a"); err == nil {
		t.Error("a URL of another scheme")
	}
	proxy := httptest.NewUnstartedServer(http.NotFoundHandler())
	proxy.Config.ErrorLog = log.New(io.Discard, "", 0)
	proxy.Start()
	defer proxy.Close()
	d := Dialer{Proxy: func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL) }}
	var e *HandshakeError
	var p *ProxyError
	if _, resp, err := d.Connect(t.Context(), "ws://a"); !errors.As(err, &p) || !errors.As(err, &e) || e.Status != 404 || resp.StatusCode != 404 {
		t.Errorf("%v, %v", resp, err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	d = Dialer{Proxy: noProxy, DialContext: func(context.Context, string, string) (net.Conn, error) {
		cancel(why)
		return nil, errors.New("a consequence")
	}}
	if _, _, err := d.Connect(ctx, "ws://a"); !errors.Is(err, why) {
		t.Error(err)
	}
}

// TestDialConnFails protects from leaving a connection open over which there was no handshake.
func TestDialConnFails(t *testing.T) {
	for _, rawURL := range []string{"ftp://a", "ws://a"} {
		client, server := net.Pipe()
		done := play(server, func(*http.Request) string { return "HTTP/1.1 404 Not Found\r\n\r\n" })
		if _, _, err := new(Dialer).DialConn(t.Context(), client, rawURL); err == nil {
			t.Error("no error")
		}
		<-done
		if _, err := client.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
			t.Error(err)
		}
	}
}
