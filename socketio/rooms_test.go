package socketio

// This file tests rooms, broadcasts, and orders for many sockets.

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// five are clients: a to e, in rooms that are named after pairs of them, one on polling.
func five(w *world) (peers map[string]*peer) {
	peers = make(map[string]*peer)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		peers[name] = w.connect()
	}
	for _, room := range []string{"ab", "bc", "cd", "abcde"} {
		for _, name := range strings.Split(room, "") {
			w.io.Socket(peers[name].id).Join(room, room) // twice
		}
	}
	return peers
}

func TestBroadcasts(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		peers := five(w)
		id := func(name string) string { return peers[name].id }
		s := w.io.Socket(id("a"))
		for i, one := range []struct {
			b    Broadcast
			want string
		}{
			{w.io.All(), "abcde"},
			{w.io.To("ab"), "ab"},
			{w.io.To("ab", "bc"), "abc"},
			{w.io.To("ab").To("bc").To("ab"), "abc"},
			{w.io.To("abcde").Except("ab"), "cde"},
			{w.io.Except("ab", "cd"), "e"},
			{w.io.To("nobody"), ""},
			{w.io.To(id("e")), "e"},
			{w.io.To(id("e"), "abcde"), "abcde"},
			{w.io.Except(id("e")), "abcd"},
			{w.io.To("abcde").Except(id("a"), id("b")).Local().Volatile(), "cde"},
			{w.io.Local(), "abcde"},
			{w.io.Volatile(), "abcde"},
			{s.Broadcast(), "bcde"},
			{s.To("ab"), "b"},
			{s.To(id("a")), ""},
			{s.Except("cd"), "be"},
			{s.To("ab", "cd").Except("bc"), "d"},
		} {
			if err := one.b.Emit("x", i); err != nil {
				t.Error(err)
			}
			got, err := one.b.FetchSockets(w.Context())
			var ids []string
			for _, r := range got {
				ids = append(ids, r.ID())
			}
			for name, p := range peers {
				in := strings.Contains(one.want, name)
				if in {
					p.expect(fmt.Sprintf(`2["x",%d]`, i))
				}
				if slices.Contains(ids, p.id) != in || err != nil || len(ids) != len(one.want) {
					t.Errorf("%d: fetched %d, %v", i, len(ids), err)
				}
			}
		}
		w.io.Emit("last") // nobody got more than was wanted
		for _, p := range peers {
			p.expect(`2["last"]`)
		}
	})
}

func TestRooms(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.io.OnDisconnect(func(s *Socket, _ Reason) { w.note("%d %v", len(s.Rooms()), s.In("ab")) })
		peers := five(w)
		if got, want := maps.Collect(w.io.Rooms()), map[string]int{"ab": 2, "bc": 2, "cd": 2, "abcde": 5}; !maps.Equal(got, want) {
			t.Errorf("rooms %v", got)
		}
		s := w.io.Socket(peers["b"].id)
		if got := s.Rooms(); !slices.Equal(got, []string{s.ID(), "ab", "bc", "abcde"}) {
			t.Errorf("rooms %v", got)
		}
		s.Leave("ab", "nowhere", s.ID())
		if s.In("ab") || !s.In(s.ID()) || !s.In("bc") {
			t.Errorf("rooms %v", s.Rooms())
		}
		peers["a"].send(`1`)
		w.noted("3 true")
		if got, want := maps.Collect(w.io.Rooms()), map[string]int{"bc": 2, "cd": 2, "abcde": 4}; !maps.Equal(got, want) {
			t.Errorf("rooms %v", got)
		}
		s.Disconnect()
		w.noted("3 false")
		s.Join("late") // does nothing
		if n := len(slices.Collect(w.io.Sockets())); n != 3 || len(maps.Collect(w.io.Rooms())) != 3 {
			t.Errorf("%d sockets, rooms %v", n, maps.Collect(w.io.Rooms()))
		}
	})
}

func TestOrdersForMany(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.noteEnds()
		peers := five(w)
		w.io.To("ab").SocketsJoin("x", "y")
		w.io.To("bc").SocketsLeave("x")
		if a, b := w.io.Socket(peers["a"].id), w.io.Socket(peers["b"].id); !a.In("x") || b.In("x") || !b.In("y") {
			t.Errorf("%v %v", a.Rooms(), b.Rooms())
		}
		w.io.To("cd").DisconnectSockets(false)
		peers["c"].expect(`1`)
		peers["d"].expect(`1`)
		w.noted("server namespace disconnect", "server namespace disconnect")
		w.io.To(peers["e"].id).DisconnectSockets(true)
		peers["e"].expect(`1`)
		peers["e"].closed()
		w.noted("server namespace disconnect")
		remote, _ := w.io.To("ab").FetchSockets(w.Context())
		for _, r := range remote {
			r.Join("z")
			r.Emit("to", r.ID())
			r.Leave("z")
			if r.ID() == peers["a"].id {
				r.Disconnect(true)
			}
		}
		peers["a"].expect(`2["to","`+peers["a"].id+`"]`, `1`)
		peers["b"].expect(`2["to","` + peers["b"].id + `"]`)
		peers["b"].silent()
	})
}

func TestFetchSockets(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		p := w.open()
		p.send(`0{"token":"x"}`)
		p.id = p.accepted("")
		s := w.io.Socket(p.id)
		s.Join("room")
		s.SetData(map[string]any{"name": "n"})
		all, err := w.io.All().FetchSockets(w.Context())
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		one := all[0]
		if one.ID() != p.id || !slices.Equal(one.Rooms, []string{p.id, "room"}) || string(one.Data) != `{"name":"n"}` {
			t.Errorf("%+v", one.Socket)
		}
		h := one.Handshake
		if string(h.Auth) != `{"token":"x"}` || h.Query["EIO"] != "4" || h.Headers["host"] != "example.com" ||
			h.URL != "/socket.io/?EIO=4&transport=websocket" || h.Issued != time.Now().UnixMilli() || h.Secure || h.XDomain {
			t.Errorf("%+v", h)
		}
	})
}

func TestBroadcastWithAck(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		peers := five(w)
		got := make(chan string, 1)
		ask := func(ctx context.Context, b Broadcast) {
			go func() {
				all, err := b.EmitWithAck[int](ctx, "q", "?")
				slices.Sort(all)
				got <- fmt.Sprint(all, err)
			}()
		}
		ctx, cancel := context.WithTimeout(w.Context(), time.Second)
		defer cancel()
		ask(ctx, w.io.To("ab"))
		peers["a"].expect(`20["q","?"]`)
		peers["b"].expect(`20["q","?"]`)
		peers["a"].send(`30[1]`)
		peers["a"].send(`30[5]`) // once
		peers["c"].send(`30[7]`) // was not asked
		peers["b"].send(`30[2]`)
		if one := <-got; one != "[1 2] <nil>" {
			t.Error(one)
		}
		ask(ctx, w.io.To("cd"))
		peers["c"].expect(`21["q","?"]`)
		peers["c"].send(`31[3]`)
		if one := <-got; one != "[3] context deadline exceeded" {
			t.Error(one)
		}
		peers["d"].expect(`21["q","?"]`)
		peers["d"].send(`31[4]`) // too late
		ask(w.Context(), w.io.To("cd"))
		peers["c"].expect(`22["q","?"]`)
		peers["c"].send(`32[3]`)
		peers["d"].expect(`22["q","?"]`)
		peers["d"].send(`1`)
		if one := <-got; one != "[3] socketio: disconnected" {
			t.Error(one)
		}
		ask(w.Context(), w.io.To("nobody"))
		if one := <-got; one != "[] <nil>" {
			t.Error(one)
		}
		ask(w.Context(), w.io.To("bc"))
		peers["b"].expect(`24["q","?"]`)
		peers["c"].expect(`24["q","?"]`)
		peers["b"].send(`34["no number"]`)
		peers["c"].send(`34[{"error":{"message":"no"}}]`)
		if one := <-got; !strings.HasPrefix(one, "[] ") || one == "[] <nil>" {
			t.Error(one)
		}
		for _, p := range peers {
			if s := w.io.Socket(p.id); s != nil && len(s.acks) > 0 {
				t.Errorf("%d acknowledgements are waited for", len(s.acks))
			}
		}
	})
}

func TestEmitWithAckEnds(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		p := w.connect()
		s := w.io.Socket(p.id)
		got := make(chan error, 1)
		ask := func(ctx context.Context) {
			go func() {
				_, err := s.EmitWithAck[struct{}](ctx, "q")
				got <- err
			}()
			synctest.Wait()
		}
		ctx, cancel := context.WithTimeout(w.Context(), time.Second)
		defer cancel()
		ask(ctx)
		if err := <-got; !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		p.expect(`20["q"]`)
		p.send(`30[]`) // too late
		ask(w.Context())
		p.expect(`21["q"]`)
		p.send(`31`) // without data
		if err := <-got; err != nil {
			t.Error(err)
		}
		ask(w.Context())
		p.expect(`22["q"]`)
		p.send(`32[{"error":{"message":"no","data":[1]}}]`)
		var e *Error
		if err := <-got; !errors.As(err, &e) || e.Message != "no" || fmt.Sprint(e.Data) != "[1]" {
			t.Error(err)
		}
		ask(w.Context())
		p.CloseNow()
		if err := <-got; !errors.Is(err, ErrDisconnected) {
			t.Error(err)
		}
		ask(w.Context())
		if err := <-got; !errors.Is(err, ErrDisconnected) {
			t.Error(err)
		}
		var d *DisconnectError
		if cause := context.Cause(s.Context()); !errors.As(cause, &d) || d.Reason != TransportClose {
			t.Error(cause)
		}
		if s.Connected() || s.Emit("x") != ErrDisconnected || s.Disconnect() != ErrDisconnected {
			t.Error("the socket is connected")
		}
	})
}
