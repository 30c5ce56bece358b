//go:build unix

package transport

// This file holds the descriptor of a socket, as those who wait for it and read it see it, with TLS or without.

import (
	"io"
	"net"
	"syscall"
)

// descriptor is that of a socket.
type descriptor struct {
	rc syscall.RawConn

	// owned by the reader
	reader Reader
	// onRead is the callback of the descriptor's Read: the descriptor stays open while it runs, and false parks the
	// goroutine until the next edge of readability. It is made once: a closure for each wait would be an allocation.
	onRead func(fd uintptr) bool
	// onHold is that of its Control, around Read. Read lets go of the descriptor before it returns, and when somebody has
	// closed the net.Conn, its number may be another connection's at once.
	onHold func(fd uintptr)
	runErr error // of the Read inside of onHold

	fd     int32    // open inside of a Run that holds it
	counts counting // whether the socket tells what is left in it; the reader's
}

// isSocket reports whether nc is a plain socket that is a stream. A type that embeds *net.TCPConn also has SyscallConn, while its
// own Read or Write may do more: only the exact types qualify.
func isSocket(nc net.Conn) bool {
	switch nc := nc.(type) {
	case *net.TCPConn:
		return true
	case *net.UnixConn:
		return !isPacket(nc)
	}
	return false
}

// open makes d that of nc, which isSocket, and reports whether that could be.
func (d *descriptor) open(nc net.Conn) (opened bool) {
	var err error
	if d.rc, err = nc.(syscall.Conn).SyscallConn(); err != nil {
		return false
	}
	if d.rc.Control(func(fd uintptr) { d.fd = int32(fd) }) != nil {
		return false
	}
	d.onRead = func(uintptr) bool { return d.reader.Readable() }
	d.onHold = func(uintptr) {
		defer d.reader.Leave()
		d.runErr = d.rc.Read(d.onRead)
	}
	return true
}

// Run implements Transport. Who embeds a descriptor has it without a frame more on the stack in which a connection waits.
func (d *descriptor) Run(r Reader, holds bool) error {
	d.reader = r
	if !holds {
		return d.rc.Read(d.onRead)
	}
	if err := d.rc.Control(d.onHold); err != nil {
		return err
	}
	return d.runErr
}

// recv is Transport.Recv of the socket nc.
func (d *descriptor) recv(nc net.Conn, p []byte, asks bool) (n int, drained bool, err error) {
	if asks && d.counts == notAsked {
		d.counts = askCount(int(d.fd))
	}
	var errno syscall.Errno
	if asks && d.counts == itCounts && len(p) <= maxRawIO {
		n, drained, errno = countFD(int(d.fd), p)
	} else {
		n, errno = readFD(int(d.fd), p)
	}
	switch {
	case errno == syscall.EAGAIN:
		return 0, false, ErrWouldBlock
	case errno != 0:
		return 0, false, failed("read", nc, errno)
	case n == 0 && len(p) > 0:
		return 0, false, io.EOF
	}
	return n, drained, nil
}

// counting says whether the kernel tells, with what it gives, how much is left.
type counting uint8

const (
	notAsked counting = iota
	itCounts
	itDoesNot
)

// failed wraps an error of a system call as package net does.
func failed(op string, nc net.Conn, err error) error {
	return &net.OpError{Op: op, Net: "websocket", Source: nc.LocalAddr(), Addr: nc.RemoteAddr(), Err: err}
}

// abort shuts the socket down rather than closing it: closing waits for the callbacks that run.
func (d *descriptor) abort() {
	d.rc.Control(func(fd uintptr) { syscall.Shutdown(int(fd), syscall.SHUT_RDWR) })
}
