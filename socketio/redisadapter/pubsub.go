package redisadapter

// This file holds the adapter of createAdapter of @socket.io/redis-adapter: how its messages get to the other servers. How they are written is in
// classic.go.

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
)

// PubSub is the adapter of createAdapter of @socket.io/redis-adapter 8. o may be nil. c is not closed.
func PubSub(c redis.UniversalClient, o *Options) adapter.New {
	h := &hub{opts: o.withDefaults(), source: c, anywhere: true}
	return func(l adapter.Local) (adapter.Adapter, error) {
		p := &pubSub{hub: h, link: h.enter(), rooms: make(map[string]bool)}
		p.names = namesOf(h.opts.Key, l.Namespace())
		p.node = cluster.New(l, h.config(shortID()))
		p.own = p.names.response + p.node.ID() + "#"
		p.node.Start(p, nil)
		for _, t := range p.topics() {
			p.link.sub.want(t, p.receive)
		}
		return &node{p.node, h.opts.RequestTimeout, p}, nil
	}
}

// shortID returns an identifier as Node's package has them.
func shortID() string { return rand.Text()[:6] }

// names are those of the channels of a namespace.
type names struct{ broadcast, request, response string }

func namesOf(key, namespace string) names {
	return names{key + "#" + namespace + "#", key + "-request#" + namespace + "#", key + "-response#" + namespace + "#"}
}

// of returns the channel of a message.
func (n names) of(m *cluster.Message) string {
	switch {
	case m.Kind == cluster.Broadcast && m.Request == "" && len(m.Target.Rooms) == 1:
		return n.broadcast + m.Target.Rooms[0] + "#"
	case m.Kind == cluster.Broadcast && m.Request == "":
		return n.broadcast
	case m.IsAnswer():
		return n.response
	}
	return n.request
}

// pubSub is a Carrier.
type pubSub struct {
	hub   *hub
	link  *link
	node  *cluster.Node
	names names
	own   string // the channel of answers to this server alone

	mu    sync.Mutex
	rooms map[string]bool // that are here; identifiers of sockets are not among them
}

// topics are what is subscribed to.
func (p *pubSub) topics() []topic {
	return []topic{{pattern, quote(p.names.broadcast) + "*"}, {channel, p.names.request}, {channel, p.names.response}, {channel, p.own}}
}

// Send publishes a message.
func (p *pubSub) Send(m *cluster.Message) error {
	payload, err := encodeClassic(m)
	if err != nil {
		return err
	}
	name := p.names.of(m)
	if m.IsAnswer() && p.hub.opts.ResponseChannel && m.To != "" {
		name += m.To + "#"
	}
	return p.link.publish(name, payload)
}

// publish publishes a message on a channel.
func (l *link) publish(name string, payload []byte) error {
	return l.pub.put(len(name)+len(payload), item{
		add: func(p redis.Pipeliner) redis.Cmder { return p.Publish(context.Background(), name, payload) },
	})
}

// receive deals with what comes.
func (p *pubSub) receive(name, payload string) {
	m, err := p.decode(name, payload)
	if err != nil {
		p.hub.opts.OnError(err)
		return
	}
	if m != nil {
		p.node.Receive(m)
	}
}

func (p *pubSub) decode(name, payload string) (m *cluster.Message, err error) {
	if room, ok := strings.CutPrefix(name, p.names.broadcast); ok {
		room = strings.TrimSuffix(room, "#")
		if room != "" && !p.mayHave(room) {
			return nil, nil
		}
		return decodeBroadcast([]byte(payload))
	}
	if strings.HasPrefix(name, p.names.response) {
		m, err = decodeResponse([]byte(payload))
	} else {
		m, err = decodeRequest([]byte(payload))
	}
	if m != nil {
		m.Namespace = p.node.Local().Namespace() // the channel has it
	}
	return m, err
}

// mayHave reports whether somebody may be in a room, which may be a socket's own.
func (p *pubSub) mayHave(room string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !cluster.IsPublic(room) || p.rooms[room]
}

func (p *pubSub) RoomOpened(room string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rooms[room] = true
}

func (p *pubSub) RoomClosed(room string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.rooms, room)
}

// Servers counts those who hear requests.
func (p *pubSub) Servers(ctx context.Context) (int, error) {
	return p.link.count(ctx, topic{channel, p.names.request})
}

// Gone asks for servers whose answers have their names: official ones' have none.
func (p *pubSub) Gone(ctx context.Context, servers []string) ([]string, error) {
	return p.link.gone(ctx, servers, func(id string) topic { return topic{channel, p.names.response + id + "#"} })
}

func (p *pubSub) await(ctx context.Context, _ []string) error {
	return p.link.sub.await(ctx, p.topics()...)
}

func (p *pubSub) Close(ctx context.Context) error {
	for _, t := range p.topics() {
		p.link.sub.drop(t)
	}
	return p.hub.leave(ctx)
}
