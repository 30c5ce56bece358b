package redisadapter

// This file tests connection state recovery between servers of both kinds, and how sessions are written.

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/clustertest"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/msgpack"
)

// TestRecoveryBetweenKinds: a client of a server of one kind comes back to one of the other.
func TestRecoveryBetweenKinds(t *testing.T) {
	eachNode(t, func(t *testing.T, c *mixed) {
		if !strings.HasSuffix(t.Name(), "recovering") {
			return
		}
		c.goes.IO.To("room").Emit("seen")
		c.onNode.Expect(`2["seen"]`)
		c.onGo.Expect(`2["seen"]`)
		c.drop(c.onGo)
		c.drop(c.onNode)
		c.goes.IO.To("room").Emit("from go", exact, []byte("bytes"))
		c.goes.IO.To("other").Emit("not heard")
		c.goes.IO.Emit("all from go")
		c.node.do(order{Do: "emit", Rooms: []string{"room"}, Args: []any{"from node", binary{[]byte("b")}}})
		c.node.do(order{Do: "emit", Args: []any{"all from node"}})
		for c.b.Logged() < 6 {
			time.Sleep(time.Millisecond)
		}
		fromGo := []string{`51-["from go",9007199254740994,{"_placeholder":true,"num":0}] bytes`, `2["all from go"]`}
		fromNode := []string{`51-["from node",{"_placeholder":true,"num":0}] b`, `2["all from node"]`}
		toNode, ok := c.onGo.ComeBack(c.node.url)
		if !ok {
			t.Errorf("a client of ours is not recovered by Node: %q", toNode.Got)
		}
		toGo, ok := c.onNode.ComeBack(c.goes.URL)
		if !ok {
			t.Errorf("a client of Node's is not recovered by ours: %q", toGo.Got)
		}
		c.goes.IO.To("room").Emit("after")
		for _, p := range []*clustertest.Peer{toNode, toGo} {
			p.Until("after", func() bool { return slices.Contains(p.Got, `2["after"]`) })
			of := func(from []string) (got []string) {
				for _, s := range p.Got {
					if slices.Contains(from, s) {
						got = append(got, s)
					}
				}
				return got
			}
			if !slices.Equal(of(fromGo), fromGo) || !slices.Equal(of(fromNode), fromNode) || len(p.Got) != 5 {
				t.Errorf("got %q", p.Got)
			}
		}
	})
}

// TestForeignSession: what something else has written in a session's place is no session.
func TestForeignSession(t *testing.T) {
	c := start(t, "recovering")
	m := c.Start(clustertest.Options{})
	p := clustertest.Connect(t, m.URL)
	m.IO.Emit("first")
	p.Expect(`2["first"]`)
	c.Drop(p)
	client := c.Broker.(*broker).client()
	defer client.Close()
	client.Set(t.Context(), "sio:session:"+p.PID, "!", time.Minute)
	if q, ok := p.ComeBack(m.URL); ok {
		t.Errorf("recovered: %q", q.Heard())
	}
}

// TestSessionFormat: a session as Node writes it.
func TestSessionFormat(t *testing.T) {
	const text = `{"sid":"s","pid":"p","rooms":["s","a"],"data":{"n":1}}`
	packed, err := msgpack.Append(nil, []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := unpackSession(base64.StdEncoding.EncodeToString(packed)); err != nil || string(got) != text {
		t.Errorf("%s, %v", got, err)
	}
	for _, bad := range []string{"", "!", "gA", base64.StdEncoding.EncodeToString([]byte("\x91"))} {
		if got, err := unpackSession(bad); err == nil && len(got) > 0 && got[0] == '{' {
			t.Errorf("%q: %s", bad, got)
		}
	}
}
