package socketio

// This file holds when packets leave that have others behind them. An event for many, and what is sent to a client that has more in line, is
// queued, and a goroutine is told to send it: what is emitted until that runs, by the same handler perhaps, leaves with it in
// one system call. Nothing waits longer than for a goroutine to run, whatever handlers do meanwhile.

import (
	"sync"

	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
)

// flushing are the sessions that a broadcast was queued for. It is pooled.
type flushing struct {
	sessions []*engineio.Session
	run      func() // its method flush; made once, because a go statement with arguments allocates
}

var flushings = sync.Pool{New: func() any { return new(flushing) }}

// beginFlushing returns a list without sessions. end gives it back.
func beginFlushing() *flushing { return flushings.Get().(*flushing) }

// add notes a session that has something queued, which nobody else is going to send, if first.
func (f *flushing) add(s *engineio.Session, first bool) {
	if first {
		f.sessions = append(f.sessions, s)
	}
}

// end has everything sent: by this goroutine if it is for one session only.
func (f *flushing) end() {
	if len(f.sessions) <= 1 {
		f.flush()
		return
	}
	if f.run == nil {
		f.run = f.flush
	}
	go f.run()
}

// flush sends everything.
func (f *flushing) flush() {
	for _, s := range f.sessions {
		s.Flush()
	}
	clear(f.sessions)
	f.sessions = f.sessions[:0]
	flushings.Put(f)
}

// flusher sends what is queued for single sessions. Its goroutine lives while there is something: one for all of a server, because
// each would take a stack. Where it is late, the last of what a client has in line has sent everything already (seat.transmit).
type flusher struct {
	mu       sync.Mutex
	sessions []*engineio.Session
	spare    []*engineio.Session // an array for the next
	running  bool
}

// add has what is queued for a session sent soon.
func (f *flusher) add(s *engineio.Session) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sessions = append(f.sessions, s)
	if !f.running {
		f.running = true
		go f.run()
	}
}

// run sends until there is nothing.
func (f *flusher) run() {
	for all := f.take(nil); len(all) > 0; all = f.take(all) {
		for _, s := range all {
			s.Flush()
		}
	}
}

// take returns what is to be sent, if there is something, and keeps the array of what has been.
func (f *flusher) take(sent []*engineio.Session) []*engineio.Session {
	clear(sent)
	f.mu.Lock()
	defer f.mu.Unlock()
	if sent != nil {
		f.spare = sent[:0]
	}
	all := f.sessions
	f.sessions, f.spare = f.spare, nil
	f.running = len(all) > 0
	return all
}
