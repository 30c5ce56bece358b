package redisadapter

// This file holds what the namespaces of one server share: a connection to publish, and one to subscribe.

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
)

// hub is shared. It is there as long as a namespace is.
type hub struct {
	opts    Options
	source  redis.UniversalClient // the application's
	sharded bool                  // channels are those of shards
	// Commands are such that any server of a Redis Cluster carries out. One gets them all, so that they stay in order.
	anywhere bool
	links    cluster.Shared[*link]
}

// link are the connections.
type link struct {
	client redis.UniversalClient
	owned  bool
	pub    *publisher
	sub    listener
}

// enter makes the connections, if there are none.
func (h *hub) enter() *link {
	return h.links.Enter(func() *link {
		l := new(link)
		l.client, l.owned = alone(h.source, h.opts.patience)
		l.pub = newPublisher(l.client, h.anywhere, &h.opts)
		if many, ok := l.client.(*redis.ClusterClient); ok && h.sharded {
			l.sub = newShards(many, &h.opts)
		} else {
			l.sub = newSubscriber(l.client, &h.opts, nil)
		}
		return l
	})
}

// leave ends the connections, if nobody uses them any more. What waits is sent before, until ctx ends or Redis is away.
func (h *hub) leave(ctx context.Context) error {
	l, last := h.links.Leave()
	if !last {
		return nil
	}
	l.sub.close()
	err := l.pub.close(ctx)
	if l.owned {
		err = errors.Join(err, l.client.Close())
	}
	return err
}

// node is a cluster.Node whose Carrier needs time before what other servers emit reaches it.
type node struct {
	*cluster.Node
	timeout time.Duration
	carrier interface {
		await(ctx context.Context, rooms []string) error
	}
}

var _ adapter.Waiter = (*node)(nil)

// Await waits until what other servers emit to rooms reaches this one, no longer than RequestTimeout, and not at all while Redis is away.
func (n *node) Await(ctx context.Context, rooms ...string) error {
	ctx, cancel := context.WithTimeout(ctx, n.timeout)
	defer cancel()
	return n.carrier.await(ctx, rooms)
}

// config returns the configuration of a cluster.Node.
func (h *hub) config(id string) cluster.Config {
	return cluster.Config{ID: id, RequestTimeout: h.opts.RequestTimeout}
}

// gone returns which servers do not subscribe to their own channels any more.
func (l *link) gone(ctx context.Context, servers []string, own func(id string) topic) (all []string, err error) {
	for _, id := range servers {
		n, err := l.count(ctx, own(id))
		if err != nil {
			return nil, err
		}
		if n == 0 {
			all = append(all, id)
		}
	}
	return all, nil
}

// count counts those who subscribe to a channel, on every server of Redis.
func (l *link) count(ctx context.Context, t topic) (int, error) {
	ask := func(ctx context.Context, c redis.Cmdable) (int, error) {
		cmd := c.PubSubNumSub // whoever subscribes does so at any server, which may be a replica
		if t.kind == shard {
			cmd = c.PubSubShardNumSub
		}
		all, err := cmd(ctx, t.name).Result()
		return int(all[t.name]), err
	}
	many, ok := l.client.(*redis.ClusterClient)
	if !ok {
		return ask(ctx, l.client)
	}
	var mu sync.Mutex
	sum := 0
	err := many.ForEachShard(ctx, func(ctx context.Context, c *redis.Client) error {
		n, err := ask(ctx, c)
		mu.Lock()
		defer mu.Unlock()
		sum += n
		return err
	})
	return sum, err
}
