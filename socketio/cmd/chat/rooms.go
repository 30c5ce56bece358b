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
	mu   sync.Mutex
	last int // the identifier of the last message
	all  map[string]*room
}

// room is a room.
type room struct {
	people  map[string]string // names, by the identifiers of sockets
	history []message
	kept    int // bytes of files in history
	used    time.Time
}

// known is a room as clients are told of it.
type known struct {
	Name   string `json:"name"`
	People int    `json:"people"`
}

// open makes sure that a room is there. Where there are too many, the empty one goes that was not used for the longest time.
func (r *rooms) open(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all[name] != nil {
		return nil
	}
	if len(r.all) >= maxRooms && !r.dropEmpty() {
		return refuse("there are too many rooms")
	}
	r.all[name] = &room{people: make(map[string]string), used: time.Now()}
	return nil
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
	list := make([]known, 0, len(r.all)+1)
	for _, name := range slices.Sorted(maps.Keys(r.all)) {
		if one := r.all[name]; name != lobby && len(one.people)+len(one.history) > 0 {
			list = append(list, known{name, len(one.people)})
		}
	}
	n := 0
	if one := r.all[lobby]; one != nil {
		n = len(one.people)
	}
	return slices.Insert(list, 0, known{lobby, n})
}

// people returns the names of those in a room, each once.
func (r *rooms) people(name string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all[name] == nil {
		return []string{}
	}
	return slices.Compact(slices.Sorted(maps.Values(r.all[name].people)))
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
	r.last++
	m.ID, m.Time = r.last, time.Now().UnixMilli()
	one.history = append(one.history, m)
	one.kept += m.size()
	for len(one.history) > maxHistory || one.kept > maxKept && len(one.history) > 1 {
		one.kept -= one.history[0].size()
		one.history = slices.Delete(one.history, 0, 1)
	}
	one.used = time.Now()
	send(m)
	return nil
}

// size returns how many bytes of a file a message has.
func (m *message) size() int {
	if m.File == nil {
		return 0
	}
	return len(m.File.data)
}

// file returns the content of a file that was sent to a room.
func (r *rooms) file(name string, id int) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if one := r.all[name]; one != nil {
		for _, m := range one.history {
			if m.ID == id && m.File != nil {
				return m.File.data, nil
			}
		}
	}
	return nil, refuse("the file is gone")
}
