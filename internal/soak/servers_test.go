//go:build !js

package soak

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/reactor"
)

// server is one that echoes what it gets, in one of the ways in which it can be read and written.
type server struct {
	name string
	url  string
	http *http.Client // nil but for TLS
}

// options are those of all servers. A peer that is gone without a word is noticed, and compressed messages of clients taken.
func options() websocket.Options {
	return websocket.Options{
		ReadLimit: 4 << 20, PingInterval: 2 * time.Second, PongTimeout: 20 * time.Second,
		Compression: &websocket.CompressionOptions{},
	}
}

// loops are the ways to echo.
var loops = map[string]func(*websocket.Conn){
	"Messages": func(c *websocket.Conn) {
		for m, err := range c.Messages(context.Background()) {
			if err != nil || c.Write(context.Background(), m.Op, m.Data) != nil {
				return
			}
		}
	},
	"MessagesInPlace": func(c *websocket.Conn) {
		for m, err := range c.MessagesInPlace(context.Background()) {
			if err != nil || c.Write(context.Background(), m.Op, m.Data) != nil {
				return
			}
		}
	},
	"AppendRead": func(c *websocket.Conn) {
		for buf := []byte(nil); ; {
			m, err := c.AppendRead(context.Background(), buf[:0])
			if err != nil || c.Write(context.Background(), m.Op, m.Data) != nil {
				return
			}
			buf = m.Data
		}
	},
	"Reader": func(c *websocket.Conn) {
		for {
			op, r, err := c.Reader(context.Background())
			if err != nil {
				return
			}
			w, err := c.Writer(context.Background(), op)
			if err != nil {
				return
			}
			if _, err := io.Copy(w, r); err != nil || w.Close() != nil {
				c.CloseNow() // a message that cannot be finished
				return
			}
		}
	},
}

// startServers starts a server for each loop, one with TLS, one without net/http, and an event loop.
func startServers(t *testing.T) (servers []server) {
	up := &websocket.Upgrader{Options: options()}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := up.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	})
	for name, loop := range loops {
		echo := func(c *websocket.Conn, _ *http.Request) { loop(c) }
		s := httptest.NewServer(up.Handler(echo))
		t.Cleanup(s.Close)
		servers = append(servers, server{name: name, url: s.URL})
		if name == "MessagesInPlace" {
			s := httptest.NewTLSServer(up.DetachedHandler(echo))
			t.Cleanup(s.Close)
			servers = append(servers, server{name: "TLS", url: s.URL, http: s.Client()})
		}
	}
	return append(servers, startBare(t, up), startReactor(t))
}

// startBare starts a server over net.Conns, whose connections are those of up.
func startBare(t *testing.T, up *websocket.Upgrader) server {
	ln := listen(t)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				if c, err := up.UpgradeConn(context.Background(), nc, nil); err == nil {
					loops["MessagesInPlace"](c)
				}
			})
		}
	})
	t.Cleanup(func() { ln.Close(); all.Wait() })
	return server{name: "UpgradeConn", url: "http://" + ln.Addr().String()}
}

// startReactor starts an event loop.
func startReactor(t *testing.T) server {
	s := &reactor.Server{
		Upgrader: &websocket.Upgrader{Options: options()}, Loops: 2,
		Handler: reactor.MessageFunc(func(c *reactor.Conn, op websocket.Opcode, p []byte) {
			c.Write(context.Background(), op, p)
		}),
	}
	ln := listen(t)
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown of the event loop: %v", err)
		}
		<-served
	})
	return server{name: "reactor", url: "http://" + ln.Addr().String()}
}

func listen(t *testing.T) net.Listener {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}
