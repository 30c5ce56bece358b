//go:build unix

package transport

// This file holds the net.Conn that lies between a *tls.Conn and its socket from the start, so that a TLS can later put itself
// there. Up to that point it passes everything through, and follows where the records of TLS begin and end.

import (
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// tlsSocket is the socket below a *tls.Conn.
type tlsSocket struct {
	nc    net.Conn // of a kind that newSocket takes
	over  atomic.Pointer[TLS]
	input records // of what has been read from it; the reader's
}

// UnderTLS returns what to put a *tls.Conn on, so that New finds a socket below it: nc itself if it is none.
func UnderTLS(nc net.Conn) net.Conn {
	if !isSocket(nc) {
		return nc
	}
	return &tlsSocket{nc: nc}
}

// withoutTLS returns the socket that UnderTLS was given, or nc.
func withoutTLS(nc net.Conn) net.Conn {
	if s, ok := nc.(*tlsSocket); ok {
		return s.nc
	}
	return nc
}

// nothingCame is the error of a read that would have to wait. crypto/tls keeps no error of a read that is Temporary, and no
// byte that came before it is lost. That net/http relies on, when it interrupts a read with a deadline: therefore it is a
// timeout, too.
type nothingCame struct{}

func (nothingCame) Error() string   { return "websocket: nothing has come" }
func (nothingCame) Timeout() bool   { return true }
func (nothingCame) Temporary() bool { return true }

var errNothingCame net.Error = nothingCame{}

// Read implements net.Conn. Behind New it gives at most the rest of one record, of what its TLS holds, and never waits.
func (s *tlsSocket) Read(p []byte) (int, error) {
	if t := s.over.Load(); t != nil {
		return t.give(p)
	}
	n, err := s.nc.Read(p)
	for b := p[:n]; len(b) > 0; {
		b = b[s.input.take(b):]
	}
	return n, err
}

// Write implements net.Conn. Behind New it leaves p to its TLS, and never waits.
func (s *tlsSocket) Write(p []byte) (int, error) {
	if t := s.over.Load(); t != nil {
		return t.queue.add(p)
	}
	return s.nc.Write(p)
}

// Close implements net.Conn.
func (s *tlsSocket) Close() error {
	if t := s.over.Load(); t != nil {
		t.lastSend()
	}
	return s.nc.Close()
}

// CloseWrite ends the outgoing stream, for a server that speaks no TLS.
func (s *tlsSocket) CloseWrite() error {
	if closeWrite(s.nc) {
		return nil
	}
	return errors.ErrUnsupported
}

func (s *tlsSocket) LocalAddr() net.Addr  { return s.nc.LocalAddr() }
func (s *tlsSocket) RemoteAddr() net.Addr { return s.nc.RemoteAddr() }

// SyscallConn implements syscall.Conn, for options of the socket.
func (s *tlsSocket) SyscallConn() (syscall.RawConn, error) {
	return s.nc.(syscall.Conn).SyscallConn()
}

// SetDeadline and the next two are for those who use the *tls.Conn. Behind New nobody does but TLS, which sets the deadlines of the
// socket: crypto/tls itself sets one that has passed when it has sent its close_notify.
func (s *tlsSocket) SetDeadline(at time.Time) error {
	if s.over.Load() != nil {
		return nil
	}
	return s.nc.SetDeadline(at)
}

func (s *tlsSocket) SetReadDeadline(at time.Time) error {
	if s.over.Load() != nil {
		return nil
	}
	return s.nc.SetReadDeadline(at)
}

func (s *tlsSocket) SetWriteDeadline(at time.Time) error {
	if s.over.Load() != nil {
		return nil
	}
	return s.nc.SetWriteDeadline(at)
}

// recordHeader is the size of a record's header: type, version, length (RFC 8446, Section 5.1).
const recordHeader = 5

// records says where in a stream of TLS records one is.
type records struct {
	head [recordHeader]byte
	have uint8  // how many bytes of head have been seen
	left uint16 // how many bytes of the record are left behind its header
}

// take goes on by those bytes of p that belong to the record that p begins with, or in the midst of, and returns how many
// they are. len(p) > 0.
func (r *records) take(p []byte) (n int) {
	if r.left == 0 {
		n = copy(r.head[r.have:], p)
		if r.have += uint8(n); r.have < recordHeader {
			return n
		}
		r.have, r.left = 0, uint16(r.head[3])<<8|uint16(r.head[4])
	}
	body := min(int(r.left), len(p)-n)
	r.left -= uint16(body)
	return n + body
}
