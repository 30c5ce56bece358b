//go:build unix

package transport

// This file holds the transport for plain TCP and Unix sockets: it waits for readability without a buffer, reads and
// writes the descriptor directly, and tells what would block.

import (
	"net"
	"sync"
	"syscall"
	"time"
)

// Socket is the transport over a socket.
type Socket struct {
	descriptor
	nc net.Conn

	// owned by the writer
	onWrite  func(fd uintptr) bool
	writing  []byte
	vector   *vector // nil, or what to write instead
	written  int32
	writeErr syscall.Errno // 0 for none
}

// newSocket returns a transport for nc, or nil. A socket of packets gets one that makes a stream of it.
func newSocket(nc net.Conn) Transport {
	nc = withoutTLS(nc)
	if packets, ok := nc.(*net.UnixConn); ok && isPacket(packets) {
		rc, err := packets.SyscallConn()
		if err != nil {
			return nil
		}
		return &Stream{nc: &packetConn{UnixConn: packets, rc: rc}}
	}
	if !isSocket(nc) {
		return nil
	}
	t := &Socket{nc: nc}
	if !t.open(nc) {
		return nil
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

func (t *Socket) Polls() bool  { return true }
func (t *Socket) Backlog() int { return 0 }
func (t *Socket) Room() []byte { return nil }

func (t *Socket) Recv(p []byte, asks bool) (n int, drained bool, err error) {
	return t.recv(t.nc, p, asks)
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
	return 0, failed("write", t.nc, errno)
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
func (t *Socket) Orderly() bool                      { return false }

func (t *Socket) NetConn() net.Conn { return t.nc }

func (t *Socket) Abort() { t.abort() }

func (t *Socket) Close() error { return t.nc.Close() }
