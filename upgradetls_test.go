//go:build !js

package websocket

// This file tests Upgraders behind TLS.

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestSecureOrigin protects a server that speaks TLS from pages that came without it.
func TestSecureOrigin(t *testing.T) {
	u := &Upgrader{}
	s := httptest.NewTLSServer(u.Handler(func(c *Conn, r *http.Request) {}))
	defer s.Close()
	for scheme, want := range map[string]int{"http": 403, "https": 101} {
		d := Dialer{
			TLS:    &tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs},
			Header: http.Header{"Origin": {scheme + "://" + s.Listener.Addr().String()}},
		}
		c, resp, err := d.Dial(t.Context(), s.URL)
		if resp == nil || resp.StatusCode != want {
			t.Fatalf("%s: %v, %v", scheme, resp, err)
		}
		if err == nil {
			c.CloseNow()
		}
	}
}

// TestUpgradeConnTLS protects a bare server over TLS: the handshake of TLS happens within UpgradeConn, and pages that
// came without TLS are of another origin. A type that embeds a *tls.Conn is TLS, too.
func TestUpgradeConnTLS(t *testing.T) {
	s := httptest.NewTLSServer(nil) // for its certificate
	defer s.Close()
	ln, err := tls.Listen("tcp", "127.0.0.1:0", s.TLS)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	u := &Upgrader{CheckOrigin: func(r *http.Request, allowed bool) bool {
		if r.TLS == nil || !r.TLS.HandshakeComplete {
			t.Errorf("a hook sees %+v of TLS", r.TLS)
		}
		return allowed
	}}
	for _, row := range []struct {
		scheme   string
		embedded bool
		want     int
	}{{"http", false, 403}, {"https", false, 101}, {"http", true, 403}, {"https", true, 101}} {
		done := make(chan error, 1)
		go func() {
			nc, err := ln.Accept()
			if err != nil {
				done <- err
				return
			}
			if row.embedded {
				nc = struct{ *tls.Conn }{nc.(*tls.Conn)}
			}
			c, err := u.UpgradeConn(context.Background(), nc, nil)
			if err == nil {
				err = c.Write(context.Background(), OpText, []byte("hello"))
				c.CloseNow()
			}
			done <- err
		}()
		d := Dialer{
			Proxy: noProxy, TLS: &tls.Config{RootCAs: trust(s)}, Header: http.Header{"Origin": {row.scheme + "://" + ln.Addr().String()}},
		}
		c, resp, err := d.Dial(t.Context(), "wss://"+ln.Addr().String())
		if resp == nil || resp.StatusCode != row.want {
			t.Fatalf("%+v: %v, %v", row, resp, err)
		}
		if err == nil {
			if m, err := c.Read(t.Context()); string(m.Data) != "hello" {
				t.Errorf("%q, %v", m.Data, err)
			}
			c.CloseNow()
		}
		if err := <-done; (err == nil) != (row.want == 101) {
			t.Error(err)
		}
	}
}
