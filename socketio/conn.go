package socketio

// This file holds what comes over a session: packets and their attachments, put together and given to the seats of the client.
//
// The reader of a session, whose stack is to stay small, looks at what stands in front of a packet's JSON only. Everything else happens on
// the goroutine of a seat (seat.go), but for acknowledgements, which pass what waits there.
//
// What waits for the seats of a connection is bounded by Options.MaxQueued: then the reader waits, and with it the client. While somebody
// waits for an acknowledgement of the client, which may stand behind, twice as much may wait; then those who wait are told that they
// wait in vain.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/packet"
)

var (
	errRefusing     = errors.New("a client refuses a connection")
	errNotIn        = errors.New("a packet for a namespace that the client is not in")
	errIsIn         = errors.New("a client joins a namespace that it is in")
	errJoinsNone    = errors.New("the client has joined no namespace in time")
	errTooManySeats = &Error{Message: "Too many namespaces"}
	errTooMuchAuth  = &Error{Message: "Too much to authenticate with"}
)

// conn is a client: a session, and its seats in namespaces.
type conn struct {
	srv     *Server
	session *engineio.Session
	parts   packet.Assembler // owned by the reader

	mu     sync.Mutex
	req    *engineio.Request
	seats  []*seat
	queued int              // bytes that wait for seats
	auths  int              // bytes that sockets on seats have sent to authenticate themselves
	waits  int              // acknowledgements that are waited for
	room   chan struct{}    // closed when the reader may look again; nil unless it waits
	timer  *time.Timer      // until a namespace has been joined
	ending *DisconnectError // why this side has closed the session
	end    *DisconnectError // set at the end
}

// handler drives the connections of a server from its sessions.
type handler struct{ srv *Server }

func (h handler) Open(s *engineio.Session) {
	c := &conn{srv: h.srv, session: s, req: s.Request()}
	s.SetState(c)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timer = time.AfterFunc(h.srv.opts.ConnectTimeout, func() { c.close(ForcedServerClose, errJoinsNone) })
}

func (h handler) Message(s *engineio.Session, op websocket.Opcode, data []byte) {
	c := s.State().(*conn)
	if err := c.receive(op, data); err != nil {
		c.close(ParseError, packet.Illegal(err))
	}
}

func (h handler) Close(s *engineio.Session, reason engineio.Reason, err error) {
	s.State().(*conn).ended(&DisconnectError{reasonOf(reason), err})
}

// close closes the session, for a reason. The first counts.
func (c *conn) close(reason Reason, err error) {
	c.mu.Lock()
	if c.ending == nil && c.end == nil {
		c.ending = &DisconnectError{reason, err}
		if err != nil {
			c.srv.opts.logger().Info("socketio: connection closed", "reason", reason, "error", err)
		}
	}
	c.mu.Unlock()
	c.session.Close()
}

// ended is called when the session has ended.
func (c *conn) ended(why *DisconnectError) {
	c.mu.Lock()
	if c.ending != nil && why.Reason == ForcedClose {
		why = c.ending
	}
	c.end = why
	c.stopTimer()
	c.wake()
	seats := append([]*seat(nil), c.seats...)
	c.mu.Unlock()
	for _, t := range seats {
		t.gone(why)
	}
}

// stopTimer ends the wait for a first namespace. mu is held.
func (c *conn) stopTimer() {
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
}

// request returns the request that opened the session, or nil.
func (c *conn) request() *engineio.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.req
}

// receive takes a message. The error says that it is none of the protocol.
func (c *conn) receive(op websocket.Opcode, data []byte) error {
	switch {
	case c.srv.opts.Msgpack:
		return c.receiveMsgpack(op, data)
	case op == websocket.OpBinary:
		q, attachments, whole, err := c.parts.Binary(data)
		if !whole {
			return err
		}
		return c.take(&q, attachments)
	}
	q, whole, err := c.parts.Text(data, c.srv.opts.MaxAttachments)
	if !whole {
		return err
	}
	return c.take(&q, nil)
}

// take takes a packet that is whole. What it needs of q is copied.
func (c *conn) take(q *packet.Packet, attachments [][]byte) error {
	switch q.Type {
	case packet.Ack:
		return c.acknowledged(q, attachments)
	case packet.ConnectError:
		return errRefusing
	}
	it := item{kind: q.Type, hasID: q.HasID, id: q.ID, data: bytes.Clone(q.Data), attachments: attachments}
	c.enqueue(q.Namespace, it)
	return nil
}

// acknowledged takes an acknowledgement. One that nobody waits for means nothing, but has to be one.
//
//go:noinline
func (c *conn) acknowledged(q *packet.Packet, attachments [][]byte) error {
	if err := packet.CheckArray(q.Data); err != nil {
		return err
	}
	if q.Binary {
		if err := packet.CheckPlaceholders(q.Data, len(attachments)); err != nil {
			return err
		}
	}
	w := c.takeWaiter(q.Namespace, q.ID)
	if w == nil {
		return nil
	}
	data := bytes.Clone(q.Data)
	if len(data) == 0 {
		data = []byte("[]")
	}
	w(adapter.Answer{Args: data, Attachments: attachments})
	return nil
}

// seat returns the seat in a namespace, or nil. mu is held.
func (c *conn) seat(name []byte) *seat {
	for _, t := range c.seats {
		if t.name == string(name) {
			return t
		}
	}
	return nil
}

// enqueue gives a packet to its seat, and waits while too much is waiting there. It is called by the reader.
func (c *conn) enqueue(name []byte, it item) {
	c.mu.Lock()
	for c.queued > 0 && c.queued+it.size() > c.limit() && c.session.Err() == nil {
		if c.waits > 0 {
			c.disappoint()
		} else {
			c.await()
		}
	}
	t, err := c.seatFor(name, it.kind)
	if t != nil && c.end == nil {
		t.arrive(it)
	}
	c.mu.Unlock()
	switch {
	case errors.Is(err, errTooManySeats):
		c.refuse(string(name), errTooManySeats)
	case err != nil:
		c.close(ForcedServerClose, err)
	}
}

// limit returns how many bytes may wait. mu is held.
func (c *conn) limit() int {
	if c.waits > 0 {
		return 2 * c.srv.opts.MaxQueued
	}
	return c.srv.opts.MaxQueued
}

// await waits until there may be room. mu is held, and released meanwhile.
func (c *conn) await() {
	room := make(chan struct{})
	c.room = room
	c.mu.Unlock()
	stop := context.AfterFunc(c.session.Context(), func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.wake()
	})
	<-room
	stop()
	c.mu.Lock()
}

// wake lets the reader look again. mu is held.
func (c *conn) wake() {
	if c.room != nil {
		close(c.room)
		c.room = nil
	}
}

// disappoint tells those who wait for acknowledgements that they wait in vain. mu is held, and released meanwhile.
func (c *conn) disappoint() {
	var all []waiter
	for _, t := range c.seats {
		if t.socket != nil {
			all = append(all, t.socket.allWaiters()...)
		}
	}
	c.mu.Unlock()
	for _, w := range all {
		w(adapter.Answer{Err: ErrQueueFull})
	}
	c.mu.Lock()
}

// seatFor returns the seat for a packet, a new one if it asks for a namespace. mu is held.
func (c *conn) seatFor(name []byte, kind packet.Type) (*seat, error) {
	t := c.seat(name)
	switch {
	case t != nil:
		return t, nil
	case kind == packet.Disconnect: // it has gone anyway
		return nil, nil
	case kind != packet.Connect:
		return nil, fmt.Errorf("%w: %.40q", errNotIn, name)
	}
	if len(c.seats) >= c.srv.opts.MaxNamespaces && !c.dropLeft() {
		return nil, errTooManySeats
	}
	t = &seat{conn: c, name: nameOf(name)}
	c.seats = append(c.seats, t)
	return t, nil
}

// nameOf returns a namespace as a string, without allocating one for the usual one.
func nameOf(name []byte) string {
	if string(name) == packet.Main {
		return packet.Main
	}
	return string(name)
}

// dropLeft removes a seat whose socket this side has sent away, which is kept so that what the client had sent before means no
// harm. mu is held.
func (c *conn) dropLeft() bool {
	for _, t := range c.seats {
		if t.isLeft() {
			c.drop(t)
			return true
		}
	}
	return false
}

// drop removes a seat. mu is held.
func (c *conn) drop(t *seat) {
	for i, one := range c.seats {
		if one == t {
			c.seats = append(c.seats[:i], c.seats[i+1:]...)
			return
		}
	}
}

// refuse tells the client that it is not in a namespace.
func (c *conn) refuse(name string, e *Error) {
	enc, err := encodeRefusal(e)
	if err != nil { // its Data cannot be encoded
		c.srv.opts.logger().Error("socketio: refusal cannot be encoded", "error", err)
		enc, _ = encodeAnswer([]any{&Error{Message: e.Message}})
	}
	defer enc.release()
	data := enc.data()
	c.send(&packet.Packet{Type: packet.ConnectError, Namespace: []byte(name), Data: data[1 : len(data)-1]}, nil)
}

// encodeRefusal encodes an *Error. A panic of its Data's marshaler is an error.
func encodeRefusal(e *Error) (enc *encoder, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %v", errPanic, v)
		}
	}()
	return encodeAnswer([]any{e})
}
