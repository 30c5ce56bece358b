package redisadapter

// This file holds the options, and what the adapters of the namespaces of one server share.

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
)

// Errors.
var (
	// ErrBehind: more waits for Redis than Options.MaxQueued allows. The event does not reach other servers.
	ErrBehind = cluster.ErrBehind
	// ErrLost: the connection to Redis is lost. It is made again.
	ErrLost = cluster.ErrLost
)

// DroppedError tells how many messages have been dropped since it was told last: because they did not fit into the queue, or because the connection broke
// before it was known whether they had arrived.
type DroppedError = cluster.DroppedError

// Options configure an adapter. The zero value is that of the Node packages.
type Options struct {
	Key             string        // prefix of channels; "" means "socket.io"
	RequestTimeout  time.Duration // for the answers of other servers; 0 means 5 seconds
	StreamName      string        // of Streams; "" means "socket.io"
	StreamCount     int           // of Streams; 0 means 1
	MaxLen          int64         // of a stream; 0 means 10,000
	SessionPrefix   string        // of Streams; "" means "sio:session:"
	ResponseChannel bool          // of PubSub: publishOnSpecificResponseChannel

	// MaxQueued bounds the bytes that wait for Redis. 0 means 16 MiB.
	MaxQueued int

	// OnError is told of what nobody waits for: ErrLost, a *DroppedError, at most once a second, and errors of Redis. nil means slog.Default.
	OnError func(err error)

	// patience is how long an answer of Redis is waited for before the connection counts as broken. It is long, because what was sent may have arrived: nothing is sent
	// twice. Only tests set it.
	patience time.Duration
}

// withDefaults returns a copy of o, which may be nil, with a value in place of each zero that stands for one.
func (o *Options) withDefaults() Options {
	var d Options
	if o != nil {
		d = *o
	}
	d.Key = cmp.Or(d.Key, "socket.io")
	d.RequestTimeout = cmp.Or(max(d.RequestTimeout, 0), 5*time.Second)
	d.StreamName = cmp.Or(d.StreamName, "socket.io")
	d.StreamCount = cmp.Or(max(d.StreamCount, 0), 1)
	d.MaxLen = cmp.Or(max(d.MaxLen, 0), 10_000)
	d.SessionPrefix = cmp.Or(d.SessionPrefix, "sio:session:")
	d.MaxQueued = cmp.Or(max(d.MaxQueued, 0), 16<<20)
	d.patience = cmp.Or(d.patience, time.Minute)
	if d.OnError == nil {
		d.OnError = func(err error) { slog.Default().Warn("socketio: Redis", "error", err) }
	}
	return d
}

// alone returns a client to the same Redis that repeats nothing and heeds contexts. A client of a kind that is not known is returned itself, and not owned.
func alone(c redis.UniversalClient, patience time.Duration) (_ redis.UniversalClient, owned bool) {
	switch c := c.(type) {
	case *redis.Client:
		o := *c.Options()
		o.MaxRetries, o.ContextTimeoutEnabled, o.ReadTimeout, o.WriteTimeout = -1, true, patience, patience
		o.PushNotificationProcessor, o.MaintNotificationsConfig = nil, quiet
		return redis.NewClient(&o), true
	case *redis.ClusterClient:
		o := *c.Options()
		o.MaxRetries, o.ContextTimeoutEnabled, o.ReadTimeout, o.WriteTimeout = -1, true, patience, patience
		o.PushNotificationProcessor, o.MaintNotificationsConfig = nil, quiet
		return redis.NewClusterClient(&o), true
	}
	return c, false
}

// quiet is without notifications of maintenance: they belong to the connections of the client that was copied.
var quiet = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
