package clustertest

// This file holds the network between a server and the broker, which can be cut.

import (
	"context"
	"errors"
	"net"
	"sync"
)

// Wire is what the connections of a server to the broker go through.
type Wire struct {
	Dial     func(ctx context.Context, network, addr string) (net.Conn, error) // nil means net.Dialer's
	OneWayed bool                                                              // Stall will be called

	mu    sync.Mutex
	isCut bool
	conns map[net.Conn]bool
	valve [2]valve // for reading, and for writing
}

var errCut = errors.New("the network is cut")

// Cut ends all connections, and lets none be made.
func (w *Wire) Cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isCut = true
	for c := range w.conns {
		c.Close()
	}
	w.conns = nil
}

// Mend lets connections be made.
func (w *Wire) Mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isCut = false
}

// DialContext makes a connection.
func (w *Wire) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	dial := w.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	c, err := dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.isCut {
		c.Close()
		return nil, &net.OpError{Op: "dial", Net: network, Err: errCut}
	}
	if w.conns == nil {
		w.conns = make(map[net.Conn]bool)
	}
	w.conns[c] = true
	if w.OneWayed {
		return &stalling{Conn: c, w: w, closed: make(chan struct{})}, nil
	}
	return c, nil
}
