//go:build kqueue && (darwin || dragonfly || freebsd || netbsd || openbsd)

package reactor

// This file holds what is BSD's own about sockets.

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// acceptSocket accepts a connection, and does not wait. No child process may begin before the descriptor is known not to be for it.
func acceptSocket(lfd int) (fd int, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if fd, _, err = unix.Accept(lfd); err != nil {
		return -1, err
	}
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// setTCP has what is sent not be delayed, and a peer that has vanished be found out by the system, whenever that is.
func setTCP(fd int) {
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
}
