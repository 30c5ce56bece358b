package clustertest

// This file holds a network that carries nothing in one direction for a while, and says so to nobody, as where packets are lost: what waits arrives when
// it is mended.

import (
	"net"
	"os"
	"sync"
	"time"
)

// Direction is what a network carries, seen from the server.
type Direction int

// The directions.
const (
	In Direction = iota
	Out
)

// valve is one direction. The zero value is open.
type valve struct {
	mu   sync.Mutex
	shut chan struct{} // closed when it opens again; nil while it is open
}

// wait returns what is closed when the valve is open, or nil if it is.
func (v *valve) wait() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.shut
}

// Stall lets nothing through in a direction, until the function that it returns is called.
func (w *Wire) Stall(d Direction) (mend func()) {
	v := &w.valve[d]
	v.mu.Lock()
	defer v.mu.Unlock()
	v.shut = make(chan struct{})
	return func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		close(v.shut)
		v.shut = nil
	}
}

// stalling is a connection through a Wire whose directions may be shut.
type stalling struct {
	net.Conn
	w      *Wire
	once   sync.Once
	closed chan struct{}

	mu    sync.Mutex
	until [2]time.Time // the deadlines
}

// pass waits until a direction is open, or the end of the connection, or its deadline.
func (c *stalling) pass(d Direction) error {
	for {
		open := c.w.valve[d].wait()
		if open == nil {
			return nil
		}
		c.mu.Lock()
		until := c.until[d]
		c.mu.Unlock()
		look := time.NewTimer(10 * time.Millisecond) // a deadline may be set meanwhile
		select {
		case <-open:
		case <-c.closed:
			look.Stop()
			return net.ErrClosed
		case now := <-look.C:
			if !until.IsZero() && now.After(until) {
				return os.ErrDeadlineExceeded
			}
		}
		look.Stop()
	}
}

func (c *stalling) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if e := c.pass(In); e != nil { // also what was waited for when the valve was shut
		return 0, e
	}
	return n, err
}

func (c *stalling) Write(p []byte) (int, error) {
	if err := c.pass(Out); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

func (c *stalling) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

func (c *stalling) SetDeadline(t time.Time) error {
	c.note(t, In, Out)
	return c.Conn.SetDeadline(t)
}

func (c *stalling) SetReadDeadline(t time.Time) error {
	c.note(t, In)
	return c.Conn.SetReadDeadline(t)
}

func (c *stalling) SetWriteDeadline(t time.Time) error {
	c.note(t, Out)
	return c.Conn.SetWriteDeadline(t)
}

// note notes a deadline.
func (c *stalling) note(t time.Time, all ...Direction) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range all {
		c.until[d] = t
	}
}
