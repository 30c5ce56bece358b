package h2

// This file holds which connection of HTTP/2 a Client uses: one with room for another stream, or one that is made, once for everybody who waits
// for it.

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

const (
	defaultMaxStreams = 100
	// http1Time is how long a server that speaks HTTP/2, but without WebSocket, is not asked again.
	http1Time = 10 * time.Minute
)

// hostKey is what connections are shared for.
type hostKey struct {
	scheme, addr string // http or https; host and port
	proxy        string // its URL, or empty
}

// host is what a Client knows about a server. Client.mu guards what is not fixed.
type host struct {
	key    hostKey
	dialer websocket.Dialer // the Client's, with the proxy of key
	users  int              // calls of Dial
	conns  []*conn          // that are open
	under  *attempt         // way, or nil
	http1  time.Time        // until then the server is not asked for HTTP/2
}

// attempt is a connection that is being made. Client.mu guards it; what came of it is set before done is closed.
type attempt struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiting int // how many wait for it
	way     way // for the first who asks
	http1   bool
	err     error
}

// way is how a server is reached: by a stream, for which a place is held on conn; over HTTP/1.1 on nc; or, where both are nil, over HTTP/1.1 on
// a connection that is still to be made.
type way struct {
	conn *conn
	nc   net.Conn
	resp *http.Response // beside an error: that of a proxy
}

// host returns what is known about the server of a URL, which is right. Dial lets go of it by done.
func (c *Client) host(rawURL string) (*host, error) {
	handshake, err := c.Dialer.Handshake(rawURL)
	if err != nil {
		return nil, err
	}
	u := handshake.Request().URL
	h := &host{key: hostKey{scheme: u.Scheme, addr: address(u)}, dialer: c.Dialer}
	proxy := c.Dialer.Proxy
	if proxy == nil {
		proxy = http.ProxyFromEnvironment
	}
	via, err := proxy(&http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: http.Header{}})
	if via != nil {
		h.key.proxy = via.String()
	}
	h.dialer.Proxy = func(*http.Request) (*url.URL, error) { return via, err } // the Dialer says what is wrong
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.hosts[h.key]; known != nil {
		h = known
	} else {
		if c.hosts == nil {
			c.hosts = make(map[hostKey]*host)
		}
		c.hosts[h.key] = h
	}
	h.users++
	return h, nil
}

// done lets go of h after a Dial.
func (c *Client) done(h *host) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h.users--
	c.tidy(h)
}

// tidy forgets a server of which there is nothing to be known. mu is held.
func (c *Client) tidy(h *host) {
	if h.users == 0 && len(h.conns) == 0 && h.under == nil && !time.Now().Before(h.http1) {
		delete(c.hosts, h.key)
	}
}

// address returns the host and port of a URL.
func address(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// maxStreams returns the most streams of a connection.
func (c *Client) maxStreams() int {
	if c.MaxStreams > 0 {
		return c.MaxStreams
	}
	return defaultMaxStreams
}

// way returns how to reach a server: on a connection with room, or one that is being made, which it waits for. Each that has been made is of use
// to at least one who waits, so that there are no more of them than calls.
func (c *Client) way(ctx context.Context, h *host) (way, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if time.Now().Before(h.http1) {
			return way{}, nil
		}
		for _, conn := range h.conns {
			if conn.hold(c.maxStreams()) {
				return way{conn: conn}, nil
			}
		}
		a := h.under
		if a == nil {
			a = c.attempt(ctx, h)
		}
		if err := c.wait(ctx, h, a); err != nil {
			return way{}, err
		}
		if w := a.take(); w.conn != nil || a.http1 || a.err != nil {
			return w, a.err
		}
	}
}

// wait waits until an attempt is over, which it gives up if nobody else waits. mu is held, but not while waiting.
func (c *Client) wait(ctx context.Context, h *host, a *attempt) error {
	a.waiting++
	c.mu.Unlock()
	var err error
	select {
	case <-a.done:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	c.mu.Lock()
	if a.waiting--; a.waiting == 0 && err != nil {
		a.cancel()
		if h.under == a {
			h.under = nil
		}
		a.take().drop()
	}
	return err
}

// take returns what came of an attempt: a connection, and a place on it, for one alone. Client.mu is held.
func (a *attempt) take() way {
	w := a.way
	a.way = way{}
	return w
}

// drop lets go of a way that nobody takes.
func (w way) drop() {
	if w.conn != nil {
		(&place{c: w.conn}).leave()
	}
	if w.nc != nil {
		go w.nc.Close() // which may wait, over TLS
	}
}

// attempt begins to make a connection. mu is held.
func (c *Client) attempt(ctx context.Context, h *host) *attempt {
	ctx, cancel := boundDial(context.WithoutCancel(ctx), c.Dialer.HandshakeTimeout)
	a := &attempt{done: make(chan struct{}), cancel: cancel}
	h.under = a
	go c.try(ctx, h, a)
	return a
}

// try makes the connection of an attempt.
func (c *Client) try(ctx context.Context, h *host, a *attempt) {
	defer a.cancel()
	w, err := c.connect(ctx, h)
	c.mu.Lock()
	defer c.mu.Unlock()
	if errors.Is(err, ErrUnsupported) && c.Fallback {
		a.http1, err = true, nil
		if w.nc == nil {
			h.http1 = time.Now().Add(http1Time)
		}
	}
	if w.conn != nil {
		if w.conn.hold(c.maxStreams()) {
			h.conns = append(h.conns, w.conn)
		} else {
			w.conn, err = nil, errNoRoom
		}
	}
	if a.way, a.err = w, err; h.under == a {
		h.under = nil
	}
	close(a.done)
	if a.waiting == 0 {
		a.take().drop()
	}
	c.tidy(h)
}

// errNoRoom is about a server that allows no stream from the beginning, or has gone at once.
var errNoRoom = errors.New("h2: the server takes no streams")

// connect makes a connection. If it cannot have WebSocket connections as streams, the error wraps ErrUnsupported, and there is an nc if HTTP/1.1
// was agreed on and wanted.
func (c *Client) connect(ctx context.Context, h *host) (way, error) {
	nc, resp, err := h.dialer.Connect(ctx, h.key.scheme+"://"+h.key.addr, "h2", "http/1.1")
	if err != nil {
		return way{resp: resp}, err
	}
	if over, is := nc.(*tls.Conn); is && over.ConnectionState().NegotiatedProtocol != "h2" {
		if !c.Fallback {
			nc.Close()
			return way{}, fmt.Errorf("ALPN: %w", ErrUnsupported)
		}
		return way{nc: nc}, ErrUnsupported
	}
	conn := newConn(nc, true, c.Dialer.MaxResponseHead)
	conn.start(preface, pair{settingEnablePush, 0})
	go func() {
		conn.run()
		c.forget(h, conn)
	}()
	if err := conn.awaitSettings(ctx); err != nil {
		return way{}, err
	}
	return way{conn: conn}, nil
}

// forget forgets a connection that has ended.
func (c *Client) forget(h *host, gone *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h.conns = slices.DeleteFunc(h.conns, func(other *conn) bool { return other == gone })
	c.tidy(h)
}

// awaitSettings waits for the peer's settings. RFC 8441, Section 3: a client does not use :protocol before the server has said that it may.
func (c *conn) awaitSettings(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.settled {
			c.cut(&ConnectionError{Code: ConnectError, Reason: "no settings have come", Err: context.Cause(ctx)})
		}
	})
	defer stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.settled && c.state == stateOpen {
		c.changed.Wait()
	}
	if c.state == stateOpen && !c.peer.connect {
		c.drain(&ConnectionError{Code: NoError, Reason: "there is no use for it", Err: ErrUnsupported})
	}
	if c.state != stateOpen {
		return c.err
	}
	return nil
}
