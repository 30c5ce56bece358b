//go:build unix

package websocket

// This file holds the transport for plain TCP and Unix sockets: it waits for readability without a buffer, reads and
// writes the descriptor directly, and tells what would block.

import (
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// rawTransport is the transport over a socket.
type rawTransport struct {
	nc net.Conn
	rc syscall.RawConn

	// owned by the reader
	reader reader
	onRead func(fd uintptr) bool // made once: a closure for each wait would be an allocation
	readFD int                   // valid inside of onRead

	// owned by the writer
	onWrite  func(fd uintptr) bool
	writing  []byte
	written  int
	writeErr error
}

// newRawTransport returns a transport for nc, or nil. A type that embeds *net.TCPConn also has SyscallConn, while its
// own Read or Write may do more: only the exact types qualify.
func newRawTransport(nc net.Conn) transport {
	var rc syscall.RawConn
	var err error
	switch nc := nc.(type) {
	case *net.TCPConn:
		rc, err = nc.SyscallConn()
	case *net.UnixConn:
		rc, err = nc.SyscallConn()
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	t := &rawTransport{nc: nc, rc: rc}
	t.onRead = t.poll
	t.onWrite = t.attempt
	return t
}

func (t *rawTransport) run(r reader) error {
	t.reader = r
	return t.rc.Read(t.onRead)
}

// poll is the callback of the descriptor's Read: the descriptor stays open while it runs, and false parks the
// goroutine until the next edge of readability.
func (t *rawTransport) poll(fd uintptr) bool {
	t.readFD = int(fd)
	return t.reader.readable()
}

func (t *rawTransport) polls() bool { return true }

func (t *rawTransport) recv(p []byte) (int, error) {
	for {
		n, err := readFD(t.readFD, p)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return 0, errWouldBlock
		case err != nil:
			return 0, &net.OpError{Op: "read", Net: "websocket", Source: t.nc.LocalAddr(), Addr: t.nc.RemoteAddr(), Err: err}
		case n == 0 && len(p) > 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

func (t *rawTransport) trySend(p []byte) (int, error) {
	t.writing, t.written, t.writeErr = p, 0, nil
	err := t.rc.Write(t.onWrite)
	t.writing = nil
	if t.writeErr != nil {
		err = t.writeErr
	}
	return t.written, err
}

// attempt is the callback of the descriptor's Write. It never asks to wait.
func (t *rawTransport) attempt(fd uintptr) bool {
	for {
		n, err := writeFD(int(fd), t.writing)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
		case err != nil:
			t.writeErr = &net.OpError{Op: "write", Net: "websocket", Source: t.nc.LocalAddr(), Addr: t.nc.RemoteAddr(), Err: err}
		default:
			t.written = n
		}
		return true
	}
}

// vector is the pair of slices of one writev.
type vector struct {
	bufs net.Buffers
	pair [2][]byte
}

var vectors = sync.Pool{New: func() any { return new(vector) }}

func (t *rawTransport) send(b, p []byte) (int64, error) {
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

func (t *rawTransport) setReadDeadline(at time.Time) error { return t.nc.SetReadDeadline(at) }
func (t *rawTransport) setWriteDeadline(at time.Time)      { t.nc.SetWriteDeadline(at) }
func (t *rawTransport) closeWrite() bool                   { return closeWrite(t.nc) }

func (t *rawTransport) addrs() (local, remote net.Addr) { return t.nc.LocalAddr(), t.nc.RemoteAddr() }

// abort shuts the socket down rather than closing it: closing waits for a callback that runs, and a Messages loop
// runs its body in one.
func (t *rawTransport) abort() {
	t.rc.Control(func(fd uintptr) { syscall.Shutdown(int(fd), syscall.SHUT_RDWR) })
}

func (t *rawTransport) close() error { return t.nc.Close() }
