package socketio

// This file holds the place of a client in a namespace: what comes for it stands in line and is dealt with one by one, by a goroutine that
// lives while there is something.
//
// A seat is empty, then a socket is on it from the packet that asks for the namespace on, which is being asked about (middleware), then
// accepted, then gone. What of that follows from a packet follows when its turn comes, with one exception: a socket whose client says
// goodbye, or whose connection ends, is gone at once, and what it is told of the end comes behind its last event.

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/packet"
)

// errPanic says that a function of the application has not returned: a panic, or runtime.Goexit.
var errPanic = errors.New("socketio: a panic")

// seat is a place of a client in a namespace. It is guarded by the conn's mu.
type seat struct {
	conn    *conn
	name    string
	work    func()      // run; made once, because a go statement with arguments allocates
	socket  *Socket     // nil while nobody is on it
	first   *item       // of the line; nil if there is nothing
	last    *item       // of the line
	joins   int         // packets in line that ask for the namespace
	running bool        // its goroutine lives
	behind  atomic.Bool // more is in line behind what is being dealt with; for everybody
}

// item is what stands in line: Connect, Event or Disconnect, which the end of the connection is, too. It is not pooled: what an
// application keeps of an Event against the rule must never become another client's.
type item struct {
	packet.Whole
	free bool          // it does not count
	next *item         // behind it
	done chan struct{} // closed when it has been dealt with; may be nil

	event Event // what handlers get of it
}

// itemOverhead is what a packet without data counts for.
const itemOverhead = 64

// sizeOf returns what a packet counts for.
func sizeOf(w *packet.Whole) int {
	n := itemOverhead + len(w.Data)
	for _, a := range w.Binaries {
		n += len(a)
	}
	return n
}

// size returns what an item counts for.
func (it *item) size() int { return sizeOf(&it.Whole) }

// goodbye returns what stands in line for the end of the connection, or of the socket.
func goodbye() *item {
	return &item{Whole: packet.Whole{Packet: packet.Packet{Type: packet.Disconnect}}, free: true}
}

// arrive puts a packet into the line. The conn's mu is held.
func (t *seat) arrive(it *item) {
	t.conn.queued += it.size()
	switch {
	case it.Type == packet.Connect:
		t.joins++
	case it.Type == packet.Disconnect && t.socket != nil && t.joins == 0:
		t.conn.mu.Unlock()
		t.socket.leave(&DisconnectError{Reason: ClientNamespaceDisconnect})
		t.conn.mu.Lock()
	}
	t.put(it)
}

// put puts something into the line. The conn's mu is held.
func (t *seat) put(it *item) {
	if t.first == nil {
		t.first = it
	} else {
		t.last.next = it
	}
	t.last = it
	if !t.running {
		t.running = true
		t.conn.srv.enter()
		go t.work()
	}
}

// gone is called when the connection has ended.
func (t *seat) gone(why *DisconnectError) {
	c := t.conn
	c.mu.Lock()
	s := t.socket // nobody sits down any more
	c.mu.Unlock()
	if s != nil {
		s.leave(why)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t.put(goodbye())
}

// isLeft reports whether the socket has been sent away, and nothing is in line. The conn's mu is held.
func (t *seat) isLeft() bool { return t.socket != nil && t.socket.isGone() && !t.running }

// run deals with what stands in line, until there is nothing.
func (t *seat) run() {
	done := false
	defer func() { t.over(done) }()
	for {
		it := t.next()
		if it == nil {
			done = true
			return
		}
		switch it.Type {
		case packet.Connect:
			t.join(it.Data)
		case packet.Event:
			t.event(it)
		case packet.Disconnect:
			t.goodbye(it)
		}
	}
}

// goodbye deals with the end of the connection, or of the socket.
func (t *seat) goodbye(it *item) {
	if it.done != nil {
		defer close(it.done)
	}
	if s := t.socket; s != nil && !it.free { // it was in line behind the packet that the socket came with
		s.leave(&DisconnectError{Reason: ClientNamespaceDisconnect})
	}
	t.end(!it.free)
}

// over is called when run ends. Where a function of the application has ended the goroutine, another one goes on.
func (t *seat) over(done bool) {
	if done {
		t.conn.srv.leave()
	} else {
		go t.run()
	}
}

// next takes what is first in line. It returns nil, and the goroutine ends, if there is nothing.
func (t *seat) next() *item {
	c := t.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	it := t.first
	if it == nil {
		t.running = false
		if t.socket == nil {
			c.drop(t)
		}
		return nil
	}
	t.first, it.next = it.next, nil // what is kept of it keeps nothing else
	if t.first == nil {
		t.last = nil
	}
	t.behind.Store(t.first != nil)
	if it.Type == packet.Connect {
		t.joins--
	}
	if !it.free {
		c.queued -= it.size()
		c.settleLater()
	}
	return it
}

// transmit sends a packet to the client. While more is in line, which may be answered, too, it leaves together with that if it can.
func (t *seat) transmit(out *outgoing) error {
	s := t.conn.session
	if !t.behind.Load() {
		return out.sendTo(s)
	}
	first, err := out.queueFor(s)
	if first {
		t.conn.srv.flusher.add(s)
	}
	return err
}

// sit puts a socket on the seat. It returns false if the connection has ended, and refuses one with whose auth those of the client have
// more bytes than a message may.
func (t *seat) sit(s *Socket) bool {
	c := t.conn
	c.mu.Lock()
	fits := int64(c.auths+len(s.auth)) <= c.srv.opts.MaxPayload
	if fits {
		t.socket = s
		c.auths += len(s.auth)
	}
	alive := c.end == nil
	c.mu.Unlock()
	if !fits {
		s.namespace.turnAway(s, errTooMuchAuth)
	}
	return fits && alive
}

// stand leaves the seat empty.
func (t *seat) stand() {
	t.conn.mu.Lock()
	defer t.conn.mu.Unlock()
	if t.socket != nil {
		t.conn.auths -= len(t.socket.auth)
		t.socket = nil
	}
}

// join deals with a packet that asks for the namespace.
func (t *seat) join(auth []byte) {
	c := t.conn
	if err := packet.CheckConnect(auth); err != nil {
		c.close(ParseError, packet.Illegal(err))
		return
	}
	if t.socket != nil && !t.socket.isGone() { // only this goroutine changes it
		c.close(ForcedServerClose, fmt.Errorf("%w: %.40q", errIsIn, t.name))
		return
	}
	defer t.seek(auth) // also if OnDisconnect ends the goroutine
	t.end(true)        // what this side has sent away
}

// seek finds the namespace, and lets a socket in if it may.
func (t *seat) seek(auth []byte) {
	c := t.conn
	n := t.choose(&Handshake{c.request(), auth})
	if n == nil {
		return
	}
	s, in := newSocket(n, t, auth), false
	defer func() {
		if !in {
			t.stand()
			c.srv.release(n)
		}
	}()
	if in = t.sit(s) && n.admit(s); in {
		n.greet(s)
	}
}

// choose returns the namespace, or tells the client that there is none.
func (t *seat) choose(h *Handshake) (n *Namespace) {
	defer func() {
		if n == nil {
			t.conn.refuse(t.name, &Error{Message: "Invalid namespace"})
		}
	}()
	t.call("OfFunc", nil, func() { n = t.conn.srv.namespace(t.name, h) })
	if n != nil {
		t.call("Adapter", nil, func() { n.ready() })
	}
	return n
}

// event deals with an event.
func (t *seat) event(it *item) {
	s := t.socket
	name, err := packet.EventName(it.Data)
	if err == nil && len(it.Binaries) > 0 {
		err = packet.CheckPlaceholders(it.Data, len(it.Binaries))
	}
	switch {
	case err != nil:
		t.conn.close(ParseError, packet.Illegal(err))
	case s == nil:
		t.conn.close(ForcedServerClose, fmt.Errorf("%w: %.40q", errNotIn, t.name))
	case s.sentAway():
	default:
		it.event = Event{socket: s, name: name, args: Args{it.Data, 1, it.Binaries}, id: it.ID, hasID: it.HasID}
		t.call("event", s, func() { s.dispatch(&it.event) })
	}
}

// end tells a socket that has gone of its end, once, and leaves the seat empty. One that this side has sent away stays on it until the
// client knows, so that what comes meanwhile is ignored; clear says that it does.
func (t *seat) end(clear bool) {
	s := t.socket
	if s == nil || !s.isGone() {
		return
	}
	defer func() {
		if clear || !s.sentAway() {
			t.stand()
		}
	}()
	if s.told {
		return
	}
	s.told = true
	defer t.conn.srv.release(s.namespace)
	defer t.call("OnDisconnect", nil, func() { s.namespace.tellEnd(s, s.end.Reason) })
	if f := s.own().onEnd; f != nil {
		t.call("OnDisconnect", nil, func() { f(s.end.Reason) })
	}
}

// call calls a function of the application, which may end the goroutine: what has to follow is deferred. A panic, and
// runtime.Goexit, which testing.T.FailNow calls, is logged, and sends a socket away.
func (t *seat) call(where string, s *Socket, f func()) {
	returned := false
	defer func() {
		if v := recover(); !returned {
			t.failed(where, s, v)
		}
	}()
	f()
	returned = true
}

// failed tells of a panic, or of runtime.Goexit if v is nil.
func (t *seat) failed(where string, s *Socket, v any) {
	if v == nil {
		v = "runtime.Goexit"
	}
	t.conn.srv.opts.logger().Error("socketio: panic", "in", where, "namespace", t.name, "panic", v, "stack", string(debug.Stack()))
	if s != nil {
		s.disconnect(&DisconnectError{ServerNamespaceDisconnect, fmt.Errorf("%w: %v", errPanic, v)})
	}
}
