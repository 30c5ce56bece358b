package natsadapter

// This file holds reading the stream: one goroutine for all namespaces of the server. A place in the stream is the time when it was made, in milliseconds, and
// a sequence number: a stream that is made again begins at 1.

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/journal"
)

// reader is a server's.
type reader struct {
	hub *hub

	mu         sync.Mutex
	namespaces map[string]*stream // by the subject of their events
	cancel     context.CancelFunc // nil while there is no namespace
	over       *sync.WaitGroup
	begun      bool // last is known
	last       journal.Place
	down       error // why nothing can be read
	change     chan struct{}
}

// enter adds a namespace. The first starts the goroutine.
func (r *reader) enter(s *stream) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.namespaces[s.log()] = s; r.cancel == nil {
		var ctx context.Context
		ctx, r.cancel = context.WithCancel(context.Background())
		r.begun, r.down, r.over = false, nil, new(sync.WaitGroup)
		r.over.Go(func() { r.run(ctx, s.link) })
	}
	if r.begun {
		s.journal.Begin(r.last)
	}
}

// leave removes a namespace. The last ends the goroutine, whose end can be waited for.
func (r *reader) leave(s *stream) (wait func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.namespaces, s.log())
	if len(r.namespaces) > 0 {
		return func() {}
	}
	r.cancel()
	r.cancel = nil
	return r.over.Wait
}

// run reads until ctx ends.
func (r *reader) run(ctx context.Context, l *link) {
	pause := minPause
	for ctx.Err() == nil {
		began := time.Now()
		err := r.session(ctx, l)
		if errors.Is(err, errAgain) {
			continue
		}
		r.note(ctx, err)
		if time.Since(began) > maxPause {
			pause = minPause
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
			pause = min(2*pause, maxPause)
		}
	}
}

// note notes why nothing can be read. That the connection is lost has been told.
func (r *reader) note(ctx context.Context, err error) {
	r.mu.Lock()
	first := r.down == nil
	r.down = fmt.Errorf("%w: %w", ErrLost, err)
	r.changed()
	r.mu.Unlock()
	if first && ctx.Err() == nil && !errors.Is(err, ErrLost) && r.hub.isUp() {
		r.hub.opts.OnError(err)
	}
}

// isUp reports whether there is a connection.
func (h *hub) isUp() bool {
	l := h.links.Current()
	return l != nil && l.isDown() == nil
}

// changed wakes those who wait. mu is held.
func (r *reader) changed() {
	close(r.change)
	r.change = make(chan struct{})
}

// await waits until what stands in the stream from now on will be read.
func (r *reader) await(ctx context.Context) error {
	for {
		r.mu.Lock()
		ok, err, change := r.begun, r.down, r.change
		r.mu.Unlock()
		if err != nil || ok {
			return err
		}
		select {
		case <-change:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// readWait is how long a read of the stream waits for something, and readCount the most that it brings.
const (
	readWait  = 5 * time.Second
	readCount = 100
)

// session reads for as long as that goes well.
func (r *reader) session(ctx context.Context, l *link) error {
	ctx, done, err := l.connected(ctx)
	if err != nil {
		return err
	}
	defer done()
	asking, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	last, err := r.resume(asking)
	if err != nil {
		return err
	}
	t, err := r.tail(asking, last)
	if err != nil {
		return err
	}
	defer t.close()
	r.begin(last)
	for {
		before := t.last
		if err := t.next(ctx, readCount, r.deal); err != nil {
			return err
		}
		if t.last == before {
			if err := r.look(ctx, t); err != nil {
				return err
			}
		}
	}
}

// resume returns the place behind which to read: what was read last, or the end of the stream.
func (r *reader) resume(ctx context.Context) (journal.Place, error) {
	info, err := r.info(ctx)
	if err != nil {
		return journal.Place{}, err
	}
	r.mu.Lock()
	begun, last := r.begun, r.last
	r.mu.Unlock()
	made := creation(info)
	switch {
	case !begun:
		return journal.Place{Time: made, Number: info.State.LastSeq}, nil
	case last.Time != made: // all of it is new
		last = journal.Place{Time: made}
	}
	if first := info.State.FirstSeq; first > last.Number+1 {
		r.hub.opts.OnError(&DroppedError{Messages: int(first - last.Number - 1)})
		last.Number = first - 1
	}
	return last, nil
}

// begin notes that it is known from where on the stream is read. Namespaces that have no place yet begin there.
func (r *reader) begin(last journal.Place) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.begun {
		for _, s := range r.namespaces {
			s.journal.Begin(last)
		}
	}
	r.begun, r.last, r.down = true, last, nil
	r.changed()
}

// deal deals with what has been read.
func (r *reader) deal(e journal.Entry, err error) (more bool) {
	r.mu.Lock()
	s := r.namespaces[r.hub.opts.Prefix+".log."+token(e.Message.Namespace)]
	r.mu.Unlock()
	switch {
	case err != nil:
		r.hub.opts.OnError(err)
	case s != nil:
		s.journal.Read(e)
	}
	r.mu.Lock()
	r.last = e.Place
	r.mu.Unlock()
	return true
}

// look looks whether the stream is still the same, and nothing stands in it that should have come: what NATS sends is not sent again.
func (r *reader) look(ctx context.Context, t *tail) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	info, err := r.info(ctx)
	if err != nil {
		return err
	}
	if creation(info) != t.last.Time || info.State.LastSeq > t.last.Number {
		// Something may have come since the last read: that, too, is found by a new consumer.
		return errAgain
	}
	return nil
}

// errAgain ends a session that begins again.
var errAgain = errors.New("natsadapter: the stream is read again")

// info asks for the state of the stream.
func (r *reader) info(ctx context.Context) (*jetstream.StreamInfo, error) {
	js, err := r.jetStream(ctx)
	if err != nil {
		return nil, err
	}
	s, err := js.Stream(ctx, r.hub.opts.Stream)
	if err != nil {
		return nil, err
	}
	return s.CachedInfo(), nil
}

// jetStream waits for a connection.
func (r *reader) jetStream(ctx context.Context) (jetstream.JetStream, error) {
	l := r.hub.links.Current()
	if l == nil {
		return nil, cluster.ErrClosed
	}
	return l.jetStream(ctx)
}

// creation is when a stream was made.
func creation(info *jetstream.StreamInfo) uint64 { return uint64(info.Created.UnixMilli()) }

// tail reads what stands behind a place, by a consumer of its own.
type tail struct {
	js       jetstream.JetStream
	stream   string
	consumer jetstream.Consumer
	last     journal.Place
	count    uint64 // of messages that the consumer has sent
}

// tail returns a reader of what stands behind a place.
func (r *reader) tail(ctx context.Context, behind journal.Place) (*tail, error) {
	js, err := r.jetStream(ctx)
	if err != nil {
		return nil, err
	}
	t := &tail{js: js, stream: r.hub.opts.Stream, last: behind}
	t.consumer, err = js.CreateConsumer(ctx, t.stream, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: behind.Number + 1, AckPolicy: jetstream.AckNonePolicy,
		MemoryStorage: true, Replicas: 1, InactiveThreshold: r.hub.opts.patience,
	})
	return t, err
}

// close lets NATS forget the consumer.
func (t *tail) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	t.js.DeleteConsumer(ctx, t.stream, t.consumer.CachedInfo().Name) // otherwise it ends by itself
}

// next calls f with what comes next, at most that many, and returns when f does not want more, when there was enough, or nothing came for a while. Where the error is not nil, an
// entry has its place only.
func (t *tail) next(ctx context.Context, count int, f func(journal.Entry, error) (more bool)) error {
	waiting, cancel := context.WithTimeout(ctx, readWait)
	defer cancel()
	batch, err := t.consumer.Fetch(count, jetstream.FetchContext(waiting))
	if err != nil {
		return err
	}
	for m := range batch.Messages() {
		e, broken, err := t.entry(m)
		if err != nil || !f(e, broken) {
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := batch.Error(); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// entry returns what stands in a message, which must be the next, or that it is broken.
func (t *tail) entry(m jetstream.Msg) (e journal.Entry, broken, err error) {
	meta, err := m.Metadata()
	if err != nil {
		return e, nil, err
	}
	if t.count++; meta.Sequence.Consumer != t.count {
		return e, nil, errAgain
	}
	t.last.Number = meta.Sequence.Stream
	e.Place = t.last
	e.Number, _ = strconv.ParseUint(m.Headers().Get(numberHeader), 10, 64)
	e.Message, broken = cluster.Decode(m.Data())
	if broken != nil {
		e.Message = new(cluster.Message)
	}
	return e, broken, nil
}
