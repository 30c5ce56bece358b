package socketio

// This file holds the one connection of several Clients: a goroutine opens a session, waits for its end, and opens another, until no
// Client is wanted any more. What comes over a session is put together here and given to the Clients.

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/packet"
)

// uplink is the connection.
type uplink struct {
	o      ClientOptions
	server string         // its URL
	random func() float64 // of delays

	mu      sync.Mutex // guards the rest, and what the Clients say
	room    *sync.Cond // something has left a line, or the session or a Client has ended
	clients []*Client  // that are not closed
	session *engineio.Session
	ending  *DisconnectError   // why this side has closed the session; nil if it has not
	cancel  context.CancelFunc // ends the goroutine; nil while there is none, or it is to end
	done    chan struct{}      // closed when the last goroutine has ended; nil before the first
	queued  int                // bytes that wait in lines
	waits   int                // acknowledgements that are waited for
}

// newUplink returns the connection of a Client.
func newUplink(server string, o ClientOptions) *uplink {
	u := &uplink{o: o, server: server, random: rand.Float64}
	u.room = sync.NewCond(&u.mu)
	return u
}

// add adds a Client. mu is held.
func (u *uplink) add(name string, auth func(context.Context) (any, error)) *Client {
	c := &Client{up: u, name: name, wire: []byte(name), auth: auth, acks: make(map[uint64]waiter)}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	c.hooks.logger = u.o.Logger
	u.clients = append(u.clients, c)
	return c
}

// client returns the Client in a namespace, or nil. mu is held.
func (u *uplink) client(name []byte) *Client {
	for _, c := range u.clients {
		if c.name == string(name) {
			return c
		}
	}
	return nil
}

// start starts the goroutine, unless it runs. mu is held.
func (u *uplink) start() {
	if u.cancel != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	before, done := u.done, make(chan struct{})
	u.cancel, u.done = cancel, done
	go func() {
		defer close(done)
		defer cancel()
		if before != nil {
			<-before
		}
		u.run(ctx)
	}()
}

// stopIfUnwanted ends the goroutine, and with it the session, if no Client is wanted. mu is held.
func (u *uplink) stopIfUnwanted() {
	for _, c := range u.clients {
		if c.wanted {
			return
		}
	}
	if u.cancel != nil {
		u.cancel()
		u.cancel = nil
	}
}

// run opens one session after another.
func (u *uplink) run(ctx context.Context) {
	for failed := 0; ; {
		opened, err := u.visit(ctx)
		if ctx.Err() != nil {
			return
		}
		if opened {
			failed = 0
		}
		last := u.o.NoReconnect || u.o.MaxAttempts > 0 && failed >= u.o.MaxAttempts
		u.missed(opened, err, last)
		if !u.sleep(ctx, failed) {
			return
		}
		failed++
		u.tellAttempt(failed)
	}
}

// visit opens a session and waits for its end. The error says why it could not be opened, or why it has ended.
func (u *uplink) visit(ctx context.Context) (opened bool, err error) {
	v := &visit{u: u, gone: make(chan struct{})}
	dial, stop := context.WithTimeout(ctx, u.o.ConnectTimeout)
	s, err := u.o.Dialer.Dial(dial, u.server, v)
	stop()
	if err != nil {
		return false, err
	}
	select {
	case <-v.gone:
	case <-ctx.Done():
	}
	end, stop := context.WithTimeout(context.Background(), 2*websocket.DefaultCloseTimeout)
	defer stop()
	s.Shutdown(end)
	return true, s.Err()
}

// missed tells that a session could not be opened, or has ended, and makes the Clients idle if there is to be no other.
func (u *uplink) missed(opened bool, err error, last bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if last && !u.o.NoReconnect {
		err = fmt.Errorf("%w: %w", ErrGaveUp, err)
	}
	for _, c := range slices.Clone(u.clients) {
		switch {
		case c.wanted && last:
			c.rejected(err)
		case c.wanted && !opened:
			c.refused(err)
		case c.wanted:
			c.why = err
		}
	}
}

// sleep waits before an attempt, counted from 0. It returns false if ctx ends before.
func (u *uplink) sleep(ctx context.Context, attempt int) bool {
	t := time.NewTimer(u.o.delay(attempt, u.random()))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// tellAttempt tells of an attempt to reconnect.
func (u *uplink) tellAttempt(n int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, c := range u.clients {
		if c.wanted {
			c.put(job{run: func() { c.hooks.attempted(n) }})
		}
	}
}

// visit is a session, as its Handler.
type visit struct {
	u     *uplink
	gone  chan struct{}    // closed by its end
	parts packet.Assembler // owned by the reader
}

// Open lets the Clients that are wanted ask to be accepted.
func (v *visit) Open(s *engineio.Session) {
	u := v.u
	context.AfterFunc(s.Context(), func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.room.Broadcast()
	})
	u.mu.Lock()
	defer u.mu.Unlock()
	u.lost(TransportClose) // Dial has failed when it was open, and its Close is still to come
	u.session, u.ending = s, nil
	for _, c := range u.clients {
		c.ask()
	}
}

// Close tells the Clients of the end.
func (v *visit) Close(s *engineio.Session, reason engineio.Reason, _ error) {
	u := v.u
	u.mu.Lock()
	defer u.mu.Unlock()
	defer close(v.gone)
	switch {
	case u.session != s:
	case u.ending != nil:
		u.lost(u.ending.Reason)
	default:
		u.lost(reasonOf(reason))
	}
}

// lost tells the Clients that the session has ended. mu is held.
func (u *uplink) lost(reason Reason) {
	u.session = nil
	for _, c := range slices.Clone(u.clients) {
		c.parted(reason)
	}
}

// Message takes a message. What is none of the protocol ends the session.
func (v *visit) Message(s *engineio.Session, op websocket.Opcode, data []byte) {
	err := v.receive(op, data)
	if err == nil {
		return
	}
	u := v.u
	u.mu.Lock()
	u.ending = &DisconnectError{ParseError, packet.Illegal(err)}
	u.mu.Unlock()
	u.o.Logger.Info("socketio: connection closed", "reason", ParseError, "error", packet.Illegal(err))
	s.Close()
}

// receive takes a message. The error says that it is none of the protocol.
func (v *visit) receive(op websocket.Opcode, data []byte) error {
	most := v.u.o.MaxAttachments
	if v.u.o.Msgpack {
		return v.receiveMsgpack(op, data, most)
	}
	var w *packet.Whole
	var err error
	if op == websocket.OpBinary {
		w, err = v.parts.Binary(data)
	} else {
		w, err = v.parts.Text(new(packet.Whole), data, most)
	}
	if err != nil || w == nil {
		return err
	}
	return v.take(w)
}

// receiveMsgpack is receive where packets are MessagePack.
func (v *visit) receiveMsgpack(op websocket.Opcode, data []byte, most int) error {
	if op != websocket.OpBinary {
		return errNoMsgpack
	}
	w, err := packet.ParseMsgpack(data, most)
	if err != nil {
		return err
	}
	return v.take(w)
}

// take gives a packet to its Client, if there is one.
func (v *visit) take(w *packet.Whole) error {
	v.u.mu.Lock()
	defer v.u.mu.Unlock()
	c := v.u.client(w.Namespace)
	if c == nil {
		return nil
	}
	return c.take(w)
}
