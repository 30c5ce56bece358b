//go:build linux && !race

package websocket

// This file holds the two system calls of rawTransport on Linux. They are made without telling the scheduler, which
// costs a tenth of an echo (bench/echo, one message in flight): the descriptor does not block, so neither call waits.
// Under the race detector rawio_unix.go serves, because package syscall tells the detector what a socket carries from
// one goroutine to another.

import (
	"syscall"
	"unsafe"
)

// maxRawIO bounds how long a call can take: to copy so many bytes.
const maxRawIO = size64K

// readFD is read(2). len(p) > 0.
func readFD(fd int, p []byte) (int, error) {
	if len(p) > maxRawIO {
		return syscall.Read(fd, p)
	}
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// writeFD is write(2). len(p) > 0.
func writeFD(fd int, p []byte) (int, error) {
	if len(p) > maxRawIO {
		return syscall.Write(fd, p)
	}
	n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
