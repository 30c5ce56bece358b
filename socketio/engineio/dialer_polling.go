package engineio

// This file holds the requests of a client on polling: one GET after another takes what the server has sent, and one POST after another
// brings what waits. Each kind has a loop, on a goroutine of its own, that ends with the session, or when the session is about to move to
// WebSocket.
//
// What waits is the out of polling.go, as a server's. After the end, the loop of POSTs brings the farewell, and ends the GET.

import (
	"bytes"
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

var errLargeResponse = errors.New("engineio: a response of more bytes than MaxPayload allows")

// maxRefusal is how many bytes of the body of a refusal are looked at.
const maxRefusal = 4 << 10

// openByPolling opens the session on polling.
func (s *Session) openByPolling(ctx context.Context) error {
	c := s.client
	stop := context.AfterFunc(ctx, c.cancel)
	p := newPolling()
	p.getting = true // so that nothing is kept for a poll
	body, err := c.do(http.MethodGet, "", nil, p)
	stop()
	if err != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	first, rest, more := cutPacket(body)
	one, ok := parsePacket(first)
	o, err := s.welcome(one, ok, func() { s.polling = p })
	if err != nil {
		return err
	}
	if ctx.Err() != nil { // it has cancelled c.ctx, perhaps
		s.stop(TransportError, context.Cause(ctx), byLoss)
		return context.Cause(ctx)
	}
	s.mu.Lock()
	s.request(func() {
		if !more || s.takePayload(rest) {
			s.pollAll(p)
		}
	})
	s.resumePosts(p)
	s.mu.Unlock()
	if c.mayUpgrade(&o) {
		s.run(s.upgrade)
	}
	return nil
}

// request runs a loop that makes requests. mu is held.
func (s *Session) request(loop func()) {
	s.client.loops++
	s.run(func() {
		loop()
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.client.loops--; s.client.loops == 0 && s.client.still != nil {
			close(s.client.still)
			s.client.still = nil
		}
	})
}

// pollAll makes one GET request after another.
func (s *Session) pollAll(p *polling) {
	for s.mayPoll() {
		body, err := s.client.do(http.MethodGet, s.id, nil, p)
		if err != nil {
			s.stop(TransportError, err, byLoss)
			return
		}
		if !s.takePayload(body) {
			return
		}
	}
}

// mayPoll reports whether there is to be another GET request.
func (s *Session) mayPoll() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end == nil && !s.client.pausing
}

// takePayload takes the packets of a payload. It returns false at the end of the session.
func (s *Session) takePayload(payload []byte) bool {
	for more := len(payload) > 0; more; {
		var first []byte
		first, payload, more = cutPacket(payload)
		p, ok := parsePacket(first)
		p.data = bytes.Clone(p.data) // the Handler's, as on the other side
		if !s.take(p, ok) {
			return false
		}
		s.awaitReading()
	}
	return true
}

// resumePosts runs the loop of POSTs, unless it runs: after the end, too, where it has paused and the farewell is left. mu is held.
func (s *Session) resumePosts(p *polling) {
	if !s.client.posts {
		s.client.posts = true
		s.request(func() { s.postAll(p) })
	}
}

// postAll makes one POST request after another, and the last after the end.
func (s *Session) postAll(p *polling) {
	for {
		payload, paused, ended := s.nextPayload(p)
		for len(payload) > 0 {
			var one []byte
			one, payload = cutPayload(payload, s.client.maxPayload)
			if _, err := s.client.do(http.MethodPost, s.id, one, p); err != nil {
				s.stop(TransportError, err, byLoss)
				ended, payload = true, nil
			}
		}
		switch {
		case ended:
			s.client.end()
			return
		case paused:
			return
		}
	}
}

// nextPayload waits until there is something to send, and takes it, unless no request is to be made any more.
func (s *Session) nextPayload(p *polling) (payload []byte, paused, ended bool) {
	for {
		s.mu.Lock()
		switch paused, ended = s.client.pausing, s.end != nil; {
		case ended && (s.how == byServer || s.how == byFault):
			payload, p.farewell = p.farewell, nil
		case ended:
		case paused:
			s.client.posts = false
		default:
			payload, p.out = p.out, nil
		}
		s.mu.Unlock()
		if ended || paused || len(payload) > 0 {
			return payload, paused, ended
		}
		<-p.wake
	}
}

// maxPackets is how many packets a request has: python-engineio ends a session that sends more at once.
const maxPackets = 16

// cutPayload splits a payload behind its last packet with which it has at most that many bytes, and maxPackets packets, or behind its first.
func cutPayload(payload []byte, most int) (first, rest []byte) {
	end := 0 // of what fits
	for range maxPackets {
		next := bytes.IndexByte(payload[min(end+1, len(payload)):], separator)
		if next < 0 {
			next = len(payload)
		} else {
			next += end + 1
		}
		if end > 0 && most > 0 && next > most {
			break
		}
		if end = next; end == len(payload) {
			return payload, nil
		}
	}
	return payload[:end], payload[end+1:]
}

// lastRequests is called at the end of the session: what is under way ends at once, unless the server is to be told.
func (s *Session) lastRequests() {
	s.mu.Lock()
	tell := s.polling != nil && (s.how == byServer || s.how == byFault)
	s.mu.Unlock()
	if !tell {
		s.client.end()
		return
	}
	t := time.AfterFunc(websocket.DefaultCloseTimeout, s.client.end)
	context.AfterFunc(s.client.ctx, func() { t.Stop() })
}

// unrepeatable is a body without anything. net/http sends a GET request without a body again when its connection breaks before the response
// came, which may have been under way with messages: nobody would notice that they are lost.
type unrepeatable struct{ *strings.Reader }

func (unrepeatable) Close() error { return nil }

// do sends a request, of a session or to open one, and returns the body of its response. p counts what comes.
func (c *client) do(method, sid string, body []byte, p *polling) ([]byte, error) {
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(body)
	}
	r, err := http.NewRequestWithContext(c.ctx, method, c.url(Polling, sid), content)
	if err != nil {
		return nil, fmt.Errorf("engineio: %w", err)
	}
	for name, values := range c.dialer.Header {
		r.Header[name] = values
	}
	if h := r.Header.Get("Host"); h != "" {
		r.Host = h
	}
	if body == nil && sid != "" {
		r.Body = unrepeatable{strings.NewReader("")}
	}
	if body != nil {
		r.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("engineio: %w", withoutQuery(err))
	}
	defer resp.Body.Close()
	p.in.Add(1)
	if resp.StatusCode != http.StatusOK {
		return nil, refusalOf(resp)
	}
	limit := c.limit()
	all, err := io.ReadAll(io.LimitReader(&counted{resp.Body, p}, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("engineio: %w", err)
	case int64(len(all)) > limit:
		return nil, fmt.Errorf("%w: %d", errLargeResponse, limit)
	}
	return all, nil
}

// limit returns the most bytes that the body of a response may have.
func (c *client) limit() int64 { return c.websocket.ReadLimit }

// counted counts what is read of a response: a session does not end amid one that is arriving.
type counted struct {
	io.Reader
	p *polling
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.p.in.Add(uint64(n))
	return n, err
}

// refusalOf returns the error of a response that is none: an *Error if the server has said so.
func refusalOf(resp *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	var e struct {
		Code    *int
		Message string
	}
	if json.Unmarshal(body, &e, json.MatchCaseInsensitiveNames(true)) == nil && e.Code != nil {
		return fmt.Errorf("engineio: refused with status %d: %w", resp.StatusCode, &Error{*e.Code, e.Message})
	}
	return fmt.Errorf("engineio: refused with status %d", resp.StatusCode)
}
