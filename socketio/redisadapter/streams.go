package redisadapter

// This file holds the adapter of @socket.io/redis-streams-adapter: events and orders stand in a stream, from which every server reads all of them, in one
// order; what is asked and answered at once is published as in the other adapters. Sessions and what was missed are in recovery.go, reading the stream in
// reader.go.
//
// With connection state recovery, an event must have its place in the stream before a client gets it, and all clients get events in that order. So a server
// gives its own events to its sockets when it reads them back. Until then they are pending. Some things do not wait for that: a socket that leaves a room
// or the server gets before what was emitted before; and while Redis does not answer, local delivery goes on. Then what is pending is given to the
// sockets at once, with the last place that is known (flush), and ignored when it is read back.

import (
	"cmp"
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode/utf16"

	"github.com/redis/go-redis/v9"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
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
		s.Node = cluster.New(l, h.config(""))
		s.Node.Start(s.carrier())
		for _, t := range s.topics() {
			s.link.sub.want(t, s.receive)
		}
		s.reader = all.enter(s)
		return s, nil
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

// streams is an adapter.Store.
type streams struct {
	*cluster.Node
	hub     *hub
	link    *link
	readers *readers
	reader  *reader
	all     string // the channel of all servers
	stream  string

	mu        sync.Mutex // is held while the sockets are told of an event
	recovers  bool       // there is connection state recovery
	position  string     // the place of the last event that the sockets have been told of
	number    uint64     // of the last event of this server
	delivered uint64     // the number of the last event of this server that the sockets have been told of
	pending   []own
	timer     *time.Timer // stalls
	stalled   bool        // Redis is slow: what is emitted is flushed at once
}

// own is an event of this server that has not been read back.
type own struct {
	number uint64
	packet *adapter.Packet
	target adapter.Target
}

var (
	_ adapter.Store   = (*streams)(nil)
	_ adapter.Waiter  = (*streams)(nil)
	_ adapter.Flusher = (*streams)(nil)
)

// topics are what is subscribed to.
func (s *streams) topics() []topic {
	return []topic{{channel, s.all}, {channel, s.all + s.ID() + "#"}}
}

// slow is how long the sockets of this server wait for Redis to say where an event stands.
const slow = time.Second

// Broadcast lets the event stand in the stream. With connection state recovery, the sockets of this server are told when it has been read back.
func (s *streams) Broadcast(ctx context.Context, p *adapter.Packet, t *adapter.Target) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.recovers {
		return s.Node.Broadcast(ctx, p, t)
	}
	if t.Local {
		s.flush()
		s.Local().Broadcast(s.placed(p, s.position), t)
		return nil
	}
	s.number++
	one := own{s.number, p, *t}
	m := &cluster.Message{Kind: cluster.Broadcast, From: s.ID(), Namespace: s.Local().Namespace(), Packet: p, Target: *t}
	err := s.add(m, one.number)
	if err == nil {
		s.pending = append(s.pending, one)
	}
	switch {
	case err != nil:
		s.flush()
		s.Local().Broadcast(s.placed(p, s.position), t)
		s.delivered = one.number
	case s.stalled:
		s.flush()
	default:
		s.watch()
	}
	return err
}

// placed returns an event with a place.
func (s *streams) placed(p *adapter.Packet, place string) *adapter.Packet {
	q := *p
	q.Offset = place
	return &q
}

// watch lets what is pending be flushed if Redis is slow. mu is held.
func (s *streams) watch() {
	if s.timer == nil {
		s.timer = time.AfterFunc(slow, s.stall)
	} else if len(s.pending) == 1 {
		s.timer.Reset(slow)
	}
}

// stall lets the sockets of this server wait no longer, until something is read back.
func (s *streams) stall() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stalled = true
	s.flush()
}

// Flush tells the sockets of this server of its events that have not been read back.
func (s *streams) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flush()
}

// flush is Flush with mu held.
func (s *streams) flush() {
	for i := s.untold(); i < len(s.pending); i++ {
		one := &s.pending[i]
		s.delivered = one.number
		s.Local().Broadcast(s.placed(one.packet, s.position), &one.target)
	}
}

// untold returns where in pending the events begin that the sockets have not been told of: they stand in order. mu is held.
func (s *streams) untold() int {
	i, _ := slices.BinarySearchFunc(s.pending, s.delivered+1, func(one own, number uint64) int { return cmp.Compare(one.number, number) })
	return i
}

// add lets a message stand in the stream. number is that of an event of this server, or 0.
func (s *streams) add(m *cluster.Message, number uint64) error {
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
	return s.link.pub.put(item{
		size: len(data) + len(m.Namespace),
		add:  func(p redis.Pipeliner) redis.Cmder { return p.XAdd(context.Background(), args) },
		done: func(c redis.Cmder) {
			if number > 0 && c.Err() != nil {
				s.failed(number)
			}
		},
	})
}

// failed notes that it is not known whether an event of this server stands in the stream.
func (s *streams) failed(number uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flush()
	s.forget(number)
}

// forget removes events up to a number from those that are pending. mu is held.
func (s *streams) forget(number uint64) {
	n := 0
	for n < len(s.pending) && s.pending[n].number <= number {
		s.pending[n] = own{}
		n++
	}
	s.pending = s.pending[n:]
	if s.timer != nil && n > 0 {
		s.timer.Stop()
		if len(s.pending) > 0 {
			s.timer.Reset(slow)
		}
	}
}

// read deals with what has been read from the stream.
func (s *streams) read(place string, m *cluster.Message, number uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.position = place
	switch {
	case m.From != s.ID():
		if m.Packet != nil && s.recovers {
			m.Packet.Offset = place
		}
		s.Receive(m)
	case number > s.delivered:
		for i := s.untold(); i < len(s.pending) && s.pending[i].number <= number; i++ {
			one := &s.pending[i]
			s.delivered = one.number
			s.Local().Broadcast(s.placed(one.packet, place), &one.target)
		}
	}
	if m.From == s.ID() && number > 0 {
		s.stalled = false
		s.forget(number)
	}
}

// BroadcastWithAck tells the sockets of what was emitted before, first.
func (s *streams) BroadcastWithAck(ctx context.Context, p *adapter.Packet, t *adapter.Target, ack func(adapter.Answer)) error {
	s.Flush()
	return s.Node.BroadcastWithAck(ctx, p, t, ack)
}

func (s *streams) Join(ctx context.Context, t *adapter.Target, rooms []string) error {
	s.Flush()
	return s.Node.Join(ctx, t, rooms)
}

func (s *streams) Leave(ctx context.Context, t *adapter.Target, rooms []string) error {
	s.Flush()
	return s.Node.Leave(ctx, t, rooms)
}

func (s *streams) Disconnect(ctx context.Context, t *adapter.Target, close bool) error {
	s.Flush()
	return s.Node.Disconnect(ctx, t, close)
}

// Await waits until what other servers emit reaches this one.
func (s *streams) Await(ctx context.Context, _ ...string) error {
	ctx, cancel := context.WithTimeout(ctx, s.hub.opts.RequestTimeout)
	defer cancel()
	if err := s.link.sub.await(ctx, s.topics()...); err != nil {
		return err
	}
	return s.reader.await(ctx)
}

// streamCarrier is streams as a Carrier.
type streamCarrier struct{ s *streams }

func (s *streams) carrier() streamCarrier { return streamCarrier{s} }

// Send lets events and orders stand in the stream, and publishes everything else.
func (c streamCarrier) Send(m *cluster.Message) error {
	s := c.s
	switch m.Kind {
	case cluster.Join, cluster.Leave, cluster.Disconnect:
		return s.add(m, 0)
	case cluster.Broadcast:
		if m.Request == "" {
			return s.add(m, 0)
		}
	}
	payload, err := cluster.Encode(m, true)
	if err != nil {
		return err
	}
	name := s.all
	if m.IsAnswer() {
		name += m.To + "#"
	}
	return s.link.publish(name, payload)
}

// receive deals with what is published.
func (s *streams) receive(_, payload string) {
	m, err := cluster.Decode([]byte(payload))
	if err != nil {
		s.hub.opts.OnError(err)
		return
	}
	s.Receive(m)
}

func (c streamCarrier) RoomOpened(string) {}
func (c streamCarrier) RoomClosed(string) {}

// Servers counts those who hear requests.
func (c streamCarrier) Servers(ctx context.Context) (int, error) {
	return c.s.link.count(ctx, topic{channel, c.s.all})
}

func (c streamCarrier) Close(ctx context.Context) error {
	s := c.s
	for _, t := range s.topics() {
		s.link.sub.drop(t)
	}
	s.readers.leave(s)
	s.mu.Lock()
	if s.timer != nil {
		s.timer.Stop()
	}
	s.mu.Unlock()
	return s.hub.leave(ctx)
}
