package cluster

// This file holds rooms that have subscriptions of their own: what is emitted to one room goes only to servers that have subscribed to it.

import (
	"maps"
	"sync"
	"time"
)

// idLength is how long the identifiers of sockets are.
const idLength = 20

// IsPublic reports whether a room may have a subscription of its own: one whose name has the length of an identifier is taken for a socket's own.
func IsPublic(room string) bool { return len(room) != idLength }

// Joined are rooms that sockets of other servers were told to join, which their servers may not have subscribed to yet. Until they
// have, what is emitted there goes to all servers.
type Joined struct {
	patience time.Duration // how long a server takes to subscribe, at most

	mu    sync.Mutex
	until map[string]time.Time
}

// NewJoined returns Joined.
func NewJoined(patience time.Duration) *Joined {
	return &Joined{patience: patience, until: make(map[string]time.Time)}
}

// RoomOf returns the only room that a message is for, if only servers that have subscribed to that need to get it. It notes orders to join.
func (j *Joined) RoomOf(m *Message) (room string, ok bool) {
	switch {
	case m.Kind == Join:
		j.note(m.Rooms)
	case m.Kind == Broadcast && m.Request == "" && len(m.Target.Rooms) == 1:
		room = m.Target.Rooms[0]
		return room, IsPublic(room) && !j.mayBeNew(room)
	}
	return "", false
}

// note notes rooms that sockets of other servers were told to join.
func (j *Joined) note(rooms []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(j.until, func(_ string, until time.Time) bool { return now.After(until) })
	for _, room := range rooms {
		j.until[room] = now.Add(j.patience)
	}
}

// mayBeNew reports whether another server may not have subscribed to a room yet.
func (j *Joined) mayBeNew(room string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	until, ok := j.until[room]
	return ok && time.Now().Before(until)
}
