package redisadapter

// This file holds the subscriptions of a server to shard channels of a Redis Cluster. Such a channel is heard only at the master that its slot belongs to, so
// there is a subscriber for each master where something is wanted. When a slot moves, Redis ends the subscription at the old master; when a master fails,
// another one takes its place: then the cluster is asked again what is where.

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
)

// listener is what a server hears by: a *subscriber, or *shards.
type listener interface {
	// want subscribes. receive is called with what comes, one call at a time. It does not wait.
	want(t topic, receive func(channel, payload string))
	// drop ends a subscription. It does not wait.
	drop(t topic)
	// await waits until topics that are wanted are ready. It does not wait while there is no connection.
	await(ctx context.Context, topics ...topic) error
	// close ends everything. Nobody waits any more.
	close()
}

var (
	_ listener = (*subscriber)(nil)
	_ listener = (*shards)(nil)
)

// shards subscribes at the masters of a cluster. Its goroutine, which decides what is wanted where, lives until close.
type shards struct {
	client *redis.ClusterClient
	opts   *Options
	cancel context.CancelFunc
	over   sync.WaitGroup
	turn   sync.Mutex // is held while something is dealt with that has come

	mu      sync.Mutex
	topics  map[topic]*wish
	todo    map[topic]bool // those whose place is to be found
	masters map[*redis.Client]*subscriber
	stale   bool          // what is known of the cluster may not be true any more
	down    error         // why nothing is known of it
	change  chan struct{} // closed when a topic gets its place, or down changes
	wake    chan struct{} // has an element while there is something to do
}

// wish is a topic that is wanted.
type wish struct {
	receive func(channel, payload string)
	at      *subscriber // nil while its master is not known
}

func newShards(c *redis.ClusterClient, o *Options) *shards {
	ctx, cancel := context.WithCancel(context.Background())
	s := &shards{
		client: c, opts: o, cancel: cancel, topics: make(map[topic]*wish), todo: make(map[topic]bool),
		masters: make(map[*redis.Client]*subscriber), change: make(chan struct{}), wake: make(chan struct{}, 1),
	}
	s.over.Go(func() { s.run(ctx) })
	return s
}

func (s *shards) want(t topic, receive func(channel, payload string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.topics[t] = &wish{receive: func(channel, payload string) {
		s.turn.Lock()
		defer s.turn.Unlock()
		receive(channel, payload)
	}}
	s.todo[t] = true
	s.poke()
}

func (s *shards) drop(t topic) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.topics[t]; one != nil && one.at != nil {
		one.at.drop(t)
	}
	delete(s.topics, t)
	delete(s.todo, t)
}

// poke lets the goroutine look. mu is held.
func (s *shards) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// moved is called by subscribers that have lost a subscription.
func (s *shards) moved() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stale = true
	s.poke()
}

// changed wakes those who wait. mu is held.
func (s *shards) changed() {
	close(s.change)
	s.change = make(chan struct{})
}

// run gives every topic its place, until ctx ends.
func (s *shards) run(ctx context.Context) {
	pause := minPause
	for {
		err := s.place(ctx)
		s.note(ctx, err)
		var again <-chan time.Time
		if err != nil {
			again = time.After(pause)
			pause = min(2*pause, maxPause)
		} else {
			pause = minPause
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-again:
		}
	}
}

// note notes whether it is known what is where.
func (s *shards) note(ctx context.Context, err error) {
	s.mu.Lock()
	first := s.down == nil && err != nil && ctx.Err() == nil
	if s.down = err; err != nil {
		s.down = fmt.Errorf("%w: %w", ErrLost, err)
		s.stale = true
	}
	told := s.down
	s.changed()
	s.mu.Unlock()
	if first {
		s.opts.OnError(told)
	}
}

// place subscribes what is to be done at its master, and everything again where something has moved.
func (s *shards) place(ctx context.Context) error {
	s.mu.Lock()
	stale := s.stale
	s.stale = false
	if stale {
		for t := range s.topics {
			s.todo[t] = true
		}
	}
	all := slices.Collect(maps.Keys(s.todo))
	s.mu.Unlock()
	if stale { // go-redis asks the cluster before it calls anything
		if err := s.client.ForEachMaster(ctx, func(context.Context, *redis.Client) error { return nil }); err != nil {
			return err
		}
	}
	for _, t := range all {
		master, err := s.client.MasterForKey(ctx, t.name)
		if err != nil {
			return err
		}
		s.put(t, master)
	}
	if stale {
		s.closeUnused()
	}
	return nil
}

// put subscribes a topic at a master, and nowhere else, if it is still wanted.
func (s *shards) put(t topic, master *redis.Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.todo, t)
	one := s.topics[t]
	if one == nil {
		return
	}
	home := s.masters[master]
	if home == nil {
		home = newSubscriber(master, s.opts, s.moved)
		s.masters[master] = home
	}
	if one.at != nil && one.at != home {
		one.at.drop(t)
	}
	one.at = home
	home.want(t, one.receive)
}

// closeUnused ends the connections to masters where nothing is wanted.
func (s *shards) closeUnused() {
	s.mu.Lock()
	used := make(map[*subscriber]bool)
	for _, one := range s.topics {
		used[one.at] = true
	}
	var idle []*subscriber
	for master, home := range s.masters {
		if !used[home] {
			idle = append(idle, home)
			delete(s.masters, master)
		}
	}
	s.mu.Unlock()
	for _, home := range idle {
		home.close()
	}
}

func (s *shards) await(ctx context.Context, topics ...topic) error {
	for {
		places, change, err := s.placesOf(topics)
		if err != nil {
			return err
		}
		if places == nil {
			select {
			case <-change:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			continue
		}
		for home, some := range places {
			if err := home.await(ctx, some...); err != nil {
				return err
			}
		}
		if now, _, err := s.placesOf(topics); err != nil || equal(places, now) {
			return err
		}
	}
}

// placesOf returns where topics are that are wanted, or nil while the place of one is not known, which ends with change, or an error.
func (s *shards) placesOf(topics []topic) (places map[*subscriber][]topic, change <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	places = make(map[*subscriber][]topic)
	for _, t := range topics {
		switch one := s.topics[t]; {
		case one == nil:
		case one.at == nil:
			return nil, s.change, s.down
		default:
			places[one.at] = append(places[one.at], t)
		}
	}
	return places, nil, nil
}

// equal reports whether topics have stayed where they were.
func equal(a, b map[*subscriber][]topic) bool {
	if len(a) != len(b) {
		return false
	}
	for home, topics := range a {
		if !slices.Equal(topics, b[home]) {
			return false
		}
	}
	return true
}

func (s *shards) close() {
	s.cancel()
	s.over.Wait()
	s.mu.Lock()
	s.down = cluster.ErrClosed
	all := s.masters
	clear(s.topics) // whoever drops some later finds none
	s.changed()
	s.mu.Unlock()
	for _, home := range all {
		home.close()
	}
}
