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

	"github.com/seed-d69ae1b7/websocket/socketio/internal/packet"
)

var errPanic = errors.New("socketio: a panic")

// seat is a place of a client in a namespace. It is guarded by the conn's mu.
type seat struct {
	conn    *conn
	name    string
	socket  *Socket // nil while nobody is on it
	line    []item
	joins   int  // packets in line that ask for the namespace
	running bool // its goroutine lives
}

// item is what stands in line.
type item struct {
	kind        packet.Type // Connect, Event or Disconnect, which the end of the connection is, too
	hasID       bool
	id          uint64
	data        []byte
	attachments [][]byte
	free        bool // it does not count
}

// itemOverhead is what an item without data counts for.
const itemOverhead = 64

// size returns what an item counts for.
func (it *item) size() int {
	n := itemOverhead + len(it.data)
	for _, a := range it.attachments {
		n += len(a)
	}
	return n
}

// arrive puts a packet into the line. The conn's mu is held.
func (t *seat) arrive(it item) {
	t.conn.queued += it.size()
	switch {
	case it.kind == packet.Connect:
		t.joins++
	case it.kind == packet.Disconnect && t.socket != nil && t.joins == 0:
		t.conn.mu.Unlock()
		t.socket.leave(&DisconnectError{Reason: ClientNamespaceDisconnect})
		t.conn.mu.Lock()
	}
	t.put(it)
}

// put puts something into the line. The conn's mu is held.
func (t *seat) put(it item) {
	t.line = append(t.line, it)
	if !t.running {
		t.running = true
		t.conn.srv.enter()
		go t.run()
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
	t.put(item{kind: packet.Disconnect, free: true})
}

// isLeft reports whether the socket has been sent away, and nothing is in line. The conn's mu is held.
func (t *seat) isLeft() bool { return t.socket != nil && t.socket.isGone() && !t.running }

// run deals with what stands in line, until there is nothing.
func (t *seat) run() {
	defer t.conn.srv.leave()
	for {
		it, ok := t.next()
		if !ok {
			return
		}
		switch it.kind {
		case packet.Connect:
			t.join(it.data)
		case packet.Event:
			t.event(&it)
		case packet.Disconnect:
			if s := t.socket; s != nil && !it.free { // it was in line behind the packet that the socket came with
				s.leave(&DisconnectError{Reason: ClientNamespaceDisconnect})
			}
			t.end(!it.free)
		}
	}
}

// next takes what is first in line. It returns false, and the goroutine ends, if there is nothing.
func (t *seat) next() (it item, ok bool) {
	c := t.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(t.line) == 0 {
		t.running, t.line = false, nil
		if t.socket == nil {
			c.drop(t)
		}
		return it, false
	}
	it, t.line[0] = t.line[0], item{}
	t.line = t.line[1:]
	if it.kind == packet.Connect {
		t.joins--
	}
	if !it.free {
		c.queued -= it.size()
		c.wake()
	}
	return it, true
}

// sit puts a socket on the seat, or nil. It returns false if the connection has ended.
func (t *seat) sit(s *Socket) bool {
	t.conn.mu.Lock()
	defer t.conn.mu.Unlock()
	t.socket = s
	return t.conn.end == nil
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
	t.end(true) // what this side has sent away
	n := t.choose(&Handshake{c.request(), auth})
	if n == nil {
		c.refuse(t.name, &Error{Message: "Invalid namespace"})
		return
	}
	s := newSocket(n, t, auth)
	if !t.sit(s) || !n.welcome(s) {
		t.sit(nil)
		c.srv.release(n)
	}
}

// choose returns the namespace, or nil.
func (t *seat) choose(h *Handshake) (n *Namespace) {
	defer t.protect("OfFunc", nil)
	return t.conn.srv.namespace(t.name, h)
}

// event deals with an event.
func (t *seat) event(it *item) {
	s := t.socket
	name, err := packet.EventName(it.data)
	if err == nil && len(it.attachments) > 0 {
		err = packet.CheckPlaceholders(it.data, len(it.attachments))
	}
	switch {
	case err != nil:
		t.conn.close(ParseError, packet.Illegal(err))
	case s == nil:
		t.conn.close(ForcedServerClose, fmt.Errorf("%w: %.40q", errNotIn, t.name))
	case s.sentAway():
	default:
		// It is not pooled: what an application keeps against the rule must never become another client's.
		t.dispatch(&Event{socket: s, name: name, args: Args{it.data, 1, it.attachments}, id: it.id, hasID: it.hasID})
	}
}

// dispatch calls everybody who is interested in an event. A panic sends the socket away.
func (t *seat) dispatch(e *Event) {
	defer t.protect("event", e.socket)
	e.socket.dispatch(e)
}

// end tells a socket that has gone of its end, once, and leaves the seat empty. One that this side has sent away stays on it until the
// client knows, so that what comes meanwhile is ignored; clear says that it does.
func (t *seat) end(clear bool) {
	s := t.socket
	if s == nil || !s.isGone() {
		return
	}
	if !s.told {
		s.told = true
		t.farewell(s)
		t.conn.srv.release(s.namespace)
	}
	if clear || !s.sentAway() {
		t.sit(nil)
	}
}

// farewell tells of a socket's end.
func (t *seat) farewell(s *Socket) {
	defer t.protect("OnDisconnect", nil)
	s.tellEnd()
}

// protect, deferred, logs a panic of the application, and sends a socket away.
func (t *seat) protect(where string, s *Socket) {
	if v := recover(); v != nil {
		t.conn.srv.opts.logger().Error("socketio: panic", "in", where, "namespace", t.name, "panic", v, "stack", string(debug.Stack()))
		if s != nil {
			s.disconnect(&DisconnectError{ServerNamespaceDisconnect, fmt.Errorf("%w: %v", errPanic, v)})
		}
	}
}
