package redisadapter

import (
	"errors"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/clustertest"
)

// TestEmitter: ours, to servers of both kinds.
func TestEmitter(t *testing.T) {
	b := startBroker(t)
	c := &mixed{b: b, node: startNode(t, b, "pubsub"), goes: startMember(t, b, "pubsub", new(Options))}
	c.onGo, c.onNode = clustertest.Connect(t, c.goes.URL, "room"), clustertest.Connect(t, c.node.url, "room")
	client := b.client()
	defer client.Close()
	e, ctx := NewEmitter(client, nil), t.Context()
	both := func(want ...string) {
		t.Helper()
		c.onGo.Expect(want...)
		c.onNode.Expect(want...)
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	check(e.Emit(ctx, "all", exact, []byte("bytes")))
	both(`51-["all",9007199254740994,{"_placeholder":true,"num":0}] bytes`)
	check(e.To("room").Volatile().Emit(ctx, "room"))
	both(`2["room"]`)
	check(e.To("room", "none").Except(c.onGo.ID).Emit(ctx, "node"))
	check(e.Of("other").Emit(ctx, "not heard"))
	check(e.To(c.onGo.ID).Emit(ctx, "go"))
	c.onNode.Expect(`2["node"]`)
	c.onGo.Expect(`2["go"]`)
	check(e.To("room").SocketsJoin(ctx, "new", "newer"))
	check(e.To(c.onGo.ID).SocketsLeave(ctx, "newer"))
	for !c.goes.IO.Socket(c.onGo.ID).In("new") || c.goes.IO.Socket(c.onGo.ID).In("newer") {
		time.Sleep(time.Millisecond)
	}
	check(e.To("new").Emit(ctx, "new"))
	both(`2["new"]`)
	heard := make(chan int, 1)
	c.goes.IO.OnServer("hello", func(n int) { heard <- n })
	check(e.ServerSideEmit(ctx, "hello", exact))
	if n := <-heard; n != exact || c.node.do(order{Do: "heard"}) == "" {
		t.Errorf("heard %d", n)
	}
	check(e.To("room").DisconnectSockets(ctx, true))
	c.onGo.Until("end", func() bool { return c.onGo.Ended })
	c.onNode.Until("end", func() bool { return c.onNode.Ended })
	if err := e.Emit(ctx, "disconnect"); !errors.Is(err, socketio.ErrReserved) {
		t.Errorf("error %v", err)
	}
	if told := c.goes.Told(); told != nil {
		t.Errorf("errors %v", told)
	}
}

// TestNodeEmitter: the official one, to ours.
func TestNodeEmitter(t *testing.T) {
	b := startBroker(t)
	node, goes := startNode(t, b, "pubsub"), startMember(t, b, "pubsub", new(Options))
	p := clustertest.Connect(t, goes.URL, "room")
	node.do(order{Do: "emitterEmit", Args: []any{"all", exact, binary{[]byte("bytes")}}})
	p.Expect(`51-["all",9007199254740994,{"_placeholder":true,"num":0}] bytes`)
	node.do(order{Do: "emitterEmit", Rooms: []string{"room"}, Args: []any{"room"}})
	node.do(order{Do: "emitterEmit", Rooms: []string{"room"}, Except: []string{p.ID}, Args: []any{"not heard"}})
	node.do(order{Do: "emitterEmit", Rooms: []string{p.ID}, Args: []any{"own"}})
	p.Expect(`2["room"]`, `2["own"]`)
	node.do(order{Do: "emitterJoin", Rooms: []string{"room"}, Args: []string{"new"}})
	node.do(order{Do: "emitterLeave", Rooms: []string{"new"}, Args: []string{"room"}})
	s := goes.IO.Socket(p.ID)
	for !s.In("new") || s.In("room") {
		time.Sleep(time.Millisecond)
	}
	heard := make(chan int, 1)
	goes.IO.OnServer("hello", func(n int) { heard <- n })
	node.do(order{Do: "emitterServer", Args: []any{"hello", exact}})
	if n := <-heard; n != exact {
		t.Errorf("heard %d", n)
	}
	node.do(order{Do: "emitterDisconnect", Rooms: []string{"new"}})
	p.Until("end", func() bool { return p.Ended })
	if told := goes.Told(); told != nil {
		t.Errorf("errors %v", told)
	}
}
