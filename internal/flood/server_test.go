package flood

import (
	"context"
	"net"
	"sync"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/reactor"
)

// options are those of the servers: what a peer can have them hold is little, so that a flood would show.
func options() websocket.Options {
	return websocket.Options{ReadLimit: 1 << 20, WriteBuffer: 16 << 10, Compression: &websocket.CompressionOptions{}}
}

// serveConns starts a server with a goroutine for each connection, which echoes. shutdown ends it.
func serveConns(t *testing.T, ln net.Listener) (shutdown func(context.Context) error) {
	up := &websocket.Upgrader{Options: options()}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				c, err := up.UpgradeConn(context.Background(), nc, nil)
				if err != nil {
					return
				}
				for m, err := range c.MessagesInPlace(context.Background()) {
					if err == nil {
						c.Write(context.Background(), m.Op, m.Data)
					}
				}
			})
		}
	})
	return func(ctx context.Context) error {
		ln.Close()
		err := up.Shutdown(ctx)
		all.Wait()
		return err
	}
}

// serveLoops starts an event loop, which echoes. What does not fit is lost, as its peer does not read.
func serveLoops(t *testing.T, ln net.Listener) (shutdown func(context.Context) error) {
	s := &reactor.Server{Upgrader: &websocket.Upgrader{Options: options()}, Loops: 2}
	s.Handler = reactor.MessageFunc(func(c *reactor.Conn, op websocket.Opcode, p []byte) {
		c.Write(context.Background(), op, p)
	})
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	return func(ctx context.Context) error {
		err := s.Shutdown(ctx)
		<-served
		return err
	}
}
