//go:build unix && (!linux || race || !(amd64 || arm64))

package transport

// This file holds the system calls of Socket, as package syscall makes them: it tells the scheduler, so that a call on a
// socket in blocking mode holds up its caller and nobody else.

import "syscall"

// maxRawIO is not needed here: nothing counts.
const maxRawIO = 0

// askCount asks a socket to count: see counting.
func askCount(int) counting { return itDoesNot }

// countFD is readFD of a socket that counts.
func countFD(fd int, p []byte) (n int, drained bool, errno syscall.Errno) {
	n, errno = readFD(fd, p)
	return n, false, errno
}

// readFD reads what has come.
func readFD(fd int, p []byte) (int, syscall.Errno) {
	return uninterrupted(func() (int, error) { return syscall.Read(fd, p) })
}

// writeFD writes what there is room for.
func writeFD(fd int, p []byte) (int, syscall.Errno) {
	return uninterrupted(func() (int, error) { return syscall.Write(fd, p) })
}

// gatherFD is writeFD of two slices.
func gatherFD(fd int, pair *[2][]byte) (int, syscall.Errno) {
	n, errno := writeFD(fd, pair[0])
	if errno != 0 || n < len(pair[0]) {
		return n, errno
	}
	m, errno := writeFD(fd, pair[1])
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
