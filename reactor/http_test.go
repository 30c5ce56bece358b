//go:build !js

package reactor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
)

// TestHTTP protects the way from net/http: behind plain sockets and TLS, connections are served as those of Serve, with the fields of
// middleware in the response, subprotocols and compression; what is refused is answered; and net/http's Close does not reach
// them, but Shutdown does.
func TestHTTP(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("TLS=%v", secure), func(t *testing.T) {
			var refused, closed atomic.Int32
			s := &Server{Upgrader: &websocket.Upgrader{
				Options:      websocket.Options{Compression: &websocket.CompressionOptions{MinSize: -1}},
				Subprotocols: []string{"chat"},
				OnRefuse:     func(*http.Request, *websocket.HandshakeError) { refused.Add(1) },
			}}
			accept := s.HTTP(func(r *http.Request) (Handler, error) {
				switch r.URL.Path {
				case "/no":
					return nil, errors.New("no")
				case "/none":
					return nil, nil
				}
				return &funcs{open: func(*Conn) {}, message: echo, close: func(*Conn, *websocket.CloseError) { closed.Add(1) }}, nil
			})
			s.Accept = func(*websocket.Request) (Handler, error) { return nil, errors.New("not of Serve") }
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Middleware", "1")
				w.Header().Set("Content-Length", "5")
				w.Header().Set("Content-Encoding", "gzip")
				w.Header().Set("Connection", "X-Hop")
				w.Header().Set("X-Hop", "1")
				accept.ServeHTTP(w, r)
			})
			hs := httptest.NewUnstartedServer(h)
			hs.Config.ErrorLog = discardLog()
			s.Upgrader.ErrorLog = discardLog()
			d := websocket.Dialer{Options: s.Upgrader.Options, Subprotocols: []string{"chat"}}
			if secure {
				hs.StartTLS()
				d.TLS = hs.Client().Transport.(*http.Transport).TLSClientConfig
			} else {
				hs.Start()
			}
			url := strings.Replace(hs.URL, "http", "ws", 1)
			c, resp, err := d.Dial(bounded(t), url+"/yes")
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			if resp.Header.Get("X-Middleware") != "1" || resp.Header.Get("Content-Length")+resp.Header.Get("Content-Encoding")+resp.Header.Get("X-Hop") != "" || c.Subprotocol() != "chat" {
				t.Errorf("%v, subprotocol %q", resp.Header, c.Subprotocol())
			}
			if _, ok := c.Compression(); !ok {
				t.Error("no compression")
			}
			for path, status := range map[string]int{"/no": 403, "/none": 500} {
				if _, resp, err := d.Dial(bounded(t), url+path); err == nil || resp.StatusCode != status {
					t.Errorf("%s: %v, %v", path, resp, err)
				}
			}
			get, err := hs.Client().Get(hs.URL + "/yes")
			if err != nil || get.StatusCode != http.StatusBadRequest {
				t.Errorf("%v, %v", get, err)
			}
			io.Copy(io.Discard, get.Body)
			get.Body.Close()
			if n := refused.Load(); n != 3 {
				t.Errorf("%d were refused, want 3", n)
			}
			hs.Close()
			exchange(t, c)
			done := make(chan error, 1)
			go func() {
				_, err := c.Read(bounded(t))
				done <- err
			}()
			if err := s.Shutdown(bounded(t)); err != nil {
				t.Error(err)
			}
			if err := <-done; websocket.CloseStatus(err) != websocket.StatusGoingAway || closed.Load() != 1 {
				t.Errorf("%v, %d closed", err, closed.Load())
			}
		})
	}
}

// TestHTTPFailures protects what a request gets where no connection can be made.
func TestHTTPFailures(t *testing.T) {
	request := func() *http.Request {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header = http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"},
			"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}
		return r
	}
	for name, status := range map[string]int{"no hijacker": 500, "closed": 503, "misconfigured": 500} {
		s := &Server{Handler: echo, Upgrader: &websocket.Upgrader{ErrorLog: discardLog()}}
		switch name {
		case "closed":
			s.Shutdown(context.Background())
		case "misconfigured":
			s.Handler = nil
		}
		w := httptest.NewRecorder()
		s.HTTP(nil).ServeHTTP(w, request())
		if w.Code != status {
			t.Errorf("%s: %d %q", name, w.Code, w.Body)
		}
		if name == "no hijacker" {
			s.Shutdown(context.Background())
		}
	}
}
