package natsadapter

// This file holds the adapter over JetStream: events and orders stand in a stream, from which every server reads all of them, in one order, as package journal
// has it; what is asked and answered at once is published as in Core. Reading the stream is in reader.go.

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/journal"
)

// JetStream is the adapter over JetStream, of NATS 2.11 or newer. It supports connection state recovery, also by another server than the client was connected
// to. servers are URLs as nats.Connect has them, with commas between; o may be nil.
//
// A server whose connection to NATS was away gets what others have emitted meanwhile, as far as the stream still has it (Options.MaxLen).
func JetStream(servers string, o *Options) adapter.New {
	h := &hub{url: servers, opts: o.withDefaults()}
	all := &reader{hub: h, namespaces: make(map[string]*stream), change: make(chan struct{})}
	return func(l adapter.Local) (adapter.Adapter, error) {
		if err := h.opts.check(servers); err != nil {
			return nil, err
		}
		s := &stream{carrier: carrier{hub: h, subjects: subjectsOf(h.opts.Prefix, l.Namespace())}, reader: all}
		s.link = h.enter(h.prepare)
		s.journal = journal.New(l, h.config(), s)
		s.node = s.journal.Node
		s.node.Start(s, func() {
			s.open()
			all.enter(s)
		})
		return s.journal, nil
	}
}

// prepare makes the streams, if they are not there.
func (h *hub) prepare(ctx context.Context, nc *nats.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, h.opts.RequestTimeout)
	defer cancel()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	o := &h.opts
	for _, conf := range []jetstream.StreamConfig{
		{Name: o.Stream, Subjects: []string{o.Prefix + ".log.*"}, MaxMsgs: o.MaxLen},
		{Name: o.sessions(), Subjects: []string{o.Prefix + ".session.*"}, MaxMsgsPerSubject: 1, AllowMsgTTL: true},
	} {
		conf.Description, conf.Storage, conf.Replicas = "Socket.IO", o.Storage, o.Replicas
		if err := makeStream(ctx, js, conf); err != nil {
			return fmt.Errorf("natsadapter: the stream %s: %w", conf.Name, err)
		}
	}
	return nil
}

// makeStream makes a stream, if it is not there. Another server may do the same. In a NATS cluster, a question to a server that dies, or is no leader any more, is not answered:
// it is asked again.
func makeStream(ctx context.Context, js jetstream.JetStream, conf jetstream.StreamConfig) error {
	for {
		err := tryStream(ctx, js, conf)
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return err
		}
	}
}

// tryStream is makeStream with one attempt.
func tryStream(ctx context.Context, js jetstream.JetStream, conf jetstream.StreamConfig) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	_, err := js.Stream(ctx, conf.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = js.CreateStream(ctx, conf)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			err = nil
		}
	}
	return err
}

// sessions returns the name of the stream of sessions.
func (o *Options) sessions() string { return o.Stream + "-sessions" }

// stream is a journal.Log, and the Carrier of what does not stand in it.
type stream struct {
	carrier
	journal *journal.Journal
	reader  *reader
}

// numberHeader is the header that has the number of an event.
const numberHeader = "Socketio-Number"

// Send lets events and orders stand in the stream, and publishes everything else.
func (s *stream) Send(m *cluster.Message) error {
	if journal.IsLogged(m) {
		return s.Append(m, 0, func() {})
	}
	return s.carrier.Send(m)
}

// Append lets a message stand in the stream.
func (s *stream) Append(m *cluster.Message, number uint64, failed func()) error {
	data, err := cluster.Encode(m, false)
	if err != nil {
		return err
	}
	one := outgoing{subject: s.log(), data: data, stored: true, done: func(err error) {
		if err != nil {
			failed()
		}
	}}
	if number > 0 {
		one.header = nats.Header{numberHeader: {strconv.FormatUint(number, 10)}}
	}
	return s.link.publish(one)
}

// Forget replaces a session by an empty message, which ends by itself.
func (s *stream) Forget(pid string) error { return s.Save(pid, nil, time.Second) }

// Saved waits for what is in the queue.
func (s *stream) Saved(ctx context.Context) error { return s.link.mark(ctx) }

// Save keeps a session.
func (s *stream) Save(pid string, session []byte, keep time.Duration) error {
	seconds := max(1, int64((keep+time.Second-1)/time.Second))
	return s.link.publish(outgoing{
		subject: sessionOf(s.prefix, pid), data: session, stored: true,
		header: nats.Header{jetstream.MsgTTLHeader: {strconv.FormatInt(seconds, 10)}},
	})
}

// Take takes a session out of its stream, behind what this server has saved there. Who deletes it has it.
func (s *stream) Take(ctx context.Context, pid string) ([]byte, error) {
	if err := s.link.mark(ctx); err != nil {
		return nil, err
	}
	js, err := s.link.jetStream(ctx)
	if err != nil {
		return nil, err
	}
	sessions, err := js.Stream(ctx, s.hub.opts.sessions())
	if err != nil {
		return nil, err
	}
	m, err := sessions.GetLastMsgForSubject(ctx, sessionOf(s.prefix, pid))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	err = sessions.DeleteMsg(ctx, m.Sequence)
	if errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) || len(m.Data) == 0 { // another server was first, or it is forgotten
		return nil, nil
	}
	return m.Data, err
}

// mark waits until all that was put into the queue before has been published, and confirmed.
func (l *link) mark(ctx context.Context) error {
	if err := l.isDown(); err != nil {
		return err
	}
	result := make(chan error, 1)
	if err := l.out.Put(0, outgoing{done: func(err error) { result <- err }}); err != nil {
		return err
	}
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// jetStream waits for a connection.
func (l *link) jetStream(ctx context.Context) (jetstream.JetStream, error) {
	nc, err := l.conn(ctx)
	if err != nil {
		return nil, err
	}
	return jetstream.New(nc)
}

// Await waits until what other servers publish, and let stand in the stream, reaches this one.
func (s *stream) Await(ctx context.Context) error {
	if err := s.link.await(ctx); err != nil {
		return err
	}
	return s.reader.await(ctx)
}

func (s *stream) RoomOpened(string) {}
func (s *stream) RoomClosed(string) {}

func (s *stream) Close(ctx context.Context) error {
	wait := s.reader.leave(s)
	err := s.carrier.Close(ctx) // ends what the reader waits for
	wait()
	return err
}

// Holds reports whether everything behind a place is there.
func (s *stream) Holds(ctx context.Context, p journal.Place) (bool, error) {
	info, err := s.reader.info(ctx)
	if err != nil {
		return false, err
	}
	return p.Time == creation(info) && p.Number+1 >= info.State.FirstSeq && p.Number <= info.State.LastSeq, nil
}

// maxRange is how much Range reads at once.
const maxRange = 1000

// Range reads what stands behind a place. What cannot be understood is left out.
func (s *stream) Range(ctx context.Context, behind journal.Place, f func(journal.Entry)) (journal.Place, error) {
	info, err := s.reader.info(ctx)
	if err != nil {
		return behind, err
	}
	if behind.Time != creation(info) {
		return behind, errors.New("natsadapter: the stream has been made again")
	}
	end := journal.Place{Time: behind.Time, Number: info.State.LastSeq}
	if behind.Number >= end.Number {
		return behind, nil
	}
	t, err := s.reader.tail(ctx, behind)
	if err != nil {
		return behind, err
	}
	defer t.close()
	for behind.Number < end.Number {
		if err := t.next(ctx, int(min(end.Number-behind.Number, maxRange)), func(e journal.Entry, err error) (more bool) {
			if behind = e.Place; err == nil {
				f(e)
			}
			return behind.Number < end.Number
		}); err != nil {
			return behind, err
		}
	}
	return behind, nil
}
