//go:build unix && (!linux || race || !(amd64 || arm64))

package websocket

// This file holds the two system calls of rawTransport, as package syscall makes them.

import "syscall"

// maxRawIO bounds what countFD reads.
const maxRawIO = size64K

// askCount asks a socket to count: see counting.
func askCount(int) counting { return itDoesNot }

// countFD is readFD of a socket that counts.
func countFD(fd int, p []byte) (n int, drained bool, err error) {
	n, err = readFD(fd, p)
	return n, false, err
}

// readFD is read(2).
func readFD(fd int, p []byte) (int, error) { return syscall.Read(fd, p) }

// writeFD is write(2).
func writeFD(fd int, p []byte) (int, error) { return syscall.Write(fd, p) }
