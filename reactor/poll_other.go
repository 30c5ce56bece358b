//go:build !linux && !(kqueue && (darwin || dragonfly || freebsd || netbsd || openbsd))

package reactor

// This file stands for the poller of sockets where there is none: every connection is served by poll_net.go.

import (
	"errors"
	"net"
)

var errNoSockets = errors.New("reactor: there is no poller for sockets on this system")

type acceptor struct{}

func newPoller() (poller, error)               { return nil, errNoSockets }
func acceptorOf(net.Listener) (acceptor, bool) { return acceptor{}, false }
func (s *Server) acceptMore(acceptor) error    { return errNoSockets }
func socketOf(net.Conn) (fd int32, ok bool)    { return 0, false }
func closeSocket(int32)                        {}
