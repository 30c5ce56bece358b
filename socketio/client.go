package socketio

// This file holds a client in a namespace: how it connects and ends, and what it knows of its connection. What it emits is in
// client_emit.go, what is registered on it in client_handlers.go, and the connection, which several share, in client_uplink.go.
//
// A Client is idle until Connect, then wanted: it stays connected, by itself, until the server sends it away or refuses it, which
// makes it idle again, or until Close. While it is wanted and there is a session, it is asking until the server accepts it, then joined.

import (
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/packet"
)

// Errors of a Client.
var (
	// ErrBufferFull: too much waits for a connection, or on one: see ClientOptions.SendBuffer and engineio.Dialer.WriteBuffer.
	ErrBufferFull = errors.New("socketio: too much waits for a connection")
	// ErrGaveUp: ClientOptions.MaxAttempts have failed.
	ErrGaveUp = errors.New("socketio: gave up connecting")

	errAuth       = errors.New("socketio: what Auth returns is no JSON object")
	errNoAccept   = errors.New("an acceptance without an identifier: a server of version 2")
	errClientSide = errors.New("a packet that no server sends")
)

// Reasons of a Client.
const (
	IOServerDisconnect Reason = "io server disconnect" // the server has sent the client away: it does not reconnect
	IOClientDisconnect Reason = "io client disconnect" // Client.Close
)

// Client is a client in a namespace. Once connected, it keeps itself so, until Close, or until the server disconnects it. Its methods may
// be called by any goroutine at any time. What is registered on it is called by one goroutine, one after another, in the order of what
// happened; it may block, and wait for acknowledgements.
type Client struct {
	up     *uplink
	name   string
	wire   []byte // the name, as packets have it
	auth   func(ctx context.Context) (any, error)
	ctx    context.Context
	cancel context.CancelCauseFunc
	err    error // of the URL; told by Connect

	hooks clientHooks

	// guarded by the uplink's mu
	wanted, joined, closed bool
	behind                 bool              // some of kept is still to be sent, though it is joined
	asks                   *engineio.Session // that on which it is asking; nil if it is not
	id, pid, offset        string
	recovered              bool
	early                  []*packet.Whole // events of a recovery, which come before the acceptance
	connects               []chan error    // calls of Connect that wait
	why                    error           // why there is no connection
	nextID                 uint64
	acks                   map[uint64]waiter
	kept                   []*letter // while it is not joined
	retried                []*letter // with Retries: not acknowledged
	bytes                  int       // of both
	line                   []job
	working                bool
}

// NewClient returns a client that is not connected yet: register handlers, then Connect. rawURL has the scheme http, https, ws or wss; its path
// is the namespace, its query goes to the server with every request. o may be nil.
func NewClient(rawURL string, o *ClientOptions) *Client {
	options := o.withDefaults()
	server, namespace, err := options.target(rawURL)
	u := newUplink(server, options)
	u.mu.Lock()
	defer u.mu.Unlock()
	c := u.add(namespace, options.Auth)
	c.err = err
	return c
}

// Of returns a client in another namespace, over the same connection: the one that is there already, or a new one, which is not connected
// yet. auth, which may be nil, is as ClientOptions.Auth.
func (c *Client) Of(name string, auth func(ctx context.Context) (any, error)) *Client {
	name = namespaceName(name)
	c.up.mu.Lock()
	defer c.up.mu.Unlock()
	if one := c.up.client([]byte(name)); one != nil {
		return one
	}
	one := c.up.add(name, auth)
	one.err = c.err
	return one
}

// Connect connects, and waits until the server has accepted the client. The error is an *Error if it has refused it, that of the last attempt
// if there is to be no other, ErrDisconnected after Close, or the cause of ctx, with why there was no connection; in the last case
// the client goes on trying. It connects a client again that the server has sent away, or refused.
func (c *Client) Connect(ctx context.Context) error {
	if c.err != nil {
		return c.err
	}
	done := c.connect()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	c.up.mu.Lock()
	defer c.up.mu.Unlock()
	c.connects = slices.DeleteFunc(c.connects, func(one chan error) bool { return one == done })
	if c.why != nil {
		return fmt.Errorf("socketio: not connected: %w: %w", context.Cause(ctx), c.why)
	}
	return fmt.Errorf("socketio: not connected: %w", context.Cause(ctx))
}

// connect makes the client wanted, and returns where it will be told that it is connected, or why not.
func (c *Client) connect() chan error {
	done := make(chan error, 1)
	u := c.up
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case c.closed:
		done <- ErrDisconnected
	case c.joined:
		done <- nil
	default:
		c.connects = append(c.connects, done)
		c.why = nil
		c.wanted = true
		u.start()
		c.ask()
	}
	return done
}

// connected tells calls of Connect. mu is held.
func (c *Client) connected(err error) {
	for _, one := range c.connects {
		one <- err
	}
	c.connects = nil
}

// ask asks the server to accept the client, if it is wanted and there is a session on which it has not. mu is held.
func (c *Client) ask() {
	s := c.up.session
	if !c.wanted || c.joined || s == nil || c.asks == s {
		return
	}
	c.asks = s
	if c.auth == nil {
		c.sendConnect(s, nil)
		return
	}
	go c.authenticate(s)
}

// authenticate asks with what Auth returns. While that fails, it tries again.
func (c *Client) authenticate(s *engineio.Session) {
	for attempt := 0; ; attempt++ {
		auth, err := c.authJSON(s.Context())
		u := c.up
		u.mu.Lock()
		valid := c.asks == s && c.wanted
		switch {
		case valid && err == nil:
			c.sendConnect(s, auth)
		case valid:
			c.refused(err)
		}
		u.mu.Unlock()
		if !valid || err == nil || !u.sleep(s.Context(), attempt) {
			return
		}
	}
}

// authJSON returns what Auth returns, as JSON. A panic is an error.
func (c *Client) authJSON(ctx context.Context) (data []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w of Auth: %v", errPanic, v)
		}
	}()
	auth, err := c.auth(ctx)
	if err != nil || auth == nil {
		return nil, err
	}
	if data, err = json.Marshal(auth, lenient); err != nil {
		return nil, fmt.Errorf("socketio: auth: %w", err)
	}
	if len(data) == 0 || data[0] != '{' {
		return nil, errAuth
	}
	return data, nil
}

// sendConnect sends the packet that asks. With a session to come back to, it says so. mu is held.
func (c *Client) sendConnect(s *engineio.Session, auth []byte) {
	if c.pid != "" {
		claimed, _ := json.Marshal(&struct {
			PID    string `json:"pid"`
			Offset string `json:"offset,omitzero"`
		}{c.pid, c.offset})
		if len(auth) > len("{}") {
			claimed = append(append(claimed[:len(claimed)-1], ','), auth[1:]...)
		}
		auth = claimed
	}
	l, err := c.up.encode(&packet.Packet{Type: packet.Connect, Namespace: c.wire, Data: auth}, nil)
	if err == nil {
		err = l.sendTo(s)
	}
	if err != nil && s.Err() == nil {
		c.refused(err)
	}
}

// accepted is called when the server has accepted the client. mu is held.
func (c *Client) accepted(data []byte) error {
	var o struct{ SID, PID string }
	if err := json.Unmarshal(data, &o, lenient, json.MatchCaseInsensitiveNames(true)); err != nil || o.SID == "" {
		return errNoAccept
	}
	if c.asks == nil || c.joined { // nobody has asked
		return nil
	}
	c.recovered = o.PID != "" && o.PID == c.pid
	if !c.recovered {
		c.offset = ""
	}
	c.id, c.pid, c.joined, c.why = o.SID, o.PID, true, nil
	early := c.early
	c.early = nil
	c.sendKept()
	c.put(job{run: c.hooks.connected})
	c.sendRetried()
	c.connected(nil)
	for _, w := range early { // last: it may wait
		if err := c.event(w); err != nil {
			return err
		}
	}
	return nil
}

// refused is called when an attempt has failed that is not the last. mu is held.
func (c *Client) refused(err error) {
	c.why = err
	c.put(job{run: func() { c.hooks.refused(err) }})
}

// rejected makes the client idle, for a reason that Connect tells. mu is held.
func (c *Client) rejected(err error) {
	c.wanted, c.asks, c.early = false, nil, nil
	c.refused(err)
	c.connected(err)
	c.up.stopIfUnwanted()
}

// parted is called when the client is not connected any more. mu is held.
func (c *Client) parted(reason Reason) {
	c.asks, c.early = nil, nil
	if !c.joined {
		return
	}
	c.joined, c.behind, c.id = false, false, ""
	c.put(job{run: func() { c.hooks.parted(reason) }})
	c.failSent(ErrDisconnected)
}

// sentAway is called when the server has disconnected the client. mu is held.
func (c *Client) sentAway() {
	c.wanted = false
	c.parted(IOServerDisconnect)
	c.connected(&DisconnectError{Reason: IOServerDisconnect})
	c.up.stopIfUnwanted()
}

// refusal returns the error that a server has refused a client with: an object, or a text.
func refusal(data []byte) *Error {
	var e Error
	if err := json.Unmarshal(data, &e, lenient); err == nil {
		return &e
	}
	json.Unmarshal(data, &e.Message, lenient) // what it says instead is of no interest
	return &e
}

// Close disconnects the client, for good. What waits for a connection is lost, what the connection has taken still leaves. Only
// OnDisconnect is called any more, unless a call is running. With the last client of a connection, Close ends that, and returns when
// nothing is left of it.
func (c *Client) Close() error {
	u := c.up
	u.mu.Lock()
	if !c.closed {
		c.close()
	}
	var done <-chan struct{}
	if len(u.clients) == 0 {
		done = u.done
	}
	u.mu.Unlock()
	if done != nil {
		<-done
	}
	return nil
}

// close is Close with mu held. It does not wait.
func (c *Client) close() {
	u := c.up
	c.closed, c.wanted = true, false
	for _, one := range c.line {
		u.queued -= one.size
	}
	c.line = nil
	if c.joined {
		if l, err := u.encode(&packet.Packet{Type: packet.Disconnect, Namespace: c.wire}, nil); err == nil {
			l.sendTo(u.session)
		}
	}
	c.parted(IOClientDisconnect)
	c.connected(ErrDisconnected)
	c.failAll()
	c.cancel(&DisconnectError{Reason: IOClientDisconnect})
	u.clients = slices.DeleteFunc(u.clients, func(one *Client) bool { return one == c })
	u.room.Broadcast()
	u.stopIfUnwanted()
}

// ID returns the identifier of the socket on the server, or "" while the client is not connected.
func (c *Client) ID() string {
	c.up.mu.Lock()
	defer c.up.mu.Unlock()
	return c.id
}

// Connected reports whether the client is connected, as far as is known.
func (c *Client) Connected() bool {
	c.up.mu.Lock()
	defer c.up.mu.Unlock()
	return c.joined
}

// Recovered reports whether the client, when it was last connected, came back as the socket that it had been, with its rooms, and gets
// what it has missed.
func (c *Client) Recovered() bool {
	c.up.mu.Lock()
	defer c.up.mu.Unlock()
	return c.recovered
}

// Namespace returns the name of the namespace.
func (c *Client) Namespace() string { return c.name }

// Session returns the session that the client is on, with others of the same connection, or nil.
func (c *Client) Session() *engineio.Session {
	c.up.mu.Lock()
	defer c.up.mu.Unlock()
	return c.up.session
}

// Context ends with Close; its cause is a *DisconnectError.
func (c *Client) Context() context.Context { return c.ctx }

// isGone reports whether the client is not connected.
func (c *Client) isGone() bool { return !c.Connected() }

// take takes a packet that is whole. The error says that it is none that a server sends. mu is held.
func (c *Client) take(w *packet.Whole) error {
	switch w.Type {
	case packet.Connect:
		return c.accepted(w.Data)
	case packet.ConnectError:
		if c.asks != nil && !c.joined {
			c.rejected(refusal(w.Data))
		}
	case packet.Disconnect:
		c.sentAway()
	case packet.Ack:
		return c.acknowledged(w)
	case packet.Event:
		if !c.joined && c.asks != nil {
			c.early = append(c.early, w)
			return nil
		}
		return c.event(w)
	default:
		return errClientSide
	}
	return nil
}

// acknowledged takes an acknowledgement. mu is held.
func (c *Client) acknowledged(w *packet.Whole) error {
	answer, err := answerOf(w)
	if err != nil {
		return err
	}
	if tell := c.takeWaiter(w.ID); tell != nil {
		tell(answer)
	}
	return nil
}
