package main

// This file holds ws serve -tcp: a connection of TCP for each of WebSocket.

import (
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/seed-d69ae1b7/websocket"
)

// bridgeTo returns the mode that connects each connection to addr. What comes in binary messages is written there, and what is read
// there is sent in binary messages; where they begin and end has no meaning.
func bridgeTo(addr string) func(*service) http.Handler {
	return func(s *service) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !s.upgrader.AllowsOrigin(r) {
				s.upgrader.Upgrade(w, r) // which refuses it, before anybody is bothered
				return
			}
			dialer := net.Dialer{Timeout: websocket.DefaultHandshakeTimeout}
			nc, err := dialer.DialContext(r.Context(), "tcp", addr)
			if err != nil {
				s.log.Error("no connection", "to", addr, "error", err.Error())
				s.refuse(w, r, http.StatusBadGateway, "the server behind this one cannot be reached")
				return
			}
			defer nc.Close()
			s.upgrader.Handler(s.watched(func(conn *websocket.Conn, _ *http.Request) { bridge(conn, nc.(*net.TCPConn)) })).ServeHTTP(w, r)
		})
	}
}

// bridge copies both ways until either side ends.
func bridge(conn *websocket.Conn, nc *net.TCPConn) {
	stream := websocket.Stream(conn, websocket.OpBinary)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer nc.Close() // the copy below may wait for it
		if _, err := io.Copy(stream, nc); err == nil || errors.Is(err, net.ErrClosed) {
			conn.Close(websocket.StatusNormalClosure, "")
		} else {
			conn.Close(websocket.StatusInternalError, "the connection behind was lost")
		}
	}()
	io.Copy(nc, stream)
	nc.Close()
	<-done
}
