package h2

// This file holds the client's role: Client, and how a WebSocket connection is opened on a connection of HTTP/2. Which one that is, is pool.go's.

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// Client makes connections as streams of HTTP/2 (RFC 8441), as many as possible over one connection to each server. The zero value is ready.
// Its methods may be called by several goroutines at once; the fields must not be changed once it has made a connection.
type Client struct {
	// Dialer says everything about the WebSocket connections, and how servers are reached: proxies, TLS, bounds. Of its DialContext, connections
	// are used for many.
	Dialer websocket.Dialer

	// MaxStreams is the most WebSocket connections that share one connection of HTTP/2. 0 means 100. A server may allow less.
	MaxStreams int

	// Fallback makes connections over HTTP/1.1 to servers that do not take them over HTTP/2: over the same connection if it is by ALPN that
	// the server chooses HTTP/1.1; otherwise over another one, and again at once for ten minutes. A server may also want HTTP/1.1 for one request
	// (HTTP_1_1_REQUIRED: RFC 9113, Section 7). Without it the error is ErrUnsupported (errors.Is).
	Fallback bool

	mu    sync.Mutex
	hosts map[hostKey]*host
}

// Dial makes a connection as a Dialer's Dial does, but over a stream. A ws URL is for a server that speaks HTTP/2 without TLS, of which there is
// no notice ("prior knowledge": RFC 9113, Section 3.3). What a server has not begun to process is tried once again: see there, Section 8.7.
//
// HandshakeTimeout bounds all of it. A connection of HTTP/2 that was silent for 15 to 30 seconds is asked for life by PING, and given up, with
// all connections on it, when nothing comes for 15 more. One without a stream is closed after 75 to 90 seconds.
func (c *Client) Dial(ctx context.Context, rawURL string) (*websocket.Conn, *http.Response, error) {
	h, err := c.host(rawURL)
	if err != nil {
		return nil, nil, err
	}
	defer c.done(h)
	ctx, cancel := boundDial(ctx, c.Dialer.HandshakeTimeout)
	defer cancel()
	var conn *websocket.Conn
	var resp *http.Response
	err = twice(func() (err error) {
		conn, resp, err = c.dial(ctx, h, rawURL)
		return err
	})
	return conn, resp, err
}

// OpenStream sends an extended CONNECT, to the server of its URL and with the ":protocol" in its Header, and returns the stream and the head of
// the response: it is what a Dialer's DialStream wants of its open, and so for those who do more with a stream than Dial does, such as proxies.
// Where the response does not accept, the stream is the response's body.
//
// The stream has real deadlines, and CloseWrite() error and Abort() beside: the former ends the outgoing half, and the latter resets the stream.
// It keeps at most 64 KiB that nobody has read. ctx bounds the opening, as HandshakeTimeout does. There is no fallback: the error is
// ErrUnsupported (errors.Is).
func (c *Client) OpenStream(ctx context.Context, r *http.Request) (stream net.Conn, resp *http.Response, err error) {
	h, err := c.host(r.URL.String())
	if err != nil {
		return nil, nil, err
	}
	defer c.done(h)
	ctx, cancel := boundDial(ctx, c.Dialer.HandshakeTimeout)
	defer cancel()
	err = twice(func() (err error) {
		w, err := c.way(ctx, h)
		if err != nil {
			return err
		}
		if w.conn == nil {
			w.drop()
			return ErrUnsupported
		}
		p := place{c: w.conn}
		defer p.leave()
		stream, resp, err = p.open(ctx, r)
		return err
	})
	return stream, resp, err
}

// twice calls f, and once more if the server has done nothing about the first request, which it may do over HTTP/2.
func twice(f func() error) error {
	err := f()
	var untouched *unprocessed
	if errors.As(err, &untouched) && !errors.Is(err, ErrUnsupported) {
		err = f()
	}
	return err
}

// boundDial returns ctx with the bound on an opening handshake.
func boundDial(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if t := handshakeTimeout(timeout); t > 0 {
		return context.WithTimeout(ctx, t)
	}
	return context.WithCancel(ctx)
}

// dial is Dial that does not try again.
func (c *Client) dial(ctx context.Context, h *host, rawURL string) (*websocket.Conn, *http.Response, error) {
	w, err := c.way(ctx, h)
	switch {
	case err != nil:
		return nil, w.resp, err
	case w.conn != nil:
		conn, resp, err := c.dialStream(ctx, h, w.conn, rawURL)
		if c.Fallback && errors.Is(err, ErrUnsupported) {
			return h.dialer.Dial(ctx, rawURL) // of this request alone it is known
		}
		return conn, resp, err
	case w.nc != nil:
		return h.dialer.DialConn(ctx, w.nc, rawURL)
	}
	return h.dialer.Dial(ctx, rawURL)
}

// dialStream is dial on a connection on which there is a place.
func (c *Client) dialStream(ctx context.Context, h *host, on *conn, rawURL string) (*websocket.Conn, *http.Response, error) {
	p := place{c: on}
	defer p.leave()
	return h.dialer.DialStream(ctx, rawURL, p.open)
}

// CloseIdleConnections closes the connections of HTTP/2 that have no stream.
func (c *Client) CloseIdleConnections() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range c.hosts {
		for _, conn := range h.conns {
			conn.closeIdle()
		}
	}
}

// closeIdle ends the connection if it has no stream.
func (c *conn) closeIdle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.streams) == 0 && c.held == 0 {
		c.drain(errIdle)
	}
}

// hold keeps a place for a stream, of at most so many, and reports whether there is one. Who has it must call open or leave of it.
func (c *conn) hold(most int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != stateOpen || uint64(len(c.streams)+c.held) >= min(uint64(most), uint64(c.peer.maxStreams)) {
		return false
	}
	c.held++
	return true
}

// place is a place for a stream that a client is about to open.
type place struct {
	c    *conn
	left bool
}

// leave gives the place back, unless open has used it.
func (p *place) leave() {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	p.leaveLocked()
	p.c.endIfDrained()
}

func (p *place) leaveLocked() {
	if !p.left {
		p.left = true
		p.c.held--
	}
}

// open opens the stream with an extended CONNECT, and returns it with the head of the response: for Dialer.DialStream.
func (p *place) open(ctx context.Context, r *http.Request) (net.Conn, *http.Response, error) {
	c := p.c
	c.mu.Lock()
	defer c.mu.Unlock()
	p.leaveLocked()
	if c.state != stateOpen {
		return nil, nil, &unprocessed{c.err}
	}
	c.lastID = (c.lastID + 1) | 1 // RFC 9113, Section 5.1.1: those of a client are odd
	s := newStream(c, c.lastID)
	if c.lastID == maxStreamID-2 {
		c.drain(errIdle) // RFC 9113, Section 5.1.1: "Stream identifiers cannot be reused."
	}
	c.out.buf = appendBlock(c.out.buf, s.id, 0, c.out.blocks.request(r))
	c.send()
	stop := context.AfterFunc(ctx, func() { s.cancel(context.Cause(ctx)) })
	defer stop()
	return s.await()
}

// cancel gives up a stream to which no response has come.
func (s *stream) cancel(err error) {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	if s.response == nil {
		s.refuse(Cancel, err)
	}
}

// await waits for the response. c.mu is held.
func (s *stream) await() (net.Conn, *http.Response, error) {
	for s.response == nil && s.cancelled == nil && s.err == nil {
		s.readable.Wait()
	}
	switch {
	case s.response == nil && s.cancelled != nil:
		return nil, nil, s.cancelled
	case s.response == nil:
		return nil, nil, s.err
	}
	resp := s.response
	if resp.StatusCode/100 != 2 {
		resp.Body = s // which DialStream reads, and closes
	}
	return s, resp, nil
}
