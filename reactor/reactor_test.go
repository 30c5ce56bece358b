package reactor

// This file holds what tests of servers have in common: servers on every poller, and what runs around all tests of the package.

import (
	"context"
	"flag"
	"net"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/leak"
)

// settleTime bounds waits for what must happen, so that a test fails and does not hang.
const settleTime = 30 * time.Second

// soakTime is for tests that find what is rare: with -race 4s in CI, and minutes before a release.
var soakTime = flag.Duration("soak", time.Second, "how long tests that soak run, for each driver")

// TestMain fails the package when goroutines or descriptors are left after its tests.
func TestMain(m *testing.M) { leak.Main(m, nil) }

// wrapper is how a listener is given to a server.
type wrapper = func(net.Listener) net.Listener

// plain hides that a listener's connections are sockets, so that the poller for every other net.Conn serves them.
type plain struct{ net.Listener }

// hidden is a connection that is not known to be a socket.
type hidden struct{ *net.TCPConn }

func (ln plain) Accept() (net.Conn, error) {
	nc, err := ln.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return hidden{nc.(*net.TCPConn)}, nil
}

// drivers are the ways to serve the same: how a listener is given to the server, and how many workers there are.
var drivers = map[string]struct {
	wrap    wrapper
	workers int
}{
	"sockets":         {func(ln net.Listener) net.Listener { return ln }, 0},
	"other":           {func(ln net.Listener) net.Listener { return plain{ln} }, 0},
	"sockets/workers": {func(ln net.Listener) net.Listener { return ln }, 2},
	"other/workers":   {func(ln net.Listener) net.Listener { return plain{ln} }, 2},
}

// workers is how many the servers of the test that runs have, unless it says so itself.
var workers int

// onDrivers runs f for every driver.
func onDrivers(t *testing.T, f func(t *testing.T, wrap wrapper)) {
	for name, d := range drivers {
		t.Run(name, func(t *testing.T) {
			workers = d.workers
			f(t, d.wrap)
		})
	}
	workers = 0
}

// start serves on a socket until the test ends, at which everything is shut down. It returns the address.
func start(t testing.TB, s *Server, wrap wrapper) (addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	s.Workers = max(s.Workers, workers)
	go func() { served <- s.Serve(wrap(ln)) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), settleTime)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-served; err != ErrServerClosed {
			t.Errorf("Serve: %v", err)
		}
	})
	return ln.Addr().String()
}

// bounded returns a context that ends when a test has to have.
func bounded(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), settleTime)
	t.Cleanup(cancel)
	return ctx
}

// echo is the handler of most tests.
var echo = MessageFunc(func(c *Conn, op websocket.Opcode, p []byte) { c.Write(context.Background(), op, p) })
