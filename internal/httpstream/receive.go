package httpstream

// This file holds the receiving half: Read, which asks, and Pump, which reads.

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// idleRoom is what the pump reads into while a connection waits for its next frame, bufferSize what it borrows otherwise.
const (
	idleRoom   = 16
	bufferSize = 4 << 10
)

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// receiver is the state of the receiving half. Its owner's mutex guards it; body may be read by the pump without. In turn:
//
//	wanted == 0, have empty  nobody asks, and the pump waits
//	wanted > 0               a Read has asked (it may have given up since), and the pump is inside of the body
//	have not empty           the pump has left this, and waits until it has been taken
//	err set                  the body has ended; behind what is left this is what Read returns
type receiver struct {
	body    io.ReadCloser
	pumping bool
	wanted  int
	have    []byte
	err     error
	idle    [idleRoom]byte

	readBy time.Time   // the read deadline
	timer  *time.Timer // wakes Read then; made when first needed
}

// Start runs the pump, which ends when the body does or the stream is closed.
func (c *Conn) Start() {
	c.in.pumping = true
	go c.pump()
}

// pump reads what Read asks for.
func (c *Conn) pump() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.in.err == nil {
		for c.in.wanted == 0 && !c.closed {
			c.changed.Wait()
		}
		if c.closed {
			break
		}
		c.fetch()
	}
	c.in.pumping = false
	c.changed.Broadcast()
}

// fetch reads once, and waits until what has come is taken. mu is held, but not meanwhile.
func (c *Conn) fetch() {
	room := c.in.idle[:]
	if c.in.wanted > len(room) {
		b := buffers.Get().(*[bufferSize]byte)
		defer buffers.Put(b)
		room = b[:]
	}
	room = room[:min(c.in.wanted, len(room))]
	c.mu.Unlock()
	n, err := c.in.body.Read(room)
	c.mu.Lock()
	c.in.have, c.in.err, c.in.wanted = room[:n], err, 0
	c.changed.Broadcast()
	for len(c.in.have) > 0 && !c.closed {
		c.changed.Wait()
	}
	c.in.have = nil
}

// Read returns what has come, and waits while there is nothing. A deadline that ends it loses nothing: what comes later is
// for the next Read.
func (c *Conn) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(p) > 0 {
		switch in := &c.in; {
		case c.closed:
			return 0, net.ErrClosed
		case expired(in.readBy):
			return 0, os.ErrDeadlineExceeded
		case len(in.have) > 0:
			return c.take(p), nil
		case in.err != nil:
			return 0, in.err
		case in.wanted == 0:
			in.wanted = len(p)
			c.changed.Broadcast()
		}
		c.changed.Wait()
	}
	return 0, nil
}

// take moves what the pump has left to p. mu is held.
func (c *Conn) take(p []byte) int {
	n := copy(p, c.in.have)
	if c.in.have = c.in.have[n:]; len(c.in.have) == 0 {
		c.changed.Broadcast()
	}
	return n
}

// SetReadDeadline sets when Read stops waiting.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	in := &c.in
	in.readBy = t
	in.stopTimer()
	if !t.IsZero() {
		if in.timer == nil {
			in.timer = time.AfterFunc(time.Until(t), c.wake)
		} else {
			in.timer.Reset(time.Until(t))
		}
	}
	c.changed.Broadcast() // the deadline may have passed
	return nil
}

// wake lets Read look at its deadline.
func (c *Conn) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed.Broadcast()
}

func (in *receiver) stopTimer() {
	if in.timer != nil {
		in.timer.Stop()
	}
}
