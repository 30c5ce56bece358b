package websocket

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// answering returns the URL of a server that reads a request and then does what is given.
func answering(t *testing.T, answer func(nc net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		if _, err := http.ReadRequest(bufio.NewReader(nc)); err == nil {
			answer(nc)
		}
	}()
	return "ws://" + l.Addr().String()
}

// TestDialContextEnds cancels a handshake that the server does not answer.
func TestDialContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url := answering(t, func(nc net.Conn) {
		cancel()
		nc.Read(make([]byte, 1)) // until the client closes
	})
	if _, _, err := new(Dialer).DialContext(ctx, url, nil); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

// TestResponseHeadIsBounded sends a head that does not end.
func TestResponseHeadIsBounded(t *testing.T) {
	sent := make(chan int, 1)
	url := answering(t, func(nc net.Conn) {
		n, _ := nc.Write([]byte("HTTP/1.1 101 Switching Protocols\r\n"))
		line := []byte("X: " + strings.Repeat("x", 1000) + "\r\n")
		for n < 100<<20 {
			k, err := nc.Write(line)
			if n += k; err != nil {
				break
			}
		}
		sent <- n
	})
	if _, resp, err := new(Dialer).Dial(url, nil); err == nil || resp != nil {
		t.Errorf("got %v, %v", resp, err)
	}
	if n := <-sent; n >= 100<<20 {
		t.Errorf("the client took %d bytes", n)
	}
}

// TestUpgradeThroughUnwrap takes over from a ResponseWriter of middleware that is no Hijacker but has Unwrap.
func TestUpgradeThroughUnwrap(t *testing.T) {
	up := new(Upgrader)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := up.Upgrade(wrapped{w}, r, nil); err == nil {
			c.Close()
		}
	}))
	defer s.Close()
	c, _, err := DefaultDialer.Dial("ws"+strings.TrimPrefix(s.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

type wrapped struct{ w http.ResponseWriter }

func (w wrapped) Header() http.Header         { return w.w.Header() }
func (w wrapped) Write(p []byte) (int, error) { return w.w.Write(p) }
func (w wrapped) WriteHeader(status int)      { w.w.WriteHeader(status) }
func (w wrapped) Unwrap() http.ResponseWriter { return w.w }

// TestFieldsOfTheHandshake gives Upgrade fields that are not the application's.
func TestFieldsOfTheHandshake(t *testing.T) {
	up := new(Upgrader)
	header := http.Header{"Connection": {"close"}, "Upgrade": {"x"}, "Sec-Websocket-Accept": {"x"}, "Content-Length": {"5"}, "X-A": {"1"}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := up.Upgrade(w, r, header); err == nil {
			c.Close()
		}
	}))
	defer s.Close()
	c, resp, err := DefaultDialer.Dial("ws"+strings.TrimPrefix(s.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := resp.Header; len(got["Connection"]) != 1 || len(got["Sec-Websocket-Accept"]) != 1 || got["Content-Length"] != nil || got.Get("X-A") != "1" {
		t.Errorf("got %v", got)
	}
}

// TestRefusalsAreHandshakeErrors asks by errors.As, as programs do.
func TestRefusalsAreHandshakeErrors(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	_, err := new(Upgrader).Upgrade(httptest.NewRecorder(), r, nil)
	if he := (HandshakeError{}); !errors.As(err, &he) || !strings.HasPrefix(he.Error(), "websocket: ") {
		t.Errorf("got %v", err)
	}
}
