package redisadapter

// This file holds the adapter of createShardedAdapter of @socket.io/redis-adapter, in its mode "dynamic": each room that is no socket's own has a channel, which
// only servers subscribe to where somebody is in it.

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
)

// Sharded is the adapter of createShardedAdapter of @socket.io/redis-adapter 8, for Redis 7 or newer.
// o may be nil. c is not closed.
//
// What is emitted to one room goes only to the servers where somebody is in it. With a *redis.ClusterClient, channels are spread over the masters of the cluster; what one
// server emits to different rooms, or to all, may then arrive in another order, as with Node.
func Sharded(c redis.UniversalClient, o *Options) adapter.New {
	h := &hub{opts: o.withDefaults(), source: c, sharded: true}
	return func(l adapter.Local) (adapter.Adapter, error) {
		s := &sharded{hub: h, link: h.enter(), all: h.opts.Key + "#" + l.Namespace() + "#", joined: cluster.NewJoined(h.opts.RequestTimeout)}
		s.node = cluster.New(l, h.config(""))
		s.node.Start(s, nil)
		for _, t := range s.topics(nil) {
			s.link.sub.want(t, s.receive)
		}
		return &node{s.node, h.opts.RequestTimeout, s}, nil
	}
}

// sharded is a Carrier.
type sharded struct {
	hub  *hub
	link *link
	node *cluster.Node
	all  string // the channel of all servers

	joined *cluster.Joined
}

// topics are what is subscribed to, with rooms.
func (s *sharded) topics(rooms []string) []topic {
	all := []topic{{shard, s.all}, {shard, s.all + s.node.ID() + "#"}}
	for _, room := range rooms {
		if cluster.IsPublic(room) {
			all = append(all, s.room(room))
		}
	}
	return all
}

// room returns the channel of a room.
func (s *sharded) room(name string) topic { return topic{shard, s.all + name + "#"} }

// Send publishes a message.
func (s *sharded) Send(m *cluster.Message) error {
	payload, err := cluster.Encode(m, false)
	if err != nil {
		return err
	}
	name := s.all
	if m.IsAnswer() {
		name += m.To + "#"
	} else if room, ok := s.joined.RoomOf(m); ok {
		name = s.room(room).name
	}
	return s.link.pub.put(len(name)+len(payload), item{
		add: func(p redis.Pipeliner) redis.Cmder { return p.SPublish(context.Background(), name, payload) },
	})
}

// receive deals with what comes.
func (s *sharded) receive(_, payload string) {
	m, err := cluster.Decode([]byte(payload))
	if err != nil {
		s.hub.opts.OnError(err)
		return
	}
	s.node.Receive(m)
}

func (s *sharded) RoomOpened(room string) {
	if cluster.IsPublic(room) {
		s.link.sub.want(s.room(room), s.receive)
	}
}

func (s *sharded) RoomClosed(room string) {
	if cluster.IsPublic(room) {
		s.link.sub.drop(s.room(room))
	}
}

// Servers counts those who hear requests.
func (s *sharded) Servers(ctx context.Context) (int, error) {
	return s.link.count(ctx, topic{shard, s.all})
}

func (s *sharded) Gone(ctx context.Context, servers []string) ([]string, error) {
	return s.link.gone(ctx, servers, func(id string) topic { return topic{shard, s.all + id + "#"} })
}

func (s *sharded) await(ctx context.Context, rooms []string) error {
	return s.link.sub.await(ctx, s.topics(rooms)...)
}

func (s *sharded) Close(ctx context.Context) error {
	for _, t := range s.topics(nil) {
		s.link.sub.drop(t)
	}
	return s.hub.leave(ctx)
}
