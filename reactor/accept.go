package reactor

// This file holds Serve: how connections come to the loops. One goroutine accepts for all of them, and gives them out in turn: loops
// that accept for themselves get very different shares.

import (
	"errors"
	"net"
	"time"
)

// maxPause is the longest that accepting pauses after an error that may pass, such as that there are no descriptors left.
const maxPause = time.Second

// Serve accepts connections from ln, and serves them, until ln fails or is closed, whose error it returns: ErrServerClosed after
// Shutdown. It closes ln. Where connections cannot be accepted for a while, because there are too many descriptors open, it logs
// that and tries again.
//
// Connections of a *net.TCPListener or *net.UnixListener are served by the loops alone on Linux. Those of other listeners, such as
// one of TLS, and of all elsewhere, have two goroutines each beside the loop.
func (s *Server) Serve(ln net.Listener) error {
	defer ln.Close()
	if err := s.begin(); err != nil {
		return err
	}
	if !s.listen(&ln) {
		return ErrServerClosed
	}
	defer s.unlisten(&ln)
	sockets, ok := acceptorOf(ln)
	if ok {
		if err := s.startLoops(); err != nil {
			return err
		}
	}
	for pause := time.Duration(0); ; {
		err := s.acceptConn(ln)
		if err == nil && ok {
			err = s.acceptMore(sockets)
		}
		switch {
		case err == nil:
			pause = 0
		case s.isClosed():
			return ErrServerClosed
		case !passes(err):
			return err
		default:
			pause = min(max(2*pause, 5*time.Millisecond), maxPause)
			s.logf("reactor: accepting pauses for %v: %v", pause, err)
			time.Sleep(pause)
		}
	}
}

// listen takes note of a listener, by its place: one need not be comparable. It is false after Shutdown.
func (s *Server) listen(ln *net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if s.listeners == nil {
		s.listeners = make(map[*net.Listener]struct{})
	}
	s.listeners[ln] = struct{}{}
	return true
}

func (s *Server) unlisten(ln *net.Listener) {
	s.mu.Lock()
	delete(s.listeners, ln)
	s.mu.Unlock()
}

func (s *Server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// acceptConn waits for a connection, and gives it to a loop.
func (s *Server) acceptConn(ln net.Listener) error {
	nc, err := ln.Accept()
	if err != nil {
		return err
	}
	s.take(nc, nil) // an error is that the server is closed, which the next call finds
	return nil
}

// passes reports whether an error of accepting does not mean that the listener has failed.
func passes(err error) bool {
	var ne interface{ Temporary() bool }
	return errors.As(err, &ne) && ne.Temporary()
}
