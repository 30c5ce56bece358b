// Package netpipe is an in-memory pair of connected net.Conns that behave as a TCP connection does: writes go into a
// bounded buffer and wait only when it is full, deadlines can be moved at any time, either side can end its stream
// and still read, and what was written before a Close can still be read by the other side. It waits on sync.Cond and
// timers only, so that testing/synctest sees its goroutines as durably blocked.
package netpipe

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// DefaultSize is the size in bytes of each direction's buffer where New is given none.
const DefaultSize = 64 << 10

// Conn is one end of a pipe. Any goroutine may call any method at any time.
type Conn struct {
	in, out       *stream
	local, remote Addr
}

// New returns the two ends of a pipe, each of whose directions buffers size bytes; 0 means DefaultSize.
func New(size int) (a, b *Conn) {
	if size <= 0 {
		size = DefaultSize
	}
	ab, ba := newStream(size), newStream(size)
	return &Conn{ba, ab, "a", "b"}, &Conn{ab, ba, "b", "a"}
}

// Read reads what has been written on the other side, and waits while there is nothing. Behind the last byte of an
// ended stream it returns io.EOF.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	return n, c.wrap("read", err)
}

// Write writes all of p, and waits while the buffer is full. When the other side has been closed it fails with
// io.ErrClosedPipe.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.out.write(p)
	return n, c.wrap("write", err)
}

// CloseWrite ends the stream to the other side, which reads io.EOF behind what was written.
func (c *Conn) CloseWrite() error { return c.wrap("close", c.out.end()) }

// Close ends the stream to the other side and refuses what that writes from now on. Calls that wait on this side
// return an error that is net.ErrClosed, as does a second Close.
func (c *Conn) Close() error {
	if !c.in.close(true) {
		return c.wrap("close", net.ErrClosed)
	}
	c.out.close(false)
	return nil
}

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline sets when Read stops waiting, also one that waits already, with an error that is
// os.ErrDeadlineExceeded. The zero value means never.
func (c *Conn) SetReadDeadline(t time.Time) error {
	return c.wrap("set", c.in.setDeadline(&c.in.reader, t))
}

// SetWriteDeadline is SetReadDeadline for Write.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	return c.wrap("set", c.out.setDeadline(&c.out.writer, t))
}

// LocalAddr returns the name of this end.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the name of the other end.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// wrap returns err as net's connections return theirs.
func (c *Conn) wrap(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: "pipe", Source: c.local, Addr: c.remote, Err: err}
}

// Addr is the address of an end.
type Addr string

// Network returns "pipe".
func (Addr) Network() string { return "pipe" }

// String returns the name of the end.
func (a Addr) String() string { return string(a) }

// stream is one direction.
type stream struct {
	mu             sync.Mutex
	changed        sync.Cond // any of the fields below has
	buf            []byte    // a ring
	start, n       int       // where its bytes begin, and how many there are
	ended          bool      // nothing more will be written
	reader, writer side
}

// side is the state of one end of a stream. Guarded by stream.mu.
type side struct {
	closed   bool
	deadline time.Time
	timer    *time.Timer // wakes everybody at the deadline; made when first needed
}

func newStream(size int) *stream {
	s := &stream{buf: make([]byte, size)}
	s.changed.L = &s.mu
	return s
}

// expired reports whether the deadline of d has passed.
func (d *side) expired() bool { return !d.deadline.IsZero() && !time.Now().Before(d.deadline) }

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.reader.closed:
			return 0, net.ErrClosed
		case s.reader.expired():
			return 0, os.ErrDeadlineExceeded
		case s.n > 0 || len(p) == 0:
			return s.take(p), nil
		case s.ended:
			return 0, io.EOF
		}
		s.changed.Wait()
	}
}

// take moves bytes from the ring to p. mu is held.
func (s *stream) take(p []byte) (n int) {
	for n < len(p) && s.n > 0 {
		k := copy(p[n:], s.buf[s.start:min(s.start+s.n, len(s.buf))])
		n += k
		s.n -= k
		s.start = (s.start + k) % len(s.buf)
	}
	s.changed.Broadcast()
	return n
}

func (s *stream) write(p []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.writer.closed:
			return n, net.ErrClosed
		case s.writer.expired():
			return n, os.ErrDeadlineExceeded
		case s.ended || s.reader.closed:
			return n, io.ErrClosedPipe
		}
		n += s.put(p[n:])
		if n == len(p) {
			return n, nil
		}
		s.changed.Wait()
	}
}

// put moves bytes from p to the ring. mu is held.
func (s *stream) put(p []byte) (n int) {
	for n < len(p) && s.n < len(s.buf) {
		end := (s.start + s.n) % len(s.buf)
		k := copy(s.buf[end:min(end+len(s.buf)-s.n, len(s.buf))], p[n:])
		n += k
		s.n += k
	}
	s.changed.Broadcast()
	return n
}

// end ends the stream.
func (s *stream) end() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writer.closed {
		return net.ErrClosed
	}
	s.ended = true
	s.changed.Broadcast()
	return nil
}

// close closes the reading or the writing side and reports whether it was open.
func (s *stream) close(reading bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := &s.writer
	if reading {
		d = &s.reader
	} else {
		s.ended = true
	}
	if d.closed {
		return false
	}
	d.closed = true
	if d.timer != nil {
		d.timer.Stop()
	}
	s.changed.Broadcast()
	return true
}

func (s *stream) setDeadline(d *side, t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.closed {
		return net.ErrClosed
	}
	d.deadline = t
	switch wait := time.Until(t); {
	case t.IsZero():
		if d.timer != nil {
			d.timer.Stop()
		}
	case wait <= 0:
		s.changed.Broadcast()
	case d.timer == nil:
		d.timer = time.AfterFunc(wait, s.wake)
	default:
		d.timer.Reset(wait)
	}
	return nil
}

// wake makes everybody who waits look at the deadlines.
func (s *stream) wake() {
	s.mu.Lock()
	s.changed.Broadcast()
	s.mu.Unlock()
}
