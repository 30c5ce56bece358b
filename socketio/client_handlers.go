package socketio

// This file holds what is registered on a Client.

import (
	"log/slog"
	"maps"
	"sync"
)

// clientHooks are what is registered.
type clientHooks struct {
	logger *slog.Logger

	mu        sync.Mutex // guards the rest
	handlers  map[string]func(e *Event) error
	onAny     []func(*Event)
	onConnect func()
	onEnd     func(Reason)
	onRefused func(error)
	onAttempt func(int)
	onError   func(string, error)
}

// find returns the handler of an event, and what is called with all.
func (h *clientHooks) find(event []byte) (func(*Event) error, []func(*Event)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.handlers[string(event)], h.onAny
}

// get returns what p, which points to something of h, points to.
func get[F any](h *clientHooks, p *F) F {
	h.mu.Lock()
	defer h.mu.Unlock()
	return *p
}

// set sets what p, which points to something of h, points to.
func set[F any](h *clientHooks, p *F, f F) {
	h.mu.Lock()
	defer h.mu.Unlock()
	*p = f
}

func (h *clientHooks) connected() {
	if f := get(h, &h.onConnect); f != nil {
		f()
	}
}

func (h *clientHooks) parted(reason Reason) {
	if f := get(h, &h.onEnd); f != nil {
		f(reason)
	}
}

func (h *clientHooks) refused(err error) {
	if f := get(h, &h.onRefused); f != nil {
		f(err)
		return
	}
	h.logger.Info("socketio: not connected", "error", err)
}

func (h *clientHooks) attempted(n int) {
	if f := get(h, &h.onAttempt); f != nil {
		f(n)
	}
}

func (h *clientHooks) failed(event string, err error) {
	if f := get(h, &h.onError); f != nil {
		f(event, err)
		return
	}
	h.logger.Error("socketio: event failed", "event", event, "error", err)
}

// on registers a handler.
func (c *Client) on(event string, f func(e *Event) error) {
	checkName(event)
	c.hooks.mu.Lock()
	defer c.hooks.mu.Unlock()
	c.hooks.handlers = with(c.hooks.handlers, event, f)
}

// OnConnect sets what is called on every connection, before events of it.
func (c *Client) OnConnect(f func()) { set(&c.hooks, &c.hooks.onConnect, f) }

// OnDisconnect sets what is called when the client is not connected any more. It connects again by itself, unless reason is
// IOServerDisconnect or IOClientDisconnect.
func (c *Client) OnDisconnect(f func(reason Reason)) { set(&c.hooks, &c.hooks.onEnd, f) }

// OnConnectError sets what is called with the error of every attempt that has failed: an *Error if the server has refused the client, which
// does not try again then. nil means ClientOptions.Logger.
func (c *Client) OnConnectError(f func(err error)) { set(&c.hooks, &c.hooks.onRefused, f) }

// OnReconnectAttempt sets what is called before every attempt to connect again, with its number, which begins with 1 after every connection.
func (c *Client) OnReconnectAttempt(f func(attempt int)) { set(&c.hooks, &c.hooks.onAttempt, f) }

// OnError sets what is called with errors of decoding and of handlers. nil means ClientOptions.Logger.
func (c *Client) OnError(f func(event string, err error)) { set(&c.hooks, &c.hooks.onError, f) }

// On registers f for an event. It replaces what was registered for it. Events that come before a handler is registered are lost: register
// before Connect.
func (c *Client) On[T any](event string, f func(arg T)) {
	c.on(event, func(e *Event) error {
		t, err := args1[T](e)
		if err == nil {
			f(t)
		}
		return err
	})
}

// On2 is On for events with two arguments.
func (c *Client) On2[A, B any](event string, f func(a A, b B)) {
	c.on(event, func(e *Event) error {
		v, err := args2[A, B](e)
		if err == nil {
			f(v.a, v.b)
		}
		return err
	})
}

// On3 is On for events with three arguments.
func (c *Client) On3[A, B, C any](event string, f func(a A, b B, c C)) {
	c.on(event, func(e *Event) error {
		v, err := args3[A, B, C](e)
		if err == nil {
			f(v.a, v.b, v.c)
		}
		return err
	})
}

// Handle registers f for an event that is acknowledged with what f returns: see Namespace.Handle.
func (c *Client) Handle[T, R any](event string, f func(arg T) (R, error)) {
	c.on(event, func(e *Event) error {
		t, err := args1[T](e)
		if err != nil {
			return err
		}
		r, err := f(t)
		return answer(e, r, err)
	})
}

// Handle2 is Handle for events with two arguments.
func (c *Client) Handle2[A, B, R any](event string, f func(a A, b B) (R, error)) {
	c.on(event, func(e *Event) error {
		v, err := args2[A, B](e)
		if err != nil {
			return err
		}
		r, err := f(v.a, v.b)
		return answer(e, r, err)
	})
}

// OnEvent registers f for an event whose arguments it decodes itself. From a server with recovery they may end with one more, a text.
func (c *Client) OnEvent(event string, f func(e *Event)) {
	c.on(event, func(e *Event) error {
		f(e)
		return nil
	})
}

// OnAny adds what is called with every event, before its handler.
func (c *Client) OnAny(f func(e *Event)) {
	c.hooks.mu.Lock()
	defer c.hooks.mu.Unlock()
	c.hooks.onAny = add(c.hooks.onAny, f)
}

// Off removes what is registered for an event.
func (c *Client) Off(event string) {
	c.hooks.mu.Lock()
	defer c.hooks.mu.Unlock()
	c.hooks.handlers = maps.Clone(c.hooks.handlers)
	delete(c.hooks.handlers, event)
}

var (
	_ Emitter  = (*Client)(nil)
	_ Listener = (*Client)(nil)
)
