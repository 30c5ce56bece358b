package engineio

// This file tests a Dialer over TLS, through a proxy, and with cookies: on loopback, as net/http does these things itself.

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
)

// proxy is an HTTP proxy that knows CONNECT only.
func proxy(t *testing.T, count *atomic.Int32) *url.URL {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to, err := net.Dial("tcp", r.Host)
		if r.Method != http.MethodConnect || err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		count.Add(1)
		w.WriteHeader(http.StatusOK)
		from, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		go func() { io.Copy(to, buffered); to.Close() }()
		go func() { io.Copy(from, to); from.Close() }()
	}))
	t.Cleanup(srv.Close)
	u, _ := url.Parse(srv.URL)
	return u
}

// answers is a Handler that gives messages to a channel.
type answers struct {
	messages chan string
	closed   chan Reason
}

func (a answers) Open(*Session) {}
func (a answers) Message(_ *Session, _ websocket.Opcode, data []byte) {
	a.messages <- string(data)
}
func (a answers) Close(_ *Session, reason Reason, _ error) { a.closed <- reason }

// TestDialProxyTLS goes through a proxy, over TLS, on every way, with a header and a cookie that a load balancer would want.
func TestDialProxyTLS(t *testing.T) {
	for _, way := range ways[:3] {
		t.Run(way.name, func(t *testing.T) {
			o := testOptions()
			o.PingInterval, o.PingTimeout = 0, 0 // time is real here
			o.Cookie = &http.Cookie{Name: "io", Path: "/"}
			engine := NewServer(new(notes), o)
			var mu sync.Mutex
			var seen []string
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c, err := r.Cookie("io")
				sid := r.URL.Query().Get("sid")
				if sid != "" && (err != nil || c.Value != sid) {
					t.Errorf("a request without the cookie of its session: %v", err)
				}
				mu.Lock()
				seen = append(seen, r.Header.Get("X-Key")+r.URL.Query().Get("own"))
				mu.Unlock()
				engine.ServeHTTP(w, r)
			}))
			srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
			srv.StartTLS()
			defer srv.Close()
			roots := x509.NewCertPool()
			roots.AddCert(srv.Certificate())
			var through atomic.Int32
			proxyURL := proxy(t, &through)
			d := &Dialer{
				Transports: way.transports, Header: http.Header{"X-Key": {"key"}},
				WebSocket: &websocket.Dialer{
					TLS:   &tls.Config{RootCAs: roots},
					Proxy: func(*http.Request) (*url.URL, error) { return proxyURL, nil },
				},
			}
			h := answers{make(chan string, 9), make(chan Reason, 9)}
			s, err := d.Dial(context.Background(), srv.URL+"/engine.io/?own=parameter", h)
			if err != nil {
				t.Fatal(err)
			}
			for s.Transport() != way.ends {
				s.Send(websocket.OpText, []byte("on the way"))
				<-h.messages
			}
			s.Send(websocket.OpText, []byte("hello"))
			if got := <-h.messages; got != "hello" {
				t.Errorf("got %q", got)
			}
			if err := s.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
			if reason := <-h.closed; reason != ForcedClose {
				t.Errorf("closed by %v", reason)
			}
			if through.Load() == 0 {
				t.Error("not through the proxy")
			}
			mu.Lock()
			defer mu.Unlock()
			for _, one := range seen {
				if one != "keyparameter" {
					t.Errorf("a request had %q", one)
				}
			}
		})
	}
}

// TestDialHTTP leaves polling to the application's http.Client, and takes its jar.
func TestDialHTTP(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		d := w.dialer(nil)
		d.HTTP = w.client
		s, err := d.Dial(context.Background(), base, noEcho())
		if err != nil {
			t.Fatal(err)
		}
		w.shut(s)
	})
}
