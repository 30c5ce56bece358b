package natsadapter

// This file tests servers with each other through a cluster of three NATS servers, one of which may die.

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/clustertest"
)

// routed is a cluster of NATS servers.
type routed struct {
	t       *testing.T
	nodes   []*routedNode
	started int // servers of ours: each is connected to another NATS server first
}

// routedNode is one of them.
type routedNode struct {
	clustertest.Process
	dir, client, route string
}

// startRouted starts three, which end with the test.
func startRouted(t *testing.T) *routed {
	t.Helper()
	b := &routed{t: t}
	for range 3 {
		var ports []string
		for range 2 {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			ports = append(ports, l.Addr().String())
		}
		b.nodes = append(b.nodes, &routedNode{dir: t.TempDir(), client: ports[0], route: ports[1]})
	}
	return b
}

// Start starts all, and waits until they are one, and can store something.
func (b *routed) Start() {
	b.t.Helper()
	for i := range b.nodes {
		b.run(i)
	}
	for i := range b.nodes {
		b.usable(i)
	}
}

// run starts the process of one, and waits until it takes connections.
func (b *routed) run(i int) {
	b.t.Helper()
	n := b.nodes[i]
	cmd := exec.Command(os.Args[0])
	var routes []string
	for _, other := range b.nodes {
		routes = append(routes, "nats://"+other.route)
	}
	cmd.Env = append(os.Environ(), brokerDir+"="+n.dir, brokerName+"="+fmt.Sprint("n", i), brokerClient+"="+n.client, brokerRoute+"="+n.route, brokerRoutes+"="+strings.Join(routes, ","))
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil { // ends with this process, however it ends
		b.t.Fatal(err)
	}
	n.Run(b.t, cmd)
	b.t.Cleanup(n.Stop)
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		b.t.Fatal("the NATS server does not start: ", line, err)
	}
}

// usable waits until one knows the others, and streams work there.
func (b *routed) usable(i int) {
	b.t.Helper()
	nc, err := nats.Connect("nats://" + b.nodes[i].client)
	if err != nil {
		b.t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		b.t.Fatal(err)
	}
	for late := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(b.t.Context(), time.Second)
		_, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: "probe", Subjects: []string{"probe"}, Replicas: 3})
		cancel()
		if err == nil && len(nc.Servers()) == 3 {
			return
		}
		if time.Now().After(late) {
			b.t.Fatal("the NATS cluster is not ready: ", err, nc.Servers())
		}
	}
}

func (b *routed) Stop() {
	for _, n := range b.nodes {
		n.Stop()
	}
}

func (b *routed) Signal(s syscall.Signal) {
	for _, n := range b.nodes {
		n.Signal(s)
	}
}

// urls are those of all NATS servers, the i-th first.
func (b *routed) urls(i int) string {
	var all []string
	for j := range b.nodes {
		all = append(all, "nats://"+b.nodes[(i+j)%len(b.nodes)].client)
	}
	return strings.Join(all, ",")
}

// streams calls f with a stream of the cluster.
func (b *routed) stream(name string, f func(s jetstream.Stream)) {
	nc, err := nats.Connect(b.urls(0))
	if err != nil {
		b.t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		b.t.Fatal(err)
	}
	s, err := js.Stream(context.Background(), name)
	if err != nil {
		b.t.Fatal(err)
	}
	f(s)
}

func (b *routed) Session(pid string) (text string) {
	b.stream("socketio-sessions", func(s jetstream.Stream) {
		if m, err := s.GetLastMsgForSubject(context.Background(), sessionOf("socketio", pid)); err == nil {
			text = string(m.Data)
		}
	})
	return text
}

func (b *routed) Logged() (n int) {
	b.stream("socketio", func(s jetstream.Stream) { n = int(s.CachedInfo().State.LastSeq) })
	return n
}

func (b *routed) Holds(offset string) (holds bool) {
	var made, number uint64
	fmt.Sscanf(offset, "%d-%d", &made, &number)
	b.stream("socketio", func(s jetstream.Stream) { holds = s.CachedInfo().State.FirstSeq <= number })
	return holds
}

// onRouted runs a test with formats. Each of our servers is connected to another NATS server, and to one of the rest when that has gone.
func onRouted(t *testing.T, f func(c *clustertest.Cluster, b *routed), formats ...string) {
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			b := startRouted(t)
			b.Start()
			f(&clustertest.Cluster{T: t, Broker: b, Recovers: format == "recovering", Program: format + " " + b.urls(2), Adapter: func(o clustertest.Options) (adapter.New, func()) {
				urls := b.urls(b.started)
				b.started++
				w := o.Wire
				if w == nil {
					w = new(clustertest.Wire)
				}
				return adapterOf(format)(urls, &Options{
					Connect: []nats.Option{nats.DontRandomize(), nats.SetCustomDialer(wire{w})}, Replicas: 3, RequestTimeout: o.RequestTimeout,
					Heartbeat: cmp.Or(o.Heartbeat, time.Minute), MaxQueued: o.MaxQueued, MaxLen: o.MaxLen, OnError: o.OnError, patience: o.Patience,
				}), func() {}
			}}, b)
		})
	}
}

// onRoutedAlone is onRouted for what needs no more of the broker.
func onRoutedAlone(t *testing.T, f func(c *clustertest.Cluster), formats ...string) {
	onRouted(t, func(c *clustertest.Cluster, _ *routed) { f(c) }, formats...)
}

func TestClusterOperations(t *testing.T) {
	onRoutedAlone(t, clustertest.Operations, "core", "jetstream")
}
func TestClusterJoinedReaches(t *testing.T) { onRoutedAlone(t, clustertest.JoinedReaches, "core") }
func TestClusterOrder(t *testing.T)         { onRoutedAlone(t, clustertest.Order, "core", "recovering") }
func TestClusterModel(t *testing.T)         { onRoutedAlone(t, clustertest.ModelOfOurs, "core") }
func TestClusterRestart(t *testing.T)       { onRoutedAlone(t, clustertest.Restart, "core") }
func TestClusterRecovery(t *testing.T)      { onRoutedAlone(t, clustertest.Recovery, "recovering") }
func TestClusterSurvivesKill(t *testing.T)  { onRoutedAlone(t, clustertest.SurvivesKill, "recovering") }

// TestNodeDies: where one NATS server of three dies, whoever was connected to it connects to another one, and then all are one.
func TestNodeDies(t *testing.T) {
	onRouted(t, func(c *clustertest.Cluster, b *routed) {
		one, two, three := c.Start(clustertest.Options{}), c.Start(clustertest.Options{}), c.Start(clustertest.Options{})
		p, q := clustertest.Connect(t, one.URL, "room"), clustertest.Connect(t, two.URL, "room")
		for _, m := range []*clustertest.Member{one, two, three} {
			m.Hears(t, 2)
		}
		b.nodes[0].Stop() // that of one, and perhaps the leader of the streams
		for i := range 200 {
			two.IO.To("room").Emit("e", i)
		}
		q.WaitFor(`2["e",199]`)
		for _, m := range []*clustertest.Member{one, two, three} {
			m.Hears(t, 2)
		}
		p.Forget()
		two.IO.To("room").Emit("after")
		three.IO.To("room").Emit("after, too")
		for _, r := range []*clustertest.Peer{p, q} {
			r.Until("events", func() bool { return slices.Contains(r.Got, `2["after"]`) && slices.Contains(r.Got, `2["after, too"]`) })
		}
	}, "core", "recovering")
}
