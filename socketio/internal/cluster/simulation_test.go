package cluster

// This file simulates many servers: how many messages operations cost, what is noticed of a server that dies, and how long is waited.

import (
	"context"
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
)

// simulate runs f with servers of three clients each, which acknowledge at once: the first is in the room "a", all are in "all". It does so
// in both formats, with and without heartbeats.
func simulate(t *testing.T, count int, f func(t *testing.T, h *hub, all []*server)) {
	for _, beats := range []bool{false, true} {
		for _, always := range []bool{false, true} {
			t.Run(fmt.Sprintf("heartbeats %v, msgpack %v", beats, always), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h := newHub()
					h.always = always
					var conf Config
					if beats {
						conf.Heartbeat = 5 * time.Second
					}
					var all []*server
					for i := range count {
						var clients []*client
						for j := range 3 {
							c := &client{id: fmt.Sprintf("c%d.%d", i, j), rooms: []string{"all"}, answer: fmt.Sprint(i)}
							if j == 0 {
								c.rooms = append(c.rooms, "a")
							}
							clients = append(clients, c)
						}
						all = append(all, h.join(conf, clients...))
					}
					synctest.Wait()
					h.counted()
					f(t, h, all)
					for _, s := range all {
						s.Close(t.Context())
						if n := len(s.requests); n > 0 {
							t.Errorf("%d requests are left", n)
						}
					}
				})
			})
		}
	}
}

// cost checks how many messages have been delivered.
func (h *hub) cost(t *testing.T, want map[Kind]int) {
	t.Helper()
	synctest.Wait()
	got := h.counted()
	delete(got, Heartbeat)
	if !maps.Equal(got, want) {
		t.Errorf("messages %v, want %v", got, want)
	}
}

func TestCostOfHundred(t *testing.T) {
	const n = 100
	simulate(t, n, func(t *testing.T, h *hub, all []*server) {
		s := all[7]
		ctx := t.Context()
		if got, err := s.Servers(ctx); got != n || err != nil {
			t.Errorf("%d servers, %v", got, err)
		}

		wantError(t, s.Broadcast(ctx, event(`["e",1]`), &adapter.Target{Rooms: []string{"a"}, Except: []string{"c3.0"}}), nil)
		h.cost(t, map[Kind]int{Broadcast: n - 1})
		if got := gotBy(all); len(got) != n-1 || got["c3.0"] != nil || got["c7.0"][0] != `e["e",1][]` {
			t.Errorf("%d clients have got it: %v", len(got), got["c7.0"])
		}

		wantError(t, s.Broadcast(ctx, event(`["e"]`), &adapter.Target{Local: true}), nil)
		h.cost(t, map[Kind]int{})
		if got := gotBy(all); len(got) != 3 {
			t.Errorf("%d clients have got it", len(got))
		}

		answers := 0
		wantError(t, s.BroadcastWithAck(ctx, event(`["e"]`), &adapter.Target{Rooms: []string{"a"}}, func(a adapter.Answer) { answers++ }), nil)
		h.cost(t, map[Kind]int{Broadcast: n - 1, ClientCount: n - 1, ClientAck: n - 1})
		if answers != n {
			t.Errorf("%d acknowledgements", answers)
		}

		sockets, err := s.Sockets(ctx, &adapter.Target{Rooms: []string{"all"}})
		wantError(t, err, nil)
		h.cost(t, map[Kind]int{FetchSockets: n - 1, FetchedSockets: n - 1})
		if len(sockets) != 3*n || string(sockets[299].Data) != `{"n":9007199254740993}` {
			t.Errorf("%d sockets: %s", len(sockets), sockets[len(sockets)-1].Data)
		}

		wantError(t, s.Join(ctx, &adapter.Target{Rooms: []string{"a"}}, []string{"b"}), nil)
		h.cost(t, map[Kind]int{Join: n - 1})
		wantError(t, s.Leave(ctx, &adapter.Target{Rooms: []string{"c5.0"}}, []string{"b"}), nil)
		wantError(t, s.Disconnect(ctx, &adapter.Target{Rooms: []string{"c6.0"}}, false), nil)
		h.cost(t, map[Kind]int{Leave: n - 1, Disconnect: n - 1})
		if sockets, _ = s.Sockets(ctx, &adapter.Target{Rooms: []string{"b"}}); len(sockets) != n-2 {
			t.Errorf("%d sockets are in the room", len(sockets))
		}
		h.counted()

		for i, one := range all {
			one.ns.handler = func(p *adapter.Packet, ack func(adapter.Answer)) {
				if ack != nil {
					ack(adapter.Answer{Args: jsontext.Value(fmt.Sprintf(`[{"_placeholder":true,"num":0},%d]`, i)), Attachments: [][]byte{{byte(i)}}})
				}
			}
		}
		wantError(t, s.ServerSideEmit(ctx, event(`["e"]`), nil), nil)
		h.cost(t, map[Kind]int{ServerSideEmit: n - 1})
		seen := make(map[byte]bool)
		wantError(t, s.ServerSideEmit(ctx, event(`["e"]`), func(a adapter.Answer) { seen[a.Attachments[0][0]] = true }), nil)
		h.cost(t, map[Kind]int{ServerSideEmit: n - 1, ServerSideEmitted: n - 1})
		if len(seen) != n-1 || seen[7] {
			t.Errorf("%d answers", len(seen))
		}
	})
}

// TestCostOfGreeting: a server that comes, or whose broker has come back, costs a message to every other server and one from each: not one from each to
// all, which makes a million where a hundred come back at once.
func TestCostOfGreeting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 100
		h, conf := newHub(), Config{Heartbeat: 5 * time.Second}
		var all []*server
		for range n {
			all = append(all, h.join(conf))
		}
		synctest.Wait()
		h.counted()
		for _, s := range all {
			s.Greet()
		}
		synctest.Wait()
		if got, want := h.counted(), (map[Kind]int{Hello: n * (n - 1), Heartbeat: n * (n - 1)}); !maps.Equal(got, want) {
			t.Errorf("messages %v, want %v", got, want)
		}
		for _, s := range all {
			if got, err := s.Servers(t.Context()); got != n || err != nil {
				t.Errorf("%d servers, %v", got, err)
			}
		}
		for _, s := range all {
			s.Close(t.Context())
		}
	})
}

// TestServerDies: a server that dies in the middle of an operation of a hundred is noticed, by a count or by its silence.
func TestServerDies(t *testing.T) {
	const n = 100
	simulate(t, n, func(t *testing.T, h *hub, all []*server) {
		for _, s := range all {
			s.ns.handler = func(_ *adapter.Packet, ack func(adapter.Answer)) { ack(adapter.Answer{Args: jsontext.Value(`[1]`)}) }
		}
		all[2].ns.handler = func(*adapter.Packet, func(adapter.Answer)) {} // never answers
		time.AfterFunc(1500*time.Millisecond, all[2].port.kill)
		if all[0].conf.Heartbeat > 0 {
			all[0].conf.RequestTimeout = time.Minute
			go func() { <-all[2].port.over; all[2].Close(context.Background()) }() // its heartbeats end, and its Goodbye says so
		}
		began, answers := time.Now(), 0
		err := all[0].ServerSideEmit(t.Context(), event(`["e"]`), func(adapter.Answer) { answers++ })
		wantError(t, err, ErrServerLost)
		if took := time.Since(began); answers != n-2 || took > 2*time.Second {
			t.Errorf("%d answers after %v", answers, took)
		}
	})
}

// TestServerDiesInDebt: a server that dies behind its answer, while its clients owe acknowledgements, is noticed, too.
func TestServerDiesInDebt(t *testing.T) {
	const n = 100
	simulate(t, n, func(t *testing.T, h *hub, all []*server) {
		for _, c := range all[2].ns.clients {
			c.answer = "" // never
		}
		for _, c := range all[3].ns.clients {
			c.delay = 10 * time.Second
		}
		time.AfterFunc(1500*time.Millisecond, all[2].port.kill)
		if all[0].conf.Heartbeat > 0 {
			go func() { <-all[2].port.over; all[2].Close(context.Background()) }() // its heartbeats end, and its Goodbye says so
		}
		began, answers := time.Now(), 0
		err := all[0].BroadcastWithAck(t.Context(), event(`["e"]`), &adapter.Target{}, func(adapter.Answer) { answers++ })
		wantError(t, err, ErrServerLost)
		if took := time.Since(began); answers != 3*(n-1) || took != 10*time.Second { // whoever lives is waited for
			t.Errorf("%d answers after %v", answers, took)
		}
	})
}

// TestSilence: a server that has gone without a word is forgotten, and what its clients owe, too.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub()
		conf := Config{Heartbeat: 5 * time.Second}
		var all []*server
		for i := range 3 {
			answer := "1"
			if i == 2 {
				answer = ""
			}
			all = append(all, h.join(conf, &client{id: fmt.Sprint("c", i), answer: answer}))
		}
		synctest.Wait()
		all[2].port.kill() // it may still send heartbeats: nobody is told that come from the dead
		all[2].port.mute.Store(true)
		answers, began := 0, time.Now()
		err := all[0].BroadcastWithAck(t.Context(), event(`["e"]`), &adapter.Target{}, func(adapter.Answer) { answers++ })
		wantError(t, err, ErrServerLost)
		if took := time.Since(began); answers != 2 || took > 15*time.Second || took < 10*time.Second {
			t.Errorf("%d answers after %v", answers, took)
		}
		if n, _ := all[0].Servers(t.Context()); n != 2 {
			t.Errorf("%d servers", n)
		}
		for _, s := range all {
			s.Close(t.Context())
		}
	})
}

// TestTimeouts: nothing waits longer than it is to.
func TestTimeouts(t *testing.T) {
	simulate(t, 3, func(t *testing.T, h *hub, all []*server) {
		all[1].ns.clients["c1.1"].answer = "" // it never answers, and neither do handlers
		took := func(f func()) time.Duration {
			began := time.Now()
			f()
			return time.Since(began)
		}
		if d := took(func() {
			wantError(t, all[0].ServerSideEmit(t.Context(), event(`["e"]`), func(adapter.Answer) {}), ErrTimeout)
		}); d != 5*time.Second {
			t.Errorf("%v", d)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		answers := 0
		if d := took(func() {
			err := all[0].BroadcastWithAck(ctx, event(`["e"]`), &adapter.Target{}, func(adapter.Answer) { answers++ })
			wantError(t, err, context.DeadlineExceeded)
		}); d != 7*time.Second || answers != 8 {
			t.Errorf("%v, %d answers", d, answers)
		}
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := all[0].Sockets(canceled, &adapter.Target{})
		wantError(t, err, context.Canceled)
		go func() {
			time.Sleep(time.Second)
			all[0].Close(context.Background())
		}()
		if d := took(func() {
			wantError(t, all[0].ServerSideEmit(t.Context(), event(`["e"]`), func(adapter.Answer) {}), ErrClosed)
		}); d != time.Second {
			t.Errorf("%v", d)
		}
		wantError(t, all[0].ServerSideEmit(t.Context(), event(`["e"]`), func(adapter.Answer) {}), ErrClosed)
	})
}

// TestYield: whoever has a socket gives it up, and says so when its session is saved; servers that do not answer, as Node's, are waited for two seconds.
func TestYield(t *testing.T) {
	simulate(t, 10, func(t *testing.T, h *hub, all []*server) {
		took := func(f func()) time.Duration {
			began := time.Now()
			f()
			return time.Since(began)
		}
		for _, s := range all {
			s.conf.Saved = func(context.Context) error { time.Sleep(100 * time.Millisecond); return nil }
		}
		if d := took(func() {
			if all[0].Yield(t.Context(), "nobody") {
				t.Error("somebody had it")
			}
		}); d != 0 {
			t.Errorf("it took %v", d)
		}
		h.cost(t, map[Kind]int{Yield: 9, Yielded: 9})
		if d := took(func() {
			if !all[0].Yield(t.Context(), "c3.0") {
				t.Error("nobody had it")
			}
		}); d != 100*time.Millisecond {
			t.Errorf("it took %v", d)
		}
		if len(all[3].ns.clients) != 2 || all[0].Yield(t.Context(), "c3.0") {
			t.Error("it was not given up")
		}
		all[3].conf.Saved = func(context.Context) error { return errors.New("away") }
		all[4].conf.Saved = nil // keeps no sessions, and ends no sockets
		if d := took(func() {
			if all[0].Yield(t.Context(), "c3.1") || all[0].Yield(t.Context(), "c4.1") {
				t.Error("what is not saved is given up")
			}
		}); d != 2*time.Second {
			t.Errorf("it took %v", d)
		}
	})
}

// TestSpread: one question tells all who wait that their subscriptions are known, and one who does not answer is waited for once.
func TestSpread(t *testing.T) {
	simulate(t, 10, func(t *testing.T, h *hub, all []*server) {
		s := NewSpread(all[0].Node)
		wantError(t, s.Await(t.Context()), nil)
		h.cost(t, map[Kind]int{})
		s.Count()
		s.Count()
		wantError(t, s.Await(t.Context()), nil)
		wantError(t, s.Await(t.Context()), nil)
		h.cost(t, map[Kind]int{Probe: 9, Probed: 9})

		all[3].port.mute.Store(true) // is asked, and does not answer
		took := func() time.Duration {
			s.Count()
			began := time.Now()
			var waiting sync.WaitGroup
			for range 10 {
				waiting.Go(func() { s.Await(t.Context()) })
			}
			waiting.Wait()
			return time.Since(began)
		}
		if d := took(); d != time.Second {
			t.Errorf("it took %v", d)
		}
		if d := took(); d != 50*time.Millisecond {
			t.Errorf("it took %v again", d)
		}
		all[3].port.mute.Store(false)
		took()
		if d := took(); d != 0 {
			t.Errorf("it took %v when everybody answers", d)
		}
		s.Count()
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		wantError(t, s.Await(canceled), context.Canceled)
	})
}

// TestLosses: clients of other servers that will not acknowledge are told of, as those of this server are.
func TestLosses(t *testing.T) {
	simulate(t, 3, func(t *testing.T, h *hub, all []*server) {
		all[0].ns.clients["c0.1"].answer = "gone"
		all[2].ns.clients["c2.1"].answer = "gone"
		all[1].ns.clients["c1.0"].delay = time.Second
		var answers []string
		wantError(t, all[1].BroadcastWithAck(t.Context(), event(`["e",{"_placeholder":true,"num":0}]`, []byte("x")), &adapter.Target{},
			func(a adapter.Answer) {
				if a.Err != nil {
					answers = append(answers, "lost")
					wantError(t, a.Err, adapter.ErrDisconnected)
				} else {
					answers = append(answers, string(a.Args))
				}
			}), nil)
		slices.Sort(answers)
		if got := strings.Join(answers, " "); got != "[0] [0] [1] [1] [1] [2] [2] lost lost" {
			t.Errorf("answers %s", got)
		}
		if got := gotBy(all); got["c2.0"][0] != `e["e",{"_placeholder":true,"num":0}]["x"]` || len(got) != 9 {
			t.Errorf("got %v", got)
		}
	})
}

// TestNoCarrier: without a carrier, local delivery goes on, and errors are told.
func TestNoCarrier(t *testing.T) {
	simulate(t, 2, func(t *testing.T, h *hub, all []*server) {
		lost := errors.New("lost")
		h.mu.Lock()
		h.full = lost
		h.mu.Unlock()
		s, ctx := all[0], t.Context()
		wantError(t, s.Broadcast(ctx, event(`["e"]`), &adapter.Target{}), lost)
		if got := gotBy(all); len(got) != 3 {
			t.Errorf("%d clients have got it", len(got))
		}
		answers := 0
		wantError(t, s.BroadcastWithAck(ctx, event(`["e"]`), &adapter.Target{}, func(adapter.Answer) { answers++ }), lost)
		if answers != 3 {
			t.Errorf("%d answers", answers)
		}
		wantError(t, s.Join(ctx, &adapter.Target{}, []string{"new"}), lost)
		sockets, err := s.Sockets(ctx, &adapter.Target{Rooms: []string{"new"}})
		wantError(t, err, lost)
		if len(sockets) != 3 {
			t.Errorf("%d sockets", len(sockets))
		}
		wantError(t, s.ServerSideEmit(ctx, event(`["e"]`), nil), lost)
		h.mu.Lock()
		h.full = nil
		h.mu.Unlock()
		wantError(t, s.Broadcast(ctx, event(`["e"]`), &adapter.Target{}), nil)
		synctest.Wait()
		if got := gotBy(all); len(got) != 6 {
			t.Errorf("%d clients have got it", len(got))
		}
	})
}
