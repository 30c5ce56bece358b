package socketio

// This file holds what a Client sends: at once while it is joined, when it is accepted otherwise, and again, with Retries, until it is
// acknowledged.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/packet"
)

// letter is a packet that is encoded, or, with Retries, an event that is going to be.
type letter struct {
	one  websocket.Message
	row  *engineio.Prepared // with attachments; nil without
	size int

	id          uint64 // of the acknowledgement that is waited for
	hasID       bool
	data        []byte // with Retries
	attachments [][]byte
	done        waiter // told of the acknowledgement, or the last failure; may be nil
	tries       int
	underWay    bool
	timer       *time.Timer
}

// encode encodes a packet. What it needs is copied.
func (u *uplink) encode(q *packet.Packet, attachments [][]byte) (l *letter, err error) {
	l = &letter{id: q.ID, hasID: q.HasID}
	q.Attachments = len(attachments)
	if u.o.Msgpack {
		l.one.Op = websocket.OpBinary
		l.one.Data, err = packet.AppendMsgpack(nil, q, attachments)
	} else {
		l.one.Op = websocket.OpText
		l.one.Data = packet.Append(nil, q)
		if len(attachments) > 0 {
			l.row, err = prepareRow(l.one.Data, attachments)
		}
	}
	l.size = itemOverhead + len(l.one.Data)
	for _, a := range attachments {
		l.size += len(a)
	}
	return l, err
}

// sendTo sends the packet. It does not wait.
func (l *letter) sendTo(s *engineio.Session) error {
	if l.row != nil {
		return s.SendPrepared(l.row)
	}
	return s.Send(l.one.Op, l.one.Data)
}

// Emit emits an event, or keeps it until the client is connected. The arguments are encoded before it returns. It does not wait. The
// error is ErrReserved, that of an argument that cannot be encoded, ErrBufferFull, ErrDisconnected after Close, or also while the
// client is not connected where SendBuffer is negative.
func (c *Client) Emit(event string, args ...any) error { return c.emit(event, args, false) }

func (c *Client) emit(event string, args []any, volatile bool) error {
	enc, err := encodeEvent(event, args)
	if err != nil {
		return err
	}
	defer enc.release()
	c.up.mu.Lock()
	defer c.up.mu.Unlock()
	if c.up.o.Retries > 0 && !volatile {
		return c.retry(enc, nil)
	}
	_, err = c.post(&packet.Packet{Type: packet.Event, Namespace: c.wire, Data: enc.data()}, enc.attachments, volatile)
	return err
}

// volatileClient is what Volatile returns.
type volatileClient struct{ *Client }

func (v volatileClient) Emit(event string, args ...any) error { return v.emit(event, args, true) }

// Volatile emits what may be lost: it is dropped while the client is not connected, and while more than 64 KiB wait for the server.
func (c *Client) Volatile() Emitter { return volatileClient{c} }

// post sends a packet, or keeps it. mu is held.
func (c *Client) post(q *packet.Packet, attachments [][]byte, volatile bool) (*letter, error) {
	if c.closed {
		return nil, ErrDisconnected
	}
	l, err := c.up.encode(q, attachments)
	if err != nil {
		return nil, err
	}
	s := c.up.session
	sends := c.joined && !c.behind
	if sends && volatile && isBehind(s, l.size) {
		return l, nil
	}
	if sends {
		if err = l.sendTo(s); err == nil || errors.Is(err, engineio.ErrFull) {
			return l, full(err)
		} // else the connection has ended, which is told in a moment
	}
	switch {
	case volatile:
		return l, nil
	case c.up.o.SendBuffer < 0:
		return nil, ErrDisconnected
	case c.bytes+l.size > c.up.o.SendBuffer:
		return nil, ErrBufferFull
	}
	c.bytes += l.size
	c.kept = append(c.kept, l)
	return l, nil
}

// full returns an error of a session that takes no more as ErrBufferFull.
func full(err error) error {
	if errors.Is(err, engineio.ErrFull) {
		return fmt.Errorf("%w: %w", ErrBufferFull, err)
	}
	return err
}

// sendKept sends what was kept, as much as the session takes, and the rest a little later. mu is held.
func (c *Client) sendKept() {
	s := c.up.session
	for len(c.kept) > 0 {
		l := c.kept[0]
		if err := l.sendTo(s); err != nil {
			if s.Err() == nil {
				c.sendRestLater(s)
			}
			return
		}
		c.kept[0] = nil
		c.kept = c.kept[1:]
		c.bytes -= l.size
	}
	c.up.room.Broadcast() // who waits for an acknowledgement of these can be told now
}

// EmitWithAck emits an event and waits for its acknowledgement, also before the client is connected. The error is the cause of the context,
// ErrDisconnected if the connection is lost after the event was sent, ErrQueueFull, those of Emit, one of decoding, or an *Error that
// the server has answered with, as Handle does. struct{} for R takes any acknowledgement, Args all of its arguments. When ctx ends
// before the event was sent, it is not sent.
func (c *Client) EmitWithAck[R any](ctx context.Context, event string, args ...any) (R, error) {
	a, err := c.request(ctx, event, args)
	if err != nil {
		var r R
		return r, err
	}
	return answerTo[R](a)
}

// request emits an event and waits for its acknowledgement.
func (c *Client) request(ctx context.Context, event string, args []any) (a Args, err error) {
	enc, err := encodeEvent(event, args)
	if err != nil {
		return a, err
	}
	answers := make(chan adapter.Answer, 1)
	l, err := c.sendRequest(enc, func(one adapter.Answer) { answers <- one })
	enc.release()
	if err != nil {
		return a, err
	}
	c.up.wait(1)
	defer c.up.wait(-1)
	select {
	case one := <-answers:
		return Args{array: one.Args, attachments: one.Attachments}, one.Err
	case <-ctx.Done():
		c.abandon(l)
		return a, context.Cause(ctx)
	}
}

// wait counts one more, or one less, who waits for an acknowledgement: more may wait in line meanwhile.
func (u *uplink) wait(n int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.waits += n
	u.room.Broadcast()
}

// sendRequest sends, or keeps, an event whose acknowledgement w is told of.
func (c *Client) sendRequest(enc *encoder, w waiter) (*letter, error) {
	c.up.mu.Lock()
	defer c.up.mu.Unlock()
	if c.up.o.Retries > 0 {
		if err := c.retry(enc, w); err != nil {
			return nil, err
		}
		return c.retried[len(c.retried)-1], nil
	}
	id := c.expect(w)
	q := &packet.Packet{Type: packet.Event, HasID: true, ID: id, Namespace: c.wire, Data: enc.data()}
	l, err := c.post(q, enc.attachments, false)
	if err != nil {
		c.takeWaiter(id)
	}
	return l, err
}

// expect registers a waiter for the acknowledgement of an event that is going to be sent, and returns its identifier. mu is held.
func (c *Client) expect(w waiter) uint64 {
	id := c.nextID
	c.nextID++
	c.acks[id] = w
	return id
}

// takeWaiter removes a waiter, and returns it, or nil. mu is held.
func (c *Client) takeWaiter(id uint64) waiter {
	w := c.acks[id]
	delete(c.acks, id)
	return w
}

// abandon forgets a request whose caller waits no longer. What was not sent is not sent.
func (c *Client) abandon(l *letter) {
	c.up.mu.Lock()
	defer c.up.mu.Unlock()
	is := func(one *letter) bool { return one == l }
	if slices.ContainsFunc(c.kept, is) {
		c.kept = slices.DeleteFunc(c.kept, is)
		c.bytes -= l.size
	}
	if l.hasID {
		c.takeWaiter(l.id)
	}
	if slices.ContainsFunc(c.retried, is) {
		c.dropRetried(l)
		c.sendRetried()
	}
}

// failSent tells those who wait for the acknowledgement of an event that was sent. One that may be sent again, with Retries, is not while
// the connection lives. mu is held.
func (c *Client) failSent(err error) {
	var failed []waiter
	for id := range c.acks {
		is := func(l *letter) bool { return l.id == id }
		keptBack := slices.ContainsFunc(c.kept, func(l *letter) bool { return l.hasID && is(l) })
		if !keptBack && !(c.joined && slices.ContainsFunc(c.retried, func(l *letter) bool { return l.underWay && is(l) })) {
			failed = append(failed, c.takeWaiter(id))
		}
	}
	for _, w := range failed {
		w(adapter.Answer{Err: err})
	}
}

// failAll drops what is kept, and tells everybody who waits. mu is held.
func (c *Client) failAll() {
	c.kept = nil
	c.failSent(ErrDisconnected)
	for len(c.retried) > 0 {
		l := c.retried[0]
		c.dropRetried(l)
		l.tell(adapter.Answer{Err: ErrDisconnected})
	}
	c.bytes = 0
}

// acknowledge sends an acknowledgement, if the client is connected.
func (c *Client) acknowledge(id uint64, enc *encoder) error {
	c.up.mu.Lock()
	defer c.up.mu.Unlock()
	if !c.joined {
		return ErrDisconnected
	}
	q := &packet.Packet{Type: packet.Ack, HasID: true, ID: id, Namespace: c.wire, Data: enc.data()}
	l, err := c.up.encode(q, enc.attachments)
	if err != nil {
		return err
	}
	switch err := l.sendTo(c.up.session); {
	case err == nil:
		return nil
	case errors.Is(err, engineio.ErrFull):
		return full(err)
	default: // the connection has ended, which is told in a moment
		return fmt.Errorf("%w: %w", ErrDisconnected, err)
	}
}

// tell tells of the end of an event with Retries.
func (l *letter) tell(a adapter.Answer) {
	if l.done != nil {
		l.done(a)
	}
}

// retry puts an event behind those that are not acknowledged. mu is held.
func (c *Client) retry(enc *encoder, w waiter) error {
	if c.closed {
		return ErrDisconnected
	}
	l := &letter{data: bytes.Clone(enc.data()), done: w}
	l.size = itemOverhead + len(l.data)
	for _, a := range enc.attachments {
		l.attachments = append(l.attachments, bytes.Clone(a))
		l.size += len(a)
	}
	if c.bytes+l.size > max(c.up.o.SendBuffer, 0) {
		return ErrBufferFull
	}
	c.bytes += l.size
	c.retried = append(c.retried, l)
	c.sendRetried()
	return nil
}

// dropRetried forgets an event with Retries. mu is held.
func (c *Client) dropRetried(l *letter) {
	c.retried = slices.DeleteFunc(c.retried, func(one *letter) bool { return one == l })
	c.bytes -= l.size
	if l.timer != nil {
		l.timer.Stop()
	}
	if l.underWay {
		c.takeWaiter(l.id)
	}
}

// sendRetried sends the first event that is not acknowledged, unless it is under way. mu is held.
func (c *Client) sendRetried() {
	if !c.joined || len(c.retried) == 0 || c.retried[0].underWay {
		return
	}
	l := c.retried[0]
	l.underWay = true
	l.tries++
	l.id = c.expect(func(a adapter.Answer) { c.tried(l, a) })
	q := &packet.Packet{Type: packet.Event, HasID: true, ID: l.id, Namespace: c.wire, Data: l.data}
	out, err := c.up.encode(q, l.attachments)
	if err == nil {
		err = out.sendTo(c.up.session)
	}
	switch {
	case errors.Is(err, engineio.ErrFull) && c.up.o.AckTimeout == 0:
		c.failLater(l, time.Second)
	case c.up.o.AckTimeout > 0:
		c.failLater(l, c.up.o.AckTimeout)
	}
}

// errNotAcknowledged is what an event ends with that was sent often enough.
var errNotAcknowledged = fmt.Errorf("socketio: not acknowledged: %w", context.DeadlineExceeded)

// failLater lets an attempt fail, unless it is acknowledged before. mu is held.
func (c *Client) failLater(l *letter, after time.Duration) {
	id := l.id
	l.timer = time.AfterFunc(after, func() {
		c.up.mu.Lock()
		defer c.up.mu.Unlock()
		if w := c.takeWaiter(id); w != nil {
			w(adapter.Answer{Err: errNotAcknowledged})
		}
	})
}

// tried is called with the end of an attempt: an acknowledgement, or an error. mu is held.
func (c *Client) tried(l *letter, a adapter.Answer) {
	l.underWay = false
	if l.timer != nil {
		l.timer.Stop()
	}
	if a.Err == nil || l.tries > c.up.o.Retries {
		c.dropRetried(l)
		l.tell(a)
	}
	c.sendRetried()
}

// sendRestLater goes on sending what was kept when the session has taken some of what it has. Nothing overtakes it: see behind. mu is
// held.
func (c *Client) sendRestLater(s *engineio.Session) {
	c.behind = true
	time.AfterFunc(10*time.Millisecond, func() {
		c.up.mu.Lock()
		defer c.up.mu.Unlock()
		if c.behind && c.up.session == s {
			c.behind = false
			c.sendKept()
		}
	})
}
