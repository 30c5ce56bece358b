package socketio

// This file holds what waits for the functions that are registered on a Client, and the goroutine that calls them, which lives while there is
// something.
//
// What waits is bounded as on a server (conn.go): then the connection is not read.

import (
	"encoding/json/jsontext"
	"runtime/debug"
	"slices"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/packet"
)

// job is what waits.
type job struct {
	size int // in bytes; 0 for what does not count
	run  func()
}

// put puts something into the line. The uplink's mu is held.
func (c *Client) put(j job) {
	c.line = append(c.line, j)
	c.up.queued += j.size
	if !c.working {
		c.working = true
		go c.work()
	}
}

// work does what stands in line, until there is nothing.
func (c *Client) work() {
	for {
		j, ok := c.next()
		if !ok {
			return
		}
		c.call(j.run)
	}
}

// call calls what may panic.
func (c *Client) call(f func()) {
	defer func() {
		if v := recover(); v != nil {
			c.up.o.Logger.Error("socketio: panic", "namespace", c.name, "panic", v, "stack", string(debug.Stack()))
		}
	}()
	f()
}

// next takes what is first in line. It returns false, and the goroutine ends, if there is nothing.
func (c *Client) next() (j job, ok bool) {
	u := c.up
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(c.line) == 0 {
		c.working, c.line = false, nil
		return j, false
	}
	j, c.line[0] = c.line[0], job{}
	c.line = c.line[1:]
	u.queued -= j.size
	u.room.Broadcast()
	return j, true
}

// event puts an event into the line, and waits while too much is there. The error says that it is none. The uplink's mu is held, and
// released meanwhile.
func (c *Client) event(it *packet.Whole) error {
	name, err := packet.EventName(it.Data)
	if err == nil && len(it.Binaries) > 0 {
		err = packet.CheckPlaceholders(it.Data, len(it.Binaries))
	}
	if err != nil {
		return err
	}
	if c.pid != "" {
		c.remember(it)
	}
	size := sizeOf(it)
	c.up.awaitRoom(c, size)
	if !c.closed {
		c.put(job{size, func() { c.dispatch(it, name) }})
	}
	return nil
}

// remember notes the offset of an event, its last argument: what the server is told when the client comes back. Volatile events, and those of a
// server without recovery, need have none; a text that looks like one does no harm, as in the Node implementation.
func (c *Client) remember(it *packet.Whole) {
	a := Args{array: it.Data, skip: 1}
	var last []byte
	for _, v := range a.values() {
		last = v
	}
	if len(last) > 1 && last[0] == '"' {
		text, _ := jsontext.AppendUnquote(nil, last) // an error is about halves of surrogate pairs, which have been replaced
		c.offset = string(text)
	}
}

// awaitRoom waits while too much is in line, unless the session or c has ended. While somebody waits for an acknowledgement, which may stand
// behind, twice as much may be there; then those who wait are told that they wait in vain. mu is held, and released meanwhile.
func (u *uplink) awaitRoom(c *Client, size int) {
	for u.queued > 0 && u.session != nil && u.session.Err() == nil && !c.closed {
		most := u.o.MaxQueued
		if u.waits > 0 {
			most *= 2
		}
		if u.queued+size <= most {
			return
		}
		if u.waits > 0 {
			u.disappoint()
		}
		u.room.Wait()
	}
}

// disappoint tells those who wait for acknowledgements that they wait in vain, but for those whose event was not sent. mu is held.
func (u *uplink) disappoint() {
	for _, c := range u.clients {
		for _, l := range slices.Clone(c.retried) {
			if l.underWay && l.done != nil {
				c.dropRetried(l)
				l.tell(adapter.Answer{Err: ErrQueueFull})
			}
		}
		c.failSent(ErrQueueFull)
		c.sendRetried()
	}
}

// dispatch calls everybody who is interested in an event.
func (c *Client) dispatch(it *packet.Whole, name []byte) {
	e := &Event{client: c, name: name, args: Args{it.Data, 1, it.Binaries}, id: it.ID, hasID: it.HasID}
	f, onAny := c.hooks.find(name)
	for _, f := range onAny {
		f(e)
	}
	if f == nil {
		return
	}
	if err := f(e); err != nil {
		e.fail(err)
	}
}

// tellError tells of an error of an event.
func (c *Client) tellError(event string, err error) { c.hooks.failed(event, err) }
