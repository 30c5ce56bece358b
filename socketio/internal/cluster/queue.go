package cluster

// This file holds what waits for a carrier, or comes from one: queues in order and bounded, for which nobody waits.

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// Errors of a Queue.
var (
	// ErrBehind: more waits than is allowed. The message does not reach other servers.
	ErrBehind = errors.New("socketio: too much waits for other servers")
	// ErrLost: the connection to other servers is lost. It is made again.
	ErrLost = errors.New("socketio: the connection to other servers is lost")
)

// DroppedError tells how many messages have been dropped since it was told last: because they did not fit into a queue, or because the
// connection broke before it was known whether they had arrived.
type DroppedError struct{ Messages int }

func (e *DroppedError) Error() string {
	return fmt.Sprintf("socketio: %d messages between servers were dropped", e.Messages)
}

// overhead is what an element counts for beside its bytes.
const overhead = 256

// Queue is a queue with one goroutine at its end, which waits for Wake, looks at First and calls Remove.
type Queue[T any] struct {
	max  int
	tell func(error) // is told of what was dropped, at most once a second

	mu      sync.Mutex
	items   []queued[T]
	bytes   int
	closed  bool
	dropped int // that have not been told
	told    time.Time
	wake    chan struct{} // has an element while there is something to do
}

type queued[T any] struct {
	size  int
	value T
}

// NewQueue returns a queue of at most that many bytes.
func NewQueue[T any](max int, tell func(error)) *Queue[T] {
	return &Queue[T]{max: max, tell: tell, wake: make(chan struct{}, 1)}
}

// Put adds an element. It does not wait. One of any size is taken where nothing waits.
func (q *Queue[T]) Put(size int, v T) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	size += overhead
	if q.closed {
		return ErrClosed
	}
	defer q.poke()
	if q.bytes > 0 && q.bytes+size > q.max {
		q.dropped++
		return ErrBehind
	}
	q.bytes += size
	q.items = append(q.items, queued[T]{size, v})
	return nil
}

// Wake has an element when there may be something to do: something was put into the queue, was dropped, or it was closed.
func (q *Queue[T]) Wake() <-chan struct{} { return q.wake }

// Poke lets Wake have one.
func (q *Queue[T]) Poke() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.poke()
}

// poke is Poke with mu held.
func (q *Queue[T]) poke() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// First returns the first elements, which stay in the queue: at most count, and at most that many bytes, but for the first. It reports whether the queue
// is closed.
func (q *Queue[T]) First(count, bytes int) (batch []T, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, one := range q.items[:min(count, len(q.items))] {
		if bytes -= one.size; bytes < 0 && len(batch) > 0 {
			break
		}
		batch = append(batch, one.value)
	}
	return batch, q.closed
}

// Remove takes the first n elements out, of which some are lost.
func (q *Queue[T]) Remove(n, lost int) {
	q.Settle(n, lost, func(int) bool { return false })
}

// Settle is Remove, but those of which waits is true stay in front.
func (q *Queue[T]) Settle(n, lost int, waits func(i int) bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	front := n
	for i := n - 1; i >= 0; i-- {
		if waits(i) {
			front--
			q.items[front] = q.items[i]
		} else {
			q.bytes -= q.items[i].size
		}
	}
	clear(q.items[:front])
	q.items = q.items[front:]
	q.dropped += lost
}

// TellDropped tells how many were dropped, unless that was told within the last second.
func (q *Queue[T]) TellDropped() {
	q.mu.Lock()
	n := q.dropped
	if n == 0 || time.Since(q.told) < time.Second && !q.closed {
		q.mu.Unlock()
		return
	}
	q.dropped, q.told = 0, time.Now()
	q.mu.Unlock()
	q.tell(&DroppedError{n})
}

// Close lets nothing more in. What is in the queue stays.
func (q *Queue[T]) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.poke()
}

// Discard drops what is left after Close, and tells.
func (q *Queue[T]) Discard() {
	q.mu.Lock()
	q.dropped += len(q.items)
	q.items, q.bytes = nil, 0
	q.mu.Unlock()
	q.TellDropped()
}
