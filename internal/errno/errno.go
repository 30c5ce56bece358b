//go:build !plan9

// Package errno has the errors of sockets that tests ask for, on every system.
package errno

import "syscall"

// What a connection fails with that the peer has reset, and what a write to one fails with that it has closed.
const (
	ConnReset = syscall.ECONNRESET
	Pipe      = syscall.EPIPE
)
