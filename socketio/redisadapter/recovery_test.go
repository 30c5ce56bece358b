package redisadapter

// This file tests connection state recovery with Streams: on the same server, on another, and between servers of both kinds.

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/msgpack"
)

// comeBack opens a new connection as who the client was, and waits until it is accepted. What it has missed is in got.
func (p *peer) comeBack(url string) (q *peer, recovered bool) {
	p.t.Helper()
	q = open(p.t, url, fmt.Sprintf(`0{"pid":%q,"offset":%q}`, p.pid, p.offset))
	q.accepted()
	return q, q.id == p.id && q.pid == p.pid
}

// cut ends the connection of a client without a word, and waits until its session is saved.
func (p *peer) cut(b *broker) {
	p.t.Helper()
	p.CloseNow()
	c := b.client()
	defer c.Close()
	for c.Exists(context.Background(), "sio:session:"+p.pid).Val() == 0 {
		time.Sleep(time.Millisecond)
	}
}

// TestRecovery: a client that comes back, to the same server or another one, gets what it has missed, each event once and in order.
func TestRecovery(t *testing.T) {
	for _, where := range []string{"same", "other"} {
		t.Run(where, func(t *testing.T) {
			b := startBroker(t)
			one, two := startMember(t, b, "recovering", nil), startMember(t, b, "recovering", nil)
			p := connect(t, one.http.URL, "room", "left")
			one.io.Socket(p.id).SetData("mine")
			two.io.Emit("first")
			p.expect(`2["first"]`)
			one.io.To("left").Emit("left")
			one.io.Socket(p.id).Leave("left")
			p.expect(`2["left"]`)
			two.io.To("left").Emit("not heard")
			p.cut(b)
			two.io.To("room").Emit("room", exact, []byte("bytes"))
			two.io.Except("room").Emit("not heard")
			two.io.Volatile().Emit("not heard")
			one.io.To(p.id).Emit("own")
			one.io.Of("other").Emit("not heard")
			two.io.To("left").Emit("not heard")
			for i := range 2500 { // more than are read at once
				two.io.Emit("many", i)
			}
			two.io.Emit("end of many", "text")
			witness := connect(t, two.http.URL)
			two.io.To(witness.id).Emit("read") // everything before stands in the stream
			witness.waitFor(`2["read"]`)
			url := one.http.URL
			back := one
			if where == "other" {
				url, back = two.http.URL, two
			}
			q, ok := p.comeBack(url)
			if !ok {
				t.Fatalf("not recovered: got %d", len(q.got))
			}
			one.io.Emit("after")
			two.io.To("room").Emit("after in room")
			q.waitForAll(t, 2505)
			events := slices.DeleteFunc(slices.Clone(q.got), func(s string) bool { return strings.HasPrefix(s, `2["many"`) })
			slices.Sort(events) // there is no order between servers
			if want := []string{`2["after in room"]`, `2["after"]`, `2["end of many","text"]`, `2["own"]`,
				`51-["room",9007199254740994,{"_placeholder":true,"num":0}] bytes`}; !slices.Equal(events, want) {
				t.Errorf("got %q, want %q", events, want)
			}
			next := 0
			for _, s := range q.got {
				if s == fmt.Sprintf(`2["many",%d]`, next) {
					next++
				}
			}
			if next != 2500 {
				t.Errorf("%d of many in order", next)
			}
			s := back.io.Socket(q.id)
			if s == nil || !s.Recovered() || s.Data() != "mine" || !slices.Equal(s.Rooms(), []string{q.id, "room"}) {
				t.Errorf("%+v", s)
			}
			if again, ok := p.comeBack(url); ok {
				t.Errorf("recovered twice: %q", again.got)
			}
		})
	}
}

// waitForAll waits until that many packets have come, and checks that there are no more.
func (p *peer) waitForAll(t *testing.T, n int) {
	t.Helper()
	p.until("all packets", func() bool { return len(p.got) >= n })
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.got) > n {
		t.Errorf("%d packets, want %d", len(p.got), n)
	}
}

// TestRecoveryBetweenKinds: a client of a server of one kind comes back to one of the other.
func TestRecoveryBetweenKinds(t *testing.T) {
	eachNode(t, func(t *testing.T, c *mixed) {
		if !strings.HasSuffix(t.Name(), "recovering") {
			return
		}
		c.goes.io.To("room").Emit("seen")
		c.onNode.expect(`2["seen"]`)
		c.onGo.expect(`2["seen"]`)
		c.onGo.cut(c.b)
		c.onNode.cut(c.b)
		c.goes.io.To("room").Emit("from go", exact, []byte("bytes"))
		c.goes.io.To("other").Emit("not heard")
		c.goes.io.Emit("all from go")
		c.node.do(order{Do: "emit", Rooms: []string{"room"}, Args: []any{"from node", binary{[]byte("b")}}})
		c.node.do(order{Do: "emit", Args: []any{"all from node"}})
		client := c.b.client()
		defer client.Close()
		for client.XLen(t.Context(), "socket.io").Val() < 6 {
			time.Sleep(time.Millisecond)
		}
		fromGo := []string{`51-["from go",9007199254740994,{"_placeholder":true,"num":0}] bytes`, `2["all from go"]`}
		fromNode := []string{`51-["from node",{"_placeholder":true,"num":0}] b`, `2["all from node"]`}
		toNode, ok := c.onGo.comeBack(c.node.url)
		if !ok {
			t.Errorf("a client of ours is not recovered by Node: %q", toNode.got)
		}
		toGo, ok := c.onNode.comeBack(c.goes.http.URL)
		if !ok {
			t.Errorf("a client of Node's is not recovered by ours: %q", toGo.got)
		}
		c.goes.io.To("room").Emit("after")
		for _, p := range []*peer{toNode, toGo} {
			p.until("after", func() bool { return slices.Contains(p.got, `2["after"]`) })
			of := func(from []string) (got []string) {
				for _, s := range p.got {
					if slices.Contains(from, s) {
						got = append(got, s)
					}
				}
				return got
			}
			if !slices.Equal(of(fromGo), fromGo) || !slices.Equal(of(fromNode), fromNode) || len(p.got) != 5 {
				t.Errorf("got %q", p.got)
			}
		}
	})
}

// TestNoRecovery: what is not known any more, or never was, is not recovered.
func TestNoRecovery(t *testing.T) {
	b := startBroker(t)
	m := startMember(t, b, "recovering", &Options{MaxLen: 10})
	client := b.client()
	defer client.Close()
	for _, test := range []struct {
		name  string
		spoil func(p *peer)
	}{
		{"another pid", func(p *peer) { p.pid = "x" + p.pid }},
		{"no place", func(p *peer) { p.offset = "x" }},
		{"a place that is none", func(p *peer) { p.offset = "1-1" }},
		{"a place to come", func(p *peer) { p.offset = "99999999999999-0" }},
		{"a stream that was cut", func(p *peer) {
			for i := range 1000 {
				m.io.To("none").Emit("e", i)
			}
			for len(client.XRange(t.Context(), "socket.io", p.offset, p.offset).Val()) > 0 {
				time.Sleep(time.Millisecond)
			}
		}},
		{"a session of something else", func(p *peer) { client.Set(t.Context(), "sio:session:"+p.pid, "!", time.Minute) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := connect(t, m.http.URL, "room")
			p.t = t
			m.io.Emit("first")
			p.expect(`2["first"]`)
			p.cut(b)
			m.io.To(p.id).Emit("missed")
			was := p.id
			test.spoil(p)
			q, ok := p.comeBack(m.http.URL)
			if ok || q.id == was || len(q.got) > 0 {
				t.Errorf("recovered: %q", q.got)
			}
		})
	}
}

// TestFlush: what must not be overtaken is not.
func TestFlush(t *testing.T) {
	eachFormat(t, func(t *testing.T, format string) {
		b := startBroker(t)
		m := startMember(t, b, format, nil)
		p, other := connect(t, m.http.URL, "room"), connect(t, m.http.URL)
		s := m.io.Socket(p.id)
		for range 100 {
			m.io.To("room").Emit("before")
			s.Leave("room")
			m.io.To("room").Emit("not heard")
			s.Join("room")
			m.io.To("room").Emit("after")
			p.expect(`2["before"]`, `2["after"]`)
		}
		m.io.Emit("last")
		other.expect(`2["last"]`)
		s.Emit("bye")
		s.Disconnect()
		p.expect(`2["last"]`, `2["bye"]`, `1`)
		b.signal(syscall.SIGSTOP)
		other.mu.Lock()
		other.got = nil
		other.mu.Unlock()
		m.io.Emit("while Redis is stopped")
		m.io.Socket(other.id).Emit("own")
		other.expect(`2["while Redis is stopped"]`, `2["own"]`)
		b.signal(syscall.SIGCONT)
	})
}

// TestSessionFormat: a session as Node writes it.
func TestSessionFormat(t *testing.T) {
	packed, err := msgpack.Append(nil, []byte(`{"sid":"s","pid":"p","rooms":["s","a"],"data":{"n":1}}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	one, err := decodeSession(base64.StdEncoding.EncodeToString(packed))
	if err != nil || one.SID != "s" || one.PID != "p" || !slices.Equal(one.Rooms, []string{"a"}) || string(one.Data) != `{"n":1}` || len(one.Memberships) != 1 {
		t.Errorf("%+v, %v", one, err)
	}
	for _, bad := range []string{"", "!", "gA", base64.StdEncoding.EncodeToString([]byte("\x91"))} {
		if one, err := decodeSession(bad); err == nil {
			t.Errorf("%q: %+v", bad, one)
		}
	}
	if p := placeOf("12-3"); p.String() != "12-3" || !p.before(placeOf("12-4")) || placeOf("13-0").before(p) {
		t.Errorf("%v", p)
	}
}
