// Package faultconn wraps a net.Conn for tests, so that its I/O fails or comes in pieces.
package faultconn

import (
	"net"
	"sync/atomic"
	"time"
)

// Conn passes everything to the net.Conn inside, and fails where it is told to. The zero values of its fields change
// nothing. Set them before the first use.
type Conn struct {
	net.Conn

	// FailAt is the number, counted from 1, of the operation that fails with Err, as do all that follow it. Reads,
	// writes and settings of deadlines are operations; Close is not. 0 means none.
	FailAt int64
	// Err is what failing operations return.
	Err error
	// MaxRead is the most bytes that a read returns. 0 means no bound.
	MaxRead int

	ops atomic.Int64
}

// Ops returns the number of operations so far.
func (c *Conn) Ops() int64 { return c.ops.Load() }

// fails counts an operation and reports whether it fails.
func (c *Conn) fails() bool {
	n := c.ops.Add(1)
	return c.FailAt > 0 && n >= c.FailAt
}

// Read reads from the net.Conn inside, unless it fails.
func (c *Conn) Read(p []byte) (int, error) {
	if c.fails() {
		return 0, c.Err
	}
	if c.MaxRead > 0 && len(p) > c.MaxRead {
		p = p[:c.MaxRead]
	}
	return c.Conn.Read(p)
}

// Write writes to the net.Conn inside, or, if it fails, writes the first half of p, as a connection may that breaks.
func (c *Conn) Write(p []byte) (int, error) {
	if c.fails() {
		n, _ := c.Conn.Write(p[:len(p)/2])
		return n, c.Err
	}
	return c.Conn.Write(p)
}

// SetDeadline passes t on, unless it fails.
func (c *Conn) SetDeadline(t time.Time) error {
	if c.fails() {
		return c.Err
	}
	return c.Conn.SetDeadline(t)
}

// SetReadDeadline passes t on, unless it fails.
func (c *Conn) SetReadDeadline(t time.Time) error {
	if c.fails() {
		return c.Err
	}
	return c.Conn.SetReadDeadline(t)
}

// SetWriteDeadline passes t on, unless it fails.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	if c.fails() {
		return c.Err
	}
	return c.Conn.SetWriteDeadline(t)
}
