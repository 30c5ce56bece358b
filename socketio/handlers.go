package socketio

// This file holds how handlers are registered, with their types, and found.

import (
	"maps"
	"reflect"
	"slices"
	"sync"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/packet"
)

// eventHandler handles an event of a socket. An error is told by Event.fail.
type eventHandler func(s *Socket, e *Event) error

// hooks are what is registered on a namespace. It is not changed once it can be seen.
type hooks struct {
	handlers   map[string]eventHandler
	servers    map[string]serverHandler
	uses       []func(*Socket) error
	useEvents  []func(*Socket, *Event) error
	onAny      []func(*Socket, *Event)
	onOutgoing []func(*Socket, *Event)
	onConnect  func(*Socket)
	onEnd      func(*Socket, Reason)
	onError    func(*Socket, string, error)
}

// socketHooks are what is registered on a socket. It is guarded by the socket's mu.
type socketHooks struct {
	handlers   []named
	useEvents  []func(*Event) error
	onAny      []func(*Event)
	onOutgoing []func(*Event)
	onEnd      func(Reason)
}

// named is a handler of a socket: with few, a slice costs less than a map.
type named struct {
	event string
	f     eventHandler
}

// isFor reports whether another handler is for the same event.
func (one named) isFor(other named) bool { return one.event == other.event }

// change changes what is registered on a namespace.
func (n *Namespace) change(f func(h *hooks)) {
	n.hooksMu.Lock()
	defer n.hooksMu.Unlock()
	h := new(hooks)
	if old := n.hooks.Load(); old != nil {
		*h = *old
	}
	f(h)
	n.hooks.Store(h)
}

// with returns m with one more member.
func with[K comparable, V any](m map[K]V, key K, v V) map[K]V {
	m = maps.Clone(m)
	if m == nil {
		m = make(map[K]V)
	}
	m[key] = v
	return m
}

// add returns all with one more element, in an array of its own.
func add[T any](all []T, one T) []T { return append(slices.Clip(all), one) }

// checkName panics where no such event can come: it is a mistake of who writes the program, who would wait for it in vain.
func checkName(event string) {
	if packet.Reserved(event) {
		panic("socketio: " + event + " is no event: use OnConnect or OnDisconnect")
	}
}

// cells lends what arguments are decoded into, which would be an allocation for every event.
var cells sync.Map // of reflect.Type to *sync.Pool of pointers

// inCell lets f decode into a value that is zero, and returns it.
func inCell[T any](f func(p *T) error) (t T, err error) {
	pool, ok := cells.Load(reflect.TypeFor[T]())
	if !ok {
		pool, _ = cells.LoadOrStore(reflect.TypeFor[T](), &sync.Pool{New: func() any { return new(T) }})
	}
	p := pool.(*sync.Pool).Get().(*T)
	err = f(p)
	t = *p
	*p = *new(T)
	pool.(*sync.Pool).Put(p)
	return t, err
}

// args1, args2 and args3 decode the arguments of an event.
func args1[T any](e *Event) (T, error) {
	return inCell(func(t *T) error { return bind(&e.args, t) })
}

type pair[A, B any] struct {
	a A
	b B
}

func args2[A, B any](e *Event) (pair[A, B], error) {
	return inCell(func(v *pair[A, B]) error { return bind(&e.args, &v.a, &v.b) })
}

type triple[A, B, C any] struct {
	a A
	b B
	c C
}

func args3[A, B, C any](e *Event) (triple[A, B, C], error) {
	return inCell(func(v *triple[A, B, C]) error { return bind(&e.args, &v.a, &v.b, &v.c) })
}

// on registers a handler on a namespace.
func (n *Namespace) on(event string, f eventHandler) {
	checkName(event)
	n.change(func(h *hooks) { h.handlers = with(h.handlers, event, f) })
}

// On registers f for an event of all sockets. It costs nothing for each of them, as Socket.On does. It replaces what was registered for the
// event.
func (n *Namespace) On[T any](event string, f func(s *Socket, arg T)) {
	n.on(event, func(s *Socket, e *Event) error {
		t, err := args1[T](e)
		if err == nil {
			f(s, t)
		}
		return err
	})
}

// On2 is On for events with two arguments.
func (n *Namespace) On2[A, B any](event string, f func(s *Socket, a A, b B)) {
	n.on(event, func(s *Socket, e *Event) error {
		v, err := args2[A, B](e)
		if err == nil {
			f(s, v.a, v.b)
		}
		return err
	})
}

// On3 is On for events with three arguments.
func (n *Namespace) On3[A, B, C any](event string, f func(s *Socket, a A, b B, c C)) {
	n.on(event, func(s *Socket, e *Event) error {
		v, err := args3[A, B, C](e)
		if err == nil {
			f(s, v.a, v.b, v.c)
		}
		return err
	})
}

// Handle registers f for an event that is acknowledged with what f returns. struct{} stands for nothing, Args for several
// arguments. An error is acknowledged as {"error": {"message": ..., "data": ...}}, see Error, and goes to OnError.
func (n *Namespace) Handle[T, R any](event string, f func(s *Socket, arg T) (R, error)) {
	n.on(event, func(s *Socket, e *Event) error {
		t, err := args1[T](e)
		if err != nil {
			return err
		}
		r, err := f(s, t)
		return answer(e, r, err)
	})
}

// Handle2 is Handle for events with two arguments.
func (n *Namespace) Handle2[A, B, R any](event string, f func(s *Socket, a A, b B) (R, error)) {
	n.on(event, func(s *Socket, e *Event) error {
		v, err := args2[A, B](e)
		if err != nil {
			return err
		}
		r, err := f(s, v.a, v.b)
		return answer(e, r, err)
	})
}

// OnEvent registers f for an event whose arguments it decodes itself.
func (n *Namespace) OnEvent(event string, f func(s *Socket, e *Event)) {
	n.on(event, func(s *Socket, e *Event) error {
		f(s, e)
		return nil
	})
}

// Off removes what is registered for an event on the namespace.
func (n *Namespace) Off(event string) {
	n.change(func(h *hooks) {
		h.handlers = maps.Clone(h.handlers)
		delete(h.handlers, event)
	})
}

// answer acknowledges an event with what its handler has returned.
func answer[R any](e *Event, r R, err error) error {
	if err != nil {
		return err
	}
	if _, nothing := any(r).(struct{}); nothing {
		return unlessGone(e, e.reply())
	}
	return unlessGone(e, e.reply(r))
}

// unlessGone returns err, unless it says that the client is gone: then nobody waits.
func unlessGone(e *Event, err error) error {
	if e.side().isGone() {
		return nil
	}
	return err
}

// on registers a handler on a socket.
func (s *Socket) on(event string, f eventHandler) {
	checkName(event)
	s.change(func(h *socketHooks) {
		if slices.ContainsFunc(h.handlers, named{event: event}.isFor) {
			h.handlers = slices.DeleteFunc(slices.Clone(h.handlers), named{event: event}.isFor) // others may read it
		}
		h.handlers = append(h.handlers, named{event, f})
	})
}

// change changes what is registered on a socket.
func (s *Socket) change(f func(h *socketHooks)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hooks.Load()
	if h == nil {
		h = new(socketHooks)
		s.hooks.Store(h)
	}
	f(h)
}

// On registers f for an event. It replaces what was registered for it, here or on the namespace. Events that come
// before a handler is registered are lost: register in OnConnect.
func (s *Socket) On[T any](event string, f func(arg T)) {
	s.on(event, func(_ *Socket, e *Event) error {
		t, err := args1[T](e)
		if err == nil {
			f(t)
		}
		return err
	})
}

// On2 is On for events with two arguments.
func (s *Socket) On2[A, B any](event string, f func(a A, b B)) {
	s.on(event, func(_ *Socket, e *Event) error {
		v, err := args2[A, B](e)
		if err == nil {
			f(v.a, v.b)
		}
		return err
	})
}

// On3 is On for events with three arguments.
func (s *Socket) On3[A, B, C any](event string, f func(a A, b B, c C)) {
	s.on(event, func(_ *Socket, e *Event) error {
		v, err := args3[A, B, C](e)
		if err == nil {
			f(v.a, v.b, v.c)
		}
		return err
	})
}

// Handle registers f for an event that is acknowledged with what f returns: see Namespace.Handle.
func (s *Socket) Handle[T, R any](event string, f func(arg T) (R, error)) {
	s.on(event, func(_ *Socket, e *Event) error {
		t, err := args1[T](e)
		if err != nil {
			return err
		}
		r, err := f(t)
		return answer(e, r, err)
	})
}

// Handle2 is Handle for events with two arguments.
func (s *Socket) Handle2[A, B, R any](event string, f func(a A, b B) (R, error)) {
	s.on(event, func(_ *Socket, e *Event) error {
		v, err := args2[A, B](e)
		if err != nil {
			return err
		}
		r, err := f(v.a, v.b)
		return answer(e, r, err)
	})
}

// OnEvent registers f for an event whose arguments it decodes itself.
func (s *Socket) OnEvent(event string, f func(e *Event)) {
	s.on(event, func(_ *Socket, e *Event) error {
		f(e)
		return nil
	})
}

// OnAny adds what is called with every event, before middleware and its handler.
func (s *Socket) OnAny(f func(e *Event)) {
	s.change(func(h *socketHooks) { h.onAny = add(h.onAny, f) })
}

// OnAnyOutgoing adds what is called with every event that is emitted to the socket, before it leaves. f must neither block nor emit.
func (s *Socket) OnAnyOutgoing(f func(e *Event)) {
	s.change(func(h *socketHooks) { h.onOutgoing = add(h.onOutgoing, f) })
}

// OnDisconnect sets what is called when the socket has gone, after its last event, and before that of the namespace. Rooms
// still tells where it was.
func (s *Socket) OnDisconnect(f func(reason Reason)) {
	s.change(func(h *socketHooks) { h.onEnd = f })
}

// Off removes what is registered for an event on the socket.
func (s *Socket) Off(event string) {
	s.change(func(h *socketHooks) {
		h.handlers = slices.DeleteFunc(slices.Clone(h.handlers), named{event: event}.isFor)
	})
}

// Use adds middleware for every event, behind that of the namespace: an error drops the event, and is told as one of its handler is.
func (s *Socket) Use(f func(e *Event) error) {
	s.change(func(h *socketHooks) { h.useEvents = add(h.useEvents, f) })
}

// own returns a copy of what is registered on the socket.
func (s *Socket) own() (h socketHooks) {
	p := s.hooks.Load()
	if p == nil {
		return h
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return *p
}

// dispatch calls everybody who is interested in an event.
func (s *Socket) dispatch(e *Event) {
	own, shared := s.own(), s.namespace.inherited()
	for _, h := range shared {
		for _, f := range h.onAny {
			f(s, e)
		}
	}
	for _, f := range own.onAny {
		f(e)
	}
	if err := s.filter(e, shared, own.useEvents); err != nil {
		e.fail(err)
		return
	}
	if f := find(e.name, own.handlers, shared); f != nil {
		if err := f(s, e); err != nil {
			e.fail(err)
		}
	}
}

// filter runs the middleware for events.
func (s *Socket) filter(e *Event, shared [2]*hooks, own []func(*Event) error) error {
	for _, h := range shared {
		for _, f := range h.useEvents {
			if err := f(s, e); err != nil {
				return err
			}
		}
	}
	for _, f := range own {
		if err := f(e); err != nil {
			return err
		}
	}
	return nil
}

// find returns the handler for an event: the socket's, its namespace's, or that of the namespace's parent.
func find(event []byte, own []named, shared [2]*hooks) eventHandler {
	for i := range own {
		if own[i].event == string(event) {
			return own[i].f
		}
	}
	if f := shared[1].handlers[string(event)]; f != nil {
		return f
	}
	return shared[0].handlers[string(event)]
}

// tellOutgoing tells who wants to know of events that are emitted to the socket.
func (s *Socket) tellOutgoing(event string, array []byte, attachments [][]byte) {
	shared := s.namespace.inherited()
	if s.hooks.Load() == nil && len(shared[0].onOutgoing)+len(shared[1].onOutgoing) == 0 {
		return
	}
	own := s.own()
	e := &Event{socket: s, name: []byte(event), args: Args{array, 1, attachments}}
	for _, h := range shared {
		for _, f := range h.onOutgoing {
			f(s, e)
		}
	}
	for _, f := range own.onOutgoing {
		f(e)
	}
}

// Listener is where handlers are registered: a Socket.
type Listener interface {
	OnEvent(event string, f func(e *Event))
}

// EventType is an event with the type of its argument, for programs that share such declarations:
//
//	var Chat = socketio.EventType[Message]{"chat"}
type EventType[T any] struct {
	Name string // of the event
}

// On registers f for the event. What cannot be decoded is ignored.
func (t EventType[T]) On(l Listener, f func(arg T)) {
	l.OnEvent(t.Name, func(e *Event) {
		var arg T
		if err := e.Args().Bind(&arg); err != nil {
			e.fail(err)
			return
		}
		f(arg)
	})
}

// Emit emits the event.
func (t EventType[T]) Emit(to Emitter, arg T) error { return to.Emit(t.Name, arg) }

// Emitter is what events can be emitted to: a Server, a Namespace, a Broadcast, a Socket.
type Emitter interface {
	// Emit emits an event. The arguments are encoded before it returns. The error is ErrReserved, that of an argument that cannot be
	// encoded, or, of a Socket, ErrDisconnected.
	Emit(event string, args ...any) error
}

var (
	_ Emitter  = (*Server)(nil)
	_ Emitter  = (*Namespace)(nil)
	_ Emitter  = Broadcast{}
	_ Emitter  = (*Socket)(nil)
	_ Listener = (*Socket)(nil)
)
