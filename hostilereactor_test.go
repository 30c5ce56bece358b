//go:build !js

package websocket_test

// This file has hostile peers meet the servers of package reactor, which the table in hostile_test.go holds for as well.

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/reactor"
)

func init() {
	for name, workers := range map[string]int{"reactor": 0, "reactor, workers": 2} {
		websocket.AddServer(name, serveReactor(workers, func(nc *net.TCPConn) net.Conn { return nc }))
		websocket.AddServer(name+", no sockets", serveReactor(workers, func(nc *net.TCPConn) net.Conn { return struct{ *net.TCPConn }{nc} }))
	}
}

// serveReactor serves by event loops, which get what wrap makes of each connection.
func serveReactor(workers int, wrap func(*net.TCPConn) net.Conn) func(testing.TB, websocket.Options, net.Listener) (
	<-chan websocket.HostileConn, chan error, func()) {
	return func(t testing.TB, o websocket.Options, ln net.Listener) (<-chan websocket.HostileConn, chan error, func()) {
		h := &oneConn{conns: make(chan websocket.HostileConn, 1), end: make(chan error, 1)}
		s := &reactor.Server{Upgrader: &websocket.Upgrader{Options: o}, Handler: h, Loops: 1, Workers: workers}
		served := make(chan struct{})
		go func() {
			defer close(served)
			s.Serve(wrapped{ln, wrap})
		}()
		return h.conns, h.end, func() {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			if err := s.Shutdown(ctx); err != nil {
				t.Errorf("Shutdown: %v", err)
			}
			<-served
		}
	}
}

// wrapped is a listener whose connections hold little that a peer does not take, and are wrapped.
type wrapped struct {
	net.Listener
	wrap func(*net.TCPConn) net.Conn
}

func (w wrapped) Accept() (net.Conn, error) {
	nc, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tcp := nc.(*net.TCPConn)
	tcp.SetWriteBuffer(16 << 10)
	return w.wrap(tcp), nil
}

// oneConn is a handler that echoes, and tells of the connection and its end.
type oneConn struct {
	conns chan websocket.HostileConn
	end   chan error
}

func (h *oneConn) Open(c *reactor.Conn) { h.conns <- c }
func (h *oneConn) Message(c *reactor.Conn, op websocket.Opcode, p []byte) {
	c.Write(context.Background(), op, p)
}
func (h *oneConn) Close(_ *reactor.Conn, err *websocket.CloseError) { h.end <- err }
