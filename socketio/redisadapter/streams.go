package redisadapter

// This file holds the adapter of @socket.io/redis-streams-adapter: events and orders stand in a stream, from which every server reads all of them, in one
// order, as package journal has it; what is asked and answered at once is published as in the other adapters. Sessions and what was missed are in
// recovery.go, reading the stream in reader.go.

import (
	"context"
	"encoding/base64"
	"strconv"
	"unicode/utf16"

	"github.com/redis/go-redis/v9"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/journal"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/msgpack"
)

// Streams is the adapter of @socket.io/redis-streams-adapter 0.3, for Redis 6.2 or newer. It supports connection state recovery, also by another server than
// the client was connected to. o may be nil. c is not closed.
//
// A server whose connection to Redis was away gets what others have emitted meanwhile, as far as the stream still has it.
func Streams(c redis.UniversalClient, o *Options) adapter.New {
	h := &hub{opts: o.withDefaults(), source: c}
	all := &readers{hub: h, namespaces: make(map[string]*streams), running: make(map[string]*reader)}
	return func(l adapter.Local) (adapter.Adapter, error) {
		s := &streams{hub: h, link: h.enter(), readers: all, all: h.opts.Key + "#" + l.Namespace() + "#", stream: h.opts.streamOf(l.Namespace())}
		s.journal = journal.New(l, h.config(""), s)
		s.journal.Start(s, nil)
		for _, t := range s.topics() {
			s.sub.want(t, s.receive)
		}
		s.reader = all.enter(s)
		return s.journal, nil
	}
}

// streamOf returns the stream of a namespace.
func (o *Options) streamOf(namespace string) string {
	if o.StreamCount == 1 {
		return o.StreamName
	}
	hash := int32(0)
	for _, c := range utf16.Encode([]rune(namespace)) {
		hash = 31*hash + int32(c)
	}
	return o.StreamName + "-" + strconv.Itoa(int(hash)%o.StreamCount)
}

// streams is a journal.Log, and the Carrier of what does not stand in it.
type streams struct {
	*link
	hub     *hub
	journal *journal.Journal
	readers *readers
	reader  *reader
	all     string // the channel of all servers
	stream  string
}

// topics are what is subscribed to.
func (s *streams) topics() []topic {
	return []topic{{channel, s.all}, {channel, s.all + s.journal.ID() + "#"}}
}

// Append lets a message stand in the stream.
func (s *streams) Append(m *cluster.Message, number uint64, failed func()) error {
	data := string(cluster.AppendData(nil, m))
	if len(m.Attachments()) > 0 {
		b, err := msgpack.Append(nil, []byte(data), m.Attachments())
		if err != nil {
			return err
		}
		data = base64.StdEncoding.EncodeToString(b)
	}
	values := []string{"uid", m.From, "nsp", m.Namespace, "type", strconv.Itoa(int(m.Kind)), "data", data}
	if number > 0 { // Node does not look at it
		values = append(values, "number", strconv.FormatUint(number, 10))
	}
	args := &redis.XAddArgs{Stream: s.stream, MaxLen: s.hub.opts.MaxLen, Approx: true, Values: values}
	return s.pub.put(len(data)+len(m.Namespace), item{
		add: func(p redis.Pipeliner) redis.Cmder { return p.XAdd(context.Background(), args) },
		done: func(c redis.Cmder) {
			if c.Err() != nil {
				failed()
			}
		},
	})
}

// Await waits until what other servers publish, and let stand in the stream, reaches this one.
func (s *streams) Await(ctx context.Context) error {
	if err := s.sub.await(ctx, s.topics()...); err != nil {
		return err
	}
	return s.reader.await(ctx)
}

// Send lets events and orders stand in the stream, and publishes everything else.
func (s *streams) Send(m *cluster.Message) error {
	if journal.IsLogged(m) {
		return s.Append(m, 0, func() {})
	}
	payload, err := cluster.Encode(m, true)
	if err != nil {
		return err
	}
	name := s.all
	if m.IsAnswer() {
		name += m.To + "#"
	}
	return s.publish(name, payload)
}

// receive deals with what is published.
func (s *streams) receive(_, payload string) {
	m, err := cluster.Decode([]byte(payload))
	if err != nil {
		s.hub.opts.OnError(err)
		return
	}
	s.journal.Receive(m)
}

func (s *streams) RoomOpened(string) {}
func (s *streams) RoomClosed(string) {}

// Servers counts those who hear requests.
func (s *streams) Servers(ctx context.Context) (int, error) {
	return s.count(ctx, topic{channel, s.all})
}

func (s *streams) Gone(ctx context.Context, servers []string) ([]string, error) {
	return s.gone(ctx, servers, func(id string) topic { return topic{channel, s.all + id + "#"} })
}

func (s *streams) Close(ctx context.Context) error {
	for _, t := range s.topics() {
		s.sub.drop(t)
	}
	s.readers.leave(s)
	return s.hub.leave(ctx)
}
