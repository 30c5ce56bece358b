package socketio

// This file holds a namespace: who is registered on it, and how a socket gets in. Who is in it, and in its rooms, is in rooms.go.

import (
	"context"
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/packet"
)

// Namespace is a part of a server with its own sockets, rooms, middleware and handlers. Its methods may be called by
// any goroutine at any time.
type Namespace struct {
	srv     *Server
	name    string
	wire    []byte // name
	parent  *Namespace
	match   func(name string, h *Handshake) bool // of a parent
	joined  sync.Once                            // adapter and store are made
	adapter adapter.Adapter                      // nil while the server is alone
	store   adapter.Store                        // adapter, with connection state recovery
	keeper  *keeper                              // nil without Recovery.SurviveKill
	ids     atomic.Uint64                        // of acknowledgements

	users  int       // sockets, and who may become one; guarded by the server's mu
	kept   bool      // the application has it; guarded by the server's mu
	awaits time.Time // until then somebody may come back; guarded by the server's mu

	hooksMu sync.Mutex
	hooks   atomic.Pointer[hooks] // changed with hooksMu held

	position atomic.Pointer[string] // the offset of the last event that was given to sockets; changed with mu held for reading, at least

	mu      sync.RWMutex
	sockets map[string]*Socket // those that are accepted, by identifier: their own rooms, too
	pids    map[string]*Socket // the same, by the secret that they may come back with; empty without recovery
	rooms   map[string]map[*Socket]struct{}
}

// newNamespace returns a namespace. Unless it is a parent, ready follows, without a lock.
func newNamespace(srv *Server, name string, parent *Namespace) *Namespace {
	return &Namespace{
		srv: srv, name: name, wire: []byte(name), parent: parent,
		sockets: make(map[string]*Socket), pids: make(map[string]*Socket), rooms: make(map[string]map[*Socket]struct{}),
	}
}

// ready makes the adapter, or waits until it is made, and returns n.
func (n *Namespace) ready() *Namespace {
	if n.srv.opts.Adapter != nil {
		n.joined.Do(n.makeAdapter)
	}
	return n
}

// makeAdapter is called once, with no lock: New is the application's, and may take its time or call the Server.
func (n *Namespace) makeAdapter() {
	n.adapter = broken{errPanic} // unless it returns
	a, err := n.srv.opts.Adapter(local{n})
	if err != nil {
		n.srv.opts.logger().Error("socketio: adapter", "namespace", n.name, "error", err)
		a = broken{err}
	}
	n.adapter = a
	if n.srv.opts.Recovery != nil {
		var ok bool
		if n.store, ok = a.(adapter.Store); !ok {
			n.srv.opts.logger().Error("socketio: the adapter keeps nothing: no connection state recovery", "namespace", n.name)
		}
		n.keeper = n.newKeeper()
	}
}

// Name returns the name, which begins with "/". That of a parent is empty.
func (n *Namespace) Name() string { return n.name }

// noHooks is what is registered where nothing is.
var noHooks = new(hooks)

// inherited returns what is registered on the namespace's parent, and on itself.
func (n *Namespace) inherited() [2]*hooks {
	all := [2]*hooks{noHooks, noHooks}
	if n.parent != nil {
		if h := n.parent.hooks.Load(); h != nil {
			all[0] = h
		}
	}
	if h := n.hooks.Load(); h != nil {
		all[1] = h
	}
	return all
}

// Use adds connection middleware: an error refuses the client, which learns it if it is an *Error. It runs before OnConnect, on a goroutine of
// the client's, and may block. What the socket is told to join it joins when it is accepted; until then Emit returns ErrDisconnected, and
// Connected false.
func (n *Namespace) Use(f func(s *Socket) error) {
	n.change(func(h *hooks) { h.uses = add(h.uses, f) })
}

// UseEvent adds middleware for every event of every socket: an error drops the event, and is told as one of its handler is.
func (n *Namespace) UseEvent(f func(s *Socket, e *Event) error) {
	n.change(func(h *hooks) { h.useEvents = add(h.useEvents, f) })
}

// OnConnect sets what is called with every new socket, before any event of it. The client is accepted already. It may block.
func (n *Namespace) OnConnect(f func(s *Socket)) {
	n.change(func(h *hooks) { h.onConnect = f })
}

// OnDisconnect sets what is called when a socket has gone, after its last event. Socket.Rooms still tells where it was.
func (n *Namespace) OnDisconnect(f func(s *Socket, reason Reason)) {
	n.change(func(h *hooks) { h.onEnd = f })
}

// OnError sets what is called with errors of decoding, of middleware and of handlers; event is empty for connection middleware. nil
// means Options.Logger.
func (n *Namespace) OnError(f func(s *Socket, event string, err error)) {
	n.change(func(h *hooks) { h.onError = f })
}

// OnAny adds what is called with every event, before middleware and its handler.
func (n *Namespace) OnAny(f func(s *Socket, e *Event)) {
	n.change(func(h *hooks) { h.onAny = add(h.onAny, f) })
}

// OnAnyOutgoing adds what is called with every event for each socket that it is emitted to, before it leaves. f must neither block
// nor emit.
func (n *Namespace) OnAnyOutgoing(f func(s *Socket, e *Event)) {
	n.change(func(h *hooks) { h.onOutgoing = add(h.onOutgoing, f) })
}

// tellError tells of an error: OnError, or the log.
func (n *Namespace) tellError(s *Socket, event string, err error) {
	for _, h := range slices.Backward(inOrder(n.inherited())) {
		if h.onError != nil {
			s.seat.call("OnError", s, func() { h.onError(s, event, err) })
			return
		}
	}
	n.srv.opts.logger().Warn("socketio: error", "namespace", n.name, "event", event, "socket", s.id, "error", err)
}

// inOrder returns hooks as a slice.
func inOrder(all [2]*hooks) []*hooks { return all[:] }

// tellEnd calls OnDisconnect.
func (n *Namespace) tellEnd(s *Socket, reason Reason) {
	all := n.inherited()
	switch {
	case all[1].onEnd != nil:
		all[1].onEnd(s, reason)
	case all[0].onEnd != nil:
		all[0].onEnd(s, reason)
	}
}

// admit asks whether a socket may come in, and lets it. It returns false if it does not. It is called by the seat's goroutine, and so
// is everything below.
func (n *Namespace) admit(s *Socket) bool {
	n.await(nil) // a client that is accepted hears other servers
	back := n.mayComeBack(s)
	if back && n.srv.opts.Recovery.RunMiddleware {
		if !n.ask(s) {
			return false
		}
	}
	switch {
	case back && n.resume(s):
	case !(back && n.srv.opts.Recovery.RunMiddleware) && !n.ask(s):
		return false
	case !n.begin(s):
		return false
	}
	s.seat.conn.hasJoined()
	n.await(s.Rooms())
	return true
}

// greet calls OnConnect.
func (n *Namespace) greet(s *Socket) {
	defer s.seat.conn.forgetRequest()
	all := n.inherited()
	f := all[1].onConnect
	if f == nil {
		f = all[0].onConnect
	}
	if f != nil {
		s.seat.call("OnConnect", s, func() { f(s) })
	}
}

// ask runs the middleware. It returns false if the socket has been refused, or has gone meanwhile.
func (n *Namespace) ask(s *Socket) (ok bool) {
	err := errPanic // unless the middleware returns
	defer func() {
		if err != nil {
			n.turnAway(s, err)
		}
		ok = err == nil && !s.isGone()
	}()
	s.seat.call("Use", nil, func() { err = n.runMiddleware(s) })
	return ok
}

// runMiddleware runs the middleware until an error.
func (n *Namespace) runMiddleware(s *Socket) error {
	for _, h := range n.inherited() {
		for _, f := range h.uses {
			if err := f(s); err != nil || s.isGone() {
				return err
			}
		}
	}
	return nil
}

// turnAway refuses a socket. When its client learns of that it has left its seat: it may come again, or elsewhere, at once.
func (n *Namespace) turnAway(s *Socket, err error) {
	if _, ok := n.remove(s, &DisconnectError{ServerNamespaceDisconnect, err}); ok {
		s.cancel()
		s.seat.stand()
		s.seat.conn.refuse(s.seat.name, travels(err))
	}
	n.tellError(s, "", err)
}

// begin lets a socket that is new in.
func (n *Namespace) begin(s *Socket) (ok bool) {
	if n.store == nil {
		return n.accept(s, nil)
	}
	err := n.store.Take(context.Background(), "", "", func(_ *adapter.Session, _ []*adapter.Packet, position string) {
		s.memory = &memory{pid: newID(pidLength), since: position}
		ok = n.accept(s, nil)
	})
	if err != nil {
		n.turnAway(s, err)
	}
	return ok
}

// accept lets a socket in and tells the client, after events that it has missed. What is emitted at the same time waits for that. It returns
// false if the socket has gone.
func (n *Namespace) accept(s *Socket, missed []*adapter.Packet) bool {
	n.mu.Lock()
	if !s.state.CompareAndSwap(asked, accepted) {
		n.mu.Unlock()
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n.sockets[s.id] = s
	if s.memory != nil {
		n.pids[s.memory.pid] = s
	}
	for _, room := range s.rooms {
		s.noteJoined(room)
		n.enter(s, room)
	}
	n.mu.Unlock()
	for _, p := range missed {
		s.send(n.packetOf(p), p.Attachments, false)
	}
	n.keeper.note(s)
	s.send(&packet.Packet{Type: packet.Connect, Namespace: n.wire, Data: s.greeting()}, nil, false)
	s.state.CompareAndSwap(accepted, joined) // unless it has gone
	return true
}

// greeting returns the payload that tells the client that it is accepted.
func (s *Socket) greeting() []byte {
	b := append(append([]byte(`{"sid":"`), s.id...), '"')
	if s.memory != nil {
		b = append(append(append(b, `,"pid":"`...), s.memory.pid...), '"')
	}
	return append(b, '}')
}

// cancel ends the context of a socket that has been refused.
func (s *Socket) cancel() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.context != nil {
		s.context.cancel(s.end)
	}
}

// hasJoined is called when the client has joined a namespace.
func (c *conn) hasJoined() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopTimer()
}

// forgetRequest drops the request, if it is to be.
func (c *conn) forgetRequest() {
	if c.srv.opts.ForgetRequest {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.req = nil
	}
}

// nextID returns an id for acknowledgements.
func (n *Namespace) nextID() uint64 { return n.ids.Add(1) - 1 }

// Emit emits an event to all sockets.
func (n *Namespace) Emit(event string, args ...any) error { return n.All().Emit(event, args...) }

// To chooses the members of rooms: all sockets, if there are none.
func (n *Namespace) To(rooms ...string) Broadcast { return n.All().To(rooms...) }

// Except chooses all but the members of rooms.
func (n *Namespace) Except(rooms ...string) Broadcast { return n.All().Except(rooms...) }

// Local chooses the sockets of this server.
func (n *Namespace) Local() Broadcast { return n.All().Local() }

// Volatile chooses all sockets, and drops the event for those that are not keeping up.
func (n *Namespace) Volatile() Broadcast { return n.All().Volatile() }

// All returns the broadcast to every socket.
func (n *Namespace) All() Broadcast { return Broadcast{n: n} }

// Sockets are those of this server. See Broadcast.FetchSockets for all.
func (n *Namespace) Sockets() iter.Seq[*Socket] {
	return func(yield func(*Socket) bool) {
		for _, s := range n.chosen(&selection{}, nil) {
			if !yield(s) {
				return
			}
		}
	}
}

// Socket returns the socket of this server with that identifier, or nil.
func (n *Namespace) Socket(id string) *Socket {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.sockets[id]
}

// ServerSideEmit emits an event to the other servers.
func (n *Namespace) ServerSideEmit(ctx context.Context, event string, args ...any) error {
	return n.tellServers(ctx, event, args, nil)
}

// ServerSideEmitWithAck emits an event to the other servers, and waits for their acknowledgements. When ctx ends, it returns those that
// have come, and the cause of the context.
func (n *Namespace) ServerSideEmitWithAck[R any](ctx context.Context, event string, args ...any) ([]R, error) {
	var g gathered[R]
	return g.result(n.tellServers(ctx, event, args, g.add))
}

func (n *Namespace) tellServers(ctx context.Context, event string, args []any, ack func(adapter.Answer)) error {
	enc, err := encodeEvent(event, args)
	if err != nil {
		return err
	}
	defer enc.release()
	if n.adapter == nil {
		return nil
	}
	return n.adapter.ServerSideEmit(ctx, n.toPacket(event, enc), ack)
}

// serverHandler handles what another server has emitted, and returns an acknowledgement.
type serverHandler func(a Args) (any, error)

// OnServer registers f for what other servers emit by ServerSideEmit.
func (n *Namespace) OnServer[T any](event string, f func(arg T)) {
	n.onServer(event, func(a Args) (any, error) {
		var t T
		err := bind(&a, &t)
		if err == nil {
			f(t)
		}
		return struct{}{}, err
	})
}

// HandleServer registers f for what other servers emit by ServerSideEmitWithAck.
func (n *Namespace) HandleServer[T, R any](event string, f func(arg T) (R, error)) {
	n.onServer(event, func(a Args) (any, error) {
		var t T
		if err := bind(&a, &t); err != nil {
			return nil, err
		}
		return f(t)
	})
}

func (n *Namespace) onServer(event string, f serverHandler) {
	checkName(event)
	n.change(func(h *hooks) { h.servers = with(h.servers, event, f) })
}

// fromServer deals with what another server has emitted. What nobody is registered for is not acknowledged.
func (n *Namespace) fromServer(p *adapter.Packet, ack func(adapter.Answer)) {
	all := n.inherited()
	f := all[1].servers[p.Event]
	if f == nil {
		f = all[0].servers[p.Event]
	}
	if f == nil {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			n.srv.opts.logger().Error("socketio: panic", "in", "OnServer", "namespace", n.name, "panic", v)
		}
	}()
	r, err := f(Args{p.Args, 1, p.Attachments})
	if err != nil {
		n.srv.opts.logger().Warn("socketio: error", "namespace", n.name, "server event", p.Event, "error", err)
		r = failure{travels(err)}
	}
	if ack == nil {
		return
	}
	var results []any
	if _, nothing := r.(struct{}); !nothing {
		results = []any{r}
	}
	enc, err := encodeAnswer(results)
	if err != nil {
		ack(adapter.Answer{Err: err})
		return
	}
	defer enc.release()
	ack(adapter.Answer{Args: jsontext.Value(slices.Clone(enc.data())), Attachments: enc.attachments})
}

// broken is the adapter where there should be one and is none.
type broken struct{ err error }

var _ adapter.Adapter = broken{}

func (b broken) Broadcast(context.Context, *adapter.Packet, *adapter.Target) error { return b.err }
func (b broken) BroadcastWithAck(context.Context, *adapter.Packet, *adapter.Target, func(adapter.Answer)) error {
	return b.err
}
func (b broken) Join(context.Context, *adapter.Target, []string) error   { return b.err }
func (b broken) Leave(context.Context, *adapter.Target, []string) error  { return b.err }
func (b broken) Disconnect(context.Context, *adapter.Target, bool) error { return b.err }
func (b broken) Sockets(context.Context, *adapter.Target) ([]adapter.Socket, error) {
	return nil, b.err
}
func (b broken) ServerSideEmit(context.Context, *adapter.Packet, func(adapter.Answer)) error {
	return b.err
}
func (b broken) Servers(context.Context) (int, error) { return 0, b.err }
func (b broken) RoomOpened(string)                    {}
func (b broken) RoomClosed(string)                    {}
func (b broken) Close(context.Context) error          { return nil }

// gathered are acknowledgements that come in.
type gathered[R any] struct {
	all []R
	err error // the first
}

// add takes one. Calls come one at a time.
func (g *gathered[R]) add(a adapter.Answer) {
	r, err := *new(R), a.Err
	if err == nil {
		r, err = answerTo[R](Args{array: a.Args, attachments: a.Attachments})
	}
	if err == nil {
		g.all = append(g.all, r)
	} else if g.err == nil {
		g.err = err
	}
}

// result returns all, with the error of the wait, or the first of an acknowledgement.
func (g *gathered[R]) result(err error) ([]R, error) {
	if err == nil {
		err = g.err
	}
	return g.all, err
}

// errParent says that something cannot be done with the parent of namespaces.
var errParent = errors.New("socketio: a parent of namespaces has no sockets itself")

// packetOf returns an event as it goes to clients.
func (n *Namespace) packetOf(p *adapter.Packet) *packet.Packet {
	data := []byte(p.Args)
	if p.Offset != "" && n.store != nil && len(data) > 0 {
		data = fmt.Appendf(slices.Clip(data[:len(data)-1]), `,%q]`, p.Offset)
	}
	return &packet.Packet{Type: packet.Event, Namespace: n.wire, Data: data}
}
