//go:build unix

package transport

// This file holds the transport for plain TCP and Unix sockets: it waits for readability without a buffer, reads and
// writes the descriptor directly, and tells what would block.

import (
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// Socket is the transport over a socket.
type Socket struct {
	nc net.Conn
	rc syscall.RawConn

	// owned by the reader
	reader Reader
	// onRead is the callback of the descriptor's Read: the descriptor stays open while it runs, and false parks the
	// goroutine until the next edge of readability. It is made once: a closure for each wait would be an allocation.
	onRead func(fd uintptr) bool
	// onHold is that of its Control, around Read. Read lets go of the descriptor before it returns, and when somebody has
	// closed the net.Conn, its number may be another connection's at once.
	onHold func(fd uintptr)
	runErr error    // of the Read inside of onHold
	counts counting // whether the socket tells what is left in it

	// owned by the writer
	onWrite  func(fd uintptr) bool
	writing  []byte
	vector   *vector // nil, or what to write instead
	written  int32
	writeErr syscall.Errno // 0 for none

	fd int32 // the descriptor; open inside of a Run that holds it
}

// newSocket returns a transport for nc, or nil. A type that embeds *net.TCPConn also has SyscallConn, while its
// own Read or Write may do more: only the exact types qualify. A socket of packets gets one that makes a stream of it.
func newSocket(nc net.Conn) Transport {
	nc = withoutTLS(nc)
	var rc syscall.RawConn
	var err error
	switch nc := nc.(type) {
	case *net.TCPConn:
		rc, err = nc.SyscallConn()
	case *net.UnixConn:
		if rc, err = nc.SyscallConn(); err == nil && isPacket(nc) {
			return &Stream{nc: &packetConn{UnixConn: nc, rc: rc}}
		}
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	t := &Socket{nc: nc, rc: rc}
	if rc.Control(func(fd uintptr) { t.fd = int32(fd) }) != nil {
		return nil
	}
	t.onRead = func(uintptr) bool { return t.reader.Readable() }
	t.onHold = func(uintptr) {
		defer t.reader.Leave()
		t.runErr = t.rc.Read(t.onRead)
	}
	t.onWrite = func(fd uintptr) bool {
		var n int
		if t.vector != nil {
			n, t.writeErr = gatherFD(int(fd), &t.vector.pair)
		} else {
			n, t.writeErr = writeFD(int(fd), t.writing)
		}
		t.written = int32(n)
		return true // it never asks to wait
	}
	return t
}

// isSocket reports whether newSocket returns a Socket for nc.
func isSocket(nc net.Conn) bool {
	switch nc := nc.(type) {
	case *net.TCPConn:
		return true
	case *net.UnixConn:
		return !isPacket(nc)
	}
	return false
}

func (t *Socket) Run(r Reader, holds bool) error {
	t.reader = r
	if !holds {
		return t.rc.Read(t.onRead)
	}
	if err := t.rc.Control(t.onHold); err != nil {
		return err
	}
	return t.runErr
}

func (t *Socket) Polls() bool  { return true }
func (t *Socket) Backlog() int { return 0 }
func (t *Socket) Room() []byte { return nil }

func (t *Socket) Recv(p []byte, asks bool) (n int, drained bool, err error) {
	if asks && t.counts == notAsked {
		t.counts = askCount(int(t.fd))
	}
	var errno syscall.Errno
	if asks && t.counts == itCounts && len(p) <= maxRawIO {
		n, drained, errno = countFD(int(t.fd), p)
	} else {
		n, errno = readFD(int(t.fd), p)
	}
	switch {
	case errno == syscall.EAGAIN:
		return 0, false, ErrWouldBlock
	case errno != 0:
		return 0, false, t.failed("read", errno)
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
func (t *Socket) failed(op string, err error) error {
	return &net.OpError{Op: op, Net: "websocket", Source: t.nc.LocalAddr(), Addr: t.nc.RemoteAddr(), Err: err}
}

func (t *Socket) TrySend(p []byte, direct bool) (int, error) {
	if direct {
		return t.sent(writeFD(int(t.fd), p))
	}
	t.writing = p
	err := t.rc.Write(t.onWrite)
	t.writing = nil
	if err != nil {
		return 0, err
	}
	return t.sent(int(t.written), t.writeErr)
}

func (t *Socket) TrySendTwo(b, p []byte, direct bool) (n int, err error) {
	v := vectors.Get().(*vector)
	v.pair = [2][]byte{b, p}
	if direct {
		n, err = t.sent(gatherFD(int(t.fd), &v.pair))
	} else {
		t.vector = v
		if err = t.rc.Write(t.onWrite); err == nil {
			n, err = t.sent(int(t.written), t.writeErr)
		}
		t.vector = nil
	}
	*v = vector{}
	vectors.Put(v)
	return n, err
}

// sent is what TrySend makes of the result of a system call.
func (t *Socket) sent(n int, errno syscall.Errno) (int, error) {
	switch errno {
	case 0:
		return n, nil
	case syscall.EAGAIN:
		return 0, nil
	}
	return 0, t.failed("write", errno)
}

// vector is the pair of slices of one write.
type vector struct {
	bufs net.Buffers
	pair [2][]byte
}

var vectors = sync.Pool{New: func() any { return new(vector) }}

func (t *Socket) Send(b, p []byte) (int64, error) {
	if len(p) == 0 {
		n, err := t.nc.Write(b)
		return int64(n), err
	}
	v := vectors.Get().(*vector)
	v.pair = [2][]byte{b, p}
	v.bufs = v.pair[:]
	n, err := v.bufs.WriteTo(t.nc)
	*v = vector{}
	vectors.Put(v)
	return n, err
}

func (t *Socket) SetReadDeadline(at time.Time) error { return t.nc.SetReadDeadline(at) }
func (t *Socket) SetWriteDeadline(at time.Time)      { t.nc.SetWriteDeadline(at) }
func (t *Socket) CloseWrite() bool                   { return closeWrite(t.nc) }

func (t *Socket) NetConn() net.Conn { return t.nc }

// Abort shuts the socket down rather than closing it: closing waits for the callbacks that run.
func (t *Socket) Abort() {
	t.rc.Control(func(fd uintptr) { syscall.Shutdown(int(fd), syscall.SHUT_RDWR) })
}

func (t *Socket) Close() error { return t.nc.Close() }
