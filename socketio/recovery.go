package socketio

// This file holds connection state recovery: a client that lost its connection comes back as the same socket.
//
// Every event without acknowledgement has an offset, its last argument on the wire, which the client remembers. What a session was is
// saved by its end, under a secret that only its client knows (pid), and events are kept by the adapter. A client that comes back
// with both gets what it has missed, in order and before anything else.

import (
	"context"
	"encoding/json/v2"
	"errors"
	"slices"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
)

// memory is what connection state recovery knows of a socket.
type memory struct {
	pid, since  string
	recovered   bool
	memberships []adapter.Membership // guarded by the namespace's mu
	kept        kept                 // guarded by the keeper's mu
}

// maxLeft is how many rooms that a socket has left are remembered, for events on their way when it lost its connection.
const maxLeft = 100

// noteJoined notes since when the socket is in a room. The namespace's mu is held.
func (s *Socket) noteJoined(room string) {
	m := s.memory
	if m == nil || m.stay(room) >= 0 {
		return
	}
	m.memberships = append(m.memberships, adapter.Membership{Room: room, From: s.namespace.lastOffset()})
}

// noteLeft notes that the socket is not in a room any more. The namespace's mu is held.
func (s *Socket) noteLeft(room string) {
	m := s.memory
	if m == nil {
		return
	}
	i := m.stay(room)
	if i < 0 {
		return
	}
	was := m.memberships[i]
	was.To = s.namespace.lastOffset()
	m.memberships = slices.Delete(m.memberships, i, i+1)
	if was.To != was.From { // no event came meanwhile
		m.memberships = append(m.memberships, was)
	}
	hasLeft := func(one adapter.Membership) bool { return one.To != "" }
	if len(m.memberships) > len(s.rooms)+maxLeft {
		i := slices.IndexFunc(m.memberships, hasLeft)
		m.memberships = slices.Delete(m.memberships, i, i+1)
	}
}

// stay returns where in memberships it stands that the socket is in a room, or -1.
func (m *memory) stay(room string) int {
	return slices.IndexFunc(m.memberships, func(one adapter.Membership) bool { return one.Room == room && one.To == "" })
}

// lastOffset returns the offset of the last event that was given to sockets. mu is held.
func (n *Namespace) lastOffset() string {
	if p := n.position.Load(); p != nil {
		return *p
	}
	return ""
}

// claim is what a client that comes back sends.
type claim struct {
	PID    string `json:"pid"`
	Offset string `json:"offset"`
}

// claim returns what the client says about a session that it had.
func (s *Socket) claim() (c claim) {
	if s.namespace.store != nil && len(s.auth) > 0 {
		json.Unmarshal(s.auth, &c, lenient) // what is no claim is none
	}
	return c
}

// mayComeBack reports whether a client says that it had a session.
func (n *Namespace) mayComeBack(s *Socket) bool { return s.claim().PID != "" }

// resume lets a client that comes back in, as who it was. It returns false if that is not known any more.
func (n *Namespace) resume(s *Socket) (ok bool) {
	c := s.claim()
	n.supersede(s, c.PID)
	if s.isGone() {
		return false // what it claims is kept for the next
	}
	err := n.store.Take(context.Background(), c.PID, c.Offset, func(was *adapter.Session, missed []*adapter.Packet, _ string) {
		if was == nil {
			return
		}
		s.id = was.SID
		s.memory = &memory{pid: was.PID, since: was.Since, recovered: true, memberships: was.Memberships}
		s.restore(was)
		ok = n.accept(s, missed)
	})
	if err != nil {
		n.tellError(s, "", err)
	}
	return ok
}

// errSuperseded says that the client has come back by another connection.
var errSuperseded = errors.New("socketio: the client has come back")

// supersede ends the socket that has the secret which s claims, and its connection: that its client comes back shows that it is lost, which
// may not have been noticed yet. What handlers are told of s comes behind what they are told of that one, as if it was one connection.
func (n *Namespace) supersede(s *Socket, pid string) {
	told, had := n.giveUp(pid)
	if !had {
		return
	}
	select {
	case <-told:
	case <-s.Session().Context().Done():
	}
}

// giveUp ends the socket that has a secret, and its connection. What it returns is closed when handlers have learnt that.
func (n *Namespace) giveUp(pid string) (told <-chan struct{}, had bool) {
	n.mu.RLock()
	old := n.pids[pid]
	n.mu.RUnlock()
	if old == nil || !old.leave(&DisconnectError{TransportClose, errSuperseded}) {
		return nil, false
	}
	it := goodbye()
	it.done = make(chan struct{})
	c := old.seat.conn
	c.mu.Lock()
	old.seat.put(it)
	c.mu.Unlock()
	c.close(TransportClose, errSuperseded)
	return it.done, true
}

// restore gives a socket what it had.
func (s *Socket) restore(was *adapter.Session) {
	s.Join(was.Rooms...)
	if was.Value != nil {
		s.SetData(was.Value)
		return
	}
	if len(was.Data) == 0 {
		return
	}
	var data any
	if err := json.Unmarshal(was.Data, &data, lenient); err == nil {
		s.SetData(data)
	}
}

// remember saves the session, if its client may come back. Otherwise nobody is to find what was saved before.
func (s *Socket) remember(why Reason) {
	m := s.memory
	if m == nil {
		return
	}
	n := s.namespace
	if !why.isRecoverable() {
		n.keeper.forget(m.pid)
		return
	}
	n.srv.await(n)
	if err := n.save(s.session()); err != nil {
		n.tellError(s, "", err)
	}
}

// session returns what is to be saved of a socket.
func (s *Socket) session() *adapter.Session {
	m := s.memory
	return &adapter.Session{SID: s.id, PID: m.pid, Rooms: s.Rooms()[1:], Data: s.dataJSON(), Value: s.Data(), Since: m.since, Memberships: s.namespace.membershipsOf(m)}
}

// membershipsOf returns a copy of what is known of rooms.
func (n *Namespace) membershipsOf(m *memory) []adapter.Membership {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return slices.Clone(m.memberships)
}
