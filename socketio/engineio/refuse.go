package engineio

// This file holds the answers to requests that are refused, and who is told of them.

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"

	"github.com/seed-d69ae1b7/websocket"
)

// refuse answers a request that is refused.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, why *refusal) {
	s.tellRefused(r, why)
	body, header := why.response()
	for name, values := range header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(why.status)
	w.Write(body)
}

// response returns what is sent.
func (f *refusal) response() ([]byte, http.Header) {
	if f.err == nil {
		return []byte(http.StatusText(f.status)), http.Header{"Content-Type": {"text/plain; charset=utf-8"}}
	}
	return appendError(nil, f.err), http.Header{"Content-Type": {"application/json"}}
}

// tellRefused tells OnRefuse and the log.
func (s *Server) tellRefused(r *http.Request, why *refusal) {
	err := why.error()
	s.onRefuse(r, err)
	var remote, path string
	if r != nil {
		remote, path = r.RemoteAddr, r.URL.Path // not the query: identifiers are secret
	}
	s.opts.logger().Info("engineio: request refused", "status", why.status, "error", err, "remote", remote, "path", path)
}

// onRefuse calls OnRefuse. A panic is logged: it is not always net/http that has called.
func (s *Server) onRefuse(r *http.Request, err error) {
	if s.opts.OnRefuse == nil {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			s.opts.logger().Error("engineio: panic of OnRefuse", "panic", v, "stack", string(debug.Stack()))
		}
	}()
	s.opts.OnRefuse(r, err)
}

// error returns the refusal as an error that wraps an *Error.
func (f *refusal) error() error {
	e := f.err
	if e == nil {
		e = &Error{BadRequest, http.StatusText(f.status)}
	}
	if f.why == nil {
		return fmt.Errorf("engineio: %w", e)
	}
	return fmt.Errorf("engineio: %w: %w", e, f.why)
}

// handshakeError returns the refusal as one of an opening handshake.
func (f *refusal) handshakeError() *websocket.HandshakeError {
	body, header := f.response()
	return &websocket.HandshakeError{Status: f.status, Reason: f.error().Error(), Header: header, Body: body, Err: &refused{f}}
}

// refused is a refusal on its way through the root package.
type refused struct{ *refusal }

func (f *refused) Error() string { return f.refusal.error().Error() }

// notUpgraded is called by the root package with every opening handshake that fails: those that it finds wrong itself, too.
func (s *Server) notUpgraded(r *http.Request, e *websocket.HandshakeError) {
	var own *refused
	if errors.As(e, &own) {
		s.tellRefused(r, own.refusal)
		return
	}
	f := refuse(BadRequest, e)
	if e.Status != http.StatusBadRequest {
		f = &refusal{e.Status, nil, e}
	}
	s.tellRefused(r, f)
	if e.Status == http.StatusBadRequest {
		body, header := f.response()
		e.Body = bytes.Clone(body)
		if e.Header == nil {
			e.Header = make(http.Header)
		}
		e.Header.Set("Content-Type", header.Get("Content-Type"))
	}
}
