//go:build linux && (amd64 || arm64) && !race

package reactor

// This file holds the system calls of a loop on its sockets, without telling the scheduler, as internal/transport makes them: with
// MSG_DONTWAIT none waits, not even where somebody has set the socket to blocking mode, as File().Fd() does. Those of
// sockets cost less than read(2) and write(2).

import (
	"syscall"
	"unsafe"
)

// recvFD reads what has come. len(p) > 0.
func recvFD(fd int, p []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), syscall.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}

// sendFD writes what there is room for. len(p) > 0.
func sendFD(fd int, p []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), syscall.MSG_NOSIGNAL|syscall.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}

// gatherFD is sendFD of two slices, of which the second may be large.
func gatherFD(fd int, p, q []byte) (int, syscall.Errno) {
	var iov [2]syscall.Iovec
	for i, b := range [2][]byte{p, q} {
		iov[i].Base = unsafe.SliceData(b)
		iov[i].SetLen(len(b))
	}
	msg := syscall.Msghdr{Iov: &iov[0], Iovlen: 2}
	n, _, errno := syscall.Syscall(syscall.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&msg)), syscall.MSG_NOSIGNAL|syscall.MSG_DONTWAIT)
	return int(n), errno
}
