package socketio

// This file holds who is in a namespace, and in its rooms. A room is there as long as somebody is in it.

import (
	"context"
	"iter"
	"maps"
	"slices"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
)

// selection says which sockets are meant.
type selection struct {
	rooms, except []string
	from          *Socket // is not meant; may be nil
	offset        *string // of the event, with connection state recovery
}

// join lets a socket join rooms. One that is not accepted yet will be in them when it is.
func (n *Namespace) join(s *Socket, rooms []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	state := s.state.Load()
	if state == gone {
		return
	}
	for _, room := range rooms {
		if s.isIn(room) {
			continue
		}
		s.rooms = append(s.rooms, room)
		if state != asked {
			s.noteJoined(room)
			n.enter(s, room)
			n.keeper.note(s)
		}
	}
}

// await waits until what other servers emit to rooms reaches this one. No lock is held.
func (n *Namespace) await(rooms []string) {
	if w, ok := n.adapter.(adapter.Waiter); ok {
		w.Await(context.Background(), rooms...) // that other servers are away is told by the adapter
	}
}

// flush lets nothing that follows overtake what was emitted. No lock is held.
func (n *Namespace) flush() {
	if f, ok := n.adapter.(adapter.Flusher); ok {
		f.Flush()
	}
}

// enter notes that a socket is in a room. mu is held.
func (n *Namespace) enter(s *Socket, room string) {
	members := n.rooms[room]
	if members == nil {
		members = make(map[*Socket]struct{})
		n.rooms[room] = members
		if n.adapter != nil {
			n.adapter.RoomOpened(room)
		}
	}
	members[s] = struct{}{}
}

// exit notes that a socket is no longer in a room. mu is held.
func (n *Namespace) exit(s *Socket, room string) {
	members := n.rooms[room]
	if members == nil {
		return
	}
	delete(members, s)
	if len(members) == 0 {
		delete(n.rooms, room)
		if n.adapter != nil {
			n.adapter.RoomClosed(room)
		}
	}
}

// leave lets a socket leave rooms.
func (n *Namespace) leave(s *Socket, rooms []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s.isGone() {
		return
	}
	for _, room := range rooms {
		if i := slices.Index(s.rooms, room); i >= 0 {
			s.rooms = slices.Delete(s.rooms, i, i+1)
			s.noteLeft(room)
			n.exit(s, room)
			n.keeper.note(s)
		}
	}
}

// remove takes a socket that has gone out of everything. It returns the state that it was in, and false if it had gone before.
func (n *Namespace) remove(s *Socket, why *DisconnectError) (was uint32, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	was = s.state.Load()
	if was == gone {
		return was, false
	}
	s.end = why
	s.state.Store(gone)
	if was != asked {
		delete(n.sockets, s.id)
		if s.memory != nil {
			delete(n.pids, s.memory.pid)
		}
		for _, room := range s.rooms {
			n.exit(s, room)
		}
	}
	return was, true
}

// chosen appends the sockets that are meant, each once.
func (n *Namespace) chosen(sel *selection, all []*Socket) []*Socket {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if sel.offset != nil {
		n.position.Store(sel.offset)
	}
	switch len(sel.rooms) {
	case 0:
		all = slices.Grow(all, len(n.sockets))
		for _, s := range n.sockets {
			all = sel.add(all, s)
		}
	case 1:
		all = n.members(sel, sel.rooms[0], nil, all)
	default:
		seen := make(map[*Socket]struct{})
		for _, room := range sel.rooms {
			all = n.members(sel, room, seen, all)
		}
	}
	return all
}

// members appends the members of a room that have not been seen. mu is held.
func (n *Namespace) members(sel *selection, room string, seen map[*Socket]struct{}, all []*Socket) []*Socket {
	add := func(s *Socket) {
		if seen != nil {
			if _, was := seen[s]; was {
				return
			}
			seen[s] = struct{}{}
		}
		all = sel.add(all, s)
	}
	own := n.sockets[room]
	if own != nil {
		add(own)
	}
	for s := range n.rooms[room] {
		if s != own {
			add(s)
		}
	}
	return all
}

// add appends a socket, unless it is left out. The namespace's mu is held.
func (sel *selection) add(all []*Socket, s *Socket) []*Socket {
	if s == sel.from || slices.ContainsFunc(sel.except, s.isIn) {
		return all
	}
	return append(all, s)
}

// Rooms are those of this server, with the number of their members. The own rooms of sockets are not among them.
func (n *Namespace) Rooms() iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		n.mu.RLock()
		counts := make(map[string]int, len(n.rooms))
		for room, members := range n.rooms {
			counts[room] = len(members)
		}
		n.mu.RUnlock()
		maps.All(counts)(yield)
	}
}
