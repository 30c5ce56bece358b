// Package transport carries the bytes of a connection. It is the only room that makes system calls, and knows nothing of Conn.
package transport

// This file holds what Conn asks of the network, and the transport that stands on any net.Conn. The one for plain
// sockets on Unix, which waits without a buffer and writes without waiting, is in socket_unix.go, that for TLS over them in tls_unix.go.

import (
	"crypto/tls"
	"errors"
	"net"
	"time"
)

// ErrWouldBlock is returned by Recv and TrySend of a transport that polls when nothing can be done without waiting.
var ErrWouldBlock = errors.New("websocket: operation would block")

// ErrFlooded is the error of a TLS connection whose peer asks for answers and does not take them: it is ended.
var ErrFlooded = errors.New("websocket: the peer asks for updates of keys and does not take the answers")

// Transport carries the bytes of one connection. Reading methods are for one goroutine at a time, and so are writing
// ones; the others are for any.
type Transport interface {
	// Run calls r.Readable: at once, and then again whenever there may be something to read, until it returns true.
	// The error is one of waiting, such as a deadline; r sees those of reading. Where holds is set, it calls r.Leave at the
	// end, and a descriptor stays open until that has returned, whoever closes the net.Conn.
	Run(r Reader, holds bool) error

	// Polls reports whether Recv and TrySend never wait, so that they may return ErrWouldBlock, upon which Readable
	// returns false. Otherwise Recv waits, and TrySend and TrySendTwo must not be called.
	Polls() bool

	// Room returns where a transport that cannot poll may wait for the first byte of a frame, or nil.
	Room() []byte

	// Recv reads, inside of Readable only. Where it polls and asks is set, drained may say that there was nothing behind.
	Recv(p []byte, asks bool) (n int, drained bool, err error)

	// TrySend returns less than len(p) with a nil error if it would block, or leaves a backlog. It may be told to be direct
	// while a reader is inside of Run.
	TrySend(p []byte, direct bool) (int, error)
	TrySendTwo(b, p []byte, direct bool) (int, error)
	Send(b, p []byte) (int64, error) // the backlog, all of b and then of p, waiting; both may be nil

	// Backlog returns how many bytes have been taken to be sent, by calls that have returned, and are not with the kernel. Those of a
	// transport that encrypts come beside what it was given, and it adds some by itself. Anybody may ask.
	Backlog() int

	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time)

	NetConn() net.Conn // what it stands on, for what can be asked of it

	CloseWrite() (can bool) // ends the outgoing stream, where the transport can
	Orderly() bool          // whether Close lets what was sent arrive though input has not been read, which TCP's does not
	Abort()                 // makes every wait, present and future, end with an error
	Close() error
}

// Reader is what Run calls. It is Conn, as an interface because a closure would be an allocation.
type Reader interface {
	Readable() (done bool)
	Leave()
}

// New returns the best transport for nc.
func New(nc net.Conn) Transport {
	if t := newSocket(nc); t != nil {
		return t
	}
	if t := newTLS(nc); t != nil {
		return t
	}
	return &Stream{nc: nc}
}

// Stream is the Transport over any net.Conn.
type Stream struct {
	nc net.Conn
	// first is for the first byte of a frame, so that an idle connection holds no buffer. No frame ends with it: the next
	// read gets what has come behind, and whether more is at hand shows. A room that a frame may fill would hide it.
	first [1]byte
}

func (t *Stream) Run(r Reader, holds bool) error {
	if holds {
		defer r.Leave()
	}
	for !r.Readable() {
	}
	return nil
}

func (t *Stream) Polls() bool  { return false }
func (t *Stream) Room() []byte { return t.first[:] }
func (t *Stream) Backlog() int { return 0 }

func (t *Stream) Recv(p []byte, _ bool) (n int, drained bool, err error) {
	n, err = t.nc.Read(p)
	return n, false, err
}

func (t *Stream) TrySend([]byte, bool) (int, error)            { return 0, nil }
func (t *Stream) TrySendTwo([]byte, []byte, bool) (int, error) { return 0, nil }

func (t *Stream) Send(b, p []byte) (int64, error) {
	n, err := t.nc.Write(b)
	if err != nil || len(p) == 0 {
		return int64(n), err
	}
	m, err := t.nc.Write(p)
	return int64(n + m), err
}

func (t *Stream) SetReadDeadline(at time.Time) error { return t.nc.SetReadDeadline(at) }
func (t *Stream) SetWriteDeadline(at time.Time)      { t.nc.SetWriteDeadline(at) }

func (t *Stream) NetConn() net.Conn { return t.nc }

func (t *Stream) CloseWrite() bool { return closeWrite(t.nc) }

// orderly is a net.Conn whose Close ends it in order, whatever has not been read, and that has another way to be cut: a
// stream of HTTP/2.
type orderly interface{ Abort() }

func (t *Stream) Orderly() bool {
	_, is := t.nc.(orderly)
	return is
}

// Abort closes what is below all TLS: the Close of that would wait up to 5 seconds for room for a last alert.
func (t *Stream) Abort() {
	if s, is := t.nc.(orderly); is {
		s.Abort()
		return
	}
	nc := t.nc
	for {
		over, ok := nc.(TLSConn)
		if !ok {
			nc.Close()
			return
		}
		nc = over.NetConn()
	}
}

func (t *Stream) Close() error {
	// A second Close, after Abort, reports that it is one.
	if err := t.nc.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// TLSConn is a *tls.Conn, or a type that embeds one.
type TLSConn interface {
	ConnectionState() tls.ConnectionState
	NetConn() net.Conn
}

// closeWrite ends the outgoing stream of nc if its type can: TCP, Unix and TLS connections can.
func closeWrite(nc net.Conn) (can bool) {
	half, can := nc.(interface{ CloseWrite() error })
	return can && half.CloseWrite() == nil
}
