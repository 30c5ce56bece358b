//go:build linux || (kqueue && (darwin || dragonfly || freebsd || netbsd || openbsd))

package reactor

// This file holds what pollers of sockets have in common: system calls, and how a loop that waits is woken.

import (
	"encoding/binary"
	"io"
	"net"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// waker is a descriptor that wakes a poller when something can be read from it: an eventfd, or a pipe.
type waker struct {
	mu      sync.Mutex // guards what follows, in wake and free
	in, out int        // the ends; the same of an eventfd
	freed   bool
}

// wake may come late, from a timer or from somebody who has just told the loop the last that it heard: the number of the descriptor
// may be a connection's by then.
func (w *waker) wake() {
	var b [8]byte
	binary.NativeEndian.PutUint64(b[:], 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.freed {
		unix.Write(w.out, b[:])
	}
}

// woken takes note of all wakes.
func (w *waker) woken() {
	var b [512]byte
	for n := len(b); n == len(b); {
		n, _ = unix.Read(w.in, b[:])
	}
}

func (w *waker) free() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.freed = true
	unix.Close(w.in)
	if w.out != w.in {
		unix.Close(w.out)
	}
}

// sockets is the part of a poller that is the same for all.
type sockets struct{}

func (sockets) recv(fd int32, b []byte) (int, error) {
	n, errno := recvFD(int(fd), b)
	switch {
	case errno == syscall.EAGAIN:
		return 0, errAgain
	case errno != 0:
		return 0, os.NewSyscallError("read", errno)
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

func (sockets) send(fd int32, b, q []byte) (n int, err error) {
	var errno syscall.Errno
	if len(q) == 0 {
		n, errno = sendFD(int(fd), b)
	} else {
		n, errno = gatherFD(int(fd), b, q)
	}
	switch errno {
	case 0:
		return n, nil
	case syscall.EAGAIN:
		return 0, errAgain
	}
	return 0, os.NewSyscallError("write", errno)
}

func (sockets) closeWrite(fd int32) { unix.Shutdown(int(fd), unix.SHUT_WR) }

func (sockets) addrs(fd int32) (local, remote net.Addr) {
	if sa, err := unix.Getsockname(int(fd)); err == nil {
		local = toAddr(sa)
	}
	if sa, err := unix.Getpeername(int(fd)); err == nil {
		remote = toAddr(sa)
	}
	return local, remote
}

// toAddr returns an address as package net shows it.
func toAddr(sa unix.Sockaddr) net.Addr {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return &net.TCPAddr{IP: net.IP(sa.Addr[:]), Port: sa.Port}
	case *unix.SockaddrInet6:
		addr := &net.TCPAddr{IP: net.IP(sa.Addr[:]), Port: sa.Port}
		if sa.ZoneId != 0 {
			if i, err := net.InterfaceByIndex(int(sa.ZoneId)); err == nil {
				addr.Zone = i.Name
			}
		}
		return addr
	case *unix.SockaddrUnix:
		return &net.UnixAddr{Name: sa.Name, Net: "unix"}
	}
	return nil
}
