package redisadapter

// This file holds reading streams: one goroutine for each, for all namespaces of the server.

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/journal"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/msgpack"
)

// readers are those of a server.
type readers struct {
	hub *hub

	mu         sync.Mutex
	namespaces map[string]*streams
	running    map[string]*reader // by the name of the stream
}

// reader reads a stream.
type reader struct {
	all    *readers
	stream string
	client redis.UniversalClient
	cancel context.CancelFunc
	over   sync.WaitGroup
	users  int // guarded by the mu of all

	mu     sync.Mutex
	last   string // the place of what has been read last; empty while that is not known
	down   error  // why nothing can be read
	change chan struct{}
}

// enter adds a namespace.
func (all *readers) enter(s *streams) *reader {
	all.mu.Lock()
	defer all.mu.Unlock()
	all.namespaces[s.name()] = s
	r := all.running[s.stream]
	if r == nil {
		r = &reader{all: all, stream: s.stream, change: make(chan struct{})}
		r.client, _ = alone(all.hub.source, all.hub.opts.patience)
		var ctx context.Context
		ctx, r.cancel = context.WithCancel(context.Background())
		r.over.Go(func() { r.run(ctx) })
		all.running[s.stream] = r
	}
	r.users++
	r.mu.Lock()
	last := r.last
	r.mu.Unlock()
	if last != "" {
		s.journal.Begin(journal.PlaceOf(last))
	}
	return r
}

// name returns the name of the namespace.
func (s *streams) name() string { return s.journal.Local().Namespace() }

// leave removes a namespace. The last of a stream ends its goroutine.
func (all *readers) leave(s *streams) {
	all.mu.Lock()
	delete(all.namespaces, s.name())
	r := s.reader
	r.users--
	last := r.users == 0
	if last {
		delete(all.running, s.stream)
	}
	all.mu.Unlock()
	if last {
		r.cancel()
		if r.client != all.hub.source {
			r.client.Close() // ends what blocks
		}
		r.over.Wait()
	}
}

// namespace returns a namespace, or nil.
func (all *readers) namespace(name string) *streams {
	all.mu.Lock()
	defer all.mu.Unlock()
	return all.namespaces[name]
}

// The most that is read at once, and how long Redis waits for something.
const (
	readCount = 100
	readBlock = 5 * time.Second
)

// run reads until ctx ends.
func (r *reader) run(ctx context.Context) {
	pause := minPause
	for ctx.Err() == nil {
		err := r.next(ctx)
		if ctx.Err() != nil {
			return
		}
		r.note(err)
		if err == nil {
			pause = minPause
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
			pause = min(2*pause, maxPause)
		}
	}
}

// note notes whether something can be read.
func (r *reader) note(err error) {
	r.mu.Lock()
	first := r.down == nil && err != nil
	if r.down = err; err != nil {
		r.down = fmt.Errorf("%w: %w", ErrLost, err)
	}
	told := r.down
	close(r.change)
	r.change = make(chan struct{})
	r.mu.Unlock()
	if first && !errors.Is(err, redis.ErrClosed) {
		r.all.hub.opts.OnError(told)
	}
}

// await waits until the end of the stream has been found.
func (r *reader) await(ctx context.Context) error {
	for {
		r.mu.Lock()
		last, err, change := r.last, r.down, r.change
		r.mu.Unlock()
		if last != "" || err != nil {
			return err
		}
		select {
		case <-change:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// next finds the end of the stream, or reads what comes next.
func (r *reader) next(ctx context.Context) error {
	if r.last == "" { // only this goroutine writes it
		all, err := r.client.XRevRangeN(ctx, r.stream, "+", "-", 1).Result()
		if err != nil {
			return err
		}
		last := "0-0"
		if len(all) > 0 {
			last = all[0].ID
		}
		r.begin(last)
		return nil
	}
	all, err := r.client.XRead(ctx, &redis.XReadArgs{Streams: []string{r.stream, r.last}, Count: readCount, Block: readBlock}).Result()
	if errors.Is(err, redis.Nil) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, one := range all {
		for _, entry := range one.Messages {
			r.deal(entry)
			r.moved(entry.ID)
		}
	}
	return nil
}

// begin notes the end of the stream. Its namespaces begin there.
func (r *reader) begin(last string) {
	r.all.mu.Lock() // one that enters now finds last
	defer r.all.mu.Unlock()
	for _, s := range r.all.namespaces {
		if s.stream == r.stream {
			s.journal.Begin(journal.PlaceOf(last))
		}
	}
	r.moved(last)
}

// moved notes how far the stream has been read.
func (r *reader) moved(last string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = last
}

// deal deals with an entry.
func (r *reader) deal(entry redis.XMessage) {
	s := r.all.namespace(text(entry, "nsp"))
	if s == nil {
		return
	}
	e, err := entryOf(entry)
	if err != nil {
		r.all.hub.opts.OnError(err)
		return
	}
	s.journal.Read(e)
}

// text returns a field of an entry.
func text(entry redis.XMessage, field string) string {
	s, _ := entry.Values[field].(string)
	return s
}

// entryOf returns what stands in an entry.
func entryOf(entry redis.XMessage) (journal.Entry, error) {
	m, err := messageOf(entry)
	number, _ := strconv.ParseUint(text(entry, "number"), 10, 64) // Node's have none
	return journal.Entry{Place: journal.PlaceOf(entry.ID), Message: m, Number: number}, err
}

// messageOf returns the message that stands in an entry.
func messageOf(entry redis.XMessage) (*cluster.Message, error) {
	kind, err := strconv.Atoi(text(entry, "type"))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFormat, err)
	}
	m := &cluster.Message{Kind: cluster.Kind(kind), From: text(entry, "uid"), Namespace: text(entry, "nsp")}
	data := text(entry, "data")
	if data == "" || strings.HasPrefix(data, "{") {
		return m, m.SetData([]byte(data), nil)
	}
	packed, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFormat, err)
	}
	json, attachments, err := msgpack.AppendJSON(nil, packed, nil, maxAttachments)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFormat, err)
	}
	return m, m.SetData(json, attachments)
}

// maxAttachments bounds the binary values of a message.
const maxAttachments = 1 << 16
