package clustertest

// This file holds what is to be true of every cluster.

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
)

// big is a whole number that no float64 is.
const big = 9007199254740993

// Operations: every operation of one server reaches the clients of another.
func Operations(c *Cluster) {
	t := c.T
	o := &operations{t: t, one: c.Start(Options{}), two: c.Start(Options{}), ctx: Timed(t, patience)}
	o.near, o.far = Connect(t, o.one.URL, "room"), Connect(t, o.two.URL, "room", "other")
	o.outside = Connect(t, o.two.URL)
	for _, p := range []*Peer{o.near, o.far, o.outside} {
		p.Unordered = c.Unordered
	}
	o.one.Await(t, 2)
	o.emit()
	o.ask()
	o.manage()
	o.talk()
	o.one.IO.To(o.outside.ID).DisconnectSockets(true)
	o.outside.Until("end", func() bool { return o.outside.Ended })
	for _, m := range []*Member{o.one, o.two} {
		if e := m.Told(); e != nil {
			t.Errorf("errors %v", e)
		}
	}
}

// operations are two servers, with a client of the first in a room, and two of the second, one of which is in it.
type operations struct {
	t                  *testing.T
	ctx                context.Context
	one, two           *Member
	near, far, outside *Peer
}

// emit sends events to all, to rooms, but to some, to one.
func (o *operations) emit() {
	o.one.IO.Emit("all", big)
	for _, p := range []*Peer{o.near, o.far, o.outside} {
		p.Expect(`2["all",9007199254740993]`)
	}
	o.one.IO.To("room").Emit("room", []byte("bytes"), "x")
	o.one.IO.To("room", "other").Except(o.near.ID).Emit("two")
	o.near.Expect(`51-["room",{"_placeholder":true,"num":0},"x"] bytes`)
	o.far.Expect(`51-["room",{"_placeholder":true,"num":0},"x"] bytes`, `2["two"]`)
	o.one.IO.To(o.outside.ID).Emit("own")
	o.outside.Expect(`2["own"]`)
	o.one.IO.Socket(o.near.ID).To("room").Emit("others")
	o.far.Expect(`2["others"]`)
	o.one.IO.Local().Emit("local")
	o.near.Expect(`2["local"]`)
	o.one.IO.Volatile().Emit("volatile")
	for _, p := range []*Peer{o.near, o.far, o.outside} {
		p.Expect(`2["volatile"]`)
	}
}

// ask waits for the acknowledgements of clients, and for what there is.
func (o *operations) ask() {
	o.near.Acknowledge(`[1]`)
	o.far.Acknowledge(`[9007199254740993]`)
	answers, err := o.one.IO.To("room").EmitWithAck[int](o.ctx, "ask", []byte("b"))
	if slices.Sort(answers); !slices.Equal(answers, []int{1, big}) || err != nil {
		o.t.Errorf("answers %v, %v", answers, err)
	}
	o.far.WaitFor(`51-0["ask",{"_placeholder":true,"num":0}] b`)
	o.two.IO.Socket(o.outside.ID).SetData(map[string]any{"n": int64(big)})
	sockets, err := o.one.IO.All().FetchSockets(o.ctx)
	if err != nil || len(sockets) != 3 {
		o.t.Fatalf("%d sockets, %v", len(sockets), err)
	}
	i := slices.IndexFunc(sockets, func(s socketio.RemoteSocket) bool { return s.ID() == o.outside.ID })
	if s := sockets[i]; string(s.Data) != `{"n":9007199254740993}` || !slices.Equal(s.Rooms, []string{o.outside.ID}) || s.Handshake.Query["EIO"] != "4" {
		o.t.Errorf("%+v", s)
	}
}

// manage puts a client of the other server into a room, and takes it out.
func (o *operations) manage() {
	o.one.IO.To(o.outside.ID).SocketsJoin("new")
	o.one.IO.To("new").Emit("joined")
	o.outside.Expect(`2["joined"]`)
	o.one.IO.To("new").SocketsLeave("new")
	o.one.IO.To("new").Emit("not heard")
	o.one.IO.To(o.outside.ID).Emit("left")
	o.outside.Expect(`2["left"]`)
}

// talk is what servers say to each other.
func (o *operations) talk() {
	o.two.IO.HandleServer("sum", func(n int) (int, error) { return n + 1, nil })
	sums, err := o.one.IO.ServerSideEmitWithAck[int](o.ctx, "sum", big)
	if !slices.Equal(sums, []int{big + 1}) || err != nil {
		o.t.Errorf("answers %v, %v", sums, err)
	}
	heard := make(chan string, 2)
	o.two.IO.OnServer("hello", func(s string) { heard <- s })
	o.one.IO.OnServer("hello", func(s string) { heard <- "own " + s })
	o.one.IO.ServerSideEmit(o.ctx, "hello", "you")
	if s := <-heard; s != "you" {
		o.t.Errorf("heard %s", s)
	}
}

// JoinedReaches: after Join has returned, a broadcast of another server reaches the socket, also in a room that comes and goes.
func JoinedReaches(c *Cluster) {
	t := c.T
	one, two := c.Start(Options{}), c.Start(Options{})
	p := Connect(t, two.URL)
	s := two.IO.Socket(p.ID)
	for i := range 200 {
		s.Join("room")
		one.IO.To("room").Emit("e", i)
		p.Until("event", func() bool { return len(p.Got) == i+1 })
		s.Leave("room")
	}
}

// Order: the events of one server come in order, each once, while both emit.
func Order(c *Cluster) {
	t := c.T
	const n = 1000
	all := []*Member{c.Start(Options{}), c.Start(Options{}), c.Start(Options{})}
	var peers []*Peer
	for _, m := range all {
		peers = append(peers, Connect(t, m.URL, "room"))
	}
	for from, m := range all {
		go func() {
			for i := range n {
				switch i % 3 {
				case 0:
					m.IO.Emit("e", from, i)
				case 1:
					m.IO.To("room").Emit("e", from, i)
				default:
					m.IO.To("room", "none").Emit("e", from, i)
				}
			}
		}()
	}
	for _, p := range peers {
		p.Until("events", func() bool { return len(p.Got) >= len(all)*n })
		next := make([]int, len(all))
		for _, text := range p.Got {
			var from, i int
			if _, err := fmt.Sscanf(text, `2["e",%d,%d`, &from, &i); err != nil || i != next[from] {
				t.Fatalf("%s: want %d, %v", text, next[from], err)
			}
			next[from]++
		}
	}
}

// Restart: while the broker is away, local delivery goes on and errors are told; what was emitted meanwhile leaves when it is back.
func Restart(c *Cluster) {
	t := c.T
	one, two := c.Start(Options{RequestTimeout: time.Second}), c.Start(Options{RequestTimeout: time.Second})
	near, far := Connect(t, one.URL, "room"), Connect(t, two.URL, "room")
	one.Await(t, 2)
	one.IO.To("room").Emit("before")
	near.Expect(`2["before"]`)
	far.Expect(`2["before"]`)
	c.Stop()
	one.IO.To("room").Emit("away")
	near.Expect(`2["away"]`)
	sockets, err := one.IO.All().FetchSockets(Timed(t, patience))
	if len(sockets) != 1 || err == nil {
		t.Errorf("%d sockets, %v", len(sockets), err)
	}
	if err := one.IO.ServerSideEmit(t.Context(), "x"); err != nil {
		t.Errorf("ServerSideEmit: %v", err)
	}
	late := Connect(t, two.URL, "late") // is not kept waiting
	c.Broker.Start()
	one.Hears(t, 3)
	two.Hears(t, 3)
	two.IO.Socket(late.ID).Join("back")
	one.IO.To("back").Emit("back")
	late.WaitFor(`2["back"]`)
	one.IO.To("room").Emit("after")
	two.IO.To("room").Emit("after two")
	for _, p := range []*Peer{near, far} {
		p.Until("events", func() bool { return slices.Contains(p.Got, `2["after"]`) && slices.Contains(p.Got, `2["after two"]`) })
	}
	if told := one.Told(); !slices.ContainsFunc(told, func(err error) bool { return errors.Is(err, cluster.ErrLost) }) {
		t.Errorf("told %v", told)
	}
}

// Stopped: a broker that hangs keeps nobody waiting; what does not fit is dropped, counted and told; the rest comes whole and in order.
func Stopped(c *Cluster) {
	t := c.T
	const n = 20_000
	one, two := c.Start(Options{MaxQueued: 1 << 20, RequestTimeout: time.Second}), c.Start(Options{})
	near, far := Connect(t, one.URL), Connect(t, two.URL)
	one.Await(t, 2)
	c.Signal(syscall.SIGSTOP)
	refused := 0
	for i := range n {
		if err := one.IO.Emit("e", i); errors.Is(err, cluster.ErrBehind) {
			refused++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	near.Until("events", func() bool { return len(near.Got) == n })
	if refused == 0 {
		t.Error("nothing is refused")
	}
	began := time.Now()
	if _, err := one.IO.All().FetchSockets(t.Context()); err == nil || time.Since(began) > patience {
		t.Errorf("FetchSockets: %v after %v", err, time.Since(began))
	}
	c.Signal(syscall.SIGCONT)
	far.Until("events", func() bool { return len(far.Got) >= n-refused })
	last := -1
	for _, text := range far.Got {
		var i int
		if _, err := fmt.Sscanf(text, `2["e",%d`, &i); err != nil || i <= last {
			t.Fatalf("%s behind %d, %v", text, last, err)
		}
		last = i
	}
	one.IO.Emit("last")
	far.WaitFor(`2["last"]`)
	dropped := 0
	for range 100 {
		for _, err := range one.Told() {
			if d, ok := errors.AsType[*cluster.DroppedError](err); ok {
				dropped += d.Messages
			}
		}
		if dropped >= refused {
			break
		}
		one.IO.Emit("again")
		time.Sleep(50 * time.Millisecond)
	}
	if dropped < refused || dropped > refused+10 { // requests and heartbeats are refused, too
		t.Errorf("%d dropped were told, %d were refused", dropped, refused)
	}
}

var stopped = flag.Duration("stopped", 0, "how long StoppedForLong halts the broker, at 10,000 emits a second; 30s is what was measured")

// StoppedForLong: memory stays within MaxQueued, whatever is emitted meanwhile; what is not refused arrives.
func StoppedForLong(c *Cluster) {
	t := c.T
	if *stopped == 0 {
		*stopped = time.Second
	}
	one, two := c.Start(Options{MaxQueued: 4 << 20}), c.Start(Options{})
	far := Connect(t, two.URL, "far")
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	c.Signal(syscall.SIGSTOP)
	emits, refused, longest := 0, 0, time.Duration(0)
	ticks := time.NewTicker(10 * time.Millisecond)
	defer ticks.Stop()
	due := func(since time.Time) int { return int(min(time.Since(since), *stopped) / (100 * time.Microsecond)) }
	for start := time.Now(); emits < int(*stopped/(100*time.Microsecond)); <-ticks.C {
		for emits < due(start) { // also where a tick was late
			began := time.Now()
			err := one.IO.To("far").Emit("e", emits)
			longest = max(longest, time.Since(began))
			if emits++; errors.Is(err, cluster.ErrBehind) {
				refused++
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
	grown := int64(heap()) - int64(before)
	c.Signal(syscall.SIGCONT)
	far.Until("events", func() bool { return len(far.Got) >= emits-refused })
	last := -1
	for _, text := range far.Heard() {
		var i int
		if _, err := fmt.Sscanf(text, `2["e",%d`, &i); err != nil || i <= last {
			t.Fatalf("%s behind %d, %v", text, last, err)
		}
		last = i
	}
	if grown > 3*4<<20 { // a message takes more than its bytes: twice, and what the garbage collector has not seen
		t.Errorf("the heap has grown by %d", grown)
	}
	t.Logf("%d emits in %v, %d refused, the longest took %v, heap +%d KiB", emits, *stopped, refused, longest, grown>>10)
}

// Hangs: where the broker hangs for longer than servers may be silent, nobody takes that for being alone.
func Hangs(c *Cluster) {
	t := c.T
	one, two := c.Start(Options{Heartbeat: 50 * time.Millisecond, RequestTimeout: 100 * time.Millisecond}), c.Start(Options{Heartbeat: 50 * time.Millisecond})
	near := Connect(t, one.URL)
	Connect(t, two.URL)
	one.Hears(t, 2)
	c.Signal(syscall.SIGSTOP)
	for range 10 {
		time.Sleep(50 * time.Millisecond) // longer than silence in all
		if sockets, err := one.IO.All().FetchSockets(t.Context()); err == nil || len(sockets) != 1 {
			t.Errorf("%d sockets, %v", len(sockets), err)
		}
		if n, err := one.Main.Servers(t.Context()); err == nil && n == 1 {
			t.Error("alone")
		}
	}
	one.IO.Emit("e")
	near.WaitFor(`2["e"]`)
	c.Signal(syscall.SIGCONT)
	one.Hears(t, 2)
}
