package redisadapter

// This file tests servers of ours with each other, through a real Redis.

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio"
)

// big is a whole number that no float64 is.
const big = 9007199254740993

// TestOperations: every operation of one server reaches the clients of another.
func TestOperations(t *testing.T) {
	eachFormat(t, func(t *testing.T, format string) {
		b := startBroker(t)
		one, two := startMember(t, b, format, nil), startMember(t, b, format, nil)
		near, far := connect(t, one.http.URL, "room"), connect(t, two.http.URL, "room", "other")
		outside := connect(t, two.http.URL)
		ctx := timed(t, 20*time.Second)

		if n, err := one.main.Servers(ctx); n != 2 || err != nil {
			t.Errorf("%d servers, %v", n, err)
		}
		one.io.Emit("all", big)
		for _, p := range []*peer{near, far, outside} {
			p.expect(`2["all",9007199254740993]`)
		}
		one.io.To("room").Emit("room", []byte("bytes"), "x")
		one.io.To("room", "other").Except(near.id).Emit("two")
		near.expect(`51-["room",{"_placeholder":true,"num":0},"x"] bytes`)
		far.expect(`51-["room",{"_placeholder":true,"num":0},"x"] bytes`, `2["two"]`)
		one.io.To(outside.id).Emit("own")
		outside.expect(`2["own"]`)
		one.io.Socket(near.id).To("room").Emit("others")
		far.expect(`2["others"]`)
		one.io.Local().Emit("local")
		near.expect(`2["local"]`)
		one.io.Volatile().Emit("volatile")
		near.expect(`2["volatile"]`)
		far.expect(`2["volatile"]`)
		outside.expect(`2["volatile"]`)

		near.acknowledge(`[1]`)
		far.acknowledge(`[9007199254740993]`)
		answers, err := one.io.To("room").EmitWithAck[int](ctx, "ask", []byte("b"))
		if slices.Sort(answers); !slices.Equal(answers, []int{1, big}) || err != nil {
			t.Errorf("answers %v, %v", answers, err)
		}
		far.waitFor(`51-0["ask",{"_placeholder":true,"num":0}] b`)
		two.io.Socket(outside.id).SetData(map[string]any{"n": int64(big)})
		sockets, err := one.io.All().FetchSockets(ctx)
		if err != nil || len(sockets) != 3 {
			t.Fatalf("%d sockets, %v", len(sockets), err)
		}
		i := slices.IndexFunc(sockets, func(s socketio.RemoteSocket) bool { return s.ID() == outside.id })
		if s := sockets[i]; string(s.Data) != `{"n":9007199254740993}` || !slices.Equal(s.Rooms, []string{outside.id}) || s.Handshake.Query["EIO"] != "4" {
			t.Errorf("%+v", s)
		}
		one.io.To(outside.id).SocketsJoin("new")
		one.io.To("new").Emit("joined")
		outside.expect(`2["joined"]`)
		one.io.To("new").SocketsLeave("new")
		one.io.To("new").Emit("not heard")
		one.io.To(outside.id).Emit("left")
		outside.expect(`2["left"]`)

		two.io.HandleServer("sum", func(n int) (int, error) { return n + 1, nil })
		sums, err := one.io.ServerSideEmitWithAck[int](ctx, "sum", big)
		if !slices.Equal(sums, []int{big + 1}) || err != nil {
			t.Errorf("answers %v, %v", sums, err)
		}
		heard := make(chan string, 2)
		two.io.OnServer("hello", func(s string) { heard <- s })
		one.io.OnServer("hello", func(s string) { heard <- "own " + s })
		one.io.ServerSideEmit(ctx, "hello", "you")
		if s := <-heard; s != "you" {
			t.Errorf("heard %s", s)
		}
		one.io.To(outside.id).DisconnectSockets(true)
		outside.until("end", func() bool { return outside.ended })
		for _, m := range []*member{one, two} {
			if e := m.told(); e != nil {
				t.Errorf("errors %v", e)
			}
		}
	})
}

// TestJoinedReaches: after Join has returned, a broadcast of another server reaches the socket, also in a room that comes and goes.
func TestJoinedReaches(t *testing.T) {
	eachFormat(t, func(t *testing.T, format string) {
		b := startBroker(t)
		one, two := startMember(t, b, format, nil), startMember(t, b, format, nil)
		p := connect(t, two.http.URL)
		s := two.io.Socket(p.id)
		for i := range 200 {
			s.Join("room")
			one.io.To("room").Emit("e", i)
			p.until("event", func() bool { return len(p.got) == i+1 })
			s.Leave("room")
		}
	})
}

// TestOrder: the events of one server come in order, each once, while both emit.
func TestOrder(t *testing.T) {
	eachFormat(t, func(t *testing.T, format string) {
		const n = 3000
		b := startBroker(t)
		all := []*member{startMember(t, b, format, nil), startMember(t, b, format, nil), startMember(t, b, format, nil)}
		var peers []*peer
		for _, m := range all {
			peers = append(peers, connect(t, m.http.URL, "room"))
		}
		for from, m := range all {
			go func() {
				for i := range n {
					switch i % 3 {
					case 0:
						m.io.Emit("e", from, i)
					case 1:
						m.io.To("room").Emit("e", from, i)
					default:
						m.io.To("room", "none").Emit("e", from, i)
					}
				}
			}()
		}
		for _, p := range peers {
			p.until("events", func() bool { return len(p.got) >= len(all)*n })
			next := make([]int, len(all))
			for _, text := range p.got {
				var from, i int
				if _, err := fmt.Sscanf(text, `2["e",%d,%d`, &from, &i); err != nil || i != next[from] {
					t.Fatalf("%s: want %d, %v", text, next[from], err)
				}
				next[from]++
			}
		}
	})
}

// TestRestart: while Redis is away, local delivery goes on and errors are told; what was emitted meanwhile leaves when it is back.
func TestRestart(t *testing.T) {
	eachFormat(t, func(t *testing.T, format string) {
		b := startBroker(t)
		one, two := startMember(t, b, format, &Options{RequestTimeout: time.Second}), startMember(t, b, format, nil)
		near, far := connect(t, one.http.URL, "room"), connect(t, two.http.URL, "room")
		one.io.To("room").Emit("before")
		near.expect(`2["before"]`)
		far.expect(`2["before"]`)
		b.stop()
		one.io.To("room").Emit("away")
		near.expect(`2["away"]`)
		sockets, err := one.io.All().FetchSockets(timed(t, 10*time.Second))
		if len(sockets) != 1 || err == nil {
			t.Errorf("%d sockets, %v", len(sockets), err)
		}
		if err := one.io.ServerSideEmit(t.Context(), "x"); err != nil {
			t.Errorf("ServerSideEmit: %v", err)
		}
		late := connect(t, two.http.URL, "late") // is not kept waiting
		os.Remove(b.socket)
		b.start(b.cmd.Path)
		for n := 0; n != 2; {
			time.Sleep(5 * time.Millisecond)
			n, _ = one.main.Servers(t.Context())
		}
		two.io.Socket(late.id).Join("back")
		one.io.To("back").Emit("back")
		late.waitFor(`2["back"]`)
		one.io.To("room").Emit("after")
		far.waitFor(`2["after"]`)
		near.waitFor(`2["after"]`)
		if told := one.told(); !slices.ContainsFunc(told, func(err error) bool { return errors.Is(err, ErrLost) }) {
			t.Errorf("told %v", told)
		}
	})
}

// TestStopped: a Redis that hangs keeps nobody waiting; what does not fit is dropped, counted and told; the rest comes whole and in order.
func TestStopped(t *testing.T) {
	eachFormat(t, func(t *testing.T, format string) {
		const n = 20_000
		b := startBroker(t)
		one, two := startMember(t, b, format, &Options{MaxQueued: 1 << 20, RequestTimeout: time.Second}), startMember(t, b, format, nil)
		near, far := connect(t, one.http.URL), connect(t, two.http.URL)
		b.signal(syscall.SIGSTOP)
		refused := 0
		for i := range n {
			if err := one.io.Emit("e", i); errors.Is(err, ErrBehind) {
				refused++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		near.until("events", func() bool { return len(near.got) == n })
		if refused == 0 {
			t.Error("nothing is refused")
		}
		began := time.Now()
		if _, err := one.io.All().FetchSockets(t.Context()); err == nil || time.Since(began) > 10*time.Second {
			t.Errorf("FetchSockets: %v after %v", err, time.Since(began))
		}
		b.signal(syscall.SIGCONT)
		far.until("events", func() bool { return len(far.got) >= n-refused })
		last := -1
		for _, text := range far.got {
			var i int
			if _, err := fmt.Sscanf(text, `2["e",%d`, &i); err != nil || i <= last {
				t.Fatalf("%s behind %d, %v", text, last, err)
			}
			last = i
		}
		one.io.Emit("last")
		far.waitFor(`2["last"]`)
		dropped := 0
		for range 100 {
			for _, err := range one.told() {
				if d, ok := errors.AsType[*DroppedError](err); ok {
					dropped += d.Messages
				}
			}
			if dropped == refused {
				break
			}
			one.io.Emit("again")
			time.Sleep(50 * time.Millisecond)
		}
		if dropped != refused {
			t.Errorf("%d dropped were told, %d were refused", dropped, refused)
		}
	})
}
