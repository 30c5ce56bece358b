package engineio

// This file holds whether a request may be served, for every way in: the checks, and their order, are those of the Node
// implementation, which programs tell by their codes.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/seed-d69ae1b7/websocket"
)

var (
	errOrigin   = errors.New("the origin is not allowed: see Options.Origins")
	errShutdown = errors.New("engineio: the server is shutting down")
	errUpgrade  = errors.New("transport and header fields do not agree about WebSocket")
	errSticky   = errors.New("the session is over, or another server's: with several servers, all requests of a session must reach the same (sticky sessions)")
	errRepeated = errors.New("a query parameter is repeated")
	errMethod   = errors.New("neither GET nor POST")
	errRevision = errors.New("not the session's EIO")
)

// query is what the query of a request says.
type query struct {
	transport Transport
	sid       string
	revision4 bool
	base64    bool
}

// parseQuery parses the query of a request. One that is malformed is refused: dropping what cannot be read, as url.URL.Query does, would
// open a new session instead of refusing a wrong identifier.
func (s *Server) parseQuery(r *http.Request) (query, *refusal) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return query{}, refuse(BadRequest, err)
	}
	for _, name := range []string{"EIO", "transport", "sid"} {
		if len(values[name]) > 1 {
			return query{}, refuse(BadRequest, fmt.Errorf("%w: %s", errRepeated, name))
		}
	}
	q := query{
		transport: Transport(values.Get("transport")), sid: values.Get("sid"),
		revision4: values.Get("EIO") == "4", base64: values.Get("b64") != "",
	}
	if !s.opts.offers(q.transport) || q.transport != Polling && q.transport != WebSocket {
		return q, refuse(UnknownTransport, nil)
	}
	if values.Has("sid") && q.sid == "" {
		return q, refuse(UnknownSession, nil)
	}
	return q, nil
}

// admit decides about a request, and returns the session that it is for, or a new one.
func (s *Server) admit(r *http.Request, q query) (*Session, *refusal) {
	upgrade := websocket.IsUpgrade(r)
	if q.sid != "" {
		return s.admitAgain(r, q, upgrade)
	}
	switch {
	case r.Method != http.MethodGet && !connects(r, upgrade):
		return nil, refuse(BadHandshakeMethod, nil)
	case upgrade != (q.transport == WebSocket):
		return nil, refuse(BadRequest, errUpgrade)
	case !q.revision4:
		return nil, refuse(UnsupportedVersion, nil)
	}
	value, refused := s.accept(r)
	if refused != nil {
		return nil, refused
	}
	return &Session{
		srv: s, id: s.sids.next(), req: keepRequest(r), value: value, base64: q.base64,
		values: context.WithoutCancel(r.Context()), calling: true, // until Open has been called, so that Close is not before it
	}, nil
}

// admitAgain decides about a request with an identifier.
func (s *Server) admitAgain(r *http.Request, q query, upgrade bool) (*Session, *refusal) {
	session := s.lookup(q.sid)
	switch {
	case session == nil:
		return nil, refuse(UnknownSession, errSticky)
	case !q.revision4:
		return nil, refuse(BadRequest, errRevision)
	case upgrade != (q.transport == WebSocket):
		return nil, refuse(BadRequest, errUpgrade)
	case q.transport == Polling && session.Transport() != Polling:
		return nil, refuse(BadRequest, errMismatch)
	case r.Method != http.MethodGet && r.Method != http.MethodPost && !connects(r, upgrade):
		return nil, refuse(BadHandshakeMethod, errMethod)
	}
	return session, nil
}

// connects reports whether r asks for WebSocket in the way of HTTP/2 (RFC 8441, Section 4), which the Node implementation does not
// know.
func connects(r *http.Request, upgrade bool) bool { return upgrade && r.Method == http.MethodConnect }

// accept asks Options.Accept.
func (s *Server) accept(r *http.Request) (any, *refusal) {
	if s.opts.Accept == nil {
		return nil, nil
	}
	value, err := s.opts.Accept(r)
	if err == nil {
		return value, nil
	}
	refused := refuse(Forbidden, err)
	var e *Error
	if errors.As(err, &e) {
		refused.err = &Error{Forbidden, e.Message}
	}
	return nil, refused
}
