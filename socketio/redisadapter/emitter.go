package redisadapter

// This file holds the Emitter, which speaks to servers as another server would, and hears nothing.

import (
	"context"
	"encoding/json/jsontext"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/seed-d69ae1b7/websocket/socketio"
	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
)

// Emitter emits to the clients of servers that use PubSub, from a process that is no server: it is @socket.io/redis-emitter 5. It is a choice of
// sockets, and a value: Of, To, Except and Volatile return another. Its methods may be called by any goroutine at any time. They wait for Redis, and
// their errors are its, those of encoding, or socketio.ErrReserved.
type Emitter struct {
	client    redis.UniversalClient
	key       string
	namespace string
	target    adapter.Target
}

// emitterID is what Emitters are called as servers, all of them.
const emitterID = "emitter"

// NewEmitter returns an Emitter to all sockets of the main namespace. o may be nil; only its Key is of interest. c is not closed.
func NewEmitter(c redis.UniversalClient, o *Options) Emitter {
	return Emitter{client: c, key: o.withDefaults().Key, namespace: "/"}
}

// Of chooses all sockets of a namespace. A "/" in front may be left out.
func (e Emitter) Of(namespace string) Emitter {
	if namespace == "" || namespace[0] != '/' {
		namespace = "/" + namespace
	}
	return Emitter{client: e.client, key: e.key, namespace: namespace}
}

// To adds the members of rooms. A socket in several gets an event once.
func (e Emitter) To(rooms ...string) Emitter {
	e.target.Rooms = slices.Concat(e.target.Rooms, rooms)
	return e
}

// Except leaves out the members of rooms.
func (e Emitter) Except(rooms ...string) Emitter {
	e.target.Except = slices.Concat(e.target.Except, rooms)
	return e
}

// Volatile drops the event for clients that are not keeping up.
func (e Emitter) Volatile() Emitter {
	e.target.Volatile = true
	return e
}

// Emit emits an event.
func (e Emitter) Emit(ctx context.Context, event string, args ...any) error {
	array, attachments, err := socketio.EncodeEvent(event, args...)
	if err != nil {
		return err
	}
	return e.send(ctx, &cluster.Message{Kind: cluster.Broadcast, Packet: packetOf(event, array, attachments)})
}

// SocketsJoin makes the chosen sockets join rooms.
func (e Emitter) SocketsJoin(ctx context.Context, rooms ...string) error {
	return e.send(ctx, &cluster.Message{Kind: cluster.Join, Rooms: rooms})
}

// SocketsLeave makes them leave rooms.
func (e Emitter) SocketsLeave(ctx context.Context, rooms ...string) error {
	return e.send(ctx, &cluster.Message{Kind: cluster.Leave, Rooms: rooms})
}

// DisconnectSockets disconnects them, and with close ends their connections.
func (e Emitter) DisconnectSockets(ctx context.Context, close bool) error {
	return e.send(ctx, &cluster.Message{Kind: cluster.Disconnect, Close: close})
}

// ServerSideEmit emits an event to all servers.
func (e Emitter) ServerSideEmit(ctx context.Context, event string, args ...any) error {
	array, attachments, err := socketio.EncodeEvent(event, args...)
	if err != nil {
		return err
	}
	return e.send(ctx, &cluster.Message{Kind: cluster.ServerSideEmit, Packet: packetOf(event, array, attachments)})
}

// packetOf returns an event.
func packetOf(event string, array jsontext.Value, attachments [][]byte) *adapter.Packet {
	return &adapter.Packet{Event: event, Args: array, Attachments: attachments}
}

// send publishes a message.
func (e Emitter) send(ctx context.Context, m *cluster.Message) error {
	m.From, m.Namespace, m.Target = emitterID, e.namespace, e.target
	payload, err := encodeClassic(m)
	if err != nil {
		return err
	}
	return e.client.Publish(ctx, namesOf(e.key, e.namespace).of(m), payload).Err()
}
