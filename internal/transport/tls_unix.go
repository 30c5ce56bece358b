//go:build unix

package transport

// This file holds the transport for TLS over a plain socket: a filter over Socket. crypto/tls does nothing but what TLS is; what it
// reads from has been read before, and what it writes collects in a queue, so that it never waits. So the socket is waited
// for, read and written as without TLS.
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
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/buffers"
)

const (
	// maxBatch is how much is encrypted at once, which is when nothing waits to be sent: what fits into batchRoom then.
	maxBatch  = 62 << 10
	batchRoom = 64 << 10
	// maxQueue is the most that may wait to be sent: a batch, and what the peer makes crypto/tls answer meanwhile.
	maxQueue = 128 << 10
	// joined is how much of a payload is put behind its header for one record, which carries 16 KiB.
	joined = 16 << 10
	// narrow and wide are how much is read at once, by the room there is for it.
	narrow, wide = 32 << 10, 64 << 10
	// worthwhile is the least room that is left for which more is read at once.
	worthwhile = 16 << 10
	// closeWait is the longest that the end of the stream waits for room in the kernel.
	closeWait = time.Second
)

// errFlooded is the error of a connection whose peer asks for answers and does not take them.
var errFlooded = errors.New("websocket: the peer asks for updates of keys and does not take the answers")

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
	writer  writer // what the writer does; guarded by mu, but here it fills a word
	err     error  // what tc has said to that, or before

	// What sends the queue, for the descriptor's Write and for its Control. Made when first needed; the writer's.
	onPush  func(fd uintptr) bool
	onKnock func(fd uintptr)

	mu      sync.Mutex
	queue   []byte       // encrypted, and not with the kernel; pooled; nil when it is empty
	sent    int32        // how many bytes of queue are with the kernel
	backlog atomic.Int32 // see Backlog; set with mu held
	failed  error        // of sending: nothing more is sent, and what would be is forgotten; net.ErrClosed once it is closed
}

// inside says what of the stream may lie in a *tls.Conn that a read could get without anything being given to it.
type inside uint8

const (
	nothing  inside = iota
	anything        // whole records, that it read before there was a TLS
	rest            // the rest of one
)

// writer says what the writer does.
type writer uint8

const (
	away    writer = iota
	sends          // it will count what it has added to the queue, and what it has sent of that
	lingers        // the same, and it waits until the queue is empty
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
	return t.run(r, holds)
}

func (t *TLS) Polls() bool  { return true }
func (t *TLS) Room() []byte { return nil }

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
	if t.backlog.Load() > 0 {
		t.pushTo(int(t.fd)) // answers to updates of keys, and alerts
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
	if t.flooded() && t.failure() == nil {
		t.err, t.ended = errFlooded, false
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

// queueUp is tlsSocket.Write: it appends what crypto/tls has made to the queue. The writer's batch finds that empty; what
// the reader adds, because the peer asked for it, is bounded.
func (t *TLS) queueUp(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.failed == net.ErrClosed:
		return 0, net.ErrClosed
	case t.failed != nil:
		return len(p), nil // so that reading goes on
	case len(t.queue)-int(t.sent)+len(p) > maxQueue:
		t.fail(errFlooded)
		return 0, errFlooded
	}
	t.queue = append(buffers.Grow(t.queue, len(p)), p...)
	if t.writer == away {
		t.backlog.Add(int32(len(p)))
	}
	return len(p), nil
}

// Backlog implements Transport. It does not count what a call that has not returned has encrypted, because its caller does.
func (t *TLS) Backlog() int { return int(t.backlog.Load()) }

// flooded reports whether the queue would have passed its bound.
func (t *TLS) flooded() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed == errFlooded
}

// pushTo sends what the kernel takes of the queue, and reports whether nothing is left to send. The descriptor is open.
func (t *TLS) pushTo(fd int) (done bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	full := false
	for int(t.sent) < len(t.queue) && !full {
		n, errno := writeFD(fd, t.queue[t.sent:])
		switch errno {
		case 0:
			t.sent += int32(n)
			full = t.writer != lingers // most likely; who waits is woken only where it has been seen to be
		case syscall.EAGAIN:
			full = true
		default:
			t.fail(failed("write", t.below.nc, errno))
		}
	}
	left := len(t.queue) - int(t.sent)
	if left == 0 {
		t.drop()
	}
	t.backlog.Store(min(t.backlog.Load(), int32(left)))
	return left == 0
}

// fail gives up sending. mu is held.
func (t *TLS) fail(err error) {
	t.failed = err
	t.drop()
	t.backlog.Store(0)
}

// drop lets go of the queue. mu is held.
func (t *TLS) drop() {
	buffers.Put(t.queue)
	t.queue, t.sent = nil, 0
}

// lastPush sends once more what can be sent, without waiting for anybody, and takes nothing from then on.
func (t *TLS) lastPush() {
	t.rc.Control(func(fd uintptr) { t.pushTo(int(fd)) })
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fail(net.ErrClosed)
}

// push is pushTo for the writer, who may be told to be direct, and the error that sending has failed with.
func (t *TLS) push(direct bool) (done bool, err error) {
	if direct {
		t.pushTo(int(t.fd))
		return t.pushed()
	}
	if t.onKnock == nil {
		t.onKnock = func(fd uintptr) { t.pushTo(int(fd)) }
	}
	if err := t.rc.Control(t.onKnock); err != nil {
		return false, err
	}
	return t.pushed()
}

// pushed reports whether the queue is empty.
func (t *TLS) pushed() (done bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.queue) == 0, t.failed
}

// drain sends the queue, waiting for the kernel, between begin and count.
func (t *TLS) drain() error {
	if t.onPush == nil {
		t.onPush = func(fd uintptr) (done bool) { return t.pushTo(int(fd)) }
	}
	t.setWriter(lingers)
	err := t.rc.Write(t.onPush)
	t.setWriter(sends)
	if err != nil {
		return err
	}
	_, err = t.pushed()
	return err
}

func (t *TLS) setWriter(w writer) {
	t.mu.Lock()
	t.writer = w
	t.mu.Unlock()
}

// begin and count are around what the writer does to the queue: begin leaves it to count to count what that adds.
func (t *TLS) begin() { t.setWriter(sends) }

func (t *TLS) count() {
	t.mu.Lock()
	t.writer = away
	t.backlog.Store(int32(len(t.queue)) - t.sent)
	t.mu.Unlock()
}

// seal encrypts the next batch of b and then of p into the queue, which is empty, and returns how many bytes that was. A header
// is put into one record with what follows it.
func (t *TLS) seal(b, p []byte) (int, error) {
	switch {
	case len(b) == 0:
		return t.write(p[:min(len(p), maxBatch)])
	case len(p) == 0 || len(b) >= joined:
		return t.write(b[:min(len(b), maxBatch)])
	}
	part := p[:min(len(p), joined-len(b))]
	both := append(append(buffers.Get(joined), b...), part...)
	n, err := t.write(both)
	buffers.Put(both)
	return n, err
}

// write is tls.Conn.Write into a queue that has the room for all records.
func (t *TLS) write(p []byte) (int, error) {
	if len(p) > joined {
		t.mu.Lock()
		t.queue = buffers.Grow(t.queue, batchRoom)
		t.mu.Unlock()
	}
	return t.tc.Write(p)
}

// after returns what of b and then of p is left behind n bytes.
func after(b, p []byte, n int) (_, _ []byte) {
	if n < len(b) {
		return b[n:], p
	}
	return nil, p[n-len(b):]
}

func (t *TLS) TrySend(p []byte, direct bool) (int, error) { return t.TrySendTwo(nil, p, direct) }

// TrySendTwo implements Transport: it encrypts as much as the kernel takes, and what is encrypted is sent. Of the last batch the
// kernel may have left something: see Backlog.
func (t *TLS) TrySendTwo(b, p []byte, direct bool) (n int, err error) {
	t.begin()
	defer t.count()
	for {
		done, err := t.push(direct)
		if err != nil || !done || len(b)+len(p) == 0 {
			return n, err
		}
		m, err := t.seal(b, p)
		n += m
		if err != nil {
			return n, err
		}
		b, p = after(b, p, m)
	}
}

// Send implements Transport: the backlog is sent as well. Where it fails, n counts what has been encrypted.
func (t *TLS) Send(b, p []byte) (n int64, err error) {
	t.begin()
	defer t.count()
	for {
		if err := t.drain(); err != nil || len(b)+len(p) == 0 {
			return n, err
		}
		m, err := t.seal(b, p)
		n += int64(m)
		if err != nil {
			return n, err
		}
		b, p = after(b, p, m)
	}
}

func (t *TLS) SetReadDeadline(at time.Time) error { return t.below.nc.SetReadDeadline(at) }
func (t *TLS) SetWriteDeadline(at time.Time)      { t.below.nc.SetWriteDeadline(at) }

func (t *TLS) NetConn() net.Conn { return t.tc }

// CloseWrite implements Transport: the close_notify leaves behind what is queued, and then the socket's stream ends.
func (t *TLS) CloseWrite() bool {
	t.tc.CloseWrite()
	t.SetWriteDeadline(time.Now().Add(closeWait))
	t.begin()
	t.drain()
	t.count()
	return closeWrite(t.below.nc)
}

func (t *TLS) Orderly() bool { return false }
func (t *TLS) Abort()        { t.abort() }

// Close implements Transport. crypto/tls queues its close_notify, unless CloseWrite has, and closes the tlsSocket.
func (t *TLS) Close() error {
	t.letGo()
	return t.tc.Close()
}
