package natsadapter

// This file tests what strangers do: names and sizes that NATS does not take, messages that are none, streams that go away, options that cannot work.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/clustertest"
)

// TestNames: rooms and namespaces may be called anything, of any length, and none is another.
func TestNames(t *testing.T) {
	each(func(c *clustertest.Cluster) {
		one, two := c.Start(clustertest.Options{}), c.Start(clustertest.Options{})
		p := clustertest.Connect(c.T, two.URL)
		one.Await(c.T, 2)
		long := strings.Repeat("long ", 2000)
		names := []string{"", " ", ".", "*", ">", "a.b", "a b", "a\r\nPUB x 1", "é\x00", "=2E", "=", "==", long, long + "er", strings.Repeat("a", 128), strings.Repeat("a", 129)}
		s := two.IO.Socket(p.ID)
		for i, name := range names {
			s.Join(name)
			for _, other := range names {
				if other != name {
					one.IO.To(other).Emit("not heard", i)
				}
			}
			one.IO.To(name).Emit("e", i)
			p.Expect(fmt.Sprintf(`2["e",%d]`, i))
			s.Leave(name)
		}
		for i, name := range names[1:] {
			n := "/" + strings.ToValidUTF8(strings.ReplaceAll(name, ",", ""), "")
			one.IO.Of(n).Emit("not heard", i)
		}
		one.IO.Emit("last")
		p.Expect(`2["last"]`)
		if told := slices.Concat(one.Told(), two.Told()); told != nil {
			c.T.Errorf("told %v", told)
		}
	})(t)
}

// TestTokens: no two names are one token, and every token is short.
func TestTokens(t *testing.T) {
	seen := make(map[string]string)
	for _, name := range []string{"", "=", "==", "=2e", ".", "a", "A", "a.b", "a=2eb", strings.Repeat(".", 43), strings.Repeat(".", 42), strings.Repeat("a", 129), "==" + strings.Repeat("a", 64)} {
		got := token(name)
		if other, ok := seen[got]; ok || len(got) > maxToken || got == "" || strings.ContainsAny(got, " .*>\r\n") {
			t.Errorf("%q: %q, as %q", name, got, other)
		}
		seen[got] = name
	}
}

// TestTooLarge: what NATS does not take is refused at once, reaches the sockets of this server, and costs nobody the connection. Sockets that do not fit into one
// answer come in several.
func TestTooLarge(t *testing.T) {
	each(func(c *clustertest.Cluster) {
		t := c.T
		one, two := c.Start(clustertest.Options{}), c.Start(clustertest.Options{})
		near, far := clustertest.Connect(t, one.URL), clustertest.Connect(t, two.URL)
		one.Await(t, 2)
		if err := one.IO.Emit("e", bytes.Repeat([]byte("x"), maxPayload)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("error %v", err)
		}
		near.Until("event", func() bool { return len(near.Got) == 1 })
		one.IO.Emit("small")
		far.Expect(`2["small"]`)
		for range 4 {
			s := two.IO.Socket(clustertest.Connect(t, two.URL).ID)
			s.SetData(strings.Repeat("x", maxPayload/3))
		}
		all, err := one.IO.All().FetchSockets(t.Context())
		if len(all) != 6 || err != nil {
			t.Errorf("%d sockets, %v", len(all), err)
		}
		two.IO.Socket(far.ID).SetData(strings.Repeat("x", maxPayload)) // fits into none
		all, err = one.IO.All().FetchSockets(clustertest.Timed(t, time.Second))
		if err == nil {
			t.Errorf("%d sockets", len(all))
		}
		one.IO.Emit("again")
		far.Expect(`2["again"]`)
	})(t)
}

// TestNoise: what is published by others and is no message is told, and changes nothing.
func TestNoise(t *testing.T) {
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			c, b := start(t, format)
			m := c.Start(clustertest.Options{})
			p := clustertest.Connect(t, m.URL, "room")
			nc, err := nats.Connect("broker", b.connect(nil))
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			subjects := []string{"socketio.all.=2f", "socketio.room.=2f.room"}
			if format != "core" {
				subjects = append(subjects, "socketio.log.=2f")
			}
			noise := []string{"", "{", "{}", "null", "\x80", "\xc1", `{"type":3,"data":{"packet":{"type":2,"data":["disconnect"]}},"uid":"x","nsp":"/"}`,
				`{"type":3,"data":{"packet":{"type":2,"data":[{"_placeholder":true,"num":7}]}},"uid":"x","nsp":"/"}`, `{"type":99,"uid":"x","nsp":"/"}`,
				`{"type":8,"data":{"requestId":"?","sockets":[{}]},"uid":"x","nsp":"/"}`, `{"type":7,"data":{"requestId":"?"},"uid":"> *","nsp":"/"}`}
			for _, subject := range subjects {
				for _, one := range noise {
					nc.Publish(subject, []byte(one))
				}
			}
			nc.Flush()
			for _, subject := range subjects {
				nc.Publish(subject, []byte(`{"type":3,"data":{"packet":{"type":2,"data":["fine"]},"opts":{"rooms":[],"except":[]}},"uid":"x","nsp":"/"}`))
			}
			p.WaitFor(`2["fine"]`)
			if m.Told() == nil {
				t.Error("nothing is told")
			}
		})
	}
}

// TestStreamIsGone: a stream that somebody deletes is made again, also while it is used, and then everything goes on. So it does where the consumers are deleted.
func TestStreamIsGone(t *testing.T) {
	for _, format := range formats[1:] {
		t.Run(format, func(t *testing.T) {
			c, b := start(t, format)
			one, two := c.Start(clustertest.Options{}), c.Start(clustertest.Options{})
			p := clustertest.Connect(t, two.URL)
			goesOn := func(what string) {
				t.Helper()
				for i := 0; !slices.Contains(p.Heard(), fmt.Sprintf(`2[%q]`, what)); i++ {
					one.IO.Emit(what)
					time.Sleep(time.Millisecond)
					if i > 20_000 {
						t.Fatalf("after %s nothing goes on: told %v, %v", what, one.Told(), two.Told())
					}
				}
			}
			goesOn("nothing")
			for name := range b.stream("socketio").ConsumerNames(t.Context()).Name() {
				if err := b.streams().DeleteConsumer(t.Context(), "socketio", name); err != nil {
					t.Error(err)
				}
			}
			goesOn("consumers")
			if err := b.stream("socketio").Purge(t.Context()); err != nil {
				t.Error(err)
			}
			goesOn("purge")
			if err := b.streams().DeleteStream(t.Context(), "socketio"); err != nil {
				t.Error(err)
			}
			goesOn("delete")
		})
	}
}

// TestWrongOptions: what can never work is an error at once.
func TestWrongOptions(t *testing.T) {
	for name, o := range map[string]Options{"nats://a:b:c": {}, "": {}, "n://x,%zz": {}, "a": {Prefix: "a..b"}, "b": {Prefix: "a b"}, "c": {Prefix: "*"}, "d": {Stream: "a.b"}} {
		if a, err := Core(name, &o)(nil); err == nil {
			t.Errorf("%s: %v", name, a)
		}
		if a, err := JetStream(name, &o)(nil); err == nil {
			t.Errorf("%s: %v", name, a)
		}
	}
}

// TestNothingIsLeft: what a server has started ends with it: goroutines here, and consumers there.
func TestNothingIsLeft(t *testing.T) {
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			c, b := start(t, format)
			before := runtime.NumGoroutine()
			for range 5 {
				m := c.Start(clustertest.Options{})
				p := clustertest.Connect(t, m.URL, "room")
				m.IO.Of("other").Emit("e")
				m.IO.Emit("e")
				p.WaitFor(`2["e"]`)
				p.CloseNow()
				if err := m.IO.Shutdown(clustertest.Timed(t, 10*time.Second)); err != nil {
					t.Error(err)
				}
				m.Stop()
			}
			for late := time.Now().Add(20 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
				if time.Now().After(late) {
					stacks := make([]byte, 1<<20)
					t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
				}
			}
			if format != "core" {
				if n := b.stream("socketio").CachedInfo().State.Consumers; n > 5 { // which end by themselves
					t.Errorf("%d consumers", n)
				}
			}
		})
	}
}

// TestSessionsAreGivenOnce: where a client comes back to several servers at once, one has it in the end, and a session ends by itself.
func TestSessionsAreGivenOnce(t *testing.T) {
	c, b := start(t, "recovering")
	m, other, third := c.Start(clustertest.Options{}), c.Start(clustertest.Options{}), c.Start(clustertest.Options{})
	m.IO.Emit("first")
	for i := range 20 {
		p := clustertest.Connect(t, m.URL)
		c.Drop(p)
		back := make(chan *clustertest.Peer)
		for _, url := range []string{m.URL, other.URL, third.URL} {
			go func() {
				q, _ := p.ComeBack(url)
				back <- q
			}()
		}
		all := []*clustertest.Peer{<-back, <-back, <-back}
		for !onlyOne(t, m, p.ID) {
			time.Sleep(time.Millisecond)
		}
		if !slices.ContainsFunc(all, func(q *clustertest.Peer) bool { return q.ID == p.ID }) {
			t.Errorf("%d: nobody has got it", i)
		}
		for _, q := range all {
			q.CloseNow()
		}
	}
	sessions := b.stream("socketio-sessions")
	p := clustertest.Connect(t, m.URL)
	c.Drop(p)
	kept, err := sessions.GetLastMsgForSubject(context.Background(), sessionOf("socketio", p.PID))
	if err != nil || kept.Header.Get(jetstream.MsgTTLHeader) != "120" {
		t.Errorf("%+v, %v", kept, err)
	}
}

// onlyOne reports whether one socket has an identifier.
func onlyOne(t *testing.T, m *clustertest.Member, id string) bool {
	all, err := m.IO.To(id).FetchSockets(clustertest.Timed(t, time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return len(all) == 1
}
