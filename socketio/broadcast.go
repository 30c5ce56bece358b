package socketio

// This file holds events, and orders, for many sockets.

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/packet"
)

// Broadcast is a choice of sockets. It is a value: each method returns another. One that is not made by a Namespace or a Socket is of no
// use.
type Broadcast struct {
	n               *Namespace
	from            *Socket // is not meant
	rooms, except   []string
	volatile, local bool
}

// To adds the members of rooms. The identifier of a socket is a room that it is always in. A socket in several gets an event once. Without
// any room a Broadcast is for all: where a list of rooms may be empty, look first.
func (b Broadcast) To(rooms ...string) Broadcast {
	b.rooms = slices.Concat(b.rooms, rooms)
	return b
}

// Except leaves out the members of rooms.
func (b Broadcast) Except(rooms ...string) Broadcast {
	b.except = slices.Concat(b.except, rooms)
	return b
}

// Local keeps to the sockets of this server.
func (b Broadcast) Local() Broadcast {
	b.local = true
	return b
}

// Volatile drops the event for clients for which more than 64 KiB wait.
func (b Broadcast) Volatile() Broadcast {
	b.volatile = true
	return b
}

// target returns the choice as adapters have it.
func (b Broadcast) target() *adapter.Target {
	t := &adapter.Target{Rooms: b.rooms, Except: b.except, Volatile: b.volatile, Local: b.local}
	if b.from != nil {
		t.Except = slices.Concat(b.except, []string{b.from.id})
	}
	return t
}

// Emit emits an event. The arguments are encoded before it returns, for all clients at once. It does not wait for any. Clients that
// do not keep up are disconnected.
func (b Broadcast) Emit(event string, args ...any) error {
	enc, err := encodeEvent(event, args)
	if err != nil {
		return err
	}
	defer enc.release()
	if b.n.match == nil {
		return b.emit(event, enc)
	}
	for _, child := range b.n.srv.all(b.n) {
		b.n = child
		err = errors.Join(err, b.emit(event, enc))
	}
	return err
}

// emit emits an event that is encoded.
func (b Broadcast) emit(event string, enc *encoder) error {
	if b.n.adapter != nil {
		return b.n.toAdapter(event, enc, b.target())
	}
	q := packet.Packet{Type: packet.Event, Namespace: b.n.wire, Data: enc.data()}
	return b.n.deliver(event, &q, enc.attachments, &selection{rooms: b.rooms, except: b.except, from: b.from}, b.volatile)
}

// toPacket returns an event as adapters have it.
func (n *Namespace) toPacket(event string, enc *encoder) *adapter.Packet {
	return &adapter.Packet{Event: event, Args: slices.Clone(enc.data()), Attachments: enc.attachments}
}

// toAdapter gives an event to the adapter.
func (n *Namespace) toAdapter(event string, enc *encoder, t *adapter.Target) error {
	return n.adapter.Broadcast(context.Background(), n.toPacket(event, enc), t)
}

// crowds lends lists of sockets.
var crowds = sync.Pool{New: func() any { return new([]*Socket) }}

// deliver sends an event to sockets of this server.
func (n *Namespace) deliver(event string, q *packet.Packet, attachments [][]byte, sel *selection, volatile bool) error {
	crowd := crowds.Get().(*[]*Socket)
	defer func() {
		clear(*crowd)
		*crowd = (*crowd)[:0]
		crowds.Put(crowd)
	}()
	*crowd = n.chosen(sel, *crowd)
	if len(*crowd) == 0 {
		return nil
	}
	out, err := n.srv.encodePacket(q, attachments, true)
	defer out.release()
	if err != nil {
		return err
	}
	f := beginFlushing()
	defer f.end() // also if OnAnyOutgoing panics
	for _, s := range *crowd {
		if !s.isReady() || volatile && isBehind(s.Session(), out.size) {
			continue
		}
		s.tellOutgoing(event, q.Data, attachments)
		first, _ := out.queueFor(s.Session()) // how a session has ended is told otherwise
		f.add(s.Session(), first)
	}
	return nil
}

// EmitWithAck emits an event and waits for the acknowledgements of all. When ctx ends, it returns those that have come, and its cause. A
// client that disconnects is not waited for any longer: the error is ErrDisconnected then. An *Error that a client has answered with is the
// error, too; so is what cannot be decoded.
func (b Broadcast) EmitWithAck[R any](ctx context.Context, event string, args ...any) ([]R, error) {
	var g gathered[R]
	return g.result(b.gather(ctx, event, args, g.add))
}

// gather emits an event and calls ack with every acknowledgement.
func (b Broadcast) gather(ctx context.Context, event string, args []any, ack func(adapter.Answer)) error {
	enc, err := encodeEvent(event, args)
	if err != nil {
		return err
	}
	p, t := b.n.toPacket(event, enc), b.target()
	enc.release()
	switch {
	case b.n.match != nil:
		return errParent
	case b.n.adapter != nil:
		return b.n.adapter.BroadcastWithAck(ctx, p, t, ack)
	}
	return adapter.Gather(ctx, local{b.n}, p, t, ack)
}

// FetchSockets returns the chosen sockets, of all servers.
func (b Broadcast) FetchSockets(ctx context.Context) ([]RemoteSocket, error) {
	all, err := b.fetch(ctx)
	remote := make([]RemoteSocket, 0, len(all))
	for _, one := range all {
		remote = append(remote, RemoteSocket{b.n.To(one.ID), one})
	}
	return remote, err
}

func (b Broadcast) fetch(ctx context.Context) ([]adapter.Socket, error) {
	switch {
	case b.n.match != nil:
		return nil, errParent
	case b.n.adapter != nil:
		return b.n.adapter.Sockets(ctx, b.target())
	}
	return local{b.n}.Sockets(b.target()), nil
}

// SocketsJoin makes the chosen sockets join rooms, on all servers.
func (b Broadcast) SocketsJoin(rooms ...string) error {
	defer b.n.await(rooms)
	return b.order(func(a adapter.Adapter, t *adapter.Target) error { return a.Join(context.Background(), t, rooms) },
		func(l local, t *adapter.Target) { l.Join(t, rooms) })
}

// SocketsLeave makes them leave rooms.
func (b Broadcast) SocketsLeave(rooms ...string) error {
	return b.order(func(a adapter.Adapter, t *adapter.Target) error { return a.Leave(context.Background(), t, rooms) },
		func(l local, t *adapter.Target) { l.Leave(t, rooms) })
}

// DisconnectSockets disconnects them, and with close ends their connections.
func (b Broadcast) DisconnectSockets(close bool) error {
	return b.order(func(a adapter.Adapter, t *adapter.Target) error { return a.Disconnect(context.Background(), t, close) },
		func(l local, t *adapter.Target) { l.Disconnect(t, close) })
}

// order gives an order to the adapter, or follows it.
func (b Broadcast) order(spread func(adapter.Adapter, *adapter.Target) error, follow func(local, *adapter.Target)) error {
	all := []*Namespace{b.n}
	if b.n.match != nil {
		all = b.n.srv.all(b.n)
	}
	var err error
	for _, n := range all {
		if n.adapter != nil {
			err = errors.Join(err, spread(n.adapter, b.target()))
		} else {
			follow(local{n}, b.target())
		}
	}
	return err
}

// RemoteSocket is a socket that may be another server's.
type RemoteSocket struct {
	Broadcast // to this socket
	adapter.Socket
}

// ID returns the identifier.
func (r RemoteSocket) ID() string { return r.Socket.ID }

// Join and Leave let it join and leave rooms; Disconnect takes it out of the namespace, and with close ends its connection.
func (r RemoteSocket) Join(rooms ...string) error  { return r.SocketsJoin(rooms...) }
func (r RemoteSocket) Leave(rooms ...string) error { return r.SocketsLeave(rooms...) }
func (r RemoteSocket) Disconnect(close bool) error { return r.DisconnectSockets(close) }
