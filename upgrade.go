package websocket

// This file holds Upgrader, the server's role in the opening handshake, behind net/http. upgradeconn.go is the same
// without net/http; the rules of both stand in handshake.go, the end of all connections in shutdown.go.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Upgrader accepts WebSocket connections. The zero value is ready and safe: it accepts clients that are no browsers,
// and pages of the server's own origin. Its methods may be called by several goroutines at once. The fields must not
// be changed once the first has been called, and an Upgrader must not be copied after that.
type Upgrader struct {
	Options

	// Subprotocols are those that the server speaks, in the order of its preference. The first that the client asks
	// for is chosen; a client that asks for none of them is accepted without (see Conn.Subprotocol).
	Subprotocols []string

	// Origins are the other origins whose pages may connect, beside the server's own: hosts, such as
	// "www.example.com", which stands for http and https at their default ports; or with a port, "www.example.com:8080",
	// where "*" is any port; or with a scheme, "https://www.example.com". "*.example.com" stands for all hosts under
	// example.com at any depth, but not for itself. "chrome-extension://*" stands for all origins of a scheme that is
	// not of the web. "file://" is that origin alone, and "null" that of sandboxed pages, which any site can make. Case
	// does not matter. An element that can never match, such as one with a path, is an error: see Validate.
	//
	// The server's own origin is what the request says in Host. Behind a proxy that sends another Host, no page is of the
	// server's origin, and the answer is 403: nginx sends the name of the upstream unless told otherwise, and with
	// "proxy_set_header Host $host" a name without the port, which is wrong on other ports than 80 and 443 ($http_host is
	// right). A request without Origin does not come from a browser and is not concerned.
	Origins []string

	// InsecureSkipOriginCheck lets pages of any origin connect. A browser sends the user's cookies along, so every
	// page on the web can then act in the name of the user who looks at it, unless the application authenticates
	// requests by something else than cookies.
	InsecureSkipOriginCheck bool

	// CheckOrigin, unless nil, has the last word about the origin of every request that is a right one otherwise. allowed
	// is what the fields above say, and true where there is no Origin. Behind UpgradeConn the request is what
	// Request.HTTPRequest returns, here and below.
	CheckOrigin func(r *http.Request, allowed bool) bool

	// SelectSubprotocol, unless nil, chooses for requests that ask for subprotocols, in place of the field Subprotocols.
	// It returns one of those offered, or the empty string; anything else is refused with status 500.
	SelectSubprotocol func(r *http.Request, offered []string) string

	// OnRefuse, unless nil, is called with every opening handshake that fails, of all methods and handlers, before the
	// client is answered. It may change the error, which the caller gets as well: the Reason, Header and Body of the
	// answer, and its Status to another one from 300 to 599. Where that is 0, there is no answer. r is nil if the request
	// could not be read.
	OnRefuse func(r *http.Request, err *HandshakeError)

	// MaxRequestHead is the most bytes that the head of a request may have that UpgradeConn reads; 431 is the answer
	// beyond. 0 means 64 KiB. Memory grows with what has come. Behind net/http, http.Server.MaxHeaderBytes counts.
	MaxRequestHead int

	// ErrorLog is where Handler and DetachedHandler report connections that they could not take over from net/http, and
	// DetachedHandler panics, and where header fields are reported that an application sets for the response and that are
	// the handshake's own. nil means the log of the http.Server, or of package log.
	ErrorLog *log.Logger

	conns connList

	check   sync.Once
	origins []originPattern // Origins, once check has been done
	invalid error           // what Validate returns
}

// Validate returns an error if a field has a value that cannot mean anything: an element of Origins that no origin
// matches, a subprotocol that is not a token or is named twice, a window that does not exist. Every opening handshake
// fails with status 500 and the same error then, which the handlers log. Call it at the start to know at once.
func (u *Upgrader) Validate() error {
	u.check.Do(func() {
		if err := u.validate(); err != nil {
			u.invalid = fmt.Errorf("websocket: Upgrader: %w", err)
		}
	})
	return u.invalid
}

// validate is Validate when it is first called.
func (u *Upgrader) validate() (err error) {
	if u.origins, err = parseOrigins(u.Origins); err != nil {
		return err
	}
	for i, p := range u.Subprotocols {
		if !isToken(p) || slices.Contains(u.Subprotocols[:i], p) {
			return fmt.Errorf("the element %q of Subprotocols is not a token, or not the only one", p)
		}
	}
	if u.Compression != nil {
		return u.Compression.Validate()
	}
	return nil
}

// serverHandshake is the memory of one opening handshake. It is borrowed from a pool.
type serverHandshake struct {
	opening opening
	http    *http.Request // of net/http; of UpgradeConn once it has been asked for
	request Request       // of UpgradeConn
	in      []byte        // what UpgradeConn has read
	out     []byte        // the response
	answer  []byte        // the value of its Sec-WebSocket-Extensions; empty if no extension was agreed on
}

var serverHandshakes = sync.Pool{New: func() any { return new(serverHandshake) }}

// release gives h back. Memory that an unusual request has made large is left to the garbage collector.
func (h *serverHandshake) release() {
	h.opening.reset()
	h.http = nil
	h.request.reset()
	if cap(h.in) > requestBuffer {
		h.in = nil
	}
	if cap(h.out) > requestBuffer {
		h.out = nil
	}
	serverHandshakes.Put(h)
}

// negotiate decides about the request and returns what was agreed on. The answer to the offers is left in h.answer.
func (u *Upgrader) negotiate(h *serverHandshake) (agreed Agreement, err *HandshakeError) {
	o := &h.opening
	if u.conns.closed.Load() {
		return agreed, &HandshakeError{Status: http.StatusServiceUnavailable, Reason: "the server is shutting down"}
	}
	if err := u.Validate(); err != nil {
		return agreed, &HandshakeError{
			Status: http.StatusInternalServerError, Reason: "the server is misconfigured", Err: err,
		}
	}
	if err := o.check(); err != nil {
		return agreed, err
	}
	if !u.originAllowed(h) {
		return agreed, foreignOrigin(o.value(fieldOrigin), o.value(fieldHost))
	}
	if agreed.Subprotocol, err = u.chooseSubprotocol(h); err != nil {
		return agreed, err
	}
	h.answer, agreed.Compression = acceptExtensions(h.answer[:0], u.Compression, o.offers)
	return agreed, nil
}

// foreignOrigin returns the answer to a page that may not connect. RFC 6455, Section 4.2.2: "If the server does not
// wish to accept this connection, it MUST return an appropriate HTTP error code (e.g., 403 Forbidden)".
func foreignOrigin(origin, host string) *HandshakeError {
	return &HandshakeError{Status: http.StatusForbidden, Reason: fmt.Sprintf(
		"pages of Origin %.200q may not connect to Host %.200q (RFC 6455, Section 4.2.2)", origin, host)}
}

// open makes the connection whose handshake is complete. buffered is copied.
func (u *Upgrader) open(ctx context.Context, nc net.Conn, agreed Agreement, buffered []byte) (*Conn, *HandshakeError) {
	c := newConn(nc, connConfig{
		agreement: agreed,
		options:   &u.Options,
		buffered:  buffered,
		base:      keepValues(ctx, nc),
	})
	if !u.conns.add(c) {
		return nil, &HandshakeError{Reason: "the server is shutting down"}
	}
	return c, nil
}

// Upgrade answers an opening handshake that net/http has read, and takes the connection over. On success the caller
// owns the connection, and net/http only waits for the handler to return: r.Body must not be used any more, and
// r.Context() ends with the handler (use Conn.Context). The response carries
// the fields of w.Header() but those that belong to HTTP's own connection or to the handshake. See also SwitchObserver.
// A request over HTTP/2 (RFC 8441) is refused with 501, because net/http does not let a stream outlast its handler: use
// Handler or DetachedHandler.
//
// The error is a *HandshakeError. Unless the connection has failed, the client has been answered.
func (u *Upgrader) Upgrade(w http.ResponseWriter, r *http.Request) (*Conn, error) {
	h := serverHandshakes.Get().(*serverHandshake)
	defer h.release()
	h.http = r
	c, refusal := u.takeOver(h, w, r)
	if refusal == nil {
		return c, nil
	}
	if refusal = u.refused(h, refusal); refusal.Status != 0 {
		sendRefusal(w, refusal.response(r))
	}
	return nil, refusal
}

// takeOver is Upgrade but for the answer to a request that is not accepted.
func (u *Upgrader) takeOver(h *serverHandshake, w http.ResponseWriter, r *http.Request) (*Conn, *HandshakeError) {
	if isStream(r) {
		return nil, streamOnly()
	}
	h.opening.fill(r)
	agreed, refusal := u.negotiate(h)
	if refusal != nil {
		return nil, refusal
	}
	h.out = appendSwitching(h.out[:0], h.opening.value(fieldKey), agreed.Subprotocol, h.answer)
	h.out = append(appendFields(h.out, w.Header()), "\r\n"...)
	for name := range w.Header() {
		if isHandshakes(name) {
			u.logReserved(r.Context(), name)
		}
	}

	nc, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, hijackFailure(w, err)
	}
	// net/http's buffers are dropped, so that an idle connection does not hold them.
	buffered, _ := rw.Reader.Peek(rw.Reader.Buffered())
	if err := u.respond(nc, h.out); err != nil {
		nc.Close()
		return nil, &HandshakeError{Reason: "the response could not be written", Err: err}
	}
	tellSwitched(w)
	return u.open(r.Context(), nc, agreed, buffered)
}

// fill takes what the rules look at from a request of net/http.
func (o *opening) fill(r *http.Request) {
	o.method, o.major, o.minor = r.Method, r.ProtoMajor, r.ProtoMinor
	o.secure = r.TLS != nil
	o.body = r.ContentLength != 0 || len(r.TransferEncoding) > 0
	for i, name := range canonicalFields {
		o.lines[i] = r.Header[name]
	}
	// net/http refuses a repeated Host, and moves the only one here.
	o.lines[fieldHost] = nil
	o.add(fieldHost, r.Host)
}

// canonicalFields holds ownFields as the keys of an http.Header.
var canonicalFields = func() (names [numFields]string) {
	for i, name := range ownFields {
		names[i] = http.CanonicalHeaderKey(name)
	}
	return names
}()

// sendRefusal answers a request of net/http that was not accepted.
func sendRefusal(w http.ResponseWriter, resp *http.Response) error {
	h := w.Header()
	h.Del("Content-Length") // what middleware has said of another body
	maps.Copy(h, resp.Header)
	w.WriteHeader(resp.StatusCode)
	_, err := io.Copy(w, resp.Body)
	return err
}

// hijackFailure explains why net/http did not hand over its connection.
func hijackFailure(w http.ResponseWriter, err error) *HandshakeError {
	e := &HandshakeError{
		Status: http.StatusInternalServerError, Reason: "the server cannot take over the connection", Err: err,
	}
	if errors.Is(err, http.ErrNotSupported) {
		for ok := true; ok; {
			w, ok = unwrap(w)
		}
		e.Err = fmt.Errorf("%T implements neither http.Hijacker nor Unwrap() http.ResponseWriter: %w", w, err)
	}
	return e
}

// respond writes a response within the handshake timeout.
func (u *Upgrader) respond(nc net.Conn, response []byte) error {
	timed := false
	if t := orDefault(u.HandshakeTimeout, DefaultHandshakeTimeout); t > 0 {
		timed = nc.SetWriteDeadline(time.Now().Add(t)) == nil
	}
	if _, err := nc.Write(response); err != nil {
		return err
	}
	if timed {
		return nc.SetWriteDeadline(time.Time{})
	}
	return nil
}

// logf writes to the log that is responsible for a request's context.
func (u *Upgrader) logf(ctx context.Context, format string, args ...any) {
	l := u.ErrorLog
	if s, ok := ctx.Value(http.ServerContextKey).(*http.Server); ok && l == nil {
		l = s.ErrorLog
	}
	if l == nil {
		l = log.Default()
	}
	l.Printf(format, args...)
}
