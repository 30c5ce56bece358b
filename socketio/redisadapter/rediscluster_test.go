package redisadapter

// This file tests servers with each other through a Redis Cluster of three masters, whose slots move and whose masters fail.

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/clustertest"
)

// masters is a Redis Cluster: three masters, and a replica of the first if so.
type masters struct {
	t     *testing.T
	nodes []*clusterNode
}

// clusterNode is one redis-server of it.
type clusterNode struct {
	clustertest.Process
	dir, addr, bus string
}

// slots is how many a Redis Cluster has.
const slots = 16384

// startMasters starts a cluster, which ends with the test.
func startMasters(t *testing.T, replica bool) *masters {
	t.Helper()
	b := &masters{t: t}
	for range 3 {
		b.add()
	}
	if replica {
		b.add()
	}
	b.Start()
	t.Cleanup(b.Stop)
	for i, n := range b.nodes {
		c := n.client()
		defer c.Close()
		if i < 3 {
			b.must(c.Do(t.Context(), "CLUSTER", "ADDSLOTSRANGE", i*slots/3, (i+1)*slots/3-1).Err())
		}
		b.must(c.Do(t.Context(), "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err())
		host, port, _ := net.SplitHostPort(b.nodes[0].addr)
		b.must(c.Do(t.Context(), "CLUSTER", "MEET", host, port, b.nodes[0].bus).Err())
	}
	if replica {
		b.await(func() bool { return b.nodes[3].client().ClusterReplicate(t.Context(), b.id(0)).Err() == nil })
		b.await(func() bool { return strings.Contains(b.ask(0, "INFO", "replication"), "state=online") })
	}
	b.ready(len(b.nodes))
	return b
}

// add adds a node, at ports that are free.
func (b *masters) add() {
	var ports []string
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		b.must(err)
		defer l.Close()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		ports = append(ports, port)
	}
	b.nodes = append(b.nodes, &clusterNode{dir: b.t.TempDir(), addr: "127.0.0.1:" + ports[0], bus: ports[1]})
}

// must fails the test at an error.
func (b *masters) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// client returns a client of one node.
func (n *clusterNode) client() *redis.Client { return redis.NewClient(&redis.Options{Addr: n.addr}) }

// ask asks one node, and returns its answer as text.
func (b *masters) ask(i int, args ...any) string {
	c := b.nodes[i].client()
	defer c.Close()
	return fmt.Sprint(c.Do(context.Background(), args...).Val())
}

// id returns the identifier of a node.
func (b *masters) id(i int) string { return b.ask(i, "CLUSTER", "MYID") }

// await waits until f is true.
func (b *masters) await(f func() bool) {
	b.t.Helper()
	for late := time.Now().Add(time.Minute); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(late) {
			b.t.Fatal("the Redis Cluster is not ready: ", b.ask(0, "CLUSTER", "INFO"), b.ask(0, "CLUSTER", "NODES"))
		}
	}
}

// ready waits until all nodes that run know of all, and of all slots.
func (b *masters) ready(known int) {
	b.t.Helper()
	b.await(func() bool {
		for i := range b.nodes {
			info := b.ask(i, "CLUSTER", "INFO")
			if !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, "cluster_known_nodes:"+strconv.Itoa(known)) {
				return false
			}
		}
		return true
	})
}

// run starts the process of a node, and waits until it answers.
func (b *masters) run(n *clusterNode) {
	b.t.Helper()
	path, err := exec.LookPath("redis-server")
	b.must(err)
	_, port, _ := net.SplitHostPort(n.addr)
	n.Run(b.t, exec.Command(path, "--bind", "127.0.0.1", "--port", port, "--cluster-enabled", "yes", "--cluster-port", n.bus, "--cluster-node-timeout", "1000",
		"--cluster-require-full-coverage", "no", "--save", "", "--appendonly", "no", "--maxmemory", "64mb", "--dir", n.dir, "--logfile", filepath.Join(n.dir, "log")))
	c := n.client()
	defer c.Close()
	b.await(func() bool { return c.Ping(context.Background()).Err() == nil })
}

func (b *masters) Start() {
	b.t.Helper()
	_, err := os.Stat(filepath.Join(b.nodes[0].dir, "nodes.conf"))
	known := err == nil
	for _, n := range b.nodes {
		b.run(n)
	}
	if known {
		b.ready(len(b.nodes))
	}
}

func (b *masters) Stop() {
	for _, n := range b.nodes {
		n.Stop()
	}
}

func (b *masters) Signal(s syscall.Signal) {
	for _, n := range b.nodes {
		n.Signal(s)
	}
}

func (b *masters) address() string {
	var all []string
	for _, n := range b.nodes {
		all = append(all, n.addr)
	}
	return strings.Join(all, ",")
}

func (b *masters) dial(dialer func(ctx context.Context, network, addr string) (net.Conn, error)) redis.UniversalClient {
	return redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: strings.Split(b.address(), ","), Dialer: dialer,
		ClusterStateReloadInterval: time.Hour, // what changes is noticed by what it does, not by go-redis's look once a minute
	})
}

func (b *masters) Session(pid string) string {
	c := clientOf(b.address())
	defer c.Close()
	text, _ := unpackSession(c.Get(context.Background(), "sio:session:"+pid).Val())
	return string(text)
}

func (b *masters) Logged() int {
	c := clientOf(b.address())
	defer c.Close()
	return int(c.XLen(context.Background(), "socket.io").Val())
}

func (b *masters) Holds(offset string) bool {
	c := clientOf(b.address())
	defer c.Close()
	return len(c.XRange(context.Background(), "socket.io", offset, offset).Val()) > 0
}

// owner returns which node has the slot of a channel.
func (b *masters) owner(name string) int {
	slot, err := strconv.Atoi(b.ask(0, "CLUSTER", "KEYSLOT", name))
	b.must(err)
	return slot * 3 / slots
}

// onMasters runs a test with formats.
func onMasters(t *testing.T, f func(c *clustertest.Cluster), formats ...string) {
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			c := clusterOf(t, startMasters(t, false), format)
			c.Unordered = format == "sharded"
			f(c)
		})
	}
}

func TestClusterOperations(t *testing.T) {
	onMasters(t, clustertest.Operations, "pubsub", "sharded", "streams")
}
func TestClusterJoinedReaches(t *testing.T) { onMasters(t, clustertest.JoinedReaches, "sharded") }
func TestClusterOrder(t *testing.T)         { onMasters(t, clustertest.Order, "pubsub", "streams") }
func TestClusterCutOff(t *testing.T)        { onMasters(t, clustertest.CutOff, "sharded") }
func TestClusterRestart(t *testing.T)       { onMasters(t, clustertest.Restart, "sharded") }
func TestClusterKilled(t *testing.T)        { onMasters(t, clustertest.Killed, "sharded") }
func TestClusterElsewhere(t *testing.T)     { onMasters(t, clustertest.Elsewhere, "recovering") }
func TestClusterRecovery(t *testing.T)      { onMasters(t, clustertest.Recovery, "recovering") }

// goesOn emits to a room until a client there hears it, and then checks that nothing more is missed, and nothing comes twice.
func goesOn(t *testing.T, from *clustertest.Member, p *clustertest.Peer, room, what string) {
	t.Helper()
	for late := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		from.IO.To(room).Emit(what)
		if slices.Contains(p.Heard(), fmt.Sprintf(`2[%q]`, what)) {
			break
		}
		if time.Now().After(late) {
			t.Fatalf("nothing comes after %s: told %v", what, from.Told())
		}
	}
	from.IO.To(room).Emit("begin")
	p.WaitFor(`2["begin"]`)
	for i := range 100 {
		from.IO.To(room).Emit("e", i)
	}
	for i := range 100 {
		p.Expect(fmt.Sprintf(`2["e",%d]`, i))
	}
}

// rooms returns a room for each master, whose channel is there.
func (b *masters) rooms() (all [3]string) {
	for i := 0; slices.Contains(all[:], ""); i++ {
		room := fmt.Sprint("room", i)
		all[b.owner("socket.io#/#"+room+"#")] = room
	}
	return all
}

// move moves a slot without keys, as redis-cli does.
func (b *masters) move(slot string, from, to int) {
	b.t.Helper()
	source, target := b.id(from), b.id(to)
	for _, one := range []struct {
		at   int
		args []any
	}{
		{to, []any{"IMPORTING", source}}, {from, []any{"MIGRATING", target}},
		{to, []any{"NODE", target}}, {from, []any{"NODE", target}}, {3 - from - to, []any{"NODE", target}},
	} {
		if text := b.ask(one.at, append([]any{"CLUSTER", "SETSLOT", slot}, one.args...)...); text != "OK" {
			b.t.Fatal(one, text)
		}
	}
}

// TestSlotMoves: where the slot of a channel moves to another master, what comes on other channels does not suffer, and the subscription follows.
func TestSlotMoves(t *testing.T) {
	b := startMasters(t, false)
	c := clusterOf(t, b, "sharded")
	one, two := c.Start(clustertest.Options{}), c.Start(clustertest.Options{})
	rooms := b.rooms()
	p, q := clustertest.Connect(t, two.URL, rooms[0]), clustertest.Connect(t, two.URL, rooms[0])
	goesOn(t, one, p, rooms[0], "nothing")
	q.Forget()
	slot := b.ask(0, "CLUSTER", "KEYSLOT", "socket.io#/#"+rooms[0]+"#")
	from := 0
	for _, to := range []int{1, 2, 0} {
		b.move(slot, from, to)
		from = to
		goesOn(t, one, p, rooms[0], fmt.Sprint("move to ", to))
	}
	if told := slices.Concat(one.Told(), two.Told()); told != nil {
		t.Errorf("told %v", told)
	}
}

// TestMasterIsAway: while one master is away, what goes through others goes on; what is for its channels waits, each event arrives once, and when it is back,
// everything goes on.
func TestMasterIsAway(t *testing.T) {
	b := startMasters(t, false)
	c := clusterOf(t, b, "sharded")
	one, two := c.Start(clustertest.Options{}), c.Start(clustertest.Options{})
	rooms := b.rooms()
	gone := (b.owner("socket.io#/#") + 1) % 3 // not the one that has the channel of all
	stays := (gone + 1) % 3
	p, q := clustertest.Connect(t, two.URL, rooms[gone]), clustertest.Connect(t, two.URL, rooms[stays])
	goesOn(t, one, p, rooms[gone], "nothing")
	goesOn(t, one, q, rooms[stays], "nothing")
	b.nodes[gone].Stop()
	q.Forget()
	for i := range 100 {
		one.IO.To(rooms[gone]).Emit("waits", i)
		one.IO.To(rooms[stays]).Emit("passes", i)
	}
	for i := range 100 {
		q.Expect(fmt.Sprintf(`2["passes",%d]`, i))
	}
	b.run(b.nodes[gone])
	goesOn(t, one, p, rooms[gone], "return")
	goesOn(t, one, q, rooms[stays], "return")
	if told := two.Told(); !slices.ContainsFunc(told, func(err error) bool { return errors.Is(err, ErrLost) }) {
		t.Errorf("told %v", told)
	}
}

// TestFailover: where a replica takes the place of a master, subscriptions and what is emitted follow.
func TestFailover(t *testing.T) {
	for _, format := range []string{"sharded", "streams"} {
		t.Run(format, func(t *testing.T) {
			b := startMasters(t, true)
			c := clusterOf(t, b, format)
			one, two := c.Start(clustertest.Options{}), c.Start(clustertest.Options{})
			room := b.rooms()[0]
			p := clustertest.Connect(t, two.URL, room)
			goesOn(t, one, p, room, "nothing")
			b.nodes[0].Stop()
			goesOn(t, one, p, room, "failover")
			one.Hears(t, 1)
			two.Hears(t, 1)
		})
	}
}
