package main

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

const (
	maxText    = 1000 // bytes of what is said at once
	maxName    = 50   // bytes
	maxHistory = 100  // texts that a room remembers
)

// tooSlow is the code for members who are too far behind. Codes from 4000 on are the application's.
const tooSlow websocket.StatusCode = 4008

// event is what members of a room are told, as JSON.
type event struct {
	Time    time.Time `json:"time"`
	From    string    `json:"from,omitempty"` // who has said Text
	Text    string    `json:"text,omitempty"`
	Members []string  `json:"members,omitempty"` // who is there now, if that has changed
	History []event   `json:"history,omitempty"` // what was said before, oldest first, for who has just come
}

// room is where some are, and what they have said.
type room struct {
	mu      sync.Mutex
	members map[*websocket.Conn]string // their names
	history []event
}

// serve makes a connection a member as long as it lasts, and tells the others what it says.
func (r *room) serve(conn *websocket.Conn, name string) {
	r.join(conn, name)
	defer r.leave(conn)
	for msg, err := range conn.Messages(conn.Context()) {
		if err != nil {
			return
		}
		if msg.Op != websocket.OpText {
			conn.Close(websocket.StatusUnsupportedData, "text only")
			return
		}
		r.say(name, string(msg.Data))
	}
}

// join adds a member and shows it the history.
func (r *room) join(conn *websocket.Conn, name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members[conn] = name
	r.send(event{History: r.history}, conn)
	r.changed()
}

// leave removes a member.
func (r *room) leave(conn *websocket.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.members, conn)
	r.changed()
}

// changed tells all who is there. mu is held.
func (r *room) changed() {
	names := slices.Sorted(maps.Values(r.members))
	r.sendAll(event{Members: slices.Compact(names)})
}

// say tells all what a member says.
func (r *room) say(name, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := event{Time: time.Now(), From: name, Text: text}
	if r.history = append(r.history, e); len(r.history) > maxHistory {
		r.history = slices.Delete(r.history, 0, 1)
	}
	r.sendAll(e)
}

// sendAll sends an event to all members: in the same order to all, because mu is held.
func (r *room) sendAll(e event) {
	r.send(e, slices.Collect(maps.Keys(r.members))...)
}

// send sends an event to some members, and ends the connections of those who are too far behind: their pages come back, and get the
// history. mu is held; nothing here waits.
func (r *room) send(e event, to ...*websocket.Conn) {
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // strings and times always have JSON
	}
	m, err := websocket.NewPreparedMessage(websocket.OpText, text)
	if err != nil {
		panic(err) // JSON is UTF-8
	}
	for _, conn := range to {
		if err := conn.WritePrepared(context.Background(), m); err != nil {
			delete(r.members, conn)
			go conn.Close(tooSlow, "too slow") // does nothing if it has ended
		}
	}
}
