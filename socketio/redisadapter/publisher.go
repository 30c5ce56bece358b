package redisadapter

// This file holds what is on its way to Redis: one queue, in order and bounded. Nobody waits for it.

import (
	"context"
	"errors"
	"net"
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
	client  redis.UniversalClient
	conn    *redis.Conn // of a client that is no cluster's: one connection, in order; nil while there is none; owned by run
	alive   time.Time   // when Redis has answered last; owned by run
	queue   *cluster.Queue[item]
	onError func(error)
	stop    context.CancelFunc
	over    chan struct{} // closed when the goroutine has ended
}

func newPublisher(c redis.UniversalClient, max int, onError func(error)) *publisher {
	ctx, stop := context.WithCancel(context.Background())
	p := &publisher{client: c, queue: cluster.NewQueue[item](max, onError), onError: onError, stop: stop, over: make(chan struct{})}
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

// send sends commands and takes them out of the queue. It returns false, and leaves them there, if there is no connection.
func (p *publisher) send(ctx context.Context, batch []item) bool {
	pipe := p.pipeline(ctx)
	if pipe == nil {
		return false
	}
	cmds := make([]redis.Cmder, len(batch))
	for i, it := range batch {
		cmds[i] = it.add(pipe)
	}
	_, err := pipe.Exec(ctx)
	if isNotSent(cmds[0].Err()) {
		return false
	}
	p.alive = time.Now()
	if err != nil && !errors.Is(err, redis.Nil) {
		p.onError(err)
		p.hangUp()
	}
	lost := 0
	for i, it := range batch {
		if err := cmds[i].Err(); err != nil && !errors.Is(err, redis.Nil) {
			lost++
		}
		if it.done != nil {
			it.done(cmds[i])
		}
	}
	p.queue.Remove(len(batch), lost)
	return true
}

// idle is how long after an answer the connection counts as good.
const idle = 100 * time.Millisecond

// pipeline returns where commands go, or nil if there is no connection. It asks before, so that nothing is sent that may be lost with a connection which is broken
// already.
func (p *publisher) pipeline(ctx context.Context) redis.Pipeliner {
	one, ok := p.client.(*redis.Client)
	if !ok {
		return p.client.Pipeline()
	}
	if p.conn == nil {
		p.conn, p.alive = one.Conn(), time.Time{}
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
}

// isNotSent reports whether the error of the first of some commands says that none of them has been carried out.
func isNotSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial" || errors.Is(err, redis.ErrPoolTimeout) || redis.HasErrorPrefix(err, "LOADING")
}

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
