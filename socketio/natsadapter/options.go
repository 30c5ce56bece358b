package natsadapter

// This file holds the options.

import (
	"cmp"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
)

// Errors.
var (
	// ErrBehind: more waits for NATS than Options.MaxQueued allows. The event does not reach other servers.
	ErrBehind = cluster.ErrBehind
	// ErrLost: the connection to NATS is lost. It is made again.
	ErrLost = cluster.ErrLost
	// ErrTooLarge: a message does not fit into max_payload of the NATS server. It does not reach other servers.
	ErrTooLarge = errors.New("natsadapter: a message is larger than NATS allows")
)

// DroppedError tells how many messages have been dropped since it was told last: because they did not fit into a queue, because the connection broke
// before it was known whether they had arrived, or because the stream had dropped them before this server read them.
type DroppedError = cluster.DroppedError

// Options configure an adapter. All servers of a cluster need the same Prefix and Stream.
type Options struct {
	// Connect are the options of the connection: credentials, TLS, a name. How it is made again when it is lost, and what waits meanwhile, is for
	// the adapter to say: options about that have no effect, nor have handlers of errors and of a connection that is closed.
	Connect []nats.Option

	Prefix         string        // what all subjects begin with, one or more tokens; "" means "socketio"
	RequestTimeout time.Duration // for the answers of other servers; 0 means 5 seconds
	Heartbeat      time.Duration // how often servers say that they are there; one that is silent twice as long is gone; 0 means 5 seconds

	// The streams of JetStream, which are made if they are not there: Stream has the events, and Stream with "-sessions" behind it the sessions of
	// connection state recovery. One that is there is used as it is.
	Stream   string                // "" means "socketio"
	MaxLen   int64                 // how many messages the stream keeps; 0 means 10,000
	Storage  jetstream.StorageType // 0 means files
	Replicas int                   // 0 means 1

	// MaxQueued bounds the bytes that wait for NATS, and those that have come and wait for this server. 0 means 16 MiB.
	MaxQueued int

	// OnError is told of what nobody waits for: ErrLost, a *DroppedError, at most once a second, and errors of NATS. nil means slog.Default.
	OnError func(err error)

	// patience is how long an answer of NATS is waited for before the connection counts as broken. It is long, because what was sent may have arrived: nothing
	// is sent twice. Only tests set it.
	patience time.Duration
}

// withDefaults returns a copy of o, which may be nil, with a value in place of each zero that stands for one.
func (o *Options) withDefaults() Options {
	var d Options
	if o != nil {
		d = *o
	}
	d.Prefix = cmp.Or(d.Prefix, "socketio")
	d.RequestTimeout = cmp.Or(max(d.RequestTimeout, 0), 5*time.Second)
	d.Heartbeat = cmp.Or(max(d.Heartbeat, 0), 5*time.Second)
	d.Stream = cmp.Or(d.Stream, "socketio")
	d.MaxLen = cmp.Or(max(d.MaxLen, 0), 10_000)
	d.Replicas = cmp.Or(max(d.Replicas, 0), 1)
	d.MaxQueued = cmp.Or(max(d.MaxQueued, 0), 16<<20)
	d.patience = cmp.Or(d.patience, time.Minute)
	if d.OnError == nil {
		d.OnError = func(err error) { slog.Default().Warn("socketio: NATS", "error", err) }
	}
	return d
}

// check returns an error about what can never work.
func (o *Options) check(servers string) error {
	if servers == "" {
		return errors.New("natsadapter: no URL of a NATS server")
	}
	for one := range strings.SplitSeq(servers, ",") {
		one = strings.TrimSpace(one)
		if !strings.Contains(one, "://") {
			one = "nats://" + one
		}
		if _, err := url.Parse(one); err != nil {
			return errors.Join(errors.New("natsadapter: a URL of a NATS server"), err)
		}
	}
	for token := range strings.SplitSeq(o.Prefix, ".") {
		if token == "" || strings.ContainsAny(token, " \t\r\n*>") {
			return errors.New("natsadapter: Options.Prefix is no subject: " + o.Prefix)
		}
	}
	if strings.ContainsAny(o.Stream, " \t\r\n.*>/\\") {
		return errors.New("natsadapter: Options.Stream is no name of a stream: " + o.Stream)
	}
	return nil
}
