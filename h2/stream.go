package h2

// This file holds stream, a net.Conn: its two halves, its deadlines, and how it ends (RFC 9113, Section 5.1, and RFC 8441, Section 5). A
// WebSocket connection that ends in order ends its half with END_STREAM, and one that is cut resets the stream.

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// stream is one stream of a connection, whose mutex guards it. Any goroutine may call any method.
type stream struct {
	c  *conn
	id uint32

	// The incoming half.
	readable  sync.Cond // anything has changed that Read waits for, or whoever waits for a response
	in        input
	window    receiveWindow
	ended     bool           // the peer has sent END_STREAM
	read      deadline       // of Read
	response  *http.Response // nil until the head of a response has come
	interim   int            // how many heads came before
	cancelled error          // nil, or why nobody waits for a response any more

	// The outgoing half.
	writable   sync.Cond // anything has changed that Write waits for
	pending    []byte    // what a Write has still to send; the caller's
	sending    bool      // a Write is under way
	sendWindow sendWindow
	sent       bool     // END_STREAM is
	write      deadline // of Write
	inLine     bool     // it stands in the connection's line of those that have something to send
	next       *stream  // ... and this one behind it

	closed bool  // by Close or Abort
	err    error // what reset it, on either side, or ended the connection: *StreamError or *ConnectionError
}

// newStream opens a stream. c.mu is held.
func newStream(c *conn, id uint32) *stream {
	s := &stream{c: c, id: id, sendWindow: sendWindow(c.peer.initialWindow)}
	s.window.left = defaultWindow
	s.readable.L, s.writable.L = &c.mu, &c.mu
	s.read.cond, s.write.cond = &s.readable, &s.writable
	c.streams[id] = s
	return s
}

// Read returns what has come, and waits while there is nothing. What came before the stream was reset is returned first.
func (s *stream) Read(p []byte) (int, error) {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	for {
		switch {
		case s.closed:
			return 0, net.ErrClosed
		case s.read.expired():
			return 0, os.ErrDeadlineExceeded
		case s.in.len() > 0 || len(p) == 0:
			n := s.in.take(p)
			s.gaveBack(n)
			return n, nil
		case s.ended:
			return 0, io.EOF
		case s.err != nil:
			return 0, s.err
		}
		s.readable.Wait()
	}
}

// gaveBack lets the peer send more, once it is worth a frame.
func (s *stream) gaveBack(n int) {
	if s.ended || s.err != nil {
		return
	}
	if by := s.window.giveBack(n, defaultWindow); by > 0 {
		s.c.out.buf = appendWindowUpdate(s.c.out.buf, s.id, by)
		s.c.send()
	}
}

// Write sends p: it waits until all of it has a place in the connection's buffer, and so has left but for what the network does not take.
// When a deadline ends it, it returns how much that was, and the stream goes on.
func (s *stream) Write(p []byte) (int, error) {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	for s.sending {
		if err := s.cannotWrite(); err != nil {
			return 0, err
		}
		s.writable.Wait()
	}
	if err := s.cannotWrite(); err != nil || len(p) == 0 {
		return 0, err
	}
	s.sending, s.pending = true, p
	defer func() {
		s.sending, s.pending = false, nil
		s.writable.Broadcast()
	}()
	s.c.out.push(s)
	s.c.send()
	for len(s.pending) > 0 {
		if err := s.cannotWrite(); err != nil {
			return len(p) - len(s.pending), err
		}
		s.writable.Wait()
	}
	return len(p), nil
}

// cannotWrite returns why nothing can be written, or nil.
func (s *stream) cannotWrite() error {
	switch {
	case s.closed || s.sent:
		return net.ErrClosed
	case s.err != nil:
		return s.err
	case s.write.expired():
		return os.ErrDeadlineExceeded
	}
	return nil
}

// CloseWrite ends the outgoing half in order, behind what has been written. A Write under way is ended, and the stream reset, since what it
// has sent is not whole.
func (s *stream) CloseWrite() error {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	s.end()
	return s.err
}

// end ends the outgoing half, unless it has ended. What was written is in the connection's buffer already.
func (s *stream) end() {
	switch {
	case s.sent || s.err != nil:
	case len(s.pending) > 0:
		s.reset(Cancel)
	default:
		s.sent = true
		s.c.out.buf = appendFrameHeader(s.c.out.buf, frameHeader{0, frameData, flagEndStream, s.id})
		s.forgetIfOver()
		s.c.send()
	}
}

// Close ends the outgoing half, as CloseWrite does, and discards what comes: a peer that has not ended its half then is told so by a reset
// behind.
func (s *stream) Close() error {
	return s.close(func() {
		s.end()
		s.resetRest()
	})
}

// Abort resets the stream (RFC 8441, Section 5: what a reset is over TCP, RST_STREAM with CANCEL is here), or what the peer has not ended of it.
func (s *stream) Abort() {
	s.close(func() {
		if s.sent {
			s.resetRest()
		} else {
			s.reset(Cancel)
		}
	})
}

func (s *stream) close(how func()) error {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	s.closed = true
	s.in.drop()
	s.read.stop()
	s.write.stop()
	how()
	s.wake()
	return nil
}

// resetRest tells a peer that has not ended its half that nobody reads it. RFC 9113, Section 8.1, of a server: it "MAY request that the
// client abort transmission of a request without error by sending a RST_STREAM with an error code of NO_ERROR after sending a complete
// response".
func (s *stream) resetRest() {
	switch {
	case s.ended:
	case s.c.client:
		s.reset(Cancel)
	default:
		s.reset(NoError)
	}
}

// reset ends the stream at once, unless it has ended.
func (s *stream) reset(code ErrorCode) {
	if s.err != nil || s.ended && s.sent {
		return
	}
	s.c.out.buf = appendReset(s.c.out.buf, s.id, code)
	s.lost(&StreamError{Code: code})
	s.c.forget(s)
	s.c.send()
}

// lost ends the stream because of err, unless it has failed before. What has come can still be read.
func (s *stream) lost(err error) {
	if s.err == nil {
		s.err = err
	}
	s.wake()
}

// wake lets everybody look who waits.
func (s *stream) wake() {
	s.readable.Broadcast()
	s.writable.Broadcast()
}

// forgetIfOver forgets a stream that both sides have ended (RFC 9113, Section 5.1: closed).
func (s *stream) forgetIfOver() {
	if s.ended && s.sent {
		s.c.forget(s)
	}
}

// forget lets go of a stream: another one may be opened in its place. mu is held.
func (c *conn) forget(s *stream) {
	if c.streams[s.id] == s {
		delete(c.streams, s.id)
		c.changed.Broadcast()
		c.endIfDrained()
	}
}

// SetDeadline sets both deadlines.
func (s *stream) SetDeadline(t time.Time) error {
	return errors.Join(s.SetReadDeadline(t), s.SetWriteDeadline(t))
}

// SetReadDeadline sets when Read stops waiting. The stream goes on.
func (s *stream) SetReadDeadline(t time.Time) error { return s.setDeadline(&s.read, t) }

// SetWriteDeadline sets when Write stops waiting. The stream goes on.
func (s *stream) SetWriteDeadline(t time.Time) error { return s.setDeadline(&s.write, t) }

func (s *stream) setDeadline(d *deadline, t time.Time) error {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	d.set(t)
	return nil
}

// LocalAddr returns the address of this side of the connection.
func (s *stream) LocalAddr() net.Addr { return s.c.nc.LocalAddr() }

// RemoteAddr returns the address of the other side of the connection.
func (s *stream) RemoteAddr() net.Addr { return s.c.nc.RemoteAddr() }
