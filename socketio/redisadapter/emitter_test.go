package redisadapter

import (
	"errors"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio"
)

// TestEmitter: ours, to servers of both kinds.
func TestEmitter(t *testing.T) {
	b := startBroker(t)
	c := &mixed{b: b, node: startNode(t, b, "pubsub"), goes: startMember(t, b, "pubsub", nil)}
	c.onGo, c.onNode = connect(t, c.goes.http.URL, "room"), connect(t, c.node.url, "room")
	client := b.client()
	defer client.Close()
	e, ctx := NewEmitter(client, nil), t.Context()
	both := func(want ...string) {
		t.Helper()
		c.onGo.expect(want...)
		c.onNode.expect(want...)
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
	check(e.To("room", "none").Except(c.onGo.id).Emit(ctx, "node"))
	check(e.Of("other").Emit(ctx, "not heard"))
	check(e.To(c.onGo.id).Emit(ctx, "go"))
	c.onNode.expect(`2["node"]`)
	c.onGo.expect(`2["go"]`)
	check(e.To("room").SocketsJoin(ctx, "new", "newer"))
	check(e.To(c.onGo.id).SocketsLeave(ctx, "newer"))
	for !c.goes.io.Socket(c.onGo.id).In("new") || c.goes.io.Socket(c.onGo.id).In("newer") {
		time.Sleep(time.Millisecond)
	}
	check(e.To("new").Emit(ctx, "new"))
	both(`2["new"]`)
	heard := make(chan int, 1)
	c.goes.io.OnServer("hello", func(n int) { heard <- n })
	check(e.ServerSideEmit(ctx, "hello", exact))
	if n := <-heard; n != exact || c.node.do(order{Do: "heard"}) == "" {
		t.Errorf("heard %d", n)
	}
	check(e.To("room").DisconnectSockets(ctx, true))
	c.onGo.until("end", func() bool { return c.onGo.ended })
	c.onNode.until("end", func() bool { return c.onNode.ended })
	if err := e.Emit(ctx, "disconnect"); !errors.Is(err, socketio.ErrReserved) {
		t.Errorf("error %v", err)
	}
	if told := c.goes.told(); told != nil {
		t.Errorf("errors %v", told)
	}
}

// TestNodeEmitter: the official one, to ours.
func TestNodeEmitter(t *testing.T) {
	b := startBroker(t)
	node, goes := startNode(t, b, "pubsub"), startMember(t, b, "pubsub", nil)
	p := connect(t, goes.http.URL, "room")
	node.do(order{Do: "emitterEmit", Args: []any{"all", exact, binary{[]byte("bytes")}}})
	p.expect(`51-["all",9007199254740994,{"_placeholder":true,"num":0}] bytes`)
	node.do(order{Do: "emitterEmit", Rooms: []string{"room"}, Args: []any{"room"}})
	node.do(order{Do: "emitterEmit", Rooms: []string{"room"}, Except: []string{p.id}, Args: []any{"not heard"}})
	node.do(order{Do: "emitterEmit", Rooms: []string{p.id}, Args: []any{"own"}})
	p.expect(`2["room"]`, `2["own"]`)
	node.do(order{Do: "emitterJoin", Rooms: []string{"room"}, Args: []string{"new"}})
	node.do(order{Do: "emitterLeave", Rooms: []string{"new"}, Args: []string{"room"}})
	s := goes.io.Socket(p.id)
	for !s.In("new") || s.In("room") {
		time.Sleep(time.Millisecond)
	}
	heard := make(chan int, 1)
	goes.io.OnServer("hello", func(n int) { heard <- n })
	node.do(order{Do: "emitterServer", Args: []any{"hello", exact}})
	if n := <-heard; n != exact {
		t.Errorf("heard %d", n)
	}
	node.do(order{Do: "emitterDisconnect", Rooms: []string{"new"}})
	p.until("end", func() bool { return p.ended })
	if told := goes.told(); told != nil {
		t.Errorf("errors %v", told)
	}
}
