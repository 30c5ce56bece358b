//go:build unix && (!linux || race)

package websocket

// This file holds the two system calls of rawTransport, as package syscall makes them.

import "syscall"

// readFD is read(2).
func readFD(fd int, p []byte) (int, error) { return syscall.Read(fd, p) }

// writeFD is write(2).
func writeFD(fd int, p []byte) (int, error) { return syscall.Write(fd, p) }
