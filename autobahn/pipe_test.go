package autobahn

// This file is a connection in memory, buffered as TCP is, that works inside testing/synctest.

import (
	"io"
	"net"
	"sync"
	"time"
)

// memPipe returns the two ends of a connection. Each direction buffers up to a bound; a write beyond it waits.
func memPipe() (net.Conn, net.Conn) {
	a, b := newStream(), newStream()
	return &memConn{in: a, out: b}, &memConn{in: b, out: a}
}

// stream is one direction.
type stream struct {
	mu     sync.Mutex
	change *sync.Cond
	data   []byte
	ended  bool // no more will be written
	gone   bool // no more will be read
}

func newStream() *stream {
	s := &stream{}
	s.change = sync.NewCond(&s.mu)
	return s
}

const memBuffer = 256 << 10

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.data) == 0 && !s.ended && !s.gone {
		s.change.Wait()
	}
	if s.gone {
		return 0, net.ErrClosed
	}
	if len(s.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.data)
	s.data = s.data[n:]
	s.change.Broadcast()
	return n, nil
}

func (s *stream) write(p []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(p) > 0 {
		for len(s.data) >= memBuffer && !s.gone && !s.ended {
			s.change.Wait()
		}
		if s.gone || s.ended {
			return n, io.ErrClosedPipe
		}
		k := min(len(p), memBuffer-len(s.data))
		s.data = append(s.data, p[:k]...)
		p, n = p[k:], n+k
		s.change.Broadcast()
	}
	return n, nil
}

func (s *stream) end(gone bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended, s.gone = true, s.gone || gone
	s.change.Broadcast()
}

type memConn struct{ in, out *stream }

func (c *memConn) Read(p []byte) (int, error)  { return c.in.read(p) }
func (c *memConn) Write(p []byte) (int, error) { return c.out.write(p) }

func (c *memConn) Close() error {
	c.in.end(true)
	c.out.end(false)
	return nil
}

func (c *memConn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *memConn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (c *memConn) SetDeadline(time.Time) error      { return nil }
func (c *memConn) SetReadDeadline(time.Time) error  { return nil }
func (c *memConn) SetWriteDeadline(time.Time) error { return nil }
