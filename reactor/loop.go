package reactor

// This file holds the loop: which connections it has, what it does in a turn, and what it is told by others. How connections are
// served is in feed.go, and what their timers mean in timers.go.

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// loop is one goroutine and the connections that it serves. What is not said to be otherwise is that goroutine's own.
type loop struct {
	server *Server
	poll   poller
	worker worker // serves the connections

	conns []*Conn  // by slot; nil where one is free, and 0 is none's
	free  []uint32 // slots
	open  int      // connections

	// A turn goes through these. They are fields, so that another goroutine can go on where a handler has ended this one.
	events    [256]event
	got, next int     // of events
	again     []*Conn // have more to read
	going     []*Conn // of those, the ones of this turn, from gone on
	gone      int
	letters   []mail // those of this turn, from read on
	read      int

	topics    topics
	published []*Conn // have been published to, and what was is to be sent
	full      []*Conn // had no room for it, and are to be closed

	wheel   wheel
	expired []uint32 // slots whose timers have
	start   time.Time
	now     atomic.Uint32 // the tick of the last turn in which the timer had fired; anybody may look
	timer   *time.Timer   // fires once after each arming
	armed   bool
	fired   atomic.Bool

	turns   atomic.Uint32 // watch.go has these
	seen    atomic.Uint32
	watched atomic.Bool
	watcher *time.Timer

	mu      sync.Mutex // guards what follows
	mail    []mail
	awake   bool // it will look at mail before it waits
	closed  bool // no mail is taken any more
	leaving bool // it ends with its last connection
	done    chan struct{}
}

// keptMail is the most mail for which memory is kept: many connections that come at once would be paid for as long as they are open.
const keptMail = 1024

// mail is what a loop is told.
type mail struct {
	conn  *Conn     // to look at
	fd    int32     // or, if there is no conn: one that was accepted,
	adopt *adoption // with what is known of it, if its opening handshake is done
	order *order    // or: what to do about a topic, with conn if there is one
	back  bool      // a worker is done with conn
	all   bool      // or: look at the state of the server
}

func newLoop(s *Server, p poller) *loop {
	l := &loop{server: s, poll: p, conns: make([]*Conn, 1), start: time.Now(), done: make(chan struct{})}
	l.now.Store(1)
	l.worker.init(s)
	l.worker.loop = l
	l.timer = time.AfterFunc(time.Hour, func() {
		l.fired.Store(true)
		l.poll.wake()
	})
	l.timer.Stop()
	l.watcher = time.AfterFunc(time.Hour, l.watch)
	l.watcher.Stop()
	return l
}

// post tells the loop something. It is false, and m is not taken, if the loop has ended.
func (l *loop) post(m mail) bool {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return false
	}
	l.mail = append(l.mail, m)
	wake := !l.awake
	l.awake = true
	l.mu.Unlock()
	if wake {
		l.poll.wake()
	}
	return true
}

// run makes turns until the loop is told to end. Where a handler panics or ends the goroutine, another one goes on.
func (l *loop) run() {
	returned := false
	defer func() {
		if returned {
			return
		}
		if !l.worker.inHandler {
			return // a defect of this package, which must be seen: the panic goes on
		}
		l.worker.abandoned(recover())
		go l.run()
	}()
	for l.turn() {
	}
	returned = true
}

// turn deals with what is there, and then waits for more. It returns false when the loop has ended.
func (l *loop) turn() bool {
	l.begun()
	for l.next < l.got {
		l.next++
		l.event(l.events[l.next-1])
	}
	for l.gone < len(l.going) {
		l.gone++
		c := l.going[l.gone-1]
		c.bits &^= queued
		if !c.has(gone) {
			l.serve(c)
		}
	}
	l.tell()
	l.timers()
	if l.open == 0 && l.leave() {
		l.turnEnded()
		l.timer.Stop()
		l.watcher.Stop()
		l.poll.free()
		l.worker, l.conns, l.topics, l.wheel = worker{}, nil, topics{}, wheel{} // the Server may be kept
		close(l.done)
		return false
	}
	l.turnEnded()
	runtime.Gosched() // without it a neighbour's timer is late by as long as a loop has something to do
	l.wait()
	return true
}

// wait gets the next events and the connections of the next turn.
func (l *loop) wait() {
	clear(l.going)
	l.going, l.again, l.gone = l.again, l.going[:0], 0
	l.mu.Lock()
	l.awake = len(l.going) > 0 || len(l.mail) > 0
	block := !l.awake
	l.mu.Unlock()
	l.next = 0
	var err error
	l.got, err = l.poll.wait(l.events[:], block)
	if err != nil {
		panic(err) // only a defect of this package can be the cause
	}
	if block {
		l.mu.Lock()
		l.awake = true
		l.mu.Unlock()
	}
}

// tell deals with the mail that has come until now.
func (l *loop) tell() {
	if l.read == len(l.letters) {
		clear(l.letters)
		l.mu.Lock()
		l.letters, l.mail = l.mail, l.letters[:0]
		if cap(l.mail) > keptMail {
			l.mail = nil
		}
		l.mu.Unlock()
		l.read = 0
	}
	for l.read < len(l.letters) {
		l.read++
		m := l.letters[l.read-1]
		switch {
		case m.back:
			l.takeBack(m.conn)
		case m.order != nil:
			l.obey(m.conn, m.order)
		case m.all:
			l.serverChanged()
		case m.conn != nil:
			l.attend(m.conn)
		default:
			l.add(m.fd, m.adopt)
		}
	}
	l.sendPublished()
}

// event deals with an event.
func (l *loop) event(e event) {
	c := l.conns[e.slot]
	if c == nil || c.fd != e.fd {
		return // it was closed in this turn
	}
	if e.ready&writable != 0 {
		c.writable()
	}
	if e.ready&readable == 0 || c.has(busy) && c.later(e.ready) {
		return
	}
	if e.ready&hangup != 0 {
		c.bits |= sticky
	}
	l.serve(c)
}

// serve reads from c once, and sees to it that reading goes on in the next turn if there may be more.
func (l *loop) serve(c *Conn) {
	if l.server.pool != nil {
		l.hand(c, nil)
		return
	}
	if l.worker.serve(c) && c.bits&queued == 0 {
		c.bits |= queued
		l.again = append(l.again, c)
	}
	if c.has(over) {
		l.look(c)
	}
}

// attend looks at a connection about which there was mail.
func (l *loop) attend(c *Conn) {
	c.mu.Lock()
	c.unset(attended)
	c.mu.Unlock()
	l.look(c)
}

// look goes on with a connection whose state may have changed.
func (l *loop) look(c *Conn) {
	if c.has(busy) && c.later(0) {
		return
	}
	switch {
	case c.has(gone):
	case c.has(over) && c.bits&told == 0 && l.server.pool != nil:
		l.hand(c, nil)
	case c.has(over):
		l.worker.tell(c)
		if c.bits&unread != 0 && c.bits&ended == 0 {
			c.bits &^= unread
			l.serve(c) // which comes back here
			return
		}
		l.wind(c)
	case c.bits&unread != 0 && c.reads():
		c.bits &^= unread
		l.serve(c)
		if !c.has(gone | busy) {
			l.setTimer(c)
		}
	default:
		l.setTimer(c)
	}
}

// add takes a descriptor.
func (l *loop) add(fd int32, adopt *adoption) {
	slot := uint32(len(l.conns))
	if n := len(l.free); n > 0 {
		slot, l.free = l.free[n-1], l.free[:n-1]
	} else {
		l.conns = append(l.conns, nil)
	}
	c := &Conn{loop: l, fd: fd, slot: slot}
	c.heard.Store(l.ticks())
	l.conns[slot] = c
	l.open++
	err := l.poll.add(fd, slot)
	if err != nil {
		l.server.logf("reactor: a connection was refused: %v", err)
	}
	if err != nil || l.isLeaving() {
		l.poll.close(fd)
		c.flags.Store(gone | over | broken)
		l.forget(c)
		return
	}
	l.setTimer(c)
	switch {
	case adopt == nil:
	case l.server.pool != nil:
		l.hand(c, adopt)
	default:
		l.worker.adopt(c, adopt)
	}
}

// forget lets go of a connection whose descriptor is closed.
func (l *loop) forget(c *Conn) {
	l.wheel.drop(c.slot)
	l.unsubscribeAll(c.slot)
	l.conns[c.slot] = nil
	l.free = append(l.free, c.slot)
	l.open--
	if c.in != nil {
		c.in.drop()
		c.in = nil
	}
}

// leave reports whether the loop is to end, and takes no mail any more then. What has come is dealt with first.
func (l *loop) leave() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = l.leaving && len(l.mail) == 0
	return l.closed
}

func (l *loop) isLeaving() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.leaving
}

// serverChanged deals with what Shutdown wants. No handler is called: one that panics would end this in the middle.
func (l *loop) serverChanged() {
	hurry := l.server.hurry.Load()
	for _, c := range l.conns {
		switch {
		case c == nil:
		case hurry:
			c.cut()
		case !c.has(opened):
			c.CloseNow() // no opening handshake is completed any more
		default:
			c.Close(websocket.StatusGoingAway, "")
		}
	}
}
