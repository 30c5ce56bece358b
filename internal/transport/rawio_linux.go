//go:build linux && (amd64 || arm64) && !race

package transport

// This file holds the system calls of Socket on Linux. They are made without telling the scheduler, which costs a
// tenth of an echo (bench/echo, one message in flight): with MSG_DONTWAIT no call waits, not even where somebody has set the
// socket to blocking mode, as File().Fd() does; and what does not wait is not interrupted. And they are those of sockets, because read(2) and write(2) cost 3% of an echo more. Under the
// race detector rawio_unix.go serves, because package syscall tells the detector what a socket carries from one goroutine
// to another.

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxRawIO bounds how long a call can take: to copy so many bytes.
const maxRawIO = 64 << 10

// askCount asks a TCP socket to count: see counting. Unix sockets have no such option.
func askCount(fd int) counting {
	if syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, unix.TCP_INQ, 1) != nil {
		return itDoesNot
	}
	return itCounts
}

// countFD is readFD of a socket that counts, for at most maxRawIO bytes. drained says that no byte and no end of the
// stream has come behind what it read: an end counts as a byte. A reset does not count.
func countFD(fd int, p []byte) (n int, drained bool, errno syscall.Errno) {
	var control struct {
		syscall.Cmsghdr
		left int32
	}
	iov := syscall.Iovec{Base: &p[0]}
	iov.SetLen(len(p))
	msg := syscall.Msghdr{Iov: &iov, Iovlen: 1, Control: (*byte)(unsafe.Pointer(&control))}
	msg.SetControllen(int(unsafe.Sizeof(control)))
	got, _, errno := syscall.RawSyscall(syscall.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&msg)), syscall.MSG_DONTWAIT)
	if errno != 0 {
		return 0, false, errno
	}
	counted := msg.Controllen > 0 && control.Level == syscall.IPPROTO_TCP && control.Type == unix.TCP_CM_INQ
	return int(got), counted && control.left == 0, 0
}

// readFD reads what has come. len(p) > 0.
func readFD(fd int, p []byte) (int, syscall.Errno) {
	if len(p) > maxRawIO {
		n, _, errno := syscall.Syscall6(syscall.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), syscall.MSG_DONTWAIT, 0, 0)
		return int(n), errno
	}
	n, _, errno := syscall.RawSyscall6(syscall.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), syscall.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}

// writeFD writes what there is room for. len(p) > 0.
func writeFD(fd int, p []byte) (int, syscall.Errno) {
	if len(p) > maxRawIO {
		n, _, errno := syscall.Syscall6(syscall.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), syscall.MSG_NOSIGNAL|syscall.MSG_DONTWAIT, 0, 0)
		return int(n), errno
	}
	n, _, errno := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), syscall.MSG_NOSIGNAL|syscall.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}

// gatherFD is writeFD of two slices.
func gatherFD(fd int, pair *[2][]byte) (int, syscall.Errno) {
	var iov [2]syscall.Iovec
	for i, p := range pair {
		iov[i].Base = unsafe.SliceData(p)
		iov[i].SetLen(len(p))
	}
	msg := syscall.Msghdr{Iov: &iov[0], Iovlen: 2}
	n, _, errno := syscall.Syscall(syscall.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&msg)), syscall.MSG_NOSIGNAL|syscall.MSG_DONTWAIT)
	return int(n), errno
}
