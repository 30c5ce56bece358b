//go:build linux || (kqueue && (darwin || dragonfly || freebsd || netbsd || openbsd))

package reactor

// This file holds how sockets come to the loops.

import (
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// acceptor accepts the connections of a listener that have come.
type acceptor struct {
	raw syscall.RawConn
	tcp bool
}

// acceptorOf returns the acceptor of a listener, if its connections are sockets. Exact types only: one that embeds them may do more.
func acceptorOf(ln net.Listener) (a acceptor, ok bool) {
	var err error
	switch ln := ln.(type) {
	case *net.TCPListener:
		a.tcp = true
		a.raw, err = ln.SyscallConn()
	case *net.UnixListener:
		if ln.Addr().Network() != "unix" {
			return a, false
		}
		a.raw, err = ln.SyscallConn()
	default:
		return a, false
	}
	return a, err == nil
}

// acceptMore gives all connections that have come to the loops, and does not wait. Package net waits for the first, because nothing
// but its Accept notices that the listener is closed; the ones that have come together with it cost less here.
func (s *Server) acceptMore(a acceptor) error {
	var failed error
	err := a.raw.Control(func(lfd uintptr) {
		for {
			fd, err := acceptSocket(int(lfd))
			switch err {
			case nil:
				s.accepted(fd, a.tcp)
			case unix.EINTR, unix.ECONNABORTED:
			case unix.EAGAIN:
				return
			default:
				failed = os.NewSyscallError("accept", err)
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return failed
}

// accepted gives a socket to a loop.
func (s *Server) accepted(fd int, tcp bool) {
	if tcp {
		setTCP(fd)
	}
	if !s.nextLoop().post(mail{fd: int32(fd)}) {
		unix.Close(fd)
	}
}

// socketOf returns a descriptor of its own for the socket under nc, if it is nothing more than a socket of a stream.
func socketOf(nc net.Conn) (fd int32, ok bool) {
	var raw syscall.RawConn
	var err error
	switch nc := nc.(type) {
	case *net.TCPConn:
		raw, err = nc.SyscallConn()
	case *net.UnixConn:
		raw, err = nc.SyscallConn()
	default:
		return 0, false
	}
	if err != nil {
		return 0, false
	}
	raw.Control(func(was uintptr) {
		if kind, err := unix.GetsockoptInt(int(was), unix.SOL_SOCKET, unix.SO_TYPE); err != nil || kind != unix.SOCK_STREAM {
			return
		}
		dup, err := unix.FcntlInt(was, unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return
		}
		unix.SetNonblock(dup, true) // File().Fd() may have made it a blocking one
		fd, ok = int32(dup), true
	})
	return fd, ok
}

func closeSocket(fd int32) { unix.Close(int(fd)) }
