package natsadapter

// This file holds the connection of a server to NATS, and the one goroutine that speaks over it: what is to be subscribed to and what is to be published
// waits for it, in order and bounded. What comes is in inbox.go.
//
// A connection is not made again by nats.go, which would keep what is published meanwhile in a buffer of its own, and would not say what has become of
// what was on its way. A session here lives as long as a connection of TCP, and begins with everything that is wanted.

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
)

// outgoing is a message that waits for NATS. One without a subject is a mark.
type outgoing struct {
	subject string
	header  nats.Header
	data    []byte
	stored  bool            // a stream is to confirm it
	done    func(err error) // is called when it is known, or will not be, what has become of it; may be nil
}

// subscription is a subject that is wanted.
type subscription struct {
	receive func(data []byte)  // nil if it is not wanted any more
	sub     *nats.Subscription // over this connection; owned by the goroutine
}

// link is a connection, or one after another.
type link struct {
	url     string
	opts    *Options
	prepare func(ctx context.Context, nc *nats.Conn) error // is called before anything is published over a connection; may be nil
	out     *cluster.Queue[outgoing]
	inbox   *inbox
	cancel  context.CancelFunc
	over    sync.WaitGroup

	mu         sync.Mutex
	nc         *nats.Conn    // nil while there is none
	gone       chan struct{} // closed when nc has ended
	raw        net.Conn      // below it
	down       error         // why there is no connection, once that has been told
	sessions   int           // how many there have been
	subs       map[string]*subscription
	dirty      map[string]bool        // subjects that NATS is to be told of
	version    uint64                 // counts changes of what is wanted
	synced     uint64                 // the version that NATS has confirmed
	change     chan struct{}          // closed when nc, down or synced changes
	maxPayload int64                  // of the last connection; 0 while there was none
	nodes      map[*cluster.Node]bool // of the namespaces
}

// The times of a connection.
const (
	// askTimeout is how long a stream's answer is waited for, whose connection may be good: in a NATS cluster, its leader may have died.
	askTimeout = 5 * time.Second

	// maxPings is how many pings are sent while nothing comes, before the connection counts as broken.
	maxPings = 6

	// idle is how long after an answer the connection counts as good.
	idle = 100 * time.Millisecond

	// The pauses between attempts to connect.
	minPause = 50 * time.Millisecond
	maxPause = 2 * time.Second
)

// The most that leaves at once.
const (
	maxBatch      = 512
	maxBatchBytes = 1 << 20
)

func newLink(url string, o *Options, prepare func(context.Context, *nats.Conn) error) *link {
	ctx, cancel := context.WithCancel(context.Background())
	l := &link{
		url: url, opts: o, prepare: prepare, out: cluster.NewQueue[outgoing](o.MaxQueued, o.OnError), cancel: cancel,
		subs: make(map[string]*subscription), dirty: make(map[string]bool), change: make(chan struct{}), nodes: make(map[*cluster.Node]bool),
	}
	l.inbox = newInbox(l.deliver, o)
	l.over.Go(func() { l.run(ctx) })
	return l
}

// publish lets a message wait for NATS. It does not block.
func (l *link) publish(o outgoing) error {
	l.mu.Lock()
	limit := l.maxPayload
	l.mu.Unlock()
	if size := int64(len(o.data) + headerSize(o.header)); limit > 0 && size > limit {
		return fmt.Errorf("%w: %d bytes, of at most %d", ErrTooLarge, size, limit)
	}
	return l.out.Put(len(o.subject)+len(o.data), o)
}

// headerSize returns how many bytes headers take, at most.
func headerSize(h nats.Header) (n int) {
	for name, values := range h {
		for _, v := range values {
			n += len(name) + len(v) + 16
		}
	}
	return n
}

// want subscribes. receive is called with what comes, one call at a time for all subjects. It does not block.
func (l *link) want(subject string, receive func(data []byte)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.subs[subject] == nil {
		l.subs[subject] = new(subscription)
	}
	l.subs[subject].receive = receive
	l.touch(subject)
}

// drop ends a subscription. It does not block.
func (l *link) drop(subject string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if one := l.subs[subject]; one != nil {
		one.receive = nil
		l.touch(subject)
	}
}

// touch lets NATS be told of a subject. mu is held.
func (l *link) touch(subject string) {
	l.dirty[subject] = true
	l.version++
	l.out.Poke()
}

// await waits until what is wanted now has been confirmed. It does not wait while there is no connection.
func (l *link) await(ctx context.Context) error {
	l.mu.Lock()
	version := l.version
	l.mu.Unlock()
	return l.until(ctx, func() bool { return l.nc != nil && l.synced >= version })
}

// until waits until f, which is called with mu held, returns true, or the connection is lost.
func (l *link) until(ctx context.Context, f func() bool) error {
	for {
		l.mu.Lock()
		ok, err, change := f(), l.down, l.change
		l.mu.Unlock()
		if ok || err != nil {
			return err
		}
		select {
		case <-change:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// conn waits for a connection.
func (l *link) conn(ctx context.Context) (nc *nats.Conn, err error) {
	err = l.until(ctx, func() bool { nc = l.nc; return nc != nil })
	return nc, err
}

// connected waits for a connection, also while there is none. The context that it returns ends with the connection.
func (l *link) connected(ctx context.Context) (context.Context, context.CancelFunc, error) {
	for {
		l.mu.Lock()
		ok, gone, change := l.nc != nil, l.gone, l.change
		l.mu.Unlock()
		if ok {
			ctx, cancel := context.WithCancelCause(ctx)
			go func() {
				select {
				case <-gone:
					cancel(ErrLost)
				case <-ctx.Done():
				}
			}()
			return ctx, func() { cancel(nil) }, nil
		}
		select {
		case <-change:
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
	}
}

// isDown returns why there is no connection, or nil.
func (l *link) isDown() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.down
}

// isClustered reports whether the NATS server is one of several.
func (l *link) isClustered() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.nc.ConnectedClusterName() != ""
}

// changed wakes those who wait. mu is held.
func (l *link) changed() {
	close(l.change)
	l.change = make(chan struct{})
}

// run makes one connection after another.
func (l *link) run(ctx context.Context) {
	pause := minPause
	for {
		began := time.Now()
		err := l.session(ctx)
		if _, closed := l.out.First(0, 0); ctx.Err() != nil || closed { // what is left has nowhere to go
			return
		}
		l.lose(err)
		if time.Since(began) > maxPause {
			pause = minPause
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause + rand.N(pause)): // not all servers at once
			pause = min(2*pause, maxPause)
		}
	}
}

// lose notes that there is no connection.
func (l *link) lose(err error) {
	l.mu.Lock()
	first := l.down == nil
	l.down = fmt.Errorf("%w: %w", ErrLost, err)
	told := l.down
	l.nc, l.raw = nil, nil
	l.changed()
	l.mu.Unlock()
	if first {
		l.opts.OnError(told)
	}
}

// session lives as long as a connection.
func (l *link) session(ctx context.Context) error {
	gone := make(chan struct{})
	nc, err := nats.Connect(l.url, append(l.opts.Connect[:len(l.opts.Connect):len(l.opts.Connect)], func(o *nats.Options) error {
		l.settle(ctx, o, gone)
		return nil
	})...)
	if err != nil {
		return err
	}
	defer nc.Close()
	defer l.hangUp() // nc.Close waits for a write, otherwise
	s := &session{link: l, nc: nc, gone: gone}
	if err := s.begin(ctx); err != nil {
		return err
	}
	return s.speak(ctx)
}

// settle sets what the adapter decides of a connection.
func (l *link) settle(ctx context.Context, o *nats.Options, gone chan struct{}) {
	o.AllowReconnect, o.RetryOnFailedConnect, o.NoEcho = false, false, true
	o.PingInterval, o.MaxPingsOut, o.FlusherTimeout = l.opts.patience/maxPings, maxPings, l.opts.patience
	o.ClosedCB, o.NoCallbacksAfterClientClose = func(*nats.Conn) { close(gone) }, false
	o.DisconnectedErrCB, o.ReconnectedCB, o.ConnectedCB, o.ReconnectErrCB = nil, nil, nil, nil
	o.AsyncErrorCB = func(_ *nats.Conn, _ *nats.Subscription, err error) { l.opts.OnError(err) }
	inner := o.CustomDialer
	if inner == nil {
		inner = plainDialer{ctx, o.Timeout}
	}
	o.CustomDialer = dialer{l, inner}
}

// plainDialer dials, until ctx ends.
type plainDialer struct {
	ctx     context.Context
	timeout time.Duration
}

func (d plainDialer) Dial(network, address string) (net.Conn, error) {
	return (&net.Dialer{Timeout: d.timeout}).DialContext(d.ctx, network, address)
}

// dialer notes the connection below that of NATS.
type dialer struct {
	link  *link
	inner nats.CustomDialer
}

func (d dialer) Dial(network, address string) (net.Conn, error) {
	c, err := d.inner.Dial(network, address)
	if err != nil {
		return nil, err
	}
	d.link.mu.Lock()
	defer d.link.mu.Unlock()
	d.link.raw = c
	return c, nil
}

// hangUp ends the connection of TCP, and whatever waits for it.
func (l *link) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.raw != nil {
		l.raw.Close()
	}
}

// close publishes what waits, until ctx ends or there is no connection.
func (l *link) close(ctx context.Context) error {
	l.out.Close()
	over := make(chan struct{})
	go func() {
		l.over.Wait()
		close(over)
	}()
	var err error
	select {
	case <-over:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	l.cancel()
	l.hangUp()
	<-over
	l.inbox.close()
	l.out.Discard()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = errors.Join(ErrLost, cluster.ErrClosed)
	l.nc = nil
	l.changed()
	return err
}
