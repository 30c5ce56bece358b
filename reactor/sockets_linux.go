package reactor

// This file holds what is Linux's own about sockets.

import "golang.org/x/sys/unix"

// acceptSocket accepts a connection, and does not wait.
func acceptSocket(lfd int) (fd int, err error) {
	fd, _, err = unix.Accept4(lfd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	return fd, err
}

// setTCP does what package net does with a connection that it accepts: what is sent is not delayed, and a peer that has vanished is
// found out after a while.
func setTCP(fd int) {
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 15)
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 15)
}
