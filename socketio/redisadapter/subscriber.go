package redisadapter

// This file holds the subscriptions of a server: one connection, which is made again when it is lost, with everything that is wanted.

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
)

// kind is how something is subscribed to.
type kind int

const (
	channel kind = iota
	pattern
	shard
)

// The words of Redis.
var (
	subscribes   = [...]string{"subscribe", "psubscribe", "ssubscribe"}
	unsubscribes = [...]string{"unsubscribe", "punsubscribe", "sunsubscribe"}
	wanting      = [...]func(ps *redis.PubSub, ctx context.Context, names ...string) error{
		(*redis.PubSub).Subscribe, (*redis.PubSub).PSubscribe, (*redis.PubSub).SSubscribe,
	}
	ending = [...]func(ps *redis.PubSub, ctx context.Context, names ...string) error{
		(*redis.PubSub).Unsubscribe, (*redis.PubSub).PUnsubscribe, (*redis.PubSub).SUnsubscribe,
	}
)

// topic is what can be subscribed to.
type topic struct {
	kind kind
	name string
}

// subscription is what is known of a topic.
type subscription struct {
	receive func(channel, payload string) // nil if it is not wanted any more
	sent    bool                          // Redis has been asked for it, over this connection
	asked   int                           // answers that are to come
	there   bool
}

// isReady reports whether what is published reaches this server.
func (s *subscription) isReady() bool { return s.there && s.asked == 0 }

// subscriber subscribes. Its goroutines live until close.
type subscriber struct {
	client redis.UniversalClient
	opts   *Options
	moved  func() // is called when a subscription is lost; may be nil
	cancel context.CancelFunc
	over   sync.WaitGroup

	mu     sync.Mutex
	topics map[topic]*subscription
	dirty  map[topic]bool // that Redis is to be told of
	down   error          // why there is no connection
	heard  time.Time
	change chan struct{} // closed when a topic becomes ready, or the connection is lost
	wake   chan struct{} // has an element while there is something to tell Redis
}

func newSubscriber(c redis.UniversalClient, o *Options, moved func()) *subscriber {
	ctx, cancel := context.WithCancel(context.Background())
	s := &subscriber{
		client: c, opts: o, moved: moved, cancel: cancel, topics: make(map[topic]*subscription), dirty: make(map[topic]bool),
		change: make(chan struct{}), wake: make(chan struct{}, 1),
	}
	s.over.Go(func() { s.run(ctx) })
	return s
}

// want subscribes. receive is called with what comes, one call at a time. It does not wait.
func (s *subscriber) want(t topic, receive func(channel, payload string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.topics[t]
	if one == nil {
		one = new(subscription)
		s.topics[t] = one
	}
	one.receive = receive
	s.touch(t)
}

// drop ends a subscription. It does not wait.
func (s *subscriber) drop(t topic) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.topics[t]; one != nil {
		one.receive = nil
		s.touch(t)
	}
}

// touch lets Redis be told of a topic. mu is held.
func (s *subscriber) touch(t topic) {
	s.dirty[t] = true
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// await waits until topics that are wanted are ready. It does not wait while there is no connection.
func (s *subscriber) await(ctx context.Context, topics ...topic) error {
	for {
		s.mu.Lock()
		err, change := s.down, s.change
		ready := !slices.ContainsFunc(topics, func(t topic) bool {
			one := s.topics[t]
			return one != nil && one.receive != nil && !one.isReady()
		})
		s.mu.Unlock()
		if ready || err != nil {
			return err
		}
		select {
		case <-change:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// changed wakes those who wait. mu is held.
func (s *subscriber) changed() {
	close(s.change)
	s.change = make(chan struct{})
}

// run makes one connection after another.
func (s *subscriber) run(ctx context.Context) {
	pause := minPause
	for {
		began := time.Now()
		err := s.session(ctx)
		if ctx.Err() != nil {
			return
		}
		s.lose(err)
		if time.Since(began) > maxPause {
			pause = minPause
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
			pause = min(2*pause, maxPause)
		}
	}
}

// lose notes that the connection is lost.
func (s *subscriber) lose(err error) {
	s.mu.Lock()
	first := s.down == nil
	s.down = fmt.Errorf("%w: %w", ErrLost, err)
	told := s.down
	for t, one := range s.topics {
		one.sent, one.there, one.asked = false, false, 0
		s.forget(t, one)
		s.dirty[t] = true
	}
	s.changed()
	s.mu.Unlock()
	if first {
		s.opts.OnError(told)
	}
	if s.moved != nil {
		s.moved()
	}
}

// session lives as long as a connection.
func (s *subscriber) session(ctx context.Context) error {
	ps := s.client.Subscribe(ctx)
	defer ps.Close()
	if err := ps.Ping(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	s.heard = time.Now()
	s.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	var writer sync.WaitGroup
	defer writer.Wait()
	defer cancel()
	writer.Go(func() {
		defer ps.Close() // lets Receive end
		s.write(ctx, ps)
	})
	for {
		m, err := ps.Receive(ctx)
		if err != nil {
			return err
		}
		s.receive(m)
	}
}

// receive deals with what comes.
func (s *subscriber) receive(m any) {
	s.mu.Lock()
	s.heard, s.down = time.Now(), nil
	var f func(channel, payload string)
	lost := false
	msg, _ := m.(*redis.Message)
	switch m := m.(type) {
	case *redis.Subscription:
		lost = s.confirm(m)
	case *redis.Message:
		for _, t := range []topic{{pattern, m.Pattern}, {channel, m.Channel}, {shard, m.Channel}} {
			if one := s.topics[t]; one != nil && (t.kind == pattern) == (m.Pattern != "") {
				f = one.receive
				break
			}
		}
	}
	s.mu.Unlock()
	if f != nil {
		f(msg.Channel, msg.Payload)
	}
	if lost && s.moved != nil {
		s.moved()
	}
}

// confirm notes that Redis has done as asked. It reports whether Redis has ended a subscription unasked: the slot of a shard channel has moved. mu is
// held.
func (s *subscriber) confirm(m *redis.Subscription) (lost bool) {
	i := slices.Index(subscribes[:], m.Kind)
	if i < 0 {
		i = slices.Index(unsubscribes[:], m.Kind)
		lost = true
	}
	if i < 0 {
		return false
	}
	t := topic{kind(i), m.Channel}
	one := s.topics[t]
	if one == nil {
		return false
	}
	if lost { // what was asked for is not counted: only answers to wishes are
		lost = one.sent && one.receive != nil && one.asked == 0
		if lost {
			one.sent, one.there = false, false
			s.changed()
		}
		if lost && s.moved == nil { // otherwise who is told sees to it
			s.touch(t)
		}
		return lost
	}
	one.asked = max(one.asked-1, 0)
	one.there = one.sent
	s.forget(t, one)
	s.changed()
	return false
}

// forget forgets a topic that is not wanted any more, when no answer about it is to come. mu is held.
func (s *subscriber) forget(t topic, one *subscription) {
	if one.receive == nil && !one.sent && one.asked == 0 {
		delete(s.topics, t)
	}
}

// maxPings is how many pings are sent while nothing comes, before the connection counts as broken.
const maxPings = 6

// write tells Redis what is wanted, and pings it, until ctx ends or the connection is broken.
func (s *subscriber) write(ctx context.Context, ps *redis.PubSub) {
	ticks := time.NewTicker(s.opts.patience / maxPings)
	defer ticks.Stop()
	for {
		if err := s.sync(ctx, ps); err != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-ticks.C:
			if s.isSilent() || ps.Ping(ctx) != nil {
				return
			}
		}
	}
}

// isSilent reports whether nothing has come for so long that the connection counts as broken.
func (s *subscriber) isSilent() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.heard) > s.opts.patience
}

// sync tells Redis of topics that are wanted now, or no longer.
func (s *subscriber) sync(ctx context.Context, ps *redis.PubSub) error {
	var more, less [3][]string
	s.mu.Lock()
	for t := range s.dirty {
		one := s.topics[t]
		switch {
		case one == nil:
		case one.receive != nil && !one.sent:
			one.sent, one.there = true, false
			one.asked++
			more[t.kind] = append(more[t.kind], t.name)
		case one.receive == nil:
			if one.sent {
				one.sent, one.there = false, false
				less[t.kind] = append(less[t.kind], t.name)
			}
			s.forget(t, one)
		}
	}
	clear(s.dirty)
	s.mu.Unlock()
	for k := range more {
		together := 1000
		if kind(k) == shard && s.moved != nil { // channels of several slots are refused
			together = 1
		}
		for _, f := range []struct {
			call  func(*redis.PubSub, context.Context, ...string) error
			names []string
		}{{ending[k], less[k]}, {wanting[k], more[k]}} {
			for part := range slices.Chunk(f.names, together) {
				if err := f.call(ps, ctx, part...); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// close ends everything. Nobody waits any more.
func (s *subscriber) close() {
	s.cancel()
	s.over.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = cluster.ErrClosed
	s.changed()
}

// quote returns a name as a part of a pattern.
func quote(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(name)
}
