package websocket

// This file holds Dialer under GOOS=js: from a URL to a Conn over the WebSocket of the browser, or of Node.js. How that becomes one
// stands in browserconn_js.go.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Dialer makes connections. The zero value is ready. Its methods may be called by several goroutines at once. The fields must not be
// changed once it has made a connection.
//
// This is the Dialer of GOOS=js. It has the fields that mean something where a browser makes the connection, by the same names as those
// of other systems; what it lacks does not compile. There they are promoted from Options: set them as d.ReadLimit, and the program
// compiles everywhere. A browser sends an Origin and cookies of its own, finds proxies and keeps certificates itself, negotiates
// compression with whoever offers it, and answers pings; it lets nobody send one.
type Dialer struct {
	// Subprotocols are those that the client asks for, in the order of its preference. The server may choose one of
	// them or none: see Conn.Subprotocol. Naming one twice is an error (RFC 6455, Section 4.1).
	Subprotocols []string

	ReadLimit        int64         // see Options, as for all of these
	WriteBuffer      int           // beside it the browser holds up to 256 KiB, as a kernel would
	FailWhenFull     bool          // see Options
	WriteTimeout     time.Duration // see Options
	CloseTimeout     time.Duration // see Options
	HandshakeTimeout time.Duration // see Options
	Trace            *Trace        // its headers are those of a frame for each message, whatever the browser sends and gets
}

// Dial connects to a URL with the zero Dialer. See Dialer.Dial.
func Dial(ctx context.Context, url string) (*Conn, *http.Response, error) {
	return new(Dialer).Dial(ctx, url)
}

// Dial connects to a ws or wss URL (http and https mean the same). ctx bounds the opening handshake, beside HandshakeTimeout, and
// has no effect once Dial has returned; Conn.Context shows its values.
//
// The response has what a browser tells of it: the subprotocol and the extensions. It is nil on error, and the error does not say
// what the server answered, or whether there is one: browsers keep that from pages. No error holds the query of the URL.
//
// The Conn is that of other systems, but for what browsers do not allow: Close with a code other than StatusNormalClosure, 3000 to 4999
// and StatusNoStatusReceived is an error, as are Ping, SendPing and SendPong; all three leave the connection as it was. Codes that
// the Conn itself closes with are sent as one of 4000 and more, such as 4009 for StatusMessageTooBig; docs/browser.md has the table. Compression
// reports none, whatever the browser does. A browser receives whether or not anybody reads: where more than 16 MiB wait, the
// connection is closed with StatusMessageTooBig, and so 4009.
func (d *Dialer) Dial(ctx context.Context, rawURL string) (*Conn, *http.Response, error) {
	u, err := parseURL(rawURL)
	if err != nil {
		return nil, nil, err
	}
	nc, err := d.open(ctx, u)
	if err != nil {
		return nil, nil, fmt.Errorf("websocket: dial %s: %w", shownURL(u), err)
	}
	agreed := Agreement{Subprotocol: nc.ws.Subprotocol()}
	return newConn(nc, connConfig{client: true, options: d.options(), agreement: agreed, base: ctx}), nc.response(), nil
}

// options returns what Options a Conn of d has. Nothing is gained by holding messages back: each is sent by itself.
func (d *Dialer) options() *Options {
	return &Options{
		ReadLimit: d.ReadLimit, WriteBuffer: d.WriteBuffer, FailWhenFull: d.FailWhenFull, NoBatching: true, WriteTimeout: d.WriteTimeout,
		CloseTimeout: d.CloseTimeout, HandshakeTimeout: d.HandshakeTimeout, Trace: d.Trace,
	}
}

// errBrowserDial is why a connection was not made.
var errBrowserDial = errors.New("the browser could not connect, and does not tell why")

// open makes the connection.
func (d *Dialer) open(ctx context.Context, u *url.URL) (*browserConn, error) {
	if t := orDefault(d.HandshakeTimeout, DefaultHandshakeTimeout); t > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t)
		defer cancel()
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	nc, err := openBrowserConn(u, d.Subprotocols)
	if err != nil {
		return nil, err
	}
	select {
	case <-nc.ready:
		if nc.isOpen() {
			return nc, nil
		}
		err = errBrowserDial
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	nc.Close()
	return nil, err
}

// response returns what is known of the server's.
func (c *browserConn) response() *http.Response {
	resp := &http.Response{
		Status: "101 Switching Protocols", StatusCode: http.StatusSwitchingProtocols, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header), Body: http.NoBody,
	}
	if p := c.ws.Subprotocol(); p != "" {
		resp.Header["Sec-Websocket-Protocol"] = []string{p}
	}
	if x := c.ws.Extensions(); x != "" {
		resp.Header["Sec-Websocket-Extensions"] = []string{x}
	}
	return resp
}

// isOpen reports whether the opening handshake was done.
func (c *browserConn) isOpen() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened
}
