package engineio

// This file holds a session's packets while it is on polling, and the requests that carry them.
//
// A session has at most one GET and one POST request at a time: a second one ends it. What is sent waits in out until a GET request
// takes it. Once the session has ended, a GET that is pending gets the farewell, and one that comes later gets it from the server's
// graves (grave.go).

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// holdProbed is how long a poll is held that comes during a probe: whether the upgrade follows at once decides about its answer.
const holdProbed = 100 * time.Millisecond

// writeTimeout bounds the sending of a response.
const writeTimeout = 30 * time.Second

// polling is a session's transport until it has moved to WebSocket. It is guarded by the session's mu, but for in.
type polling struct {
	out      []byte        // a payload that waits
	wake     chan struct{} // has room for one: the GET request looks again
	sleeper  net.Conn      // where a GET request that is detached waits in a read; nil otherwise
	getting  bool          // a GET request is pending
	posting  bool          // a POST request is being read
	probe    *prober       // a second transport that is being tried; nil if there is none
	farewell []byte        // what the pending GET request gets after the end
	in       atomic.Uint64 // bytes and requests that have come
}

// newPolling returns the polling of a session that begins.
func newPolling() *polling { return &polling{wake: make(chan struct{}, 1)} }

// push puts size bytes, that add appends, behind what waits. They are refused if they do not fit on top. first reports that nothing waits, so
// that nobody else is going to signal.
func (p *polling) push(limit, size int, add func([]byte) []byte) (first bool, err error) {
	if len(p.out) > 0 && len(p.out)+size > limit {
		return false, websocket.ErrBackpressure
	}
	first = len(p.out) == 0
	p.out = add(appendSeparator(p.out))
	return first, nil
}

// packet puts a packet that is no message behind what waits.
func (p *polling) packet(kind byte) {
	p.out = append(appendSeparator(p.out), kind)
}

// signal lets the pending GET request look again.
func (p *polling) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
	if p.sleeper != nil {
		p.sleeper.SetReadDeadline(longAgo)
	}
}

// overfull reports whether so much waits that holding ends.
func (p *polling) overfull(s *Session) bool { return len(p.out) > s.srv.opts.WriteBuffer/2 }

// finish is called at the end of the session, with how it ended.
func (p *polling) finish(s *Session, how ending) {
	keep := time.Duration(0)
	switch how {
	case byClient:
		p.out, keep = p.out[:0], keepForClient
		p.packet(packetNoop)
	case byServer:
		keep = keepForServer
		p.packet(packetClose)
	default:
		p.out = p.out[:0]
		p.packet(packetClose)
	}
	p.farewell, p.out = p.out, nil
	if !p.getting && keep > 0 {
		s.srv.graves.bury(s.id, p.farewell, keep)
	}
	if p.probe != nil {
		p.probe.stop()
	}
	p.signal()
}

// get serves a GET request.
func (s *Session) get(w http.ResponseWriter, r *http.Request, p *polling) *refusal {
	if refused := s.beginGet(p); refused != nil {
		return refused
	}
	c := http.NewResponseController(w)
	c.SetReadDeadline(time.Time{}) // the http.Server's timeouts are not for long polls; not every ResponseWriter has deadlines
	c.SetWriteDeadline(time.Time{})
	body, _, refused := s.takeOutput(p)
	if body == nil && refused == nil {
		if s.srv.opts.DetachPolls && s.detach(w, r, p) {
			return nil
		}
		body, refused = s.awaitOutput(r.Context(), p)
	}
	if refused != nil {
		return refused
	}
	if err := s.respond(w, r, body); err != nil {
		s.stop(TransportError, errors.Join(errPollUnwritten, err), byLoss)
	}
	return nil
}

// beginGet makes a GET request the pending one.
func (s *Session) beginGet(p *polling) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	if refused := s.offPolling(p); refused != nil {
		return refused
	}
	if p.getting {
		if s.finish(TransportError, errOverlapGet, byFault) {
			go s.tell()
		}
		return refuse(BadRequest, errOverlapGet)
	}
	p.getting = true
	p.in.Add(1)
	return nil
}

// offPolling returns the refusal of a request that comes when the session has ended or moved. mu is held.
func (s *Session) offPolling(p *polling) *refusal {
	switch {
	case s.end != nil:
		return refuse(UnknownSession, s.end)
	case s.polling != p:
		return refuse(BadRequest, errMismatch)
	}
	return nil
}

// awaitOutput waits until there is something for the pending GET request, and takes it.
func (s *Session) awaitOutput(ctx context.Context, p *polling) ([]byte, *refusal) {
	var held <-chan time.Time
	for {
		body, probed, refused := s.takeOutput(p)
		if body != nil || refused != nil {
			return body, refused
		}
		if probed && held == nil {
			t := time.NewTimer(holdProbed)
			defer t.Stop()
			held = t.C
		}
		select {
		case <-p.wake:
		case <-held:
			s.endHold(p)
			held = nil
		case <-ctx.Done():
			return nil, s.abortGet(p)
		}
	}
}

// takeOutput takes what there is for the pending GET request. probed reports that a second transport is being tried.
func (s *Session) takeOutput(p *polling) (body []byte, probed bool, refused *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.polling != p: // it may have ended since: then there is no farewell for a poll
		p.getting = false
		return nil, false, refuse(BadRequest, errMismatch)
	case s.end != nil:
		body = p.farewell
	case len(p.out) > 0 && (s.holds == 0 || p.overfull(s)):
		body, p.out = p.out, nil
		s.held = false
	default:
		return nil, p.probe != nil && p.probe.state == answered, nil
	}
	p.getting = false
	return body, false, nil
}

// endHold gives a poll that was held for long enough a noop packet, so that the client can go on with its upgrade.
func (s *Session) endHold(p *polling) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.polling == p && s.end == nil && p.probe != nil {
		p.packet(packetNoop)
		p.signal()
	}
}

// abortGet ends the session because its client has given up a GET request.
func (s *Session) abortGet(p *polling) *refusal {
	s.mu.Lock()
	p.getting = false
	moved := s.polling != p
	s.mu.Unlock()
	if !moved {
		s.stop(TransportError, errAbortedGet, byLoss)
	}
	return refuse(BadRequest, errAbortedGet)
}

// respond answers a GET request.
func (s *Session) respond(w http.ResponseWriter, r *http.Request, body []byte) error {
	c := http.NewResponseController(w)
	c.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err := writePayload(w, r, body, s.srv.opts.HTTPCompression); err != nil {
		return err
	}
	if err := c.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	c.SetWriteDeadline(time.Time{}) // the connection is used again
	return nil
}

// post serves a POST request.
func (s *Session) post(w http.ResponseWriter, r *http.Request, p *polling) *refusal {
	if refused := s.beginPost(p); refused != nil {
		return refused
	}
	refused := s.receivePost(w, r, p)
	s.mu.Lock()
	p.posting = false
	s.mu.Unlock()
	if refused != nil {
		return refused
	}
	h := w.Header()
	h.Set("Content-Type", "text/html")
	h.Set("Content-Length", "2")
	if _, err := io.WriteString(w, "ok"); err != nil {
		s.stop(TransportError, errors.Join(errAbortedPost, err), byLoss)
	}
	return nil
}

// beginPost makes a POST request the one that is being read.
func (s *Session) beginPost(p *polling) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	if refused := s.offPolling(p); refused != nil {
		return refused
	}
	if p.posting {
		if s.finish(TransportError, errOverlapPost, byFault) {
			go s.tell()
		}
		return refuse(BadRequest, errOverlapPost)
	}
	p.posting = true
	p.in.Add(1)
	return nil
}

// receivePost reads a POST request and takes its packets.
func (s *Session) receivePost(w http.ResponseWriter, r *http.Request, p *polling) *refusal {
	if r.Header.Get("Content-Type") == "application/octet-stream" {
		s.stop(TransportError, errOctetStream, byFault)
		return refuse(BadRequest, errOctetStream)
	}
	body, refused := s.readPost(w, r, p)
	if refused != nil {
		s.stop(TransportError, refused.why, byFault)
		return refused
	}
	for payload, more := body, true; more; {
		var one []byte
		one, payload, more = cutPacket(payload)
		q, ok := parsePacket(one)
		q.data = bytes.Clone(q.data) // the body is all of them, and the message the Handler's
		if s.take(q, ok) {
			s.awaitReading()
			continue
		}
		if e := s.reason(); e != TransportClose && e != ForcedClose && e != ServerShutdown {
			return refuse(BadRequest, s.Err())
		}
		return nil
	}
	return nil
}

// reason returns why the session has ended, or an empty string.
func (s *Session) reason() Reason {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end == nil {
		return ""
	}
	return s.end.Reason
}

// readPost reads the body of a POST request whole: characters may be split anywhere.
func (s *Session) readPost(w http.ResponseWriter, r *http.Request, p *polling) ([]byte, *refusal) {
	limit := s.srv.opts.MaxPayload
	if r.ContentLength > limit {
		return nil, tooLarge(r.ContentLength, limit)
	}
	a := &arriving{
		Reader: http.MaxBytesReader(w, r.Body, limit), p: p,
		deadline: time.Now().Add(s.srv.opts.BodyTimeout), c: http.NewResponseController(w),
	}
	a.c.SetReadDeadline(a.deadline)
	var body bytes.Buffer
	_, err := body.ReadFrom(a)
	a.c.SetReadDeadline(time.Time{})
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, tooLarge(limit+1, limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &refusal{http.StatusRequestTimeout, nil, errSlowPost}
	case err != nil:
		return nil, refuse(BadRequest, errors.Join(errAbortedPost, err))
	}
	return body.Bytes(), nil
}

// slowest is how many bytes of a body a second are not too slow, however long it takes.
const slowest = 4 << 10

// arriving counts what is read as life.
type arriving struct {
	io.Reader
	p        *polling
	deadline time.Time
	c        *http.ResponseController
}

func (a *arriving) Read(b []byte) (int, error) {
	n, err := a.Reader.Read(b)
	a.p.in.Add(uint64(n))
	a.deadline = a.deadline.Add(time.Duration(n) * time.Second / slowest)
	a.c.SetReadDeadline(a.deadline)
	return n, err
}
