//go:build (linux && (race || !(amd64 || arm64))) || (kqueue && (darwin || dragonfly || freebsd || netbsd || openbsd))

package reactor

// This file holds the system calls of a loop on its sockets for the race detector, as package syscall makes them: it tells the
// detector what a socket carries from one goroutine to another. They also serve rarer machines, and BSD.

import "syscall"

// recvFD reads what has come.
func recvFD(fd int, p []byte) (int, syscall.Errno) {
	return uninterrupted(func() (int, error) { return syscall.Read(fd, p) })
}

// sendFD writes what there is room for.
func sendFD(fd int, p []byte) (int, syscall.Errno) {
	return uninterrupted(func() (int, error) { return syscall.Write(fd, p) })
}

// gatherFD is sendFD of two slices.
func gatherFD(fd int, p, q []byte) (int, syscall.Errno) {
	n, errno := sendFD(fd, p)
	if errno != 0 || n < len(p) {
		return n, errno
	}
	m, errno := sendFD(fd, q)
	if errno == syscall.EAGAIN {
		return n, 0
	}
	return n + max(m, 0), errno
}

// uninterrupted makes a system call of package syscall, whose errors are numbers, until no signal interrupts it.
func uninterrupted(call func() (int, error)) (int, syscall.Errno) {
	for {
		n, err := call()
		if errno, _ := err.(syscall.Errno); errno != syscall.EINTR {
			return n, errno
		}
	}
}
