package main

// This file holds what is known of rooms. All of it is bounded.

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// What is kept.
const (
	maxRooms   = 100
	maxHistory = 100     // messages of a room
	maxKept    = 8 << 20 // bytes of files of a room
)

// rooms are all rooms. Their methods may be called by several goroutines at once.
type rooms struct {
	mu     sync.Mutex
	all    map[string]*room
	others map[string]*other // servers, by their identifiers
}

// newRooms returns no rooms.
func newRooms() rooms { return rooms{all: make(map[string]*room), others: make(map[string]*other)} }

// room is a room.
type room struct {
	people  map[string]string // names, by the identifiers of sockets of this server
	history []message
	kept    int // bytes of files in history
	used    time.Time
}

// known is a room as clients are told of it.
type known struct {
	Name   string `json:"name"`
	People int    `json:"people"`
}

// open makes sure that a room is there, and returns whether it was not. Where there are too many, the empty one goes that was not used for the longest time.
func (r *rooms) open(name string) (isNew bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all[name] != nil {
		return false, nil
	}
	if len(r.all) >= maxRooms && !r.dropEmpty() {
		return false, refuse("there are too many rooms")
	}
	r.all[name] = &room{people: make(map[string]string), used: time.Now()}
	return true, nil
}

// dropEmpty removes a room where nobody is. mu is held.
func (r *rooms) dropEmpty() bool {
	oldest := ""
	for name, one := range r.all {
		if len(one.people) == 0 && (oldest == "" || one.used.Before(r.all[oldest].used)) {
			oldest = name
		}
	}
	delete(r.all, oldest)
	return oldest != ""
}

// enter adds somebody to a room, which is made anew if it was dropped.
func (r *rooms) enter(name, id, person string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	one := r.all[name]
	if one == nil {
		one = &room{people: make(map[string]string)}
		r.all[name] = one
	}
	one.people[id], one.used = person, time.Now()
}

// leave removes somebody.
func (r *rooms) leave(name, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if one := r.all[name]; one != nil {
		delete(one.people, id)
		one.used = time.Now()
	}
}

// list returns the rooms with somebody in them, or something to read, and the lobby, by their names.
func (r *rooms) list() []known {
	r.mu.Lock()
	defer r.mu.Unlock()
	count := map[string]int{lobby: 0}
	for name, one := range r.all {
		if len(one.people)+len(one.history) > 0 {
			count[name] += len(one.people)
		}
	}
	for _, o := range r.others {
		for name, people := range o.rooms {
			count[name] += len(people)
		}
	}
	list := []known{{lobby, count[lobby]}}
	for _, name := range slices.Sorted(maps.Keys(count)) {
		if name != lobby {
			list = append(list, known{name, count[name]})
		}
	}
	return list
}

// people returns the names of those in a room, each once.
func (r *rooms) people(name string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := []string{}
	if one := r.all[name]; one != nil {
		all = slices.AppendSeq(all, maps.Values(one.people))
	}
	for _, o := range r.others {
		all = append(all, o.rooms[name]...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// history returns what was said in a room.
func (r *rooms) history(name string) []message {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all[name] == nil {
		return []message{}
	}
	return slices.Clone(r.all[name].history)
}

// add adds a message to a room and calls send with it, so that nothing of the room comes between.
func (r *rooms) add(name string, m message, send func(message)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	one := r.all[name]
	if one == nil {
		return refuse("the room is gone")
	}
	one.add(m)
	send(m)
	return nil
}

// add adds a message, if it is not there. Messages stand in the order of their times.
func (one *room) add(m message) {
	if slices.ContainsFunc(one.history, func(old message) bool { return old.ID == m.ID }) {
		return
	}
	i := len(one.history)
	for i > 0 && one.history[i-1].Time > m.Time {
		i--
	}
	one.history = slices.Insert(one.history, i, m)
	one.kept += m.size()
	for len(one.history) > maxHistory || one.kept > maxKept && len(one.history) > 1 {
		one.kept -= one.history[0].size()
		one.history = slices.Delete(one.history, 0, 1)
	}
	one.used = time.Now()
}

// size returns how many bytes of a file a message has.
func (m *message) size() int {
	if m.File == nil {
		return 0
	}
	return len(m.File.data)
}

// file returns the content of a file that was sent to a room.
func (r *rooms) file(name, id string) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if one := r.all[name]; one != nil {
		for _, m := range one.history {
			if m.ID == id && m.File != nil && m.File.data != nil { // it may be on another server
				return m.File.data, nil
			}
		}
	}
	return nil, refuse("the file is gone")
}
