//go:build linux

package load

// This file holds TLS over a socket: crypto/tls, whose reads and writes do not wait once the handshakes are done.

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// secure is a connection of TLS, and the net.Conn below it.
type secure struct {
	net.Conn // nil: what crypto/tls asks of it stands below
	tc       *tls.Conn
	fd       int
	out      []byte // encrypted, and not with the kernel
}

// again is the error of a read that would have to wait. crypto/tls does not keep it, as it is temporary.
type again struct{}

func (again) Error() string   { return "load: nothing has come" }
func (again) Timeout() bool   { return true }
func (again) Temporary() bool { return true }

// startTLS makes a TLS connection of fd, which blocks.
func startTLS(fd int) (*secure, error) {
	s := &secure{fd: fd}
	s.tc = tls.Client(s, &tls.Config{InsecureSkipVerify: true})
	if err := s.tc.Handshake(); err != nil {
		return nil, fmt.Errorf("load: TLS: %w", err)
	}
	return s, nil
}

// Read implements net.Conn.
func (s *secure) Read(p []byte) (int, error) {
	for {
		n, err := unix.Read(s.fd, p)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return 0, again{}
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

// Write implements net.Conn. What the kernel does not take waits for flush.
func (s *secure) Write(p []byte) (int, error) {
	s.out = append(s.out, p...)
	return len(p), s.flush()
}

// flush sends what waits, as far as the kernel takes it.
func (s *secure) flush() error {
	for len(s.out) > 0 {
		n, err := unix.Write(s.fd, s.out)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return nil
		case err != nil:
			return err
		}
		s.out = s.out[:copy(s.out, s.out[n:])]
	}
	return nil
}

// read is tls.Conn.Read with the errors of the system call.
func (s *secure) read(p []byte) (int, error) {
	n, err := s.tc.Read(p)
	switch {
	case n > 0 || errors.Is(err, io.EOF):
		return n, nil
	case errors.Is(err, again{}):
		return 0, unix.EAGAIN
	}
	return n, err
}

// write is the same for tls.Conn.Write. It takes nothing while something waits.
func (s *secure) write(p []byte) (int, error) {
	if err := s.flush(); err != nil {
		return 0, err
	}
	if len(s.out) > 0 {
		return 0, unix.EAGAIN
	}
	return s.tc.Write(p[:min(len(p), 64<<10)])
}

func (s *secure) Close() error                     { return nil }
func (s *secure) SetDeadline(time.Time) error      { return nil }
func (s *secure) SetWriteDeadline(time.Time) error { return nil }
