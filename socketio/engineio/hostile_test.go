package engineio

// This file tests what a hostile client, or bad luck, can do to the order of things.

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// TestShutdownAmidOpening protects that a Handler is told of the end of a session only after it was told of the session, also when the
// server is shut down between the two.
func TestShutdownAmidOpening(t *testing.T) {
	n := new(notes)
	srv := NewServer(n, testOptions())
	for _, l := range []link{nil, &sink{}} {
		r, _ := http.NewRequest("GET", base+"?EIO=4&transport=polling", nil)
		q, _ := srv.parseQuery(r)
		s, refused := srv.admit(r, q)
		if refused != nil {
			t.Fatal(refused)
		}
		if s.link = l; l == nil {
			s.polling = newPolling()
		}
		if !srv.remember(s) {
			t.Fatal("not remembered")
		}
		s.stop(ServerShutdown, nil, byServer)
		s.startBeat(srv.clock.now())
		s.open()
	}
	if err := srv.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if got := strings.Join(n.all, ", "); got != "open, close: server shutting down, open, close: server shutting down" {
		t.Error(got)
	}
}

// TestSecondWebSocketIsTold protects that OnRefuse gets the request of a second WebSocket connection for a session.
func TestSecondWebSocketIsTold(t *testing.T) {
	o := testOptions()
	inWorld(t, o, func(w *world) {
		var got []string
		w.srv.opts.OnRefuse = func(r *http.Request, err error) { got = append(got, r.URL.Path+" "+err.Error()) }
		q := w.polling()
		w.probe(q)
		p, _, err := w.dial(strings.Replace(q, "polling", "websocket", 1))
		if err != nil {
			t.Fatal(err)
		}
		p.closed(websocket.StatusNormalClosure)
		synctest.Wait()
		if want := "[/engine.io/ engineio: Bad request: " + errSecond.Error() + "]"; fmt.Sprint(got) != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// TestGoexit protects that a call of the Handler which ends its goroutine, as testing.T.FailNow does, is dealt with as a panic.
func TestGoexit(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.message = func(*Session, websocket.Opcode, []byte) { runtime.Goexit() }
		p, _ := w.websocket()
		p.send("4x")
		p.closed(websocket.StatusProtocolError)
		w.expect(t, "open", "text x", "close: transport error")
		q := w.polling()
		w.try(context.Background(), "POST", q, "4x") // its goroutine is net/http's
		w.expect(t, "open", "text x", "close: transport error")
		w.open = func(*Session) { runtime.Goexit() }
		p, _ = w.websocket()
		p.closed(websocket.StatusProtocolError)
		w.expect(t, "open", "close: transport error")
	})
}

// TestPrepareNothing protects that an empty row is no row, on every transport.
func TestPrepareNothing(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		nothing, err := Prepare()
		if err != nil {
			t.Fatal(err)
		}
		q := w.polling()
		s := w.session()
		p, _ := w.websocket()
		for _, one := range []*Session{s, w.session()} {
			one.Send(websocket.OpText, []byte("a"))
			if err := one.SendPrepared(nothing); err != nil {
				t.Error(err)
			}
			one.Send(websocket.OpText, []byte("b"))
		}
		w.got(w.do("GET", q, ""), 200, "4a\x1e4b")
		p.expect("4a", "4b")
		p.CloseNow()
	})
}

// TestVanishing protects that sessions whose clients vanish leave nothing, in whatever state they are. The bubble protects that no goroutine
// is left.
func TestVanishing(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		const n = 50
		for range n {
			w.polling() // never polls
			q := w.polling()
			ctx, cancel := context.WithCancel(context.Background())
			go w.try(ctx, "GET", q, "")
			synctest.Wait()
			cancel() // gives up a poll
			p := w.probe(w.polling())
			p.CloseNow() // a probe, and then neither polls
			p, _ = w.websocket()
			p.CloseNow()
			w.websocket() // is silent
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if left := w.srv.Len(); left != 0 {
			t.Errorf("%d sessions are left", left)
		}
		w.srv.clock.mu.Lock()
		if w.srv.clock.pings.first != nil || w.srv.clock.pongs.first != nil {
			t.Error("deadlines are left")
		}
		w.srv.clock.mu.Unlock()
		w.mu.Lock()
		w.notes.all = nil
		w.mu.Unlock()
		time.Sleep(keepForServer)
		synctest.Wait()
		w.srv.graves.mu.Lock()
		if left := len(w.srv.graves.m); left != 0 {
			t.Errorf("%d farewells are left", left)
		}
		w.srv.graves.mu.Unlock()
	})
}

// TestFloods protects that what may come any number of times costs nothing that stays.
func TestFloods(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		q := w.polling()
		w.got(w.do("POST", q, strings.Repeat("6\x1e", 100_000)+"3"), 200, "ok") // noops
		w.got(w.do("POST", q, strings.Repeat("3\x1e", 100_000)+"3"), 200, "ok") // pongs that nobody waits for
		w.got(w.do("POST", q, strings.Repeat("\x1e", 500_000)), 400, `{"code":3,"message":"Bad request"}`)
		w.expect(t, "open", "close: parse error")

		q = w.polling()
		p := w.probe(q)
		for range 1000 { // probes again and again
			p.send("2probe")
			p.expect("3probe")
		}
		w.got(w.do("GET", q, ""), 200, "6")
		p.send("5")
		synctest.Wait()
		for range 1000 { // upgrades again and again, and what else means nothing
			p.send("5")
			p.send("6")
			p.send("0{}")
		}
		p.send("4x")
		p.expect("4x")
		p.CloseNow()
		w.expect(t, "open", "text x", "close: transport close")
	})
}

// TestProbeThatDoesNotRead protects that a flood of probes by a client that reads nothing ends the probe, not the session, and that what
// is kept is bounded.
func TestProbeThatDoesNotRead(t *testing.T) {
	o := testOptions()
	o.WriteBuffer = 4 << 10
	o.PingInterval = time.Hour
	inWorld(t, o, func(w *world) {
		q := w.polling()
		p := w.probe(q)
		for range 200_000 {
			if err := p.Write(context.Background(), websocket.OpText, []byte("2probe")); err != nil {
				break
			}
		}
		p.CloseNow()
		synctest.Wait()
		p = w.probe(q)
		p.send("5")
		p.send("4x")
		p.expect("4x")
		p.CloseNow()
		w.expect(t, "open", "text x", "close: transport close")
	})
}

// TestContextEnds protects that a session's context has the values of the request, but not its end, and ends with the session.
func TestContextEnds(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		q := w.polling()
		s := w.session()
		ctx := s.Context()
		if err := ctx.Err(); err != nil { // the handshake's request is over
			t.Error(err)
		}
		if ctx.Value(http.ServerContextKey) == nil {
			t.Error("none of the request's values")
		}
		w.do("POST", q, "1")
		synctest.Wait()
		if err := context.Cause(ctx); err != s.Err() || err == nil {
			t.Error(err)
		}
		if err := context.Cause(s.Context()); err != s.Err() {
			t.Error(err)
		}
	})
}

// TestUpgradeThatEndsAtOnce protects that a poll that is pending ends when its session has moved and ended before the poll could see either.
func TestUpgradeThatEndsAtOnce(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		q := w.polling()
		s := w.session()
		p := w.probe(q)
		held := w.later("GET", q, "")
		old := s.polling
		s.mu.Lock() // the poll cannot look
		old.signal()
		s.polling.probe.end()
		s.polling, s.link = nil, &sink{}
		tell := s.finish(TransportClose, nil, byLoss)
		s.mu.Unlock()
		if tell {
			s.tell()
		}
		w.got(<-held, 400, `{"code":3,"message":"Bad request"}`)
		p.CloseNow()
		w.expect(t, "open", "close: transport close")
	})
}

// TestManyRequests protects that requests of one session that come at any time and at the same time leave no handler blocked, and that
// the session ends once.
func TestManyRequests(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		for range 20 {
			q := w.polling()
			var wg sync.WaitGroup
			for i := range 12 {
				wg.Go(func() {
					switch i % 4 {
					case 0:
						w.try(context.Background(), "GET", q, "")
					case 1:
						w.try(context.Background(), "POST", q, "4x")
					case 2:
						if p, _, err := w.dial(strings.Replace(q, "polling", "websocket", 1)); err == nil {
							p.Write(context.Background(), websocket.OpText, []byte("2probe"))
							p.Write(context.Background(), websocket.OpText, []byte("5"))
							p.Read(context.Background())
							p.CloseNow()
						}
					case 3:
						w.try(context.Background(), "POST", q, "1")
					}
				})
			}
			wg.Wait()
			time.Sleep(time.Second)
			synctest.Wait()
			w.mu.Lock()
			closes := 0
			w.notes.mu.Lock()
			for _, one := range w.notes.all {
				if strings.HasPrefix(one, "close") {
					closes++
				}
			}
			w.notes.all = nil
			w.notes.mu.Unlock()
			w.mu.Unlock()
			if closes != 1 || w.srv.Len() != 0 {
				t.Errorf("%d ends, %d sessions are left", closes, w.srv.Len())
			}
		}
	})
}
