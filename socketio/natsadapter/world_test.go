package natsadapter

// This file holds what the tests share: an embedded NATS server, in a process of its own that can be killed and halted.

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/clustertest"
)

// The variables of the environment that let the test be a NATS server, with JetStream in a folder, and perhaps one of several.
const (
	brokerDir    = "NATSADAPTER_BROKER"
	brokerName   = "NATSADAPTER_BROKER_NAME"
	brokerClient = "NATSADAPTER_BROKER_CLIENT" // where it listens for clients
	brokerRoute  = "NATSADAPTER_BROKER_ROUTE"  // and for others
	brokerRoutes = "NATSADAPTER_BROKER_ROUTES" // where they listen
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(brokerDir); dir != "" {
		serve(dir)
	}
	clustertest.Program(func(arg string) adapter.New {
		format, address, _ := strings.Cut(arg, " ")
		return adapterOf(format)(address, &Options{Heartbeat: clustertest.Beat})
	})
	os.Exit(m.Run())
}

// maxPayload is what the NATS server takes.
const maxPayload = 256 << 10

// serve is a NATS server until its standard input ends.
func serve(dir string) {
	o := &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, MaxPayload: maxPayload, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true}
	if name := os.Getenv(brokerName); name != "" {
		o.ServerName, o.Cluster.Name, o.Routes = name, "c", server.RoutesFromStr(os.Getenv(brokerRoutes))
		o.Host, o.Port = splitAddr(os.Getenv(brokerClient))
		o.Cluster.Host, o.Cluster.Port = splitAddr(os.Getenv(brokerRoute))
	}
	s, err := server.NewServer(o)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		os.Exit(1)
	}
	fmt.Println(s.Addr())
	bufio.NewReader(os.Stdin).ReadByte()
	os.Exit(0)
}

// splitAddr returns the parts of an address.
func splitAddr(addr string) (host string, port int) {
	host, text, _ := net.SplitHostPort(addr)
	port, _ = strconv.Atoi(text)
	return host, port
}

// broker is a NATS server. Where it listens changes when it is started again.
type broker struct {
	clustertest.Process
	t   *testing.T
	dir string

	mu   sync.Mutex
	addr string
	nc   *nats.Conn // of the test
}

// startBroker starts one, which ends with the test.
func startBroker(t *testing.T) *broker {
	t.Helper()
	b := &broker{t: t, dir: t.TempDir()}
	b.Start()
	t.Cleanup(func() { b.Stop() })
	return b
}

// Start starts the process, and waits until it answers.
func (b *broker) Start() {
	b.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), brokerDir+"="+b.dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil { // ends with this process, however it ends
		b.t.Fatal(err)
	}
	b.Run(b.t, cmd)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.t.Fatal("the NATS server does not start: ", line, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.addr = strings.TrimSpace(line)
}

// Stop kills the process.
func (b *broker) Stop() {
	b.mu.Lock()
	b.addr = ""
	if b.nc != nil {
		b.nc.Close()
		b.nc = nil
	}
	b.mu.Unlock()
	b.Process.Stop()
}

// dial dials where it listens now.
func (b *broker) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	b.mu.Lock()
	addr := b.addr
	b.mu.Unlock()
	if addr == "" {
		return nil, &net.OpError{Op: "dial", Net: network, Err: os.ErrNotExist}
	}
	return new(net.Dialer).DialContext(ctx, network, addr)
}

// wire is a clustertest.Wire as a nats.CustomDialer.
type wire struct{ *clustertest.Wire }

func (w wire) Dial(network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return w.DialContext(ctx, network, address)
}

// connect returns the option that lets a server connect to the broker.
func (b *broker) connect(w *clustertest.Wire) nats.Option {
	if w == nil {
		w = new(clustertest.Wire)
	}
	w.Dial = b.dial
	return nats.SetCustomDialer(wire{w})
}

// streams returns the JetStream of the broker.
func (b *broker) streams() jetstream.JetStream {
	b.mu.Lock()
	nc := b.nc
	b.mu.Unlock()
	if nc == nil {
		var err error
		if nc, err = nats.Connect("broker", b.connect(nil)); err != nil {
			b.t.Fatal(err)
		}
		b.mu.Lock()
		b.nc = nc
		b.mu.Unlock()
	}
	js, err := jetstream.New(nc)
	if err != nil {
		b.t.Fatal(err)
	}
	return js
}

// stream returns a stream.
func (b *broker) stream(name string) jetstream.Stream {
	s, err := b.streams().Stream(context.Background(), name)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

func (b *broker) Session(pid string) string {
	m, err := b.stream("socketio-sessions").GetLastMsgForSubject(context.Background(), sessionOf("socketio", pid))
	if err != nil {
		return ""
	}
	return string(m.Data)
}

func (b *broker) Logged() int { return int(b.stream("socketio").CachedInfo().State.LastSeq) }

func (b *broker) Holds(offset string) bool {
	var made, number uint64
	fmt.Sscanf(offset, "%d-%d", &made, &number)
	return b.stream("socketio").CachedInfo().State.FirstSeq <= number
}

// formats are the adapters that are tested.
var formats = []string{"core", "jetstream", "recovering"} // the last with connection state recovery

// adapterOf returns what makes the adapter of one of them.
func adapterOf(format string) func(string, *Options) adapter.New {
	if format == "core" {
		return Core
	}
	return JetStream
}

// start starts a broker for a cluster with one of them.
func start(t *testing.T, format string) (*clustertest.Cluster, *broker) {
	t.Helper()
	b := startBroker(t)
	return &clustertest.Cluster{T: t, Broker: b, Recovers: format == "recovering", Program: format + " " + b.addr, Adapter: func(o clustertest.Options) (adapter.New, func()) {
		return adapterOf(format)("broker", &Options{
			Connect: []nats.Option{b.connect(o.Wire)}, RequestTimeout: o.RequestTimeout, Heartbeat: cmp.Or(o.Heartbeat, time.Minute), MaxQueued: o.MaxQueued, MaxLen: o.MaxLen, OnError: o.OnError, patience: o.Patience,
		}), func() {}
	}}, b
}

// each runs a test with every format, or with those that are named.
func each(f func(c *clustertest.Cluster), some ...string) func(t *testing.T) {
	if some == nil {
		some = formats
	}
	return func(t *testing.T) {
		for _, format := range some {
			t.Run(format, func(t *testing.T) {
				c, _ := start(t, format)
				f(c)
			})
		}
	}
}
