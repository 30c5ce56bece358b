package socketio

// This file tests namespaces, also dynamic ones, middleware, and how sockets end.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
)

func TestNamespacesAreApart(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		a, b := w.io.Of("/a"), w.io.Of("b")
		if b.Name() != "/b" || w.io.Of("/b") != b || w.io.Of("/") != w.io.Namespace || w.io.Name() != "/" {
			t.Error("names")
		}
		for _, n := range []*Namespace{a, b} {
			n.On("x", func(s *Socket, v int) { w.note("%s %d", s.Namespace().Name(), v) })
		}
		p := w.open()
		p.send("0/a")
		idA := p.accepted("/a,")
		p.send("0/b,")
		idB := p.accepted("/b,")
		p.send(`2/a,["x",1]`)
		w.noted("/a 1")
		p.send(`2/b,["x",2]`)
		w.noted("/b 2")
		if a.Socket(idA) == nil || a.Socket(idB) != nil || b.Socket(idB) == nil || a.Socket(idA).Session() != b.Socket(idB).Session() {
			t.Error("sockets")
		}
		a.Socket(idA).Join("room")
		b.To("room").Emit("nobody")
		a.To("room").Emit("y")
		b.Emit("z")
		p.expect(`2/a,["y"]`, `2/b,["z"]`)
		p.send(`1/a`)
		p.send(`2/b,["x",3]`)
		w.noted("/b 3")
	})
}

func TestMiddleware(t *testing.T) {
	type credentials struct{ Token string }
	inWorld(t, nil, func(w *world) {
		w.io.OnError(func(_ *Socket, event string, err error) { w.note("error %q: %v", event, err) })
		w.io.Use(func(s *Socket) error {
			w.note("first: %v", s.Connected())
			return nil
		})
		w.io.Use(func(s *Socket) error {
			c, err := s.Auth[credentials]()
			switch {
			case err != nil:
				return err
			case c.Token == "":
				return &Error{"unauthorized", map[string]int{"code": 401}}
			}
			s.SetData(c.Token)
			s.Join("members")
			return s.Emit("too early")
		})
		w.io.OnConnect(func(s *Socket) { w.note("connect: %v %v", s.Data(), s.In("members")) })
		p := w.open()
		p.send(`0`)
		p.expect(`4{"message":"unauthorized","data":{"code":401}}`)
		w.noted("first: false", `error "": unauthorized`)
		p.send(`0{"token":5}`)
		p.expect(`4{"message":"internal error"}`)
		synctest.Wait()
		w.notes = nil
		p.send(`0{"token":"x"}`)
		p.expect(`4{"message":"internal error"}`) // because it emits
		w.noted("first: false", `error "": socketio: disconnected`)
		w.io.To("members").Emit("nobody")
		p.silent()
	})
	inWorld(t, nil, func(w *world) {
		w.io.Use(func(s *Socket) error { s.SetData("d"); s.Join("members"); return nil })
		w.io.OnConnect(func(s *Socket) { w.note("connect: %v %v", s.Data(), s.In("members")) })
		p := w.connect()
		w.io.To("members").Emit("x")
		p.expect(`2["x"]`)
		w.noted("connect: d true")
	})
}

// TestLeavingDuringMiddleware has every way to go while a client is being asked about: no ghost is left.
func TestLeavingDuringMiddleware(t *testing.T) {
	for name, leave := range map[string]func(w *world, p *peer){
		"disconnect": func(w *world, p *peer) { p.send("1") },
		"close":      func(w *world, p *peer) { p.Conn.Close(1000, "") },
		"cut":        func(w *world, p *peer) { p.CloseNow() },
		"shutdown":   func(w *world, p *peer) { go w.io.Shutdown(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				w.noteEnds()
				w.io.Use(func(s *Socket) error {
					<-s.Context().Done()
					s.Join("room")
					return nil
				})
				w.io.OnConnect(func(s *Socket) { t.Error("a ghost") })
				p := w.open()
				p.send("0")
				synctest.Wait()
				leave(w, p)
				w.noted()
				if name != "disconnect" { // which leaves the session
					w.nothingLeft()
				}
			})
		})
	}
}

func TestDynamicNamespaces(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		parent := w.io.OfFunc(func(name string, h *Handshake) bool {
			return strings.HasPrefix(name, "/room-") && string(h.Auth) != `{"no":1}`
		})
		parent.Use(func(s *Socket) error { w.note("middleware of %s", s.Namespace().Name()); return nil })
		parent.OnConnect(func(s *Socket) { w.note("connect to %s", s.Namespace().Name()) })
		parent.OnDisconnect(func(s *Socket, r Reason) { w.note("%s: %s", s.Namespace().Name(), r) })
		parent.On("x", func(s *Socket, n int) { s.Namespace().Emit("y", n) })
		p, q := w.open(), w.open()
		p.send("0/room-1")
		p.accepted("/room-1,")
		w.noted("middleware of /room-1", "connect to /room-1")
		q.send("0/room-2")
		q.accepted("/room-2,")
		q.send("0/room-1")
		q.accepted("/room-1,")
		w.noted("middleware of /room-2", "connect to /room-2", "middleware of /room-1", "connect to /room-1")
		p.send(`2/room-1,["x",5]`)
		p.expect(`2/room-1,["y",5]`)
		q.expect(`2/room-1,["y",5]`)
		parent.Emit("all", 1)
		p.expect(`2/room-1,["all",1]`)
		both := []string{q.read(), q.read()}
		slices.Sort(both)
		if fmt.Sprint(both) != `[2/room-1,["all",1] 2/room-2,["all",1]]` {
			t.Error(both)
		}
		p.send(`0/other`)
		p.expect(`4/other,{"message":"Invalid namespace"}`)
		p.send(`0/room-3,{"no":1}`)
		p.expect(`4/room-3,{"message":"Invalid namespace"}`)
		if _, err := parent.All().EmitWithAck[int](w.Context(), "x"); err == nil {
			t.Error("a parent has no sockets")
		}
		parent.All().SocketsJoin("r")
		parent.To("r").DisconnectSockets(false)
		p.expect(`1/room-1,`)
		synctest.Wait()
		if n := len(w.io.all(nil)); n != 1 {
			t.Errorf("%d namespaces are left", n)
		}
		w.io.Of("/room-9") // the application's own stays
		p.send("0/room-9")
		p.accepted("/room-9,")
		p.send("1/room-9")
		synctest.Wait()
		if n := len(w.io.all(nil)); n != 2 {
			t.Errorf("%d namespaces are left", n)
		}
	})
}

// TestReasons has every reason, word for word.
func TestReasons(t *testing.T) {
	for reason, end := range map[Reason]func(w *world, p *peer){
		"client namespace disconnect":  func(w *world, p *peer) { p.send("1") },
		"server namespace disconnect":  func(w *world, p *peer) { w.io.Socket(p.id).Disconnect() },
		"server namespace disconnect ": func(w *world, p *peer) { w.io.Socket(p.id).Close() },
		"server shutting down":         func(w *world, p *peer) { go w.io.Shutdown(context.Background()) },
		"transport close":              func(w *world, p *peer) { p.Conn.Close(1000, "") },
		"transport close ":             func(w *world, p *peer) { p.CloseNow() },
		"transport close  ":            func(w *world, p *peer) { p.Write(w.Context(), 1, []byte("1")) },
		"transport error":              func(w *world, p *peer) { p.Write(w.Context(), 1, make([]byte, 2e6)) },
		"transport error ": func(w *world, p *peer) {
			for range 50 { // a client that does not read
				w.io.Emit("x", strings.Repeat("x", 100_000))
			}
		},
		"ping timeout":        func(w *world, p *peer) { time.Sleep(2 * time.Minute) },
		"parse error":         func(w *world, p *peer) { p.Write(w.Context(), 1, []byte("x")) },
		"parse error ":        func(w *world, p *peer) { p.send("2{}") },
		"forced server close": func(w *world, p *peer) { p.send("0") },
		"forced close":        func(w *world, p *peer) { w.io.Socket(p.id).Session().Close() },
	} {
		t.Run(strings.TrimSpace(string(reason)), func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				w.io.OnConnect(func(s *Socket) { s.OnDisconnect(func(r Reason) { w.note("socket: %s", r) }) })
				w.noteEnds()
				p := w.connect()
				end(w, p)
				r := strings.TrimSpace(string(reason))
				w.noted("socket: "+r, r)
				p.CloseNow()
			})
		})
	}
}

// TestLargeMessageSays has the error of a message that is too large: it says the size and the limit.
func TestLargeMessageSays(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		p := w.connect()
		s := w.io.Socket(p.id)
		ctx := s.Context()
		p.send(`2["x","` + strings.Repeat("x", 1_000_100) + `"]`)
		<-ctx.Done()
		var d *DisconnectError
		if cause := context.Cause(ctx); !errors.As(cause, &d) || d.Reason != TransportError || !strings.Contains(cause.Error(), "1000000") {
			t.Error(cause)
		}
	})
}

// TestEventsBeforeTheEnd delivers what came before a goodbye, in order, though rooms and counts are cleaned at once.
func TestEventsBeforeTheEnd(t *testing.T) {
	for _, goodbye := range []string{"41", "1", ""} {
		inWorld(t, nil, func(w *world) {
			w.noteEnds()
			proceed := make(chan struct{})
			w.io.On("x", func(s *Socket, n int) {
				<-proceed
				w.note("%d %v", n, s.Emit("y") == nil)
			})
			p := w.connect()
			s := w.io.Socket(p.id)
			s.Join("room")
			for n := range 3 {
				p.send(fmt.Sprintf(`2["x",%d]`, n))
			}
			if goodbye != "" {
				p.Write(w.Context(), 1, []byte(goodbye))
			} else {
				p.CloseNow()
			}
			synctest.Wait()
			w.io.mu.Lock()
			users := w.io.users
			w.io.mu.Unlock()
			if s.Connected() || len(slices.Collect(w.io.Sockets())) != 0 || len(w.io.rooms) != 0 || !s.In("room") || users != 1 {
				t.Errorf("%q: the end is not at once", goodbye)
			}
			close(proceed)
			want := "transport close"
			if goodbye == "41" {
				want = "client namespace disconnect"
			}
			w.noted("0 false", "1 false", "2 false", want)
		})
	}
}

// TestSentAway ignores what a client had sent before it knew that it is sent away, instead of closing its connection.
func TestSentAway(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.noteEnds()
		w.io.On("x", func(s *Socket, n int) {
			w.note("%d", n)
			s.Disconnect()
		})
		p := w.connect()
		p.send(`2["x",1]`)
		p.send(`2["x",2]`)
		p.expect(`1`)
		p.send(`2["x",3]`)
		w.noted("1", "server namespace disconnect")
		p.send(`0`)
		p.accepted("")
		p.send(`2["x",4]`)
		p.expect(`1`)
		w.noted("4", "server namespace disconnect")
		p.send(`1`)
		p.send(`1`)
		p.silent()
	})
}

func TestHandshake(t *testing.T) {
	inWorld(t, func(o *Options) {
		o.Accept = func(r *http.Request) (any, error) { return r.URL.Query().Get("EIO"), nil }
		o.ForgetRequest = true
	}, func(w *world) {
		w.io.OnConnect(func(s *Socket) {
			h := s.Handshake()
			w.note("%s %s %v %s", h.Query("transport"), h.Header("Host"), s.Session().Value(), h.Auth)
		})
		p := w.connect()
		w.noted("websocket example.com 4 {}")
		s := w.io.Socket(p.id)
		if s.Handshake().Request != nil || s.Session().Transport() != engineio.WebSocket || len(s.ID()) != 20 || s.Namespace() != w.io.Namespace {
			t.Error("handshake")
		}
	})
}

func TestConnectTimeout(t *testing.T) {
	inWorld(t, func(o *Options) { o.ConnectTimeout = time.Second }, func(w *world) {
		p, q := w.open(), w.connect()
		p.send("0/unknown")
		p.expect(`4/unknown,{"message":"Invalid namespace"}`)
		p.closed()
		q.silent()
		q.send("1")
		q.silent() // once is enough
	})
}
