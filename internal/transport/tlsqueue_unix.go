//go:build unix

package transport

// This file holds what crypto/tls has encrypted and the kernel has not taken. The one who writes adds batches, each when all before it
// has left; and crypto/tls adds what it has to say by itself, answers to updates of keys and alerts, while the reader is in it.
// Who is in a call that writes, of queue.writer:
//
//	away     Nobody. What is added counts in the backlog at once, and the reader sends it, or who writes next.
//	sends    Somebody, who does not wait for the kernel.
//	lingers  Somebody, who does.
//
//	begin    away → sends or lingers; by the one who writes
//	end      sends, lingers → away; by the same. What is left is the backlog.
//	fail     From then on nothing is sent, and what is added is forgotten: because a send has failed, because the bound would be passed,
//	         or because the connection is closed.
//
// Nobody else names its fields.

import (
	"net"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/seed-d69ae1b7/websocket/internal/buffers"
)

// maxQueue is the most that may wait to be sent: a batch, and what the peer makes crypto/tls answer meanwhile.
const maxQueue = 128 << 10

// queue is that of a TLS. Guarded by mu; what is atomic is set with mu held.
type queue struct {
	mu      sync.Mutex
	bytes   []byte // pooled; nil when nothing waits
	failed  error
	sent    int32        // how many of bytes are with the kernel
	backlog atomic.Int32 // what waits and is not added by a call under way
	flooded atomic.Bool  // failed is ErrFlooded
	writer  writer       // set by the one who writes, who may read it without mu
}

// writer says what the one who writes does.
type writer uint8

const (
	away writer = iota
	sends
	lingers
)

// begin notes that somebody writes.
func (q *queue) begin(how writer) {
	q.mu.Lock()
	q.writer = how
	q.mu.Unlock()
}

// end notes that it does no more.
func (q *queue) end() {
	q.mu.Lock()
	q.writer = away
	q.backlog.Store(int32(q.waiting()))
	q.mu.Unlock()
}

// waiting returns how many bytes wait. mu is held.
func (q *queue) waiting() int { return len(q.bytes) - int(q.sent) }

// add is the Write of crypto/tls. It does not fail before the end, so that reading goes on: sending does, and the reader looks for
// flooded. (An answer to an update of keys that fails would leave crypto/tls with the old keys for reading.)
func (q *queue) add(p []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.failed == net.ErrClosed:
		return 0, q.failed
	case q.failed == nil && q.waiting()+len(p) > maxQueue:
		q.flooded.Store(true)
		q.fail(ErrFlooded)
	}
	if q.failed != nil {
		return len(p), nil
	}
	q.makeRoom(len(p))
	q.bytes = append(q.bytes, p...)
	if q.writer == away {
		q.backlog.Add(int32(len(p)))
	}
	return len(p), nil
}

// reserve takes a buffer for n bytes at once.
func (q *queue) reserve(n int) {
	q.mu.Lock()
	q.makeRoom(n)
	q.mu.Unlock()
}

// makeRoom sees to it that there is room for n bytes more. What has been sent makes room first: the queue of a peer that takes its
// answers as slowly as it asks for them is never empty. mu is held.
func (q *queue) makeRoom(n int) {
	if q.sent > 0 && cap(q.bytes)-len(q.bytes) < n {
		q.bytes = q.bytes[:copy(q.bytes, q.bytes[q.sent:])]
		q.sent = 0
	}
	q.bytes = buffers.Grow(q.bytes, n)
}

// send sends what the kernel takes to fd, the descriptor of nc, which is open. empty reports whether nothing waits any more; the error
// is why nothing can be sent.
func (q *queue) send(fd int, nc net.Conn) (empty bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sendTo(fd, nc)
	return q.bytes == nil, q.failed
}

// answer is send for the reader, who leaves it to who writes if somebody does.
func (q *queue) answer(fd int, nc net.Conn) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.writer == away {
		q.sendTo(fd, nc)
	}
}

// sendTo is send. mu is held. No call of those it makes waits.
func (q *queue) sendTo(fd int, nc net.Conn) {
	for full := false; q.waiting() > 0 && !full; {
		n, errno := writeFD(fd, q.bytes[q.sent:])
		switch errno {
		case 0:
			q.sent += int32(n)
			full = q.writer != lingers // most likely; who waits is woken only where it has been seen to be
		case syscall.EAGAIN:
			full = true
		default:
			q.fail(failed("write", nc, errno))
		}
	}
	if q.waiting() == 0 {
		q.drop()
	}
	q.backlog.Store(min(q.backlog.Load(), int32(q.waiting())))
}

// result returns what send would if it sent nothing.
func (q *queue) result() (empty bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes == nil, q.failed
}

// close gives up sending for good.
func (q *queue) close() {
	q.mu.Lock()
	q.fail(net.ErrClosed)
	q.mu.Unlock()
}

// fail gives up sending. mu is held.
func (q *queue) fail(err error) {
	q.failed = err
	q.drop()
	q.backlog.Store(0)
}

// drop lets go of the buffer. mu is held.
func (q *queue) drop() {
	buffers.Put(q.bytes)
	q.bytes, q.sent = nil, 0
}
