package h2

// This file holds what a connection does with HEADERS and CONTINUATION: a request opens a stream, a response answers one, and what comes
// later are trailers, of which only the end of the stream is of interest.

import (
	"fmt"
	"time"
)

// maxInterim is how many heads may come before that of the response (RFC 9110, Section 15.2).
const maxInterim = 5

// headers deals with a part of a header block.
func (c *conn) headers(h frameHeader) error {
	length, padding := int(h.length), 0
	if h.kind == frameHeaders {
		c.block.begin(h)
		var err error
		if length, padding, err = c.padding(h); err != nil {
			return err
		}
		if h.has(flagPriority) {
			for range prioritySize {
				if _, err := c.payloadByte(&length); err != nil {
					return err
				}
			}
		}
	}
	if err := c.parts(length, c.block.part); err != nil {
		return err
	}
	if err := c.skip(padding); err != nil || !h.has(flagEndHeaders) {
		return err
	}
	if err := c.block.end(); err != nil {
		return err
	}
	return c.fieldsCame()
}

// fieldsCame deals with a whole block.
func (c *conn) fieldsCame() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.block.header
	if !c.client && h.stream > c.lastID {
		return c.requestCame(h)
	}
	s, err := c.lookup(h.stream)
	switch {
	case err != nil:
		return err
	case s == nil:
		return c.allowed.spend(time.Now) // we have reset it, and the peer may not know yet
	case s.ended:
		return violation(StreamClosed, "HEADERS behind the end of its stream (Section 5.1)")
	case c.client && s.response == nil:
		s.responseCame(&c.block.fields)
	// RFC 9113, Section 8.1: a head without END_STREAM behind the first is malformed.
	case !h.has(flagEndStream):
		s.reset(ProtocolError)
		return c.allowed.spend(time.Now)
	}
	if h.has(flagEndStream) {
		s.peerEnded()
	}
	return nil
}

// requestCame opens a stream for a request.
func (c *conn) requestCame(h frameHeader) error {
	// RFC 9113, Section 5.1.1: "Streams initiated by a client MUST use odd-numbered stream identifiers".
	if h.stream%2 == 0 {
		return violation(ProtocolError, "a request on a stream of the server's (Section 5.1.1)")
	}
	c.lastID = h.stream
	f := &c.block.fields
	switch {
	// Section 5.1.2: "An endpoint that receives a HEADERS frame that causes its advertised concurrent stream limit to be exceeded MUST treat
	// this as a stream error [...] of type PROTOCOL_ERROR or REFUSED_STREAM." A stream that the client has reset leaves its function
	// running for a while: so those have a bound as well.
	case c.state != stateOpen || len(c.streams) >= c.most || c.running >= 2*c.most:
		return c.refuse(h.stream, RefusedStream)
	// Section 8.1.1: "Malformed requests or responses that are detected MUST be treated as a stream error [...] of type PROTOCOL_ERROR."
	case f.left >= 0 && f.requestFault() != "":
		return c.refuse(h.stream, ProtocolError)
	}
	s := newStream(c, h.stream)
	s.ended = h.has(flagEndStream)
	c.running++
	c.accept(s, c.newRequest(f), f.pseudo[pseudoProtocol], f.left < 0)
	return nil
}

// refuse resets a stream that was not opened.
func (c *conn) refuse(id uint32, code ErrorCode) error {
	c.out.buf = appendReset(c.out.buf, id, code)
	if err := c.answer(); err != nil {
		return err
	}
	return c.allowed.spend(time.Now)
}

// responseCame takes the head of a response.
func (s *stream) responseCame(f *fields) {
	status := f.status()
	switch {
	case f.left < 0:
		s.refuse(EnhanceYourCalm, fmt.Errorf("the head of the response has more than %d bytes", s.c.block.limit))
	case status == 0 && f.fault != "":
		s.refuse(ProtocolError, fmt.Errorf("the response has %s", f.fault))
	case status == 0:
		s.refuse(ProtocolError, fmt.Errorf("the response has no right :status (Section 8.3.2)"))
	case status >= 200:
		s.response = newResponse(status, f.header)
		s.readable.Broadcast()
	default:
		if s.interim++; s.interim > maxInterim {
			s.refuse(EnhanceYourCalm, fmt.Errorf("over %d interim responses", maxInterim))
		}
	}
}

// refuse resets a stream whose response cannot be used.
func (s *stream) refuse(code ErrorCode, err error) {
	s.cancelled = err
	s.reset(code)
}
