package websocket

// This file holds the server's opening handshake.

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	ws "github.com/seed-d69ae1b7/websocket"
)

// AcceptOptions are those of Accept.
type AcceptOptions struct {
	// Subprotocols are those that the server speaks. A client that asks for none of them is accepted without.
	Subprotocols []string

	// InsecureSkipVerify lets pages of any origin connect.
	InsecureSkipVerify bool

	// OriginPatterns are the other origins whose pages may connect, beside the server's own: patterns of path.Match for a host,
	// or for scheme://host. Case does not matter.
	OriginPatterns []string

	// CompressionMode is what the server wants of permessage-deflate. CompressionThreshold is the least size in bytes of a
	// message that is compressed; 0 means 128 with context takeover and 512 without.
	CompressionMode      CompressionMode
	CompressionThreshold int

	// OnPingReceived is called for each ping, by the goroutine that reads. If it returns false, no pong is sent.
	// OnPongReceived is called for each pong.
	OnPingReceived func(ctx context.Context, payload []byte) bool
	OnPongReceived func(ctx context.Context, payload []byte)
}

// Accept answers an opening handshake that net/http has read, and takes the connection over. The response has the fields of
// w.Header(). On error the request has been answered.
func Accept(w http.ResponseWriter, r *http.Request, opts *AcceptOptions) (*Conn, error) {
	if opts == nil {
		opts = new(AcceptOptions)
	}
	up := ws.Upgrader{
		Options:      options(compression(opts.CompressionMode, opts.CompressionThreshold), opts.OnPingReceived, opts.OnPongReceived),
		Subprotocols: opts.Subprotocols, InsecureSkipOriginCheck: opts.InsecureSkipVerify,
		CheckOrigin: func(r *http.Request, allowed bool) bool { return allowed || matches(opts.OriginPatterns, r) },
		OnRefuse:    changeStatus,
	}
	c, err := up.Upgrade(w, r)
	if err != nil {
		return nil, fmt.Errorf("failed to accept WebSocket connection: %w", err)
	}
	return &Conn{c: c}, nil
}

// changeStatus gives a refusal the status that coder has for it.
func changeStatus(r *http.Request, err *ws.HandshakeError) {
	switch {
	case !ws.IsUpgrade(r):
		err.Status = http.StatusUpgradeRequired
		if err.Header == nil {
			err.Header = make(http.Header)
		}
		err.Header.Set("Upgrade", "websocket")
	case err.Status == http.StatusUpgradeRequired:
		err.Status = http.StatusBadRequest
	}
}

// matches reports whether the origin of a request matches one of the patterns.
func matches(patterns []string, r *http.Request) bool {
	u, err := url.Parse(r.Header.Get("Origin"))
	if err != nil {
		return false
	}
	for _, pattern := range patterns {
		target := u.Host
		if strings.Contains(pattern, "://") {
			target = u.Scheme + "://" + u.Host
		}
		if ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(target)); ok && err == nil {
			return true
		}
	}
	return false
}
