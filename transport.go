package websocket

// This file holds what Conn asks of the network, and the transport that stands on any net.Conn. The one for plain
// sockets on Unix, which waits without a buffer and writes without waiting, is in transport_unix.go.

import (
	"crypto/tls"
	"errors"
	"net"
	"time"
)

// errWouldBlock is returned by transport.recv and transport.trySend of a transport that polls when nothing can be
// done without waiting.
var errWouldBlock = errors.New("websocket: operation would block")

// transport carries the bytes of one connection. Reading methods are for one goroutine at a time, and so are writing
// ones; the others are for any.
type transport interface {
	// run calls r.readable: at once, and then again whenever there may be something to read, until it returns true.
	// The error is one of waiting, such as a deadline; r sees those of reading. Where holds is set, it calls r.leave at the
	// end, and a descriptor stays open until that has returned, whoever closes the net.Conn.
	run(r reader, holds bool) error

	// polls reports whether recv and trySend never wait, so that they may return errWouldBlock, upon which readable
	// returns false. Otherwise recv waits, and trySend and trySendTwo must not be called.
	polls() bool

	// room returns where a transport that cannot poll may wait for the first byte of a frame, or nil.
	room() []byte

	// recv reads, inside of readable only. Where it polls and asks is set, drained may say that there was nothing behind.
	recv(p []byte, asks bool) (n int, drained bool, err error)

	// trySend returns less than len(p) with a nil error if it would block. It may be told to be direct while a reader is
	// inside of run.
	trySend(p []byte, direct bool) (int, error)
	trySendTwo(b, p []byte, direct bool) (int, error)
	send(b, p []byte) (int64, error) // all of b and then of p, waiting; p may be nil

	setReadDeadline(t time.Time) error
	setWriteDeadline(t time.Time)

	netConn() net.Conn // what it stands on, for what can be asked of it

	closeWrite() (can bool) // ends the outgoing stream, where the transport can
	abort()                 // makes every wait, present and future, end with an error
	close() error
}

// reader is what transport.run calls. It is Conn, as an interface because a closure would be an allocation.
type reader interface {
	readable() (done bool)
	leave()
}

// newTransport returns the best transport for nc.
func newTransport(nc net.Conn) transport {
	if t := newRawTransport(nc); t != nil {
		return t
	}
	return &netTransport{nc: nc}
}

// netTransport is the transport over any net.Conn.
type netTransport struct {
	nc net.Conn
	// first is for the first byte of a frame, so that an idle connection holds no buffer. No frame ends with it: the next
	// read gets what has come behind, and whether more is at hand shows. A room that a frame may fill would hide it.
	first [1]byte
}

func (t *netTransport) run(r reader, holds bool) error {
	if holds {
		defer r.leave()
	}
	for !r.readable() {
	}
	return nil
}

func (t *netTransport) polls() bool  { return false }
func (t *netTransport) room() []byte { return t.first[:] }

func (t *netTransport) recv(p []byte, _ bool) (n int, drained bool, err error) {
	n, err = t.nc.Read(p)
	return n, false, err
}

func (t *netTransport) trySend([]byte, bool) (int, error)            { return 0, nil }
func (t *netTransport) trySendTwo([]byte, []byte, bool) (int, error) { return 0, nil }

func (t *netTransport) send(b, p []byte) (int64, error) {
	n, err := t.nc.Write(b)
	if err != nil || len(p) == 0 {
		return int64(n), err
	}
	m, err := t.nc.Write(p)
	return int64(n + m), err
}

func (t *netTransport) setReadDeadline(at time.Time) error { return t.nc.SetReadDeadline(at) }
func (t *netTransport) setWriteDeadline(at time.Time)      { t.nc.SetWriteDeadline(at) }

func (t *netTransport) netConn() net.Conn { return t.nc }

func (t *netTransport) closeWrite() bool { return closeWrite(t.nc) }

// abort closes what is below all TLS: the Close of that would wait up to 5 seconds for room for a last alert.
func (t *netTransport) abort() {
	nc := t.nc
	for {
		over, ok := nc.(tlsConn)
		if !ok {
			nc.Close()
			return
		}
		nc = over.NetConn()
	}
}

func (t *netTransport) close() error {
	// A second Close, after abort, reports that it is one.
	if err := t.nc.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// tlsConn is a *tls.Conn, or a type that embeds one.
type tlsConn interface {
	ConnectionState() tls.ConnectionState
	NetConn() net.Conn
}

// closeWrite ends the outgoing stream of nc if its type can: TCP, Unix and TLS connections can.
func closeWrite(nc net.Conn) (can bool) {
	half, can := nc.(interface{ CloseWrite() error })
	return can && half.CloseWrite() == nil
}
