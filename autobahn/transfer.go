package autobahn

// This file moves octets between a run and its connection: a goroutine that reads and one that writes, neither of
// which knows what the octets mean. An endpoint that does not read cannot stop the suite from listening.

import (
	"net"
	"sync"
	"time"
)

// A chunk is what one Read gave.
type chunk struct {
	octets []byte
	err    error
}

// readLoop passes on what arrives until the connection or the run ends. The run gives the buffers back by r.free.
func (r *run) readLoop() {
	for {
		var buf []byte
		select {
		case buf = <-r.free:
		case <-r.over:
			return
		}
		n, err := r.conn.Read(buf)
		select {
		case r.in <- chunk{buf[:n], err}:
		case <-r.over:
			return
		}
		if err != nil {
			return
		}
	}
}

// chopPause lies between the pieces of a frame that is sent in chops, so that they have a chance to arrive apart.
const chopPause = 10 * time.Microsecond

// A writer has an unbounded queue and a goroutine that writes it out. The first error makes it discard the rest: that
// the connection is gone is for the reader to find.
type writer struct {
	conn  net.Conn
	mu    sync.Mutex
	wake  *sync.Cond
	queue []job  // guarded by mu
	spare []byte // guarded by mu; a buffer that was written, for the next write
	ended bool   // guarded by mu
	idle  chan struct{}
	size  int // guarded by mu; octets not yet written
}

type job struct {
	octets []byte
	chop   int
}

func newWriter(conn net.Conn) *writer {
	w := &writer{conn: conn, idle: make(chan struct{}, 1)}
	w.wake = sync.NewCond(&w.mu)
	return w
}

// write queues b and returns an empty buffer for the next octets: b is the writer's now.
func (w *writer) write(b []byte, chop int) []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue = append(w.queue, job{b, chop})
	w.size += len(b)
	w.wake.Signal()
	spare := w.spare
	w.spare = nil
	return spare[:0]
}

// backlog tells how many octets are waiting to be written.
func (w *writer) backlog() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.size
}

// drain waits until everything is written, but not longer than limit.
func (w *writer) drain(limit time.Duration) {
	t := time.NewTimer(limit)
	defer t.Stop()
	for w.backlog() > 0 {
		select {
		case <-w.idle:
		case <-t.C:
			return
		}
	}
}

// close ends the goroutine; octets still queued are discarded.
func (w *writer) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	w.wake.Signal()
}

func (w *writer) loop() {
	failed := false
	for {
		w.mu.Lock()
		for len(w.queue) == 0 && !w.ended {
			w.wake.Wait()
		}
		if w.ended {
			w.mu.Unlock()
			return
		}
		j := w.queue[0]
		w.queue = w.queue[1:]
		w.mu.Unlock()

		if !failed {
			failed = w.put(j) != nil
		}

		w.mu.Lock()
		w.size -= len(j.octets)
		if cap(j.octets) <= 1<<20 {
			w.spare = j.octets
		}
		empty := w.size == 0
		w.mu.Unlock()
		if empty {
			select {
			case w.idle <- struct{}{}:
			default:
			}
		}
	}
}

// put writes one job, in pieces if it asks for them.
func (w *writer) put(j job) error {
	b := j.octets
	for j.chop > 0 && len(b) > j.chop {
		if _, err := w.conn.Write(b[:j.chop]); err != nil {
			return err
		}
		b = b[j.chop:]
		time.Sleep(chopPause)
	}
	_, err := w.conn.Write(b)
	return err
}
