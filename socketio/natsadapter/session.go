package natsadapter

// This file holds what is said over one connection.

import (
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// session is a connection. All is owned by the link's goroutine.
type session struct {
	*link
	nc    *nats.Conn
	gone  chan struct{} // closed when the connection has ended
	acks  chan *nats.Msg
	reply string    // what streams confirm to begins with
	alive time.Time // when NATS has answered last
}

// begin subscribes to all that is wanted.
func (s *session) begin(ctx context.Context) error {
	s.mu.Lock()
	s.maxPayload = s.nc.MaxPayload()
	for subject, one := range s.subs {
		one.sub = nil
		s.dirty[subject] = true
	}
	s.mu.Unlock()
	s.acks = make(chan *nats.Msg, 2*maxBatch)
	s.reply = s.nc.NewInbox() + "."
	if _, err := s.nc.ChanSubscribe(s.reply+"*", s.acks); err != nil {
		return err
	}
	if err := s.subscribe(ctx); err != nil {
		return err
	}
	if s.prepare != nil {
		if err := s.prepare(ctx, s.nc); err != nil {
			return err
		}
	}
	s.mu.Lock()
	again := s.sessions > 0 || s.down != nil
	s.sessions++
	s.link.nc, s.link.gone, s.down = s.nc, s.gone, nil
	s.changed()
	s.mu.Unlock()
	if again {
		s.greetAll()
	}
	return nil
}

// greetAll tells other servers that this one is there again.
func (l *link) greetAll() {
	l.mu.Lock()
	all := slices.Collect(maps.Keys(l.nodes))
	l.mu.Unlock()
	for _, n := range all {
		n.Greet()
	}
}

// speak subscribes and publishes until ctx ends, the connection is lost, or everything is said and the link is closed.
func (s *session) speak(ctx context.Context) error {
	for {
		s.out.TellDropped()
		if err := s.subscribe(ctx); err != nil {
			return err
		}
		batch, closed := s.out.First(maxBatch, maxBatchBytes)
		if len(batch) > 0 {
			if err := s.publish(ctx, batch); err != nil {
				return err
			}
			continue
		}
		if closed {
			return nil
		}
		select {
		case <-s.out.Wake():
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.gone:
			return s.why()
		}
	}
}

// why says why the connection has ended.
func (s *session) why() error {
	if err := s.nc.LastError(); err != nil {
		return err
	}
	return nats.ErrConnectionClosed
}

// subscribe tells NATS what is wanted now, or no longer, and waits until it knows.
func (s *session) subscribe(ctx context.Context) error {
	s.mu.Lock()
	version := s.version
	var more []string
	var less []*nats.Subscription
	for subject := range s.dirty {
		one := s.subs[subject]
		switch {
		case one.receive != nil && one.sub == nil:
			more = append(more, subject)
		case one.receive == nil:
			if one.sub != nil {
				less = append(less, one.sub)
			}
			delete(s.subs, subject)
		}
	}
	clear(s.dirty)
	done := s.synced >= version && s.link.nc != nil
	s.mu.Unlock()
	if done {
		return nil
	}
	for _, sub := range less {
		sub.Unsubscribe()
	}
	for _, subject := range more {
		sub, err := s.nc.ChanSubscribe(subject, s.inbox.arrived)
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.subs[subject].sub = sub // only this goroutine deletes
		s.mu.Unlock()
	}
	if err := s.flush(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.synced = version
	s.changed()
	return nil
}

// flush waits until NATS has seen all that was said.
func (s *session) flush(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.opts.patience)
	defer cancel()
	if err := s.nc.FlushWithContext(ctx); err != nil {
		return errors.Join(err, s.nc.LastError())
	}
	s.alive = time.Now()
	return nil
}

// publish publishes messages, waits until NATS has them, and takes them out of the queue. It asks before, so that nothing is sent that may be lost with a
// connection which is broken already.
func (s *session) publish(ctx context.Context, batch []outgoing) error {
	if time.Since(s.alive) > idle {
		if err := s.flush(ctx); err != nil {
			return err // everything stays in the queue
		}
	}
	results, err := s.send(ctx, batch)
	lost := 0
	for i, one := range batch {
		result := results[i]
		if result != nil {
			lost++
		}
		if one.done != nil {
			one.done(result)
		}
	}
	s.out.Remove(len(batch), lost)
	return err
}

// send returns what has become of each message, and an error if the connection is of no use any more.
func (s *session) send(ctx context.Context, batch []outgoing) (results []error, err error) {
	results = make([]error, len(batch))
	awaited := make(map[string]int) // by the end of the subject of the confirmation
	for i, one := range batch {
		if one.subject == "" || err != nil {
			results[i] = err
			continue
		}
		m := &nats.Msg{Subject: one.subject, Header: one.header, Data: one.data}
		if one.stored {
			m.Reply = s.reply + strconv.Itoa(i)
		}
		switch e := s.nc.PublishMsg(m); {
		case errors.Is(e, nats.ErrMaxPayload): // which was not known when it was put into the queue
			results[i] = fmt.Errorf("%w: %d bytes", ErrTooLarge, len(one.data))
			s.opts.OnError(results[i])
		case e != nil:
			results[i], err = e, e
		case one.stored:
			awaited[strconv.Itoa(i)] = i
		}
	}
	if err == nil {
		err = s.flush(ctx)
	}
	if err == nil {
		err = s.confirm(ctx, awaited, results)
	}
	if err != nil {
		for i, one := range batch {
			if _, open := awaited[strconv.Itoa(i)]; results[i] == nil && (open || !one.stored) {
				results[i] = err
			}
		}
	}
	return results, err
}

// confirm waits for the confirmations of streams: NATS has answered already, so all that were to come soon. An error of one of them is told, and ends the session: the next one sees to the streams.
func (s *session) confirm(ctx context.Context, awaited map[string]int, results []error) (err error) {
	late := time.NewTimer(askTimeout)
	defer late.Stop()
	for len(awaited) > 0 {
		select {
		case m := <-s.acks:
			name := strings.TrimPrefix(m.Subject, s.reply)
			i, ok := awaited[name]
			if !ok {
				continue
			}
			delete(awaited, name)
			if results[i] = refusal(m); results[i] != nil && err == nil {
				err = results[i]
				s.opts.OnError(err)
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.gone:
			return s.why()
		case <-late.C:
			return nats.ErrTimeout
		}
	}
	return err
}

// refusal returns why a stream has not taken a message, or nil.
func refusal(m *nats.Msg) error {
	if m.Header.Get("Status") == "503" {
		return errors.New("natsadapter: no stream takes the message")
	}
	var answer struct {
		Error *struct {
			Code        int    `json:"err_code"`
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(m.Data, &answer); err != nil {
		return fmt.Errorf("natsadapter: the answer of a stream: %w", err)
	}
	if e := answer.Error; e != nil {
		return fmt.Errorf("natsadapter: the stream has not taken a message: %s (%d)", e.Description, e.Code)
	}
	return nil
}
