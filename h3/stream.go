package h3

import (
	"io"
	"net"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

// quicStream is what quic-go has for both roles.
type quicStream interface {
	io.ReadWriteCloser // whose Close ends the outgoing half, and must not be called during a Write
	CancelRead(quic.StreamErrorCode)
	CancelWrite(quic.StreamErrorCode)
	SetDeadline(time.Time) error
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// The codes of resets (RFC 9114, Section 8.1).
const (
	codeNoError   = quic.StreamErrorCode(http3.ErrCodeNoError)
	codeCancelled = quic.StreamErrorCode(http3.ErrCodeRequestCanceled)
)

// stream is a net.Conn of one. Its deadlines end calls and nothing else.
type stream struct {
	quicStream
	local, remote net.Addr

	mu      sync.Mutex
	writing bool // a Write is inside of quic-go
	closed  bool // by Close or Abort
}

// Write sends p, and waits while the peer's windows are full.
func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	if s.closed || s.writing {
		s.mu.Unlock()
		return 0, net.ErrClosed
	}
	s.writing = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.writing = false
	}()
	return s.quicStream.Write(p)
}

// CloseWrite ends the outgoing half in order, unless a Write is under way: what that has sent is not whole.
func (s *stream) CloseWrite() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end()
}

func (s *stream) end() error {
	if s.writing {
		s.CancelWrite(codeCancelled)
		return nil
	}
	return s.quicStream.Close()
}

// Close ends the outgoing half as CloseWrite does, and tells the peer that nothing more is read. RFC 9114, Section 4.1: "the server [...] MAY
// request that the client stop sending" without an error.
func (s *stream) Close() error {
	return s.close(func() {
		s.end()
		s.CancelRead(codeNoError)
	})
}

// Abort resets the stream.
func (s *stream) Abort() {
	s.close(func() {
		s.CancelWrite(codeCancelled)
		s.CancelRead(codeCancelled)
	})
}

func (s *stream) close(how func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	s.closed = true
	how()
	return nil
}

// LocalAddr returns the address of this side of the connection.
func (s *stream) LocalAddr() net.Addr { return s.local }

// RemoteAddr returns the address of the other side of the connection.
func (s *stream) RemoteAddr() net.Addr { return s.remote }
