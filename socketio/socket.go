package socketio

// This file holds a socket: a client in a namespace, as the server sees it.

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/packet"
)

// Socket is a client in a namespace, as the server sees it. Its methods may be called by any goroutine at any time.
type Socket struct {
	namespace *Namespace
	seat      *seat
	id        string
	auth      jsontext.Value    // empty if the client sent nothing
	memory    *memory           // of connection state recovery; nil without
	told      bool              // of its end; owned by the seat's goroutine
	state     atomic.Uint32     // changed with the namespace's mu held
	rooms     []string          // without the own; guarded by the namespace's mu
	end       *DisconnectError  // set before state is gone
	acks      map[uint64]waiter // guarded by the conn's mu

	mu      sync.Mutex // guards the rest; held while the client is told that it is accepted
	data    any
	context *socketContext              // nil until somebody asks
	hooks   atomic.Pointer[socketHooks] // nil while there are none; what it points to is guarded by mu
}

// The states of a Socket.
const (
	asked    = iota // middleware runs
	accepted        // broadcasts wait until the client knows
	joined
	gone
)

// socketContext is what Context returns, with what ends it.
type socketContext struct {
	context.Context
	cancel context.CancelCauseFunc
}

// waiter is told of an acknowledgement, once.
type waiter func(adapter.Answer)

// newID returns an identifier of n characters, a multiple of 4, that nobody can guess.
func newID(n int) string {
	b := make([]byte, n/4*3)
	rand.Read(b) // it does not fail
	return base64.RawURLEncoding.EncodeToString(b)
}

// The length of identifiers. Cluster adapters tell the rooms of single sockets by it.
const (
	idLength  = 20
	pidLength = 24
)

// newSocket returns a socket that is being asked about.
func newSocket(n *Namespace, t *seat, auth []byte) *Socket {
	return &Socket{namespace: n, seat: t, id: newID(idLength), auth: auth}
}

// ID returns the identifier: 20 characters, public, unlike the session's. It is a room that the socket is always in.
func (s *Socket) ID() string { return s.id }

// Namespace returns the namespace.
func (s *Socket) Namespace() *Namespace { return s.namespace }

// Handshake returns how the client came.
func (s *Socket) Handshake() *Handshake {
	auth := s.auth
	if len(auth) == 0 {
		auth = jsontext.Value("{}")
	}
	return &Handshake{s.seat.conn.request(), auth}
}

// Connected reports whether the client has been accepted, and is not gone.
func (s *Socket) Connected() bool { return s.isReady() }

// Recovered reports whether the client had been gone, and has come back as the same socket: see Options.Recovery.
func (s *Socket) Recovered() bool { return s.memory != nil && s.memory.recovered }

// Session returns the session that the socket lives on, with others of the same client.
func (s *Socket) Session() *engineio.Session { return s.seat.conn.session }

// Context ends when the socket is disconnected; its cause is a *DisconnectError. It has the values of the request's.
func (s *Socket) Context() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.context == nil {
		ctx, cancel := context.WithCancelCause(context.WithoutCancel(s.Session().Context()))
		s.context = &socketContext{ctx, cancel}
		if s.isGone() {
			cancel(s.end)
		}
	}
	return s.context.Context
}

// Auth returns what the client has sent to authenticate itself, decoded: the zero value if it has sent nothing.
func (s *Socket) Auth[T any]() (T, error) {
	var t T
	if len(s.auth) == 0 {
		return t, nil
	}
	if err := json.Unmarshal(s.auth, &t, lenient, json.MatchCaseInsensitiveNames(true)); err != nil {
		return t, fmt.Errorf("socketio: auth: %w", err)
	}
	return t, nil
}

// SetData sets what Data returns, and other servers see as JSON. FetchSockets, and connection state recovery, encode v at any time on
// any goroutine: do not change it afterwards, but set another. What cannot be encoded is null there, and logged.
func (s *Socket) SetData(v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = v
	if s.state.Load() == joined { // otherwise it is going to be noted
		s.namespace.keeper.note(s)
	}
}

// Data returns what SetData has set, also after a recovery on a server that is alone. Where an adapter keeps sessions outside of the process,
// it is what became of it as JSON, decoded as any: a struct is a map[string]any there, and a number a float64.
func (s *Socket) Data() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data
}

// isGone reports whether the socket has been disconnected, or refused.
func (s *Socket) isGone() bool { return s.state.Load() == gone }

// sentAway reports whether this side has disconnected the socket.
func (s *Socket) sentAway() bool { return s.isGone() && s.end.Reason.isOurs() }

// isReady reports whether events may be sent. It waits while the client is being told that it is accepted.
func (s *Socket) isReady() bool {
	if s.state.Load() == accepted {
		s.mu.Lock()
		//lint:ignore SA2001 whoever had it has told the client
		s.mu.Unlock()
	}
	return s.state.Load() == joined
}

// Emit emits an event. The arguments are encoded before it returns. It does not wait. The error is ErrReserved, that of an argument that cannot
// be encoded, or ErrDisconnected, also because this event would have passed Options.WriteBuffer.
func (s *Socket) Emit(event string, args ...any) error { return s.emit(event, args, false) }

func (s *Socket) emit(event string, args []any, volatile bool) error {
	enc, err := encodeEvent(event, args)
	if err != nil {
		return err
	}
	defer enc.release()
	if !s.isReady() {
		return ErrDisconnected
	}
	if n := s.namespace; n.store != nil {
		return n.toAdapter(event, enc, &adapter.Target{Rooms: []string{s.id}, Volatile: volatile})
	}
	s.tellOutgoing(event, enc.data(), enc.attachments)
	return s.send(&packet.Packet{Type: packet.Event, Namespace: s.namespace.wire, Data: enc.data()}, enc.attachments, volatile)
}

// send sends a packet. It does not wait.
func (s *Socket) send(q *packet.Packet, attachments [][]byte, volatile bool) error {
	out, err := s.namespace.srv.encodePacket(q, attachments, false)
	defer out.release()
	if err != nil {
		return err
	}
	if volatile && isBehind(s.Session(), out.size) {
		return nil
	}
	return s.disconnected(s.seat.transmit(&out))
}

// disconnected returns the error of a session that has ended as ErrDisconnected.
func (s *Socket) disconnected(err error) error {
	if err != nil && s.Session().Err() != nil {
		return fmt.Errorf("%w: %w", ErrDisconnected, err)
	}
	return err
}

// volatileSocket is what Volatile returns.
type volatileSocket struct{ *Socket }

func (v volatileSocket) Emit(event string, args ...any) error { return v.emit(event, args, true) }

// Volatile emits what may be lost: it is dropped while more than 64 KiB wait for the client.
func (s *Socket) Volatile() Emitter { return volatileSocket{s} }

// To chooses other sockets, as Except and Broadcast do: never s.
func (s *Socket) To(rooms ...string) Broadcast { return s.Broadcast().To(rooms...) }

// Except chooses the other sockets of the namespace but the members of rooms.
func (s *Socket) Except(rooms ...string) Broadcast { return s.Broadcast().Except(rooms...) }

// Broadcast chooses all other sockets of the namespace.
func (s *Socket) Broadcast() Broadcast { return Broadcast{n: s.namespace, from: s} }

// Join joins rooms, unless the socket is disconnected. When it has returned, what other servers emit to them reaches the socket, unless the
// adapter's connection to those is away.
func (s *Socket) Join(rooms ...string) {
	if s.isReady() {
		s.namespace.flush()
	}
	s.namespace.join(s, rooms)
	if s.isReady() {
		s.namespace.await(rooms)
	}
}

// Leave leaves rooms. The own, which has the socket's identifier for its name, cannot be left.
func (s *Socket) Leave(rooms ...string) {
	s.namespace.flush()
	s.namespace.leave(s, rooms)
}

// Rooms returns the rooms that the socket is in, with its own; after the end, those that it was in.
func (s *Socket) Rooms() []string {
	s.namespace.mu.RLock()
	defer s.namespace.mu.RUnlock()
	return append([]string{s.id}, s.rooms...)
}

// In reports whether the socket is in a room.
func (s *Socket) In(room string) bool {
	s.namespace.mu.RLock()
	defer s.namespace.mu.RUnlock()
	return s.isIn(room)
}

// isIn is In with the namespace's mu held.
func (s *Socket) isIn(room string) bool { return room == s.id || slices.Contains(s.rooms, room) }

// Disconnect takes the socket out of its namespace. What its client has sent and no handler has seen yet is dropped.
func (s *Socket) Disconnect() error {
	s.namespace.flush()
	if !s.disconnect(&DisconnectError{Reason: ServerNamespaceDisconnect}) {
		return ErrDisconnected
	}
	return nil
}

// disconnect is Disconnect with a reason. It returns false if the socket is not connected.
func (s *Socket) disconnect(why *DisconnectError) bool {
	if s.state.Load() == asked || !s.leave(why) {
		return false
	}
	s.seat.conn.send(&packet.Packet{Type: packet.Disconnect, Namespace: s.namespace.wire}, nil)
	s.seat.conn.mu.Lock()
	defer s.seat.conn.mu.Unlock()
	s.seat.put(goodbye())
	return true
}

// Close disconnects all sockets of the client and ends the connection.
func (s *Socket) Close() error {
	s.namespace.flush()
	s.closeConn()
	return nil
}

// closeConn is Close.
func (s *Socket) closeConn() {
	c := s.seat.conn
	c.mu.Lock()
	var all []*Socket
	for _, t := range c.seats {
		if t.socket != nil {
			all = append(all, t.socket)
		}
	}
	c.mu.Unlock()
	for _, one := range all {
		one.disconnect(&DisconnectError{Reason: ServerNamespaceDisconnect})
	}
	c.close(ForcedServerClose, nil)
}

// leave takes the socket out of everything, at once. It returns false if that has been done before.
func (s *Socket) leave(why *DisconnectError) bool {
	was, ok := s.namespace.remove(s, why)
	if !ok {
		return false
	}
	s.mu.Lock()
	if s.context != nil {
		s.context.cancel(why)
	}
	s.mu.Unlock()
	c := s.seat.conn
	c.mu.Lock()
	waiters := s.allWaiters()
	c.mu.Unlock()
	for _, w := range waiters {
		w(adapter.Answer{Err: ErrDisconnected})
	}
	if was != asked {
		s.remember(why.Reason)
	}
	return true
}

// Handshake is how a client came: the HTTP request that opened its session, and what it sent to join the namespace. With
// Options.ForgetRequest the request is there until the first OnConnect has returned, and not when the client joins another namespace
// later: what OfFunc and middleware are to know there is kept by Options.Accept.
type Handshake struct {
	*engineio.Request                // nil if it was forgotten: its methods return nothing then
	Auth              jsontext.Value // "{}" if the client sent nothing
}

// expect registers a waiter for the acknowledgement of an event that is going to be sent. It returns false if the socket has gone.
func (s *Socket) expect(id uint64, w waiter) bool {
	c := s.seat.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.isGone() {
		return false
	}
	if s.acks == nil {
		s.acks = make(map[uint64]waiter)
	}
	s.acks[id] = w
	c.waits++
	c.settleLater() // more may wait in line now
	return true
}

// forget removes a waiter, if it is still there, and returns it.
func (s *Socket) forget(id uint64) waiter {
	s.seat.conn.mu.Lock()
	defer s.seat.conn.mu.Unlock()
	return s.takeWaiter(id)
}

// takeWaiter is forget with the conn's mu held.
func (s *Socket) takeWaiter(id uint64) waiter {
	w := s.acks[id]
	if w != nil {
		delete(s.acks, id)
		s.seat.conn.waits--
	}
	return w
}

// allWaiters removes all waiters and returns them. The conn's mu is held.
func (s *Socket) allWaiters() (all []waiter) {
	for id := range s.acks {
		all = append(all, s.takeWaiter(id))
	}
	return all
}

// takeWaiter removes the waiter for an acknowledgement, and returns it, or nil.
func (c *conn) takeWaiter(namespace []byte, id uint64) waiter {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.seat(namespace)
	if t == nil || t.socket == nil {
		return nil
	}
	return t.socket.takeWaiter(id)
}

// request emits an event and waits for its acknowledgement.
func (s *Socket) request(ctx context.Context, event string, args []any) (a Args, err error) {
	enc, err := encodeEvent(event, args)
	if err != nil {
		return a, err
	}
	answers := make(chan adapter.Answer, 1)
	id := s.namespace.nextID()
	if !s.isReady() || !s.expect(id, func(one adapter.Answer) { answers <- one }) {
		enc.release()
		return a, ErrDisconnected
	}
	defer func() { s.forget(id) }()
	s.namespace.flush()
	s.tellOutgoing(event, enc.data(), enc.attachments)
	q := &packet.Packet{Type: packet.Event, HasID: true, ID: id, Namespace: s.namespace.wire, Data: enc.data()}
	err = s.send(q, enc.attachments, false)
	enc.release()
	if err != nil {
		return a, err
	}
	select {
	case one := <-answers:
		return Args{array: one.Args, attachments: one.Attachments}, one.Err
	case <-ctx.Done():
		return a, context.Cause(ctx)
	}
}

// EmitWithAck emits an event and waits for its acknowledgement. The error is the cause of the context, ErrDisconnected, ErrQueueFull,
// one of encoding or decoding, or an *Error that the client has answered with, as Handle does. struct{} for R takes any
// acknowledgement, Args all of its arguments.
func (s *Socket) EmitWithAck[R any](ctx context.Context, event string, args ...any) (R, error) {
	a, err := s.request(ctx, event, args)
	if err != nil {
		var r R
		return r, err
	}
	return answerTo[R](a)
}

// answerTo decodes an acknowledgement.
func answerTo[R any](a Args) (r R, err error) {
	if e := a.asError(); e != nil {
		if _, all := any(r).(Args); !all {
			return r, e
		}
	}
	return r, bind(&a, &r)
}

// asError returns the *Error that an acknowledgement is, or nil.
func (a Args) asError() *Error {
	if !bytes.HasPrefix(a.array, []byte(`[{"error":{`)) { // as Handle makes it, and JSON.stringify
		return nil
	}
	var e struct {
		Error struct {
			Message *string
			Data    any
		}
	}
	if err := a.Bind(&e); err != nil || e.Error.Message == nil {
		return nil
	}
	return &Error{*e.Error.Message, e.Error.Data}
}
