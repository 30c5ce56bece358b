//go:build !js

package websocket

// This file holds the two halves of Dial for those who speak something else than HTTP/1.1 with a server that can: the connection,
// and the opening handshake over one. Package h2 stands on them.

import (
	"context"
	"net"
	"net/http"
)

// Connect makes the connection on which Dial would make the opening handshake for a URL: through the proxy, if there is one,
// and with TLS for wss. There ALPN offers protocols, in the order of preference, such as "h2" and "http/1.1"; none means
// http/1.1. The result is a *tls.Conn then, whose ConnectionState says which of them the server has chosen.
//
// ctx and HandshakeTimeout bound it. The error is as with Dial, and so is the response, which is that of a proxy.
func (d *Dialer) Connect(ctx context.Context, rawURL string, protocols ...string) (net.Conn, *http.Response, error) {
	u, err := parseURL(rawURL)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := d.boundDial(ctx)
	defer cancel()
	if len(protocols) == 0 {
		protocols = http1
	}
	nc, resp, err := d.connect(ctx, u, protocols)
	if err != nil {
		return nil, resp, dialError(u, dialCause(ctx, resp, err))
	}
	return nc, nil, nil
}

// DialConn is Dial over a connection that leads to the server of the URL already, with TLS where that says wss: one of
// Connect's, on which http/1.1 was agreed on, or any other. nc belongs to the Conn from then on, and is closed if the handshake
// fails. TLS, Proxy and DialContext have no effect.
func (d *Dialer) DialConn(ctx context.Context, nc net.Conn, rawURL string) (*Conn, *http.Response, error) {
	h, err := d.Handshake(rawURL)
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	return d.dial(ctx, h, func(ctx context.Context, h *ClientHandshake) (serverReply, error) { return d.ask(ctx, h, nc) })
}
