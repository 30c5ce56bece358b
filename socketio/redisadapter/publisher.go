package redisadapter

// This file holds what is on its way to Redis: one queue, in order and bounded. Nobody waits for it.

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
)

// item is a command that waits.
type item struct {
	add  func(p redis.Pipeliner) redis.Cmder
	done func(c redis.Cmder) // is called with the result; may be nil
}

// The most that leaves at once.
const (
	maxBatch      = 512
	maxBatchBytes = 1 << 20
)

// publisher sends commands. Its goroutine lives until close.
type publisher struct {
	client   redis.UniversalClient
	anywhere bool // of a cluster, any master takes everything
	opts     *Options
	master   *redis.Client // such a one, for conn; owned by run
	conn     *redis.Conn   // one connection, in order; nil while there is none, and where commands go to several masters; owned by run
	alive    time.Time     // when Redis has answered last; owned by run
	queue    *cluster.Queue[item]
	waits    bool // the last batch was not taken, or not all of it; owned by run
	stop     context.CancelFunc
	over     chan struct{} // closed when the goroutine has ended
}

func newPublisher(c redis.UniversalClient, anywhere bool, o *Options) *publisher {
	ctx, stop := context.WithCancel(context.Background())
	p := &publisher{client: c, anywhere: anywhere, opts: o, queue: cluster.NewQueue[item](o.MaxQueued, o.OnError), stop: stop, over: make(chan struct{})}
	go p.run(ctx)
	return p
}

// put puts a command into the queue. It does not wait.
func (p *publisher) put(size int, it item) error { return p.queue.Put(size, it) }

// ask puts a command into the queue and waits for its result.
func (p *publisher) ask(ctx context.Context, add func(redis.Pipeliner) redis.Cmder) (redis.Cmder, error) {
	result := make(chan redis.Cmder, 1)
	if err := p.put(0, item{add: add, done: func(c redis.Cmder) { result <- c }}); err != nil {
		return nil, err
	}
	select {
	case c := <-result:
		return c, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-p.over:
		return nil, cluster.ErrClosed
	}
}

// run sends what is in the queue.
func (p *publisher) run(ctx context.Context) {
	defer close(p.over)
	defer p.hangUp()
	pause := minPause
	for {
		p.queue.TellDropped()
		batch, closed := p.queue.First(maxBatch, maxBatchBytes)
		if len(batch) == 0 {
			if closed {
				return
			}
			select {
			case <-p.queue.Wake():
			case <-ctx.Done():
				return
			}
			continue
		}
		if p.send(ctx, batch) {
			pause = minPause
			continue
		}
		if closed { // what is left has nowhere to go
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
			pause = min(2*pause, maxPause)
		}
	}
}

// The pauses between attempts to connect.
const (
	minPause = 50 * time.Millisecond
	maxPause = 2 * time.Second
)

// send sends commands and takes them out of the queue. It returns false if there is no connection for some, which stay there.
func (p *publisher) send(ctx context.Context, batch []item) bool {
	pipe := p.pipeline(ctx)
	if pipe == nil {
		return false
	}
	cmds := make([]redis.Cmder, len(batch))
	for i, it := range batch {
		cmds[i] = it.add(pipe)
	}
	pipe.Exec(ctx)
	waits := func(i int) bool { return isNotSent(cmds[i].Err()) }
	lost, waiting, told := 0, 0, false
	for i, it := range batch {
		err := cmds[i].Err()
		switch {
		case waits(i): // of a cluster's masters, one may be away
			waiting++
			p.wait(err)
			continue
		case err != nil && !errors.Is(err, redis.Nil):
			lost++
			if !told {
				told = true
				p.opts.OnError(err)
				p.hangUp()
			}
		}
		if it.done != nil {
			it.done(cmds[i])
		}
	}
	if waiting < len(batch) {
		p.alive = time.Now()
	}
	p.waits = waiting > 0
	p.lookAgain(ctx)
	p.queue.Settle(len(batch), lost, waits)
	return waiting == 0
}

// lookAgain asks a cluster what is where if some of the last batch waits: go-redis does so by itself once a minute, and where a server
// answers that a slot has moved, but not where a master that is gone does not answer, and another one has taken its place.
func (p *publisher) lookAgain(ctx context.Context) {
	if many, ok := p.client.(*redis.ClusterClient); ok && p.waits {
		many.ReloadState(ctx)
	}
}

// wait tells that the server does not take something, once.
func (p *publisher) wait(err error) {
	if _, ok := errors.AsType[redis.Error](err); ok && !p.waits {
		p.waits = true
		p.opts.OnError(err)
	}
}

// idle is how long after an answer the connection counts as good.
const idle = 100 * time.Millisecond

// pipeline returns where commands go, or nil if there is no connection. It asks before, so that nothing is sent that may be lost with a connection which is broken
// already.
func (p *publisher) pipeline(ctx context.Context) redis.Pipeliner {
	many, isCluster := p.client.(*redis.ClusterClient)
	switch one, ok := p.client.(*redis.Client); {
	case ok && p.conn == nil:
		p.conn, p.alive = one.Conn(), time.Time{}
	case isCluster && p.anywhere && p.conn == nil:
		if p.master = p.oneOf(ctx, many); p.master == nil {
			return nil
		}
		p.conn, p.alive = p.master.Conn(), time.Time{}
	case !ok && !(isCluster && p.anywhere):
		return p.client.Pipeline()
	}
	if time.Since(p.alive) > idle {
		if err := p.conn.Ping(ctx).Err(); err != nil {
			p.hangUp()
			return nil
		}
	}
	return p.conn.Pipeline()
}

// hangUp lets the next commands take another connection.
func (p *publisher) hangUp() {
	if p.conn != nil {
		p.conn.Close()
		p.conn = nil
	}
	if p.master != nil {
		p.master.Close()
		p.master = nil
	}
}

// oneOf returns a client of a master of a cluster that answers, or nil.
func (p *publisher) oneOf(ctx context.Context, many *redis.ClusterClient) *redis.Client {
	var mu sync.Mutex
	var found *redis.Client
	many.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error {
		err := c.Ping(ctx).Err()
		mu.Lock()
		defer mu.Unlock()
		if err == nil && found == nil {
			found = c
		}
		return nil
	})
	if found == nil {
		return nil
	}
	own, _ := alone(found, p.opts.patience) // which repeats nothing
	return own.(*redis.Client)
}

// isNotSent reports whether the error of a command says that it has not been carried out, and will be later: there is no connection, or the server does not take it, because it starts,
// or because the masters of a cluster change.
func isNotSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial" || errors.Is(err, redis.ErrPoolTimeout) || slices.ContainsFunc(notNow, func(prefix string) bool { return redis.HasErrorPrefix(err, prefix) })
}

// notNow is what the errors of a server begin with that does not take a command now.
var notNow = []string{"LOADING", "CLUSTERDOWN", "MOVED", "TRYAGAIN", "READONLY"}

// close sends what is in the queue, until ctx ends or there is no connection.
func (p *publisher) close(ctx context.Context) error {
	p.queue.Close()
	var err error
	select {
	case <-p.over:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	p.stop()
	<-p.over
	p.queue.Discard()
	return err
}
