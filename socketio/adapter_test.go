package socketio

// This file tests the seam for several servers, with an adapter that connects those of one process.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
)

// bus connects the servers of a process.
type bus struct {
	mu     sync.Mutex
	locals []adapter.Local
	rooms  []string // what was told of rooms
}

// node is one server's adapter.
type node struct {
	*bus
	local adapter.Local
}

func (b *bus) connect(l adapter.Local) (adapter.Adapter, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.locals = append(b.locals, l)
	return &node{b, l}, nil
}

// reach returns the servers that a target is about.
func (n *node) reach(t *adapter.Target) (all []adapter.Local) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, l := range n.locals {
		if l == n.local || l.Namespace() == n.local.Namespace() && !t.Local {
			all = append(all, l)
		}
	}
	return all
}

func (n *node) Broadcast(_ context.Context, p *adapter.Packet, t *adapter.Target) error {
	for _, l := range n.reach(t) {
		l.Broadcast(p, t)
	}
	return nil
}

func (n *node) BroadcastWithAck(ctx context.Context, p *adapter.Packet, t *adapter.Target, ack func(adapter.Answer)) (err error) {
	for _, l := range n.reach(t) {
		err = errors.Join(err, adapter.Gather(ctx, l, p, t, ack))
	}
	return err
}

func (n *node) Join(_ context.Context, t *adapter.Target, rooms []string) error {
	for _, l := range n.reach(t) {
		l.Join(t, rooms)
	}
	return nil
}

func (n *node) Leave(_ context.Context, t *adapter.Target, rooms []string) error {
	for _, l := range n.reach(t) {
		l.Leave(t, rooms)
	}
	return nil
}

func (n *node) Disconnect(_ context.Context, t *adapter.Target, close bool) error {
	for _, l := range n.reach(t) {
		l.Disconnect(t, close)
	}
	return nil
}

func (n *node) Sockets(_ context.Context, t *adapter.Target) (all []adapter.Socket, _ error) {
	for _, l := range n.reach(t) {
		all = append(all, l.Sockets(t)...)
	}
	return all, nil
}

func (n *node) ServerSideEmit(ctx context.Context, p *adapter.Packet, ack func(adapter.Answer)) error {
	for _, l := range n.reach(&adapter.Target{}) {
		if l == n.local {
			continue
		}
		answer := make(chan adapter.Answer, 1)
		l.ServerSideEmit(p, func(a adapter.Answer) { answer <- a })
		if ack == nil {
			continue
		}
		select {
		case a := <-answer:
			ack(a)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func (n *node) Servers(context.Context) (int, error) { return len(n.reach(&adapter.Target{})), nil }
func (n *node) Close(context.Context) error          { return nil }
func (n *node) RoomOpened(room string)               { n.note("+" + room) }
func (n *node) RoomClosed(room string)               { n.note("-" + room) }

func (b *bus) note(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rooms = append(b.rooms, text)
}

// inCluster runs f in a bubble with two servers that know each other.
func inCluster(t *testing.T, f func(b *bus, one, two *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := new(bus)
		o := testOptions()
		o.Adapter = b.connect
		one, two := newWorld(t, o, nil), newWorld(t, o, nil)
		defer one.end()
		defer two.end()
		f(b, one, two)
	})
}

func TestServersTogether(t *testing.T) {
	inCluster(t, func(b *bus, one, two *world) {
		p, q := one.connect(), two.connect()
		one.io.Socket(p.id).Join("room", "room")
		two.io.Socket(q.id).Join("room")
		one.io.Emit("a", []byte("x"))
		p.expect(`51-["a",{"_placeholder":true,"num":0}]`, "x")
		q.expect(`51-["a",{"_placeholder":true,"num":0}]`, "x")
		one.io.Local().Emit("b")
		p.expect(`2["b"]`)
		one.io.Socket(p.id).To("room").Emit("c")
		two.io.To(p.id).Emit("d")
		q.expect(`2["c"]`)
		p.expect(`2["d"]`)
		all, err := one.io.To("room").FetchSockets(one.Context())
		if err != nil || len(all) != 2 {
			t.Fatal(all, err)
		}
		for _, r := range all {
			r.Join("both")
			r.Emit("e")
		}
		p.expect(`2["e"]`)
		q.expect(`2["e"]`)
		one.io.To("both").SocketsLeave("both", "room")
		if p, q := one.io.Socket(p.id), two.io.Socket(q.id); len(p.Rooms()) != 1 || len(q.Rooms()) != 1 {
			t.Error(p.Rooms(), q.Rooms())
		}
		got := make(chan string, 1)
		go func() {
			all, err := one.io.All().EmitWithAck[int](one.Context(), "q")
			slices.Sort(all)
			got <- fmt.Sprint(all, err)
		}()
		p.expect(`20["q"]`)
		p.send(`30[1]`)
		q.expect(`20["q"]`)
		q.send(`30[2]`)
		if text := <-got; text != "[1 2] <nil>" {
			t.Error(text)
		}
		two.io.To(p.id).DisconnectSockets(true)
		p.expect("1")
		p.closed()
		b.mu.Lock()
		defer b.mu.Unlock()
		if text := fmt.Sprint(b.rooms); text != "[+room +room +both +both -both -room -both -room]" {
			t.Error(text)
		}
	})
}

func TestServerSideEmit(t *testing.T) {
	inCluster(t, func(_ *bus, one, two *world) {
		for _, w := range []*world{one, two} {
			w.io.OnServer("hello", func(name string) { w.note("hello %s", name) })
			w.io.HandleServer("add", func(in []int) (int, error) { return in[0] + in[1], nil })
			w.io.HandleServer("fail", func(struct{}) (int, error) { return 0, &Error{Message: "no"} })
			w.io.OnServer("panic", func(struct{}) { panic("on purpose") })
		}
		if err := one.io.ServerSideEmit(one.Context(), "hello", "world"); err != nil {
			t.Error(err)
		}
		one.noted()
		two.noted("hello world")
		sums, err := two.io.ServerSideEmitWithAck[int](two.Context(), "add", []int{1, 2})
		if err != nil || !slices.Equal(sums, []int{3}) {
			t.Error(sums, err)
		}
		var e *Error
		if _, err := one.io.ServerSideEmitWithAck[int](one.Context(), "fail"); !errors.As(err, &e) || e.Message != "no" {
			t.Error(err)
		}
		one.io.ServerSideEmit(one.Context(), "panic")
		if err := one.io.ServerSideEmit(one.Context(), "connect"); !errors.Is(err, ErrReserved) {
			t.Error(err)
		}
	})
	inWorld(t, nil, func(w *world) { // alone
		if all, err := w.io.ServerSideEmitWithAck[int](w.Context(), "x"); len(all) != 0 || err != nil {
			t.Error(all, err)
		}
	})
}

// TestBrokenAdapter has one that cannot be made: nobody is told that an event went out.
func TestBrokenAdapter(t *testing.T) {
	inWorld(t, func(o *Options) {
		o.Adapter = func(adapter.Local) (adapter.Adapter, error) { return nil, errors.New("on purpose") }
		o.Recovery = &Recovery{}
	}, func(w *world) {
		p := w.connect()
		if err := w.io.Emit("x"); err == nil {
			t.Error("emitted")
		}
		w.io.Socket(p.id).Emit("y")
		p.expect(`2["y"]`)
	})
}

// TestAdapterNew protects that what makes an adapter may take its time, and call the server, in Of and for a client: nobody else waits for
// it. One that panics leaves an adapter that fails.
func TestAdapterNew(t *testing.T) {
	var srv *Server
	var open chan struct{}
	build := func(l adapter.Local) (adapter.Adapter, error) {
		switch l.Namespace() {
		case "/slow", "/slow child":
			<-open
			srv.Of("/of " + l.Namespace())
			l.Broadcast(&adapter.Packet{Event: "x", Args: []byte(`["x"]`)}, &adapter.Target{})
		case "/panics":
			panic("on purpose")
		}
		return new(bus).connect(l)
	}
	inWorld(t, func(o *Options) { o.Adapter, open = build, make(chan struct{}) }, func(w *world) {
		srv = w.io
		w.io.OfFunc(func(name string, _ *Handshake) bool { return name != "/none" })
		slow := w.open()
		slow.send("0/slow child")
		go func() { w.note("%v", w.io.Of("/slow").adapter != nil) }()
		synctest.Wait()
		p := w.connect() // while both wait
		w.io.Of("/other").Emit("x")
		p.send("0/fast")
		p.accepted("/fast,")
		close(open)
		slow.accepted("/slow child,")
		w.noted("true")

		p.send("0/panics")
		p.accepted("/panics,")
		if err := w.io.Of("/panics").Emit("x"); !errors.Is(err, errPanic) {
			t.Error(err)
		}
	})
}

// TestAdapterPlaceholders protects that what an adapter gives is checked where it is decoded: a placeholder without its attachment is an error,
// in whatever type it is decoded to.
func TestAdapterPlaceholders(t *testing.T) {
	for _, num := range []string{"1", "-1", "0.5", `"0"`, "1e300", "null"} {
		for _, nested := range []string{"%s", "[%s]", `{"b":%s}`} {
			a := Args{array: fmt.Appendf(nil, "["+nested+"]", `{"_placeholder":true,"num":`+num+`}`), attachments: [][]byte{{1}}}
			var all any
			if err := a.Bind(&all); !errors.Is(err, errArguments) {
				t.Errorf("%s: %v, %v", a.array, all, err)
			}
		}
	}
	var all any
	a := Args{array: []byte(`[[{"_placeholder":true,"num":0},{"_placeholder":false,"num":7}]]`), attachments: [][]byte{{1}}}
	if err := a.Bind(&all); err != nil || fmt.Sprint(all) != "[[1] map[_placeholder:false num:7]]" {
		t.Errorf("%v, %v", all, err)
	}
}
