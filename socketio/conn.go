package socketio

// This file holds what comes over a session: packets and their attachments, put together and given to the seats of the client.
//
// The reader of a session, whose stack is to stay within 2 KiB, looks at what stands in front of a packet's JSON only. Everything else happens
// on the goroutine of a seat (seat.go), but for acknowledgements, which pass what waits there. So the functions from receive to the
// line are cut to have small frames: see TestIdleStack.
//
// What waits for the seats of a connection is bounded by Options.MaxQueued: beyond it the session is not read, and with it the client waits. While
// somebody waits for an acknowledgement of the client, which may stand behind, twice as much may wait; then those who wait are told that
// they wait in vain. Nothing here waits itself: the reader may be a loop that has other clients.

import (
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
	spare  *seat            // for the main namespace, so that the reader need not make it; nil once it is taken
	queued int              // bytes that wait for seats
	auths  int              // bytes that sockets on seats have sent to authenticate themselves
	waits  int              // acknowledgements that are waited for
	held   *item            // has come and does not fit; the session is not read meanwhile. nil if there is none
	timer  *time.Timer      // until a namespace has been joined
	ending *DisconnectError // why this side has closed the session
	end    *DisconnectError // set at the end
}

// handler drives the connections of a server from its sessions.
type handler struct{ srv *Server }

func (h handler) Open(s *engineio.Session) {
	c := &conn{srv: h.srv, session: s, req: s.Request(), seats: make([]*seat, 0, 1)}
	c.spare = c.makeSeat(packet.Main)
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

// ended is called when the session has ended. What is held back has come before that, and is dealt with as what waits is.
func (c *conn) ended(why *DisconnectError) {
	c.mu.Lock()
	if it := c.held; it != nil {
		c.held = nil
		c.place(it)
		c.mu.Lock()
	}
	if c.ending != nil && why.Reason == ForcedClose {
		why = c.ending
	}
	c.end = why
	c.stopTimer()
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
		return c.receiveBinary(data)
	}
	it := new(item)
	w, err := c.parts.Text(&it.Whole, data, c.srv.opts.MaxAttachments)
	if err != nil || w == nil {
		return err
	}
	return c.take(it)
}

// receiveBinary takes an attachment.
//
//go:noinline
func (c *conn) receiveBinary(data []byte) error {
	w, err := c.parts.Binary(data)
	if err != nil || w == nil {
		return err
	}
	return c.take(&item{Whole: *w})
}

// take takes a packet that is whole.
func (c *conn) take(it *item) error {
	switch it.Type {
	case packet.Ack:
		return c.acknowledged(&it.Whole)
	case packet.ConnectError:
		return errRefusing
	}
	c.enqueue(it)
	return nil
}

// acknowledged takes an acknowledgement. One that nobody waits for means nothing, but has to be one.
//
//go:noinline
func (c *conn) acknowledged(w *packet.Whole) error {
	answer, err := answerOf(w)
	if err != nil {
		return err
	}
	if tell := c.takeWaiter(w.Namespace, w.ID); tell != nil {
		tell(answer)
	}
	return nil
}

// answerOf returns the acknowledgement that a packet is, which has to be one also where nobody waits for it.
func answerOf(w *packet.Whole) (a adapter.Answer, err error) {
	if err := packet.CheckArray(w.Data); err != nil {
		return a, err
	}
	if w.Binary {
		if err := packet.CheckPlaceholders(w.Data, len(w.Binaries)); err != nil {
			return a, err
		}
	}
	if len(w.Data) == 0 {
		w.Data = []byte("[]")
	}
	return adapter.Answer{Args: w.Data, Attachments: w.Binaries}, nil
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

// enqueue gives a packet to its seat, or holds it back, and what the client sends behind it, while too much is waiting there. It is called by
// the reader.
func (c *conn) enqueue(it *item) {
	c.mu.Lock()
	if c.fits(it) {
		c.place(it)
		return
	}
	c.held = it
	c.session.PauseReading()
	c.mu.Unlock()
	c.settle()
}

// fits reports whether an item fits on top of what waits. mu is held.
func (c *conn) fits(it *item) bool {
	return c.queued == 0 || c.queued+it.size() <= c.limit()
}

// place gives a packet to its seat. mu is held, and released.
func (c *conn) place(it *item) {
	t, err := c.seat(it.Namespace), error(nil)
	if t == nil {
		t, err = c.newSeat(it)
	}
	if t != nil && c.end == nil {
		t.arrive(it)
	}
	c.mu.Unlock()
	if err != nil {
		c.unseated(it, err)
	}
}

// unseated tells the client that there is no seat for what it has sent.
//
//go:noinline
func (c *conn) unseated(it *item, err error) {
	if err == errTooManySeats {
		c.refuse(string(it.Namespace), errTooManySeats)
	} else {
		c.close(ForcedServerClose, fmt.Errorf("%w: %.40q", err, it.Namespace))
	}
}

// limit returns how many bytes may wait. mu is held.
func (c *conn) limit() int {
	if c.waits > 0 {
		return 2 * c.srv.opts.MaxQueued
	}
	return c.srv.opts.MaxQueued
}

// settle goes on with what is held back, if it fits now.
//
//go:noinline
func (c *conn) settle() {
	c.mu.Lock()
	it := c.held
	for it != nil && c.held == it && !c.fits(it) && c.waits > 0 {
		c.disappoint()
	}
	if it == nil || c.held != it || !c.fits(it) {
		c.mu.Unlock()
		return
	}
	c.held = nil
	c.place(it)
	c.session.ResumeReading()
}

// settleLater is settle for who has locks, if it is needed. mu is held.
func (c *conn) settleLater() {
	if c.held != nil && (c.fits(c.held) || c.waits > 0) {
		go c.settle()
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

// newSeat returns the seat for a packet for which there is none, if it asks for one. mu is held.
//
//go:noinline
func (c *conn) newSeat(it *item) (*seat, error) {
	switch {
	case it.Type == packet.Disconnect: // it has gone anyway
		return nil, nil
	case it.Type != packet.Connect:
		return nil, errNotIn
	case len(c.seats) >= c.srv.opts.MaxNamespaces && !c.dropLeft():
		return nil, errTooManySeats
	}
	t := c.spare
	if t == nil || t.name != string(it.Namespace) {
		t = c.makeSeat(string(it.Namespace))
	} else {
		c.spare = nil
	}
	c.seats = append(c.seats, t)
	return t, nil
}

// makeSeat returns a seat with nobody on it.
func (c *conn) makeSeat(name string) *seat {
	t := &seat{conn: c, name: name}
	t.work = t.run
	return t
}

// dropLeft removes a seat whose socket this side has sent away, which is kept so that what the client had sent before means no
// harm. mu is held.
//
//go:noinline
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
