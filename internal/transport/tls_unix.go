//go:build unix

package transport

// This file holds the transport for TLS over a plain socket: a filter over the descriptor. crypto/tls does nothing but what TLS is; what
// it reads has been read before, and what it writes collects in a queue (tlsqueue_unix.go), so that it never waits. So the socket is
// waited for, read and written as without TLS. Writing is in tlswrite_unix.go.
//
// What is relied on of crypto/tls, with a test of each in tls_unix_test.go:
//
//   - A read whose error is Temporary leaves the *tls.Conn as it was, wherever in a record, or in a message of the handshake, that
//     was, and the error comes back as it is.
//   - It reads no more than it is given, and it is given one record at a time: so what lies in it, when a read has not filled
//     its room, is less than one record.
//   - A KeyUpdate is answered while the lock of reading is held. That takes the lock of writing, which would hang if a Write
//     waited for the peer.
//   - Its CloseWrite sets deadlines. They are not passed on.
//   - Renegotiation would keep an error in the midst of its handshake: Dialer does not put a socket under a *tls.Conn that
//     may do so. A server never does.

import (
	"crypto/tls"
	"net"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/buffers"
)

const (
	// narrow and wide are how much is read at once, by the room there is for it.
	narrow, wide = 32 << 10, 64 << 10
	// worthwhile is the least room that is left for which more is read at once.
	worthwhile = 16 << 10
)

// TLS is the transport over a *tls.Conn whose net.Conn is a tlsSocket.
type TLS struct {
	descriptor
	below *tlsSocket
	tc    *tls.Conn

	// owned by the reader
	buf     []byte // has come; pooled; nil when all of it has been given to tc
	given   int32  // how many bytes of buf have been
	inside  inside // what may lie in tc
	drained bool   // the kernel has said, in this run, that nothing was behind buf
	ended   bool   // err is how the socket's stream ended, to be given to tc behind buf
	err     error  // what tc has said to that, or before

	onSend func(fd uintptr) bool // sends the queue, for the descriptor's Write; made when first needed; the writer's
	queue  queue
}

// inside says what of the stream may lie in a *tls.Conn that a read could get without anything being given to it.
type inside uint8

const (
	nothing  inside = iota
	anything        // whole records, that it read before there was a TLS
	rest            // the rest of one
)

// newTLS returns a transport for nc if it is a *tls.Conn with a tlsSocket below and its handshake is complete, or nil. A type
// that embeds a *tls.Conn may do more than that.
func newTLS(nc net.Conn) Transport {
	tc, ok := nc.(*tls.Conn)
	if !ok {
		return nil
	}
	below, ok := tc.NetConn().(*tlsSocket)
	if !ok || !tc.ConnectionState().HandshakeComplete {
		return nil
	}
	t := &TLS{below: below, tc: tc, inside: anything}
	if !t.open(below.nc) {
		return nil
	}
	below.over.Store(t)
	return t
}

// Run implements Transport. What the kernel said before may not hold: an edge of readability since then wakes nobody.
func (t *TLS) Run(r Reader, holds bool) error {
	t.drained = false
	return t.descriptor.Run(r, holds)
}

func (t *TLS) Polls() bool       { return true }
func (t *TLS) Room() []byte      { return nil }
func (t *TLS) Orderly() bool     { return false }
func (t *TLS) NetConn() net.Conn { return t.tc }
func (t *TLS) Abort()            { t.abort() }

func (t *TLS) SetReadDeadline(at time.Time) error { return t.below.nc.SetReadDeadline(at) }

// Recv implements Transport. An error stays, and is returned once there is nothing before it.
func (t *TLS) Recv(p []byte, asks bool) (n int, drained bool, err error) {
	more := false // has most likely come behind what was fetched
	for n == 0 || more && len(p)-n >= worthwhile {
		if err = t.failure(); err != nil {
			break
		}
		if !t.holds() {
			if more, err = t.fetch(len(p)-n, asks); err != nil {
				break
			}
		}
		n += t.decrypt(p[n:])
	}
	if t.Backlog() > 0 {
		t.queue.answer(int(t.fd), t.below.nc) // answers to updates of keys, and alerts
	}
	if n > 0 {
		return n, t.drained && !t.holds() && t.err == nil, nil
	}
	return 0, false, err
}

// failure returns the error that ended reading, or nil.
func (t *TLS) failure() error {
	if t.ended {
		return nil // tc is to be asked first
	}
	return t.err
}

// holds reports whether there is something to decrypt, or decrypted, without asking the kernel.
func (t *TLS) holds() bool { return len(t.held()) > 0 || t.inside != nothing }

// held returns what has come and has not been given to tc.
func (t *TLS) held() []byte { return t.buf[t.given:] }

// letGo gives the buffer back.
func (t *TLS) letGo() {
	buffers.Put(t.buf[:0])
	t.buf, t.given = nil, 0
}

// fetch gets from the kernel what has come, for a room of that size. The only error is ErrWouldBlock. more is set if it
// has most likely left something.
func (t *TLS) fetch(room int, asks bool) (more bool, err error) {
	size := narrow
	if room > narrow {
		size = wide
	}
	buf := buffers.Get(size)
	buf = buf[:cap(buf)]
	n, drained, err := t.recv(t.below.nc, buf, asks)
	t.drained = drained
	if err != nil {
		buffers.Put(buf)
		if err == ErrWouldBlock {
			return false, err
		}
		t.err, t.ended = err, true
		t.inside = anything // so that tc is asked, which tells an end between records from one inside of a record
		return false, nil
	}
	t.buf = buf[:n]
	return n == len(buf), nil
}

// decrypt fills p as far as that can be without asking the kernel.
func (t *TLS) decrypt(p []byte) (n int) {
	for n < len(p) && t.holds() && t.failure() == nil {
		m, err := t.tc.Read(p[n:])
		n += m
		switch {
		case err == errNothingCame:
			t.inside = nothing // and so is held: it would have been given
		case err != nil:
			t.err, t.ended = err, false
		case n == len(p) && t.inside != anything:
			t.inside = rest
		case t.inside == rest:
			t.inside = nothing
		}
	}
	if t.queue.flooded.Load() && t.failure() == nil {
		t.err, t.ended = ErrFlooded, false
	}
	if t.buf != nil && (len(t.held()) == 0 || t.failure() != nil) {
		t.letGo()
	}
	return n
}

// give is tlsSocket.Read: it copies to p what belongs to one record.
func (t *TLS) give(p []byte) (int, error) {
	held := t.held()
	if len(held) == 0 {
		if t.ended {
			return 0, t.err
		}
		return 0, errNothingCame
	}
	n := t.below.input.take(held[:min(len(p), len(held))])
	t.given += int32(n)
	return copy(p, held[:n]), nil
}
