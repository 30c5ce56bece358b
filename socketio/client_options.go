package socketio

// This file holds the options of a Client, and what a zero in them stands for.

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/packet"
)

// The values that a zero in ClientOptions stands for. Those that the Node implementation has, too, are its.
const (
	DefaultPath              = "/socket.io/"
	DefaultReconnectDelay    = time.Second
	DefaultMaxReconnectDelay = 5 * time.Second
	DefaultJitter            = 0.5
	DefaultDialTimeout       = 20 * time.Second
	DefaultSendBuffer        = 1 << 20 // bytes
)

// ClientOptions configure a Client. The zero value is right for most.
type ClientOptions struct {
	engineio.Dialer

	// Path is that of the server. "" means "/socket.io/".
	Path string

	// Auth, if not nil, is called for every connection, and its result, which must become a JSON object, sent to authenticate the
	// client. An error is told to OnConnectError, and tried again later as a connection is. ctx ends with the connection.
	Auth func(ctx context.Context) (any, error)

	// The n-th attempt to reconnect, counted from 0, is made ReconnectDelay times 2^n after the one before, at most MaxReconnectDelay, give
	// or take a random part of it of at most Jitter. 0 means 1 second, 5 seconds, 0.5; a negative Jitter means none. NoReconnect leaves it
	// at one attempt, and one connection; MaxAttempts, if positive, bounds the attempts in a row.
	ReconnectDelay, MaxReconnectDelay time.Duration
	Jitter                            float64
	NoReconnect                       bool
	MaxAttempts                       int

	// ConnectTimeout bounds the opening of a session. 0 means 20 seconds.
	ConnectTimeout time.Duration

	// SendBuffer bounds the bytes of events of one Client that are kept while it is not connected, and, with Retries, until they
	// are acknowledged. 0 means 1 MiB, negative none are kept. What waits on a connection is bounded by WriteBuffer.
	SendBuffer int

	// Retries, if positive, is how often an event is sent again that is not acknowledged within AckTimeout, or before the connection is
	// lost. One event is under way at a time, so that they stay in order; each comes at least once, or the error of EmitWithAck
	// tells. The server has to acknowledge all events. AckTimeout 0 leaves it at lost connections. Volatile events are not sent again.
	Retries    int
	AckTimeout time.Duration

	// MaxQueued is the most bytes of events that wait for the handlers of this connection. When there are more, it is not read, so
	// that pings are not answered: a server ends a session that stands still for its timeout. One event of any size is taken when none
	// waits. While somebody waits in EmitWithAck, twice as much is taken; then that fails with ErrQueueFull. 0 means 1 MiB.
	MaxQueued int

	// MaxAttachments is the most attachments that an event may have. 0 means 10.
	MaxAttachments int

	// Msgpack encodes packets as MessagePack instead of JSON. The server must do so, too.
	Msgpack bool
}

// withDefaults returns a copy of o, which may be nil, with a value in place of each zero that stands for one.
func (o *ClientOptions) withDefaults() ClientOptions {
	var d ClientOptions
	if o != nil {
		d = *o
	}
	d.Path = cmp.Or(d.Path, DefaultPath)
	d.ReconnectDelay = cmp.Or(max(d.ReconnectDelay, 0), DefaultReconnectDelay)
	d.MaxReconnectDelay = max(cmp.Or(max(d.MaxReconnectDelay, 0), DefaultMaxReconnectDelay), d.ReconnectDelay)
	d.Jitter = min(cmp.Or(d.Jitter, DefaultJitter), 1)
	d.ConnectTimeout = cmp.Or(max(d.ConnectTimeout, 0), DefaultDialTimeout)
	d.SendBuffer = cmp.Or(d.SendBuffer, DefaultSendBuffer)
	d.MaxQueued = cmp.Or(max(d.MaxQueued, 0), DefaultMaxQueued)
	d.MaxAttachments = cmp.Or(max(d.MaxAttachments, 0), DefaultMaxAttachments)
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	return d
}

// delay returns how long to wait before an attempt, counted from 0. random is from 0 to below 1.
func (o *ClientOptions) delay(attempt int, random float64) time.Duration {
	d := o.MaxReconnectDelay
	if attempt < 62 && o.ReconnectDelay <= d>>attempt {
		d = o.ReconnectDelay << attempt
	}
	return d + time.Duration((2*random-1)*max(o.Jitter, 0)*float64(d))
}

// target splits a URL into that of the server and the namespace.
func (o *ClientOptions) target(rawURL string) (server, namespace string, err error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", packet.Main, fmt.Errorf("socketio: %w", err)
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https", "ws", "wss":
	default:
		return "", packet.Main, fmt.Errorf("socketio: the scheme of the URL is %.10q", u.Scheme)
	}
	namespace = u.Path
	u.Path, u.RawPath = o.Path, ""
	return u.String(), namespaceName(namespace), nil
}

// namespaceName returns the name of a namespace, which begins with "/".
func namespaceName(name string) string {
	if !strings.HasPrefix(name, packet.Main) {
		return packet.Main + name
	}
	return name
}
