//go:build linux

package main

// This file holds the process of a server.

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
	"github.com/seed-d69ae1b7/websocket/reactor"
)

const (
	serverRole = "million-server"
	crowdRole  = "million-crowd"
	everybody  = "everybody" // the topic
)

// role runs this process as the child that args name. It reports false when they name none.
func role(args []string) (ran bool, err error) {
	switch {
	case len(args) == 2 && args[0] == serverRole:
		return true, serve(args[1])
	case len(args) == 1 && args[0] == crowdRole:
		return true, child.Serve(new(crowd))
	}
	return false, nil
}

// subscriber is the handler of all connections.
type subscriber struct{}

func (subscriber) Open(c *reactor.Conn)                             { c.Subscribe(everybody) }
func (subscriber) Message(*reactor.Conn, websocket.Opcode, []byte)  {}
func (subscriber) Close(c *reactor.Conn, err *websocket.CloseError) {}

// serve serves at host until the parent goes.
func serve(host string) error {
	ln, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return err
	}
	s := &server{addr: ln.Addr().(*net.TCPAddr).AddrPort(), reactor: &reactor.Server{Handler: subscriber{}}}
	failed := make(chan error, 1)
	go func() { failed <- s.reactor.Serve(ln) }()
	go func() { failed <- child.Serve(s) }()
	return <-failed
}

// server answers for a server.
type server struct {
	child.Usage
	addr    netip.AddrPort
	reactor *reactor.Server
}

// Addr is where the server listens.
func (s *server) Addr(_ child.None, addr *netip.AddrPort) error {
	*addr = s.addr
	return nil
}

// patience is how long anything may take.
const patience = 3 * time.Minute

// Await waits until there are n subscribers.
func (s *server) Await(n int, _ *child.None) error {
	for end := time.Now().Add(patience); s.reactor.Subscribers(everybody) != n; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("%d subscribers, want %d", s.reactor.Subscribers(everybody), n)
		}
	}
	return nil
}

// State measures the server, after it has had time to finish what it does in the background.
func (s *server) State(_ child.None, state *ServerState) (err error) {
	time.Sleep(300 * time.Millisecond)
	if state.Memory, err = child.ReadMemory(true); err == nil {
		state.CPU, err = child.CPU()
	}
	return err
}

// PublishArgs say what to publish.
type PublishArgs struct{ Messages, Size int }

// payload returns what a message consists of.
func (a PublishArgs) payload() []byte { return bytes.Repeat([]byte("x"), a.Size) }

// Publish publishes to everybody.
func (s *server) Publish(args PublishArgs, _ *child.None) error {
	p := args.payload()
	for range args.Messages {
		if err := s.reactor.Publish(everybody, websocket.OpBinary, p); err != nil {
			return err
		}
	}
	return nil
}
