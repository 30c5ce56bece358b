package redisadapter

// This file holds what the tests share: a Redis of their own, and clusters with it.

import (
	"context"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/clustertest"
)

func TestMain(m *testing.M) {
	clustertest.Program(func(arg string) adapter.New {
		format, address, _ := strings.Cut(arg, " ")
		return makers[format](clientOf(address), nil)
	})
	os.Exit(m.Run())
}

// clientOf returns a client: the address is the path of a socket, or those of a Redis Cluster.
func clientOf(address string) redis.UniversalClient {
	if strings.HasPrefix(address, "/") {
		return redis.NewClient(&redis.Options{Network: "unix", Addr: address})
	}
	return redis.NewClusterClient(&redis.ClusterOptions{Addrs: strings.Split(address, ",")})
}

// broker is a redis-server on a socket of its own.
type broker struct {
	clustertest.Process
	t      *testing.T
	socket string
}

// startBroker starts one, which ends with the test.
func startBroker(t *testing.T) *broker {
	t.Helper()
	dir, err := os.MkdirTemp("", "redis") // t.TempDir is too long for the path of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	b := &broker{t: t, socket: filepath.Join(dir, "s")}
	b.Start()
	t.Cleanup(b.Stop)
	return b
}

// Start starts the process, and waits until it answers.
func (b *broker) Start() {
	b.t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		b.t.Fatal("redis-server (Debian: redis-server) is needed: ", err)
	}
	os.Remove(b.socket)
	b.Run(b.t, exec.Command(path, "--port", "0", "--unixsocket", b.socket, "--save", "", "--appendonly", "no", "--maxmemory", "256mb", "--dir", filepath.Dir(b.socket)))
	c := b.client()
	defer c.Close()
	until := time.Now().Add(20 * time.Second)
	for c.Ping(context.Background()).Err() != nil {
		if time.Now().After(until) {
			b.t.Fatal("redis-server does not answer")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// client returns a client of it.
func (b *broker) client() *redis.Client {
	return redis.NewClient(&redis.Options{Network: "unix", Addr: b.socket})
}

// ask asks it.
func ask[T any](b *broker, f func(c *redis.Client) T) T {
	c := b.client()
	defer c.Close()
	return f(c)
}

func (b *broker) Session(pid string) string {
	text, _ := unpackSession(ask(b, func(c *redis.Client) string { return c.Get(context.Background(), "sio:session:"+pid).Val() }))
	return string(text)
}

func (b *broker) Logged() int {
	return ask(b, func(c *redis.Client) int { return int(c.XLen(context.Background(), "socket.io").Val()) })
}

func (b *broker) Holds(offset string) bool {
	return ask(b, func(c *redis.Client) bool {
		return len(c.XRange(context.Background(), "socket.io", offset, offset).Val()) > 0
	})
}

// makers make adapters, by the format.
var makers = map[string]func(c redis.UniversalClient, o *Options) adapter.New{
	"pubsub": PubSub, "sharded": Sharded, "streams": Streams, "recovering": Streams, // with connection state recovery
}

// server is a Redis, or several.
type server interface {
	clustertest.Broker
	dial(dialer func(ctx context.Context, network, addr string) (net.Conn, error)) redis.UniversalClient
	address() string // for clientOf
}

func (b *broker) address() string { return b.socket }

func (b *broker) dial(dialer func(ctx context.Context, network, addr string) (net.Conn, error)) redis.UniversalClient {
	return redis.NewClient(&redis.Options{Network: "unix", Addr: b.socket, Dialer: dialer})
}

// start starts a broker for a cluster with a format.
func start(t *testing.T, format string) *clustertest.Cluster {
	return clusterOf(t, startBroker(t), format)
}

// clusterOf returns a cluster with a format.
func clusterOf(t *testing.T, b server, format string) *clustertest.Cluster {
	return &clustertest.Cluster{T: t, Broker: b, Recovers: format == "recovering", Program: format + " " + b.address(), Adapter: func(o clustertest.Options) (adapter.New, func()) {
		w := o.Wire
		if w == nil {
			w = new(clustertest.Wire)
		}
		c := b.dial(w.DialContext)
		a := makers[format](c, &Options{RequestTimeout: o.RequestTimeout, MaxQueued: o.MaxQueued, MaxLen: o.MaxLen, OnError: o.OnError, patience: o.Patience})
		return a, func() { c.Close() }
	}}
}

// each runs a test with every format, or with those that are named.
func each(f func(c *clustertest.Cluster), some ...string) func(t *testing.T) {
	if some == nil {
		some = slices.Sorted(maps.Keys(makers))
	}
	return func(t *testing.T) {
		for _, format := range some {
			t.Run(format, func(t *testing.T) { f(start(t, format)) })
		}
	}
}

// startMember starts a server with options that only Redis has. o.OnError is the member's.
func startMember(t *testing.T, b *broker, format string, o *Options) *clustertest.Member {
	t.Helper()
	m := new(clustertest.Member)
	o.OnError = m.Note
	c := b.client()
	m.Serve(t, makers[format](c, o), format == "recovering", func() { c.Close() })
	return m
}
