package socketio

// This file holds the options, and what a zero in them stands for.

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
)

// The values that a zero in Options and Recovery stands for.
const (
	DefaultConnectTimeout   = 45 * time.Second
	DefaultMaxAttachments   = 10
	DefaultMaxQueued        = 1 << 20 // bytes
	DefaultMaxNamespaces    = 100
	DefaultMaxDisconnection = 2 * time.Minute
)

// Options configure a Server. The zero value is right for most.
type Options struct {
	engineio.Options

	// ConnectTimeout is how long a client may take to join its first namespace. 0 means 45 seconds.
	ConnectTimeout time.Duration

	// MaxAttachments is the most attachments that an event may have. 0 means 10. Each is bounded by MaxPayload.
	MaxAttachments int

	// MaxQueued is the most bytes of events that wait for the handlers of one connection. When there are more, it is not read, and its
	// ping timeout stands still. One event of any size is taken when none waits. While a handler waits for an
	// acknowledgement of that client, twice as much is taken; then EmitWithAck fails with ErrQueueFull. 0 means 1 MiB.
	MaxQueued int

	// MaxNamespaces is the most namespaces that a client may be in, over one connection. 0 means 100. What it has sent to authenticate
	// itself in all of them has MaxPayload bytes at most.
	MaxNamespaces int

	// Recovery, if not nil, lets a client that lost its connection come back as the same socket, with its rooms and
	// Data, and get what it has missed.
	Recovery *Recovery

	// Adapter makes the adapter of each namespace. nil means none: the server is alone.
	Adapter adapter.New

	// Msgpack encodes packets as MessagePack instead of JSON. The clients must do so, too.
	Msgpack bool
}

// Recovery configures connection state recovery.
type Recovery struct {
	MaxDisconnection time.Duration // how long a session is kept; 0 means 2 minutes
	MaxBytes         int           // of the events that are kept, and 256 more for each; 0 means 64 MiB
	RunMiddleware    bool          // run it again for a recovered socket

	// SurviveKill lets clients come back to another server also when theirs was killed, and could save nothing at its end. It takes an Adapter that is a
	// Keeper, as those of Redis Streams and JetStream are. Each session is saved when it begins, within a tenth of a second of each change of its
	// rooms and by SetData, and again every half of MaxDisconnection.
	SurviveKill bool
}

// withDefaults returns a copy of o, which may be nil, with a value in place of each zero that stands for one.
func (o *Options) withDefaults() Options {
	var d Options
	if o != nil {
		d = *o
	}
	d.MaxPayload = cmp.Or(max(d.MaxPayload, 0), engineio.DefaultMaxPayload) // the auths of a client's sockets have no more, either
	d.ConnectTimeout = cmp.Or(max(d.ConnectTimeout, 0), DefaultConnectTimeout)
	d.MaxAttachments = cmp.Or(max(d.MaxAttachments, 0), DefaultMaxAttachments)
	d.MaxQueued = cmp.Or(max(d.MaxQueued, 0), DefaultMaxQueued)
	d.MaxNamespaces = cmp.Or(max(d.MaxNamespaces, 0), DefaultMaxNamespaces)
	if d.Recovery != nil {
		r := *d.Recovery
		r.MaxDisconnection = cmp.Or(max(r.MaxDisconnection, 0), DefaultMaxDisconnection)
		d.Recovery = &r
		if d.Adapter == nil {
			d.Adapter = adapter.Memory(adapter.MemoryOptions{Keep: r.MaxDisconnection, MaxBytes: r.MaxBytes})
		}
	}
	return d
}

// logger returns the logger.
func (o *Options) logger() *slog.Logger {
	if o.Logger != nil {
		return o.Logger
	}
	return slog.Default()
}
