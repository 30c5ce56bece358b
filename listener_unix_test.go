//go:build unix

package websocket

// This file tests where TLS lies on a socket: with Dialer and Listener, and where that cannot be.

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// hiding is a listener whose connections do not show what they are.
type hiding struct{ net.Listener }

func (h hiding) Accept() (net.Conn, error) {
	nc, err := h.Listener.Accept()
	return struct{ net.Conn }{nc}, err
}

// TestOnSocket protects that the documentation of OnSocket, Listener and Dialer tells which connections are on a socket, that all
// others work as well, and that net/http's servers do with Listener what they do without, HTTP/2 included.
func TestOnSocket(t *testing.T) {
	listeners := map[string]struct {
		over func(net.Listener) net.Listener
		tls  bool // whether TLS lies on the socket
		not  bool // whether nothing does
	}{
		"none":               {over: func(ln net.Listener) net.Listener { return ln }},
		"Listener":           {over: Listener, tls: true},
		"Listener, hidden":   {over: func(ln net.Listener) net.Listener { return hiding{Listener(ln)} }, not: true},
		"Listener of hidden": {over: func(ln net.Listener) net.Listener { return Listener(hiding{ln}) }, not: true},
	}
	for name, row := range listeners {
		for _, scheme := range []string{"ws", "wss"} {
			t.Run(name+" "+scheme, func(t *testing.T) {
				onServer := make(chan bool, 1)
				mux := http.NewServeMux()
				mux.Handle("/ws", new(Upgrader).Handler(func(c *Conn, r *http.Request) {
					onServer <- c.OnSocket()
					for m, err := range c.Messages(context.Background()) {
						if err != nil || c.Write(context.Background(), m.Op, m.Data) != nil {
							return
						}
					}
				}))
				mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) })
				s := httptest.NewUnstartedServer(mux)
				s.Listener = row.over(s.Listener)
				s.EnableHTTP2 = true
				if scheme == "wss" {
					s.StartTLS()
				} else {
					s.Start()
				}
				defer s.Close()
				wantProto(t, s, map[string]string{"ws": "HTTP/1.1", "wss": "HTTP/2.0"}[scheme])
				want := !row.not && (row.tls || scheme == "ws")
				for way, d := range dialers(t, s) {
					c, _, err := d.Dial(t.Context(), s.URL+"/ws")
					if err != nil {
						t.Fatalf("%s: %v", way, err)
					}
					if got := <-onServer; got != want {
						t.Errorf("the server's connection is on a socket: %v", got)
					}
					// Without TLS it does not matter whether that may renegotiate, and the proxy's is not TLS in TLS.
					socket := way == "" || scheme == "ws" && way != "over what wraps"
					if c.OnSocket() != socket {
						t.Errorf("the connection of a Dialer %s is on a socket: %v", way, c.OnSocket())
					}
					for _, n := range []int{0, 1000, 1 << 20} {
						text := strings.Repeat("x", n)
						wrote := inGoroutine(func() error { return c.Write(t.Context(), OpText, []byte(text)) })
						m, err := c.Read(t.Context())
						wantMessage(t, m.Op, m.Data, err, text)
						if err := <-wrote; err != nil {
							t.Error(err)
						}
					}
					if err := c.Close(StatusNormalClosure, ""); err != nil {
						t.Errorf("%s: %v", way, err)
					}
				}
			})
		}
	}
}

// wantProto wants a request that is no handshake to be answered over a version of HTTP.
func wantProto(t *testing.T, s *httptest.Server, want string) {
	resp, err := s.Client().Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); string(body) != want || err != nil {
		t.Errorf("%q, %v, want %q", body, err, want)
	}
}

// dialers returns Dialers that reach s in several ways.
func dialers(t *testing.T, s *httptest.Server) map[string]*Dialer {
	proxy := httptest.NewUnstartedServer(connectProxy(s.Listener.Addr().String(), make(chan *http.Request, 10)))
	proxy.Config.ErrorLog = log.New(io.Discard, "", 0)
	proxy.StartTLS()
	t.Cleanup(proxy.Close)
	roots := trust(s, proxy)
	return map[string]*Dialer{
		"":              {Proxy: noProxy, TLS: &tls.Config{RootCAs: roots}},
		"renegotiating": {Proxy: noProxy, TLS: &tls.Config{RootCAs: roots, Renegotiation: tls.RenegotiateOnceAsClient}},
		"through an https proxy": {TLS: &tls.Config{RootCAs: roots}, Proxy: func(*http.Request) (*url.URL, error) {
			u, err := url.Parse(proxy.URL)
			u.User = url.UserPassword("user", "pass")
			return u, err
		}},
		"over what wraps": {Proxy: noProxy, TLS: &tls.Config{RootCAs: roots}, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := new(net.Dialer).DialContext(ctx, network, addr)
			return struct{ net.Conn }{nc}, err
		}},
	}
}

// TestTLSTickets protects reads of a client that resumes sessions: the tickets come behind the handshake.
func TestTLSTickets(t *testing.T) {
	resumed := make(chan bool, 1)
	s := httptest.NewUnstartedServer(new(Upgrader).Handler(func(c *Conn, r *http.Request) {
		resumed <- r.TLS.DidResume
		c.Write(context.Background(), OpText, []byte("hello"))
	}))
	s.Listener = Listener(s.Listener)
	s.StartTLS()
	defer s.Close()
	d := Dialer{Proxy: noProxy, TLS: &tls.Config{RootCAs: trust(s), ClientSessionCache: tls.NewLRUClientSessionCache(1)}}
	for i := range 3 {
		c, _, err := d.Dial(t.Context(), s.URL)
		if err != nil {
			t.Fatal(err)
		}
		m, err := c.Read(t.Context())
		wantMessage(t, m.Op, m.Data, err, "hello")
		if got := <-resumed; got != (i > 0) || !c.OnSocket() {
			t.Errorf("connection %d has resumed: %v", i, got)
		}
		c.CloseNow()
	}
}
