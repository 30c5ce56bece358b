package websocket

// This file holds the client's opening handshake, which an http.Client makes.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	ws "github.com/seed-d69ae1b7/websocket"
)

const (
	maxRefusalBody = 1024 // bytes of the body that comes with a response that does not accept
	maxRedirects   = 10   // as net/http has it
)

var errRedirects = errors.New("stopped after 10 redirects")

// DialOptions are those of Dial.
type DialOptions struct {
	// HTTPClient makes the handshake; nil means http.DefaultClient. Its Timeout, if any, bounds the handshake only.
	HTTPClient *http.Client

	// HTTPHeader holds further fields of the request. Host, if not empty, replaces that of the URL.
	HTTPHeader http.Header
	Host       string

	// Subprotocols are those that the client asks for.
	Subprotocols []string

	// CompressionMode, CompressionThreshold, OnPingReceived and OnPongReceived are as for AcceptOptions.
	CompressionMode      CompressionMode
	CompressionThreshold int
	OnPingReceived       func(ctx context.Context, payload []byte) bool
	OnPongReceived       func(ctx context.Context, payload []byte)
}

// Dial connects to a ws, wss, http or https URL; ctx bounds the handshake. The response comes with the first 1024 bytes of its
// body if it does not accept. Its body need not be closed.
func Dial(ctx context.Context, u string, opts *DialOptions) (*Conn, *http.Response, error) {
	if opts == nil {
		opts = new(DialOptions)
	}
	c, resp, err := dial(ctx, u, opts)
	if err != nil {
		return nil, resp, fmt.Errorf("failed to WebSocket dial: %w", err)
	}
	return &Conn{c: c}, resp, nil
}

func dial(ctx context.Context, u string, opts *DialOptions) (*ws.Conn, *http.Response, error) {
	d := ws.Dialer{Subprotocols: opts.Subprotocols, Header: opts.HTTPHeader.Clone()}
	d.Options = options(compression(opts.CompressionMode, opts.CompressionThreshold), opts.OnPingReceived, opts.OnPongReceived)
	h, err := d.Handshake(u)
	if err != nil {
		return nil, nil, err
	}
	r := h.Request()
	if opts.Host != "" {
		r.Host = opts.Host
	}
	client := http.Client{}
	if opts.HTTPClient != nil {
		client = *opts.HTTPClient
	}
	if client.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, client.Timeout)
		defer cancel()
		client.Timeout = 0
	}
	client.CheckRedirect = redirect(client.CheckRedirect)
	resp, err := client.Do(r.WithContext(ctx))
	if err != nil {
		return nil, nil, err
	}
	c, err := open(h, &d.Options, resp)
	if err != nil {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusalBody))
		resp.Body.Close()
		resp.Body = io.NopCloser(bytes.NewReader(body))
		return nil, resp, err
	}
	resp.Body = http.NoBody
	return c, resp, nil
}

// redirect returns a CheckRedirect that knows ws and wss, over that of the application or what stands for none.
func redirect(check func(*http.Request, []*http.Request) error) func(*http.Request, []*http.Request) error {
	return func(r *http.Request, via []*http.Request) error {
		switch r.URL.Scheme {
		case "ws":
			r.URL.Scheme = "http"
		case "wss":
			r.URL.Scheme = "https"
		}
		switch {
		case check != nil:
			return check(r, via)
		case len(via) >= maxRedirects:
			return errRedirects
		}
		return nil
	}
}

// open makes a connection of a response that accepts.
func open(h *ws.ClientHandshake, o *ws.Options, resp *http.Response) (*ws.Conn, error) {
	agreed, err := h.Check(resp)
	if err != nil {
		return nil, err
	}
	body, ok := resp.Body.(io.ReadWriteCloser)
	if !ok {
		return nil, fmt.Errorf("the body of the response is a %T, which cannot be written", resp.Body)
	}
	return ws.ClientConn(bodyConn{body}, o, agreed, nil), nil
}

// bodyConn is the body of a response that has switched protocols, as a net.Conn: without addresses and deadlines.
type bodyConn struct{ io.ReadWriteCloser }

var errNoDeadline = errors.New("websocket: the body of a response has no deadlines")

func (bodyConn) LocalAddr() net.Addr              { return unknownAddr{} }
func (bodyConn) RemoteAddr() net.Addr             { return unknownAddr{} }
func (bodyConn) SetDeadline(time.Time) error      { return errNoDeadline }
func (bodyConn) SetReadDeadline(time.Time) error  { return errNoDeadline }
func (bodyConn) SetWriteDeadline(time.Time) error { return errNoDeadline }

// unknownAddr is the address of a connection that an http.Client has made.
type unknownAddr struct{}

func (unknownAddr) Network() string { return "websocket" }
func (unknownAddr) String() string  { return "websocket/unknown-addr" }
