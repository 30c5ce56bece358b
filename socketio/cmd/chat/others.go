package main

// This file holds what the servers of one chat tell each other. Each says who is in its rooms, at every change and now and then, so that what was lost comes again,
// and one that is silent is forgotten. What is said goes into the histories of all servers before anybody hears it, so that who joins a room meanwhile has it
// in one of both ways. What is in a file stays on the server that it was sent to, until somebody asks for it.

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"
)

// The times of what servers tell each other.
const (
	announceInterval = 5 * time.Second
	silence          = 3 * announceInterval
	answerTimeout    = 2 * time.Second
)

// other is another server.
type other struct {
	heard time.Time
	rooms map[string][]string // names
}

// presence is what a server says.
type presence struct {
	Server string              `json:"server"`
	Rooms  map[string][]string `json:"rooms"`
}

// said is what was said in a room.
type said struct {
	Room    string  `json:"room"`
	Message message `json:"message"`
}

// wanted is a file.
type wanted struct {
	Room string `json:"room"`
	ID   string `json:"id"`
}

// hearOthers registers what other servers say and ask.
func (c *chat) hearOthers() {
	c.io.OnServer("presence", c.hear)
	c.io.HandleServer("said", func(what said) (bool, error) {
		err := c.rooms.add(what.Room, what.Message, func(message) {})
		return err == nil, nil // who has nobody there has no history either
	})
	c.io.HandleServer("history", func(name string) ([]message, error) { return c.rooms.history(name), nil })
	c.io.HandleServer("file", func(w wanted) ([]byte, error) {
		data, _ := c.rooms.file(w.Room, w.ID) // another server may have it
		return data, nil
	})
}

// announce says who is in the rooms of this server.
func (c *chat) announce() {
	if !c.isOne {
		return
	}
	c.announces.Lock() // what was true last is said last
	defer c.announces.Unlock()
	c.io.ServerSideEmit(context.Background(), "presence", presence{c.id, c.rooms.own()}) // it is said again
}

// keepAnnouncing announces until ctx ends, and forgets who is silent.
func (c *chat) keepAnnouncing(ctx context.Context) {
	for c.isOne && ctx.Err() == nil {
		c.announce()
		if gone := c.rooms.forget(time.Now().Add(-silence)); gone {
			c.show(c.rooms.names()...)
		}
		select {
		case <-ctx.Done():
		case <-time.After(announceInterval):
		}
	}
}

// hear notes who is in the rooms of another server. One that is new does not know this one yet.
func (c *chat) hear(p presence) {
	isNew, changed := c.rooms.hear(p)
	if isNew {
		c.announce()
	}
	if changed {
		c.show(c.rooms.names()...)
	}
}

// open makes sure that a room is there, with what was said in it.
func (c *chat) open(name string) error {
	isNew, err := c.rooms.open(name)
	if err != nil || !isNew || !c.isOne {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	answers, err := c.io.ServerSideEmitWithAck[[]message](ctx, "history", name)
	if err != nil {
		slog.Warn("not all servers have said what they know of a room", "error", err)
	}
	for _, history := range answers {
		for _, m := range history {
			c.rooms.add(name, m, func(message) {})
		}
	}
	return nil
}

// tellOthers lets other servers know what is said.
func (c *chat) tellOthers(room string, m message) {
	if !c.isOne {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	if _, err := c.io.ServerSideEmitWithAck[bool](ctx, "said", said{room, m}); err != nil {
		slog.Warn("not all servers know what was said", "error", err)
	}
}

// fetchFile asks other servers for what is in a file. If none has it, the error is what it was.
func (c *chat) fetchFile(room, id string, missing error) ([]byte, error) {
	if !c.isOne || room == "" {
		return nil, missing
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	answers, _ := c.io.ServerSideEmitWithAck[[]byte](ctx, "file", wanted{room, id})
	for _, data := range answers {
		if data != nil {
			return data, nil
		}
	}
	return nil, missing
}

// own returns the names of those in the rooms of this server, also of rooms with something to read only.
func (r *rooms) own() map[string][]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	own := make(map[string][]string)
	for name, one := range r.all {
		if len(one.people)+len(one.history) > 0 {
			own[name] = slices.Sorted(maps.Values(one.people))
		}
	}
	return own
}

// names returns the rooms of this server.
func (r *rooms) names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.all))
}

// hear notes who is in the rooms of another server. Servers that are too many are not heard.
func (r *rooms) hear(p presence) (isNew, changed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.others[p.Server]
	if isNew = o == nil; isNew {
		if len(r.others) >= maxRooms {
			return false, false
		}
		o = new(other)
		r.others[p.Server] = o
	}
	changed = !maps.EqualFunc(o.rooms, p.Rooms, slices.Equal[[]string])
	o.heard, o.rooms = time.Now(), p.Rooms
	return isNew, changed
}

// forget forgets servers that were not heard since a time, and returns whether there were any.
func (r *rooms) forget(since time.Time) (gone bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := len(r.others)
	maps.DeleteFunc(r.others, func(_ string, o *other) bool { return o.heard.Before(since) })
	return len(r.others) < before
}
