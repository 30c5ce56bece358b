//go:build unix

package transport

// This file makes a stream of a socket of packets: "unixpacket" is a network of *net.UnixConn, too. What does not fit into the
// buffer of a read is lost there, and a write is one packet, of a size that the kernel bounds.

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
)

const (
	// MostPacket is the most bytes of a packet that can come: more than Linux sends unless it was told to.
	MostPacket = 256 << 10
	// packetSize is the most bytes of one that is sent.
	packetSize = 32 << 10
)

// ErrPacketSize is the error of reading a packet of more than MostPacket bytes. What did not fit is lost.
var ErrPacketSize = errors.New("websocket: packet over 256 KiB")

// packetConn is a socket of packets as a stream. Like the transport, it is for one reader and one writer at a time.
type packetConn struct {
	*net.UnixConn
	rc   syscall.RawConn
	buf  *[MostPacket]byte // what rest is part of; pooled; nil while the connection waits
	rest []byte            // of the last packet that came
}

var packetBuffers = sync.Pool{New: func() any { return new([MostPacket]byte) }}

// isPacket reports whether nc is a socket of packets.
func isPacket(nc *net.UnixConn) bool { return nc.LocalAddr().Network() == "unixpacket" }

// Read implements io.Reader.
func (c *packetConn) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		if err := c.receive(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.rest)
	if c.rest = c.rest[n:]; len(c.rest) == 0 {
		packetBuffers.Put(c.buf)
		c.buf = nil
	}
	return n, nil
}

// receive waits for the next packet.
func (c *packetConn) receive() (err error) {
	waitErr := c.rc.Read(func(fd uintptr) (done bool) {
		buf := packetBuffers.Get().(*[MostPacket]byte)
		n, _, flags, _, errno := syscall.Recvmsg(int(fd), buf[:], nil, dontWait)
		switch {
		case errno != nil:
			err = errno
		case flags&syscall.MSG_TRUNC != 0:
			err = ErrPacketSize
		case n == 0:
			err = io.EOF
		default:
			c.buf, c.rest, err = buf, buf[:n], nil
			return true
		}
		packetBuffers.Put(buf)
		return errno != syscall.EAGAIN && errno != syscall.EINTR
	})
	if waitErr != nil {
		return waitErr
	}
	return err
}

// Write implements io.Writer.
func (c *packetConn) Write(p []byte) (n int, err error) {
	for len(p) > 0 && err == nil {
		var m int
		m, err = c.UnixConn.Write(p[:min(len(p), packetSize)])
		n, p = n+m, p[m:]
	}
	return n, err
}
