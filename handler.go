package websocket

// This file holds the two http.Handlers of an Upgrader, which call a function with each connection: Handler on
// net/http's goroutine, and DetachedHandler on one of its own.

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"time"
)

// Handler returns a handler that upgrades every request and calls f with the connection. It returns after f has, as
// every handler does: whatever middleware ends when the handler returns (spans, transactions, contexts from a pool)
// lasts as long as f. A request that cannot be upgraded is answered, and f is not called.
//
// The request that f gets is the one that the handler got, but its context is Conn.Context: that has the same values
// and ends with the connection. A deadline that middleware has put on the request's context does not count any more.
// The ResponseWriter and r.Body are over.
//
// When f returns, the closing handshake is begun with StatusNormalClosure, unless the connection has ended already;
// Handler does not wait for it. When f panics, it is begun with StatusInternalError, and the panic goes on, through
// middleware that may recover from it, to net/http, which logs it (http.ErrAbortHandler is not).
//
// While f runs, net/http keeps its goroutine and what it has made for the request: an idle connection takes some 14 kB
// instead of less than 5. DetachedHandler does without.
//
// Over HTTP/2, where net/http offers it (RFC 8441; see package xconnect), the connection is a stream, which ends with the
// handler: there the handler returns when the closing handshake is over, too.
func (u *Upgrader) Handler(f func(*Conn, *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.conns.enter()
		defer u.conns.leave()
		if isStream(r) {
			u.serveStream(w, r, func(c *Conn) { runFunction(c, r.WithContext(c.Context()), f) })
		} else if c := u.upgrade(w, r); c != nil {
			runFunction(c, r.WithContext(c.Context()), f)
		}
	})
}

// DetachedHandler is Handler for many idle connections, whose f must not use anything that ends, or is used again, when
// a handler returns: spans, transactions and locks of middleware, contexts of chi, gin or echo and what they say about
// the route. It upgrades every request, calls f with the connection on a goroutine of its own, and returns at once, so
// that net/http's goroutine and its memory can go.
//
// The request that f gets is a copy. Its context has the values that it had, and does not end: Conn.Context is one that
// ends with the connection. What ServeMux has found in the path (Request.PathValue) stays.
//
// When f returns, the closing handshake is begun with StatusNormalClosure, unless the connection has ended already.
// When f panics, it is begun with StatusInternalError, and the panic is logged as net/http would (http.ErrAbortHandler
// is not).
//
// A stream of HTTP/2 cannot be detached: there the handler runs f as Handler does, but with this request.
func (u *Upgrader) DetachedHandler(f func(*Conn, *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.conns.enter()
		detached := false
		defer func() {
			if !detached { // also when a hook panics
				u.conns.leave()
			}
		}()
		if isStream(r) {
			u.serveStream(w, r, func(c *Conn) { runFunction(c, r.WithContext(valuesContext{c}), f) })
		} else if c := u.upgrade(w, r); c != nil {
			detached = true
			go (&detachedFunction{u: u, c: c, r: r.WithContext(valuesContext{c}), f: f}).run()
		}
	})
}

// upgrade is Upgrade for those who can do nothing about an error. It returns nil if there was one.
func (u *Upgrader) upgrade(w http.ResponseWriter, r *http.Request) *Conn {
	c, err := u.Upgrade(w, r)
	if err != nil {
		u.logFailure(r, err)
		return nil
	}
	return c
}

// logFailure says in the log that an opening handshake has failed for a reason that is not the client's.
func (u *Upgrader) logFailure(r *http.Request, err error) {
	var e *HandshakeError
	if errors.As(err, &e) && e.Status == http.StatusInternalServerError {
		u.logf(r.Context(), "%v", err)
	}
}

// runFunction calls f, and ends the connection when it returns or does not. Shutdown finds it by its frame on the
// stack.
//
//go:noinline
func runFunction(c *Conn, r *http.Request, f func(*Conn, *http.Request)) {
	// This function must not hold on to r, which is as large as Conn: it may live as long as the connection.
	code := StatusInternalError
	defer func() { c.beginClose(code, "") }()
	f(c, r)
	code = StatusNormalClosure
}

// detachedFunction is the function of a DetachedHandler at work, on a goroutine of its own. What it needs is here and not in
// frames of the stack, which must leave the function room to wait within 2 KiB: see TestEchoStack.
type detachedFunction struct {
	u    *Upgrader
	c    *Conn
	r    *http.Request // nil as soon as f has it: see runFunction
	f    func(*Conn, *http.Request)
	code StatusCode // with which the connection will be closed
}

// run is runFunction where nobody else would see a panic. Shutdown finds it by its frame on the stack, too.
func (d *detachedFunction) run() {
	d.code = StatusInternalError
	defer d.over()
	r := d.r
	d.r = nil
	d.f(d.c, r)
	d.code = StatusNormalClosure
}

// over ends what run has begun.
func (d *detachedFunction) over() {
	v := recover()
	defer d.u.conns.leave()
	d.c.beginClose(d.code, "")
	if v != nil && v != http.ErrAbortHandler {
		stack := make([]byte, 64<<10)
		d.u.logf(d.c.Context(), "websocket: panic serving %v: %v\n%s", d.c.RemoteAddr(), v, stack[:runtime.Stack(stack, false)])
	}
}

// valuesContext has the values of a connection's request and does not end. It takes no memory of its own, and no lock:
// it is asked with the connection's held.
type valuesContext struct{ c *Conn }

func (v valuesContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (v valuesContext) Done() <-chan struct{}       { return nil }
func (v valuesContext) Err() error                  { return nil }
func (v valuesContext) Value(key any) any           { return v.c.values().Value(key) }

var _ context.Context = valuesContext{}
