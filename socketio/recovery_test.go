package socketio

// This file tests connection state recovery.

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
)

// withRecovery turns it on.
func withRecovery(o *Options) { o.Recovery = &Recovery{} }

// event reads an event, checks it without its offset, and remembers that, as official clients do.
func (p *peer) event(want string) {
	p.t.Helper()
	text := p.read()
	i := strings.LastIndex(text, `,"`)
	if i < 0 || text[:i]+"]" != want {
		p.t.Fatalf("got %q, want %q with an offset", text, want)
	}
	p.last = strings.TrimSuffix(text[i+2:], `"]`)
}

// comeBack opens another connection, which claims to be p.
func (w *world) comeBack(p *peer) *peer {
	w.Helper()
	q := w.open()
	q.last, q.id = p.last, p.id
	if p.last == "" {
		q.send(fmt.Sprintf(`0{"pid":%q}`, p.pid))
	} else {
		q.send(fmt.Sprintf(`0{"pid":%q,"offset":%q}`, p.pid, p.last))
	}
	return q
}

// resumed checks that the client is who it was, or not.
func (q *peer) resumed(p *peer, want bool) {
	q.t.Helper()
	id := q.accepted("")
	if (id == p.id && q.pid == p.pid) != want || q.pid == "" {
		q.t.Errorf("resumed: %v, want %v", !want, want)
	}
	q.id = id
}

func TestRecovery(t *testing.T) {
	inWorld(t, withRecovery, func(w *world) {
		w.io.Use(func(*Socket) error { w.note("middleware"); return nil })
		w.io.OnConnect(func(s *Socket) {
			w.note("connect %v %v %v", s.Recovered(), s.Data(), s.In("room"))
			if !s.Recovered() {
				s.Join("room", "other")
				s.SetData(map[string]int{"n": 1})
			}
		})
		p, rest := w.connect(), w.connect()
		w.noted("middleware", "connect false <nil> false", "middleware", "connect false <nil> false")
		w.io.Emit("all", 1)
		w.io.To("room").Emit("in", "x")
		p.event(`2["all",1]`)
		p.event(`2["in","x"]`)
		s := w.io.Socket(p.id)
		s.Leave("other")
		p.CloseNow()
		synctest.Wait()
		if s.Connected() {
			t.Fatal("still connected")
		}
		w.io.Emit("missed", 1)
		w.io.To("other").Emit("not for p")
		w.io.To(p.id).Emit("missed", 2)
		w.io.To("room").Except(p.id).Emit("not for p")
		w.io.To("room").Emit("missed", 3, []byte("ab"))
		w.io.Volatile().Emit("volatile")
		q := w.comeBack(p)
		q.event(`2["missed",1]`)
		q.event(`2["missed",2]`)
		q.event(`51-["missed",3,{"_placeholder":true,"num":0}]`)
		q.expect("ab")
		q.resumed(p, true)
		w.noted("connect true map[n:1] true") // no middleware
		w.io.Socket(q.id).Emit("direct", 5)
		q.event(`2["direct",5]`)
		rest.event(`2["all",1]`)

		// It goes once more, and comes back, and says goodbye: then it does not come back.
		q.CloseNow()
		synctest.Wait()
		r := w.comeBack(q)
		r.resumed(q, true)
		r.last = q.last
		r.send("1")
		synctest.Wait()
		w.notes = nil
		w.comeBack(r).resumed(r, false)
		w.noted("middleware", "connect false <nil> false")
	})
}

// TestRecoveryBeforeTheFirstEvent has a client that has no offset yet.
func TestRecoveryBeforeTheFirstEvent(t *testing.T) {
	inWorld(t, withRecovery, func(w *world) {
		w.io.Emit("before")
		p := w.connect()
		p.CloseNow()
		synctest.Wait()
		w.io.Emit("missed", 1)
		q := w.comeBack(p)
		q.event(`2["missed",1]`)
		q.resumed(p, true)
	})
}

// TestRecoveryAfterVolatile has a volatile event whose last argument is a text, which clients would take for an offset.
func TestRecoveryAfterVolatile(t *testing.T) {
	inWorld(t, withRecovery, func(w *world) {
		p := w.connect()
		w.io.Volatile().Emit("v", "text")
		p.event(`2["v","text"]`)
		w.io.Socket(p.id).Volatile().Emit("v", "text")
		p.event(`2["v","text"]`)
		p.CloseNow()
		synctest.Wait()
		w.io.Emit("missed", 1)
		q := w.comeBack(p)
		q.event(`2["missed",1]`)
		q.resumed(p, true)
	})
}

func TestNoRecovery(t *testing.T) {
	for name, f := range map[string]func(w *world, p *peer) *peer{
		"too late": func(w *world, p *peer) *peer {
			p.CloseNow()
			time.Sleep(2*time.Minute + time.Second)
			return w.comeBack(p)
		},
		"sent away": func(w *world, p *peer) *peer {
			w.io.Socket(p.id).Disconnect()
			return w.comeBack(p)
		},
		"still there": func(w *world, p *peer) *peer { return w.comeBack(p) },
		"wrong offset": func(w *world, p *peer) *peer {
			p.last = "zzz"
			p.CloseNow()
			synctest.Wait()
			return w.comeBack(p)
		},
		"no offset": func(w *world, p *peer) *peer {
			p.last = "no offset, but the last argument of an event"
			p.CloseNow()
			synctest.Wait()
			return w.comeBack(p)
		},
		"wrong pid": func(w *world, p *peer) *peer {
			p.CloseNow()
			synctest.Wait()
			q := *p
			q.pid = strings.Repeat("x", 24)
			return w.comeBack(&q)
		},
		"no text": func(w *world, p *peer) *peer {
			q := w.open()
			q.send(`0{"pid":5,"offset":{}}`)
			return q
		},
		"forgotten": func(w *world, p *peer) *peer {
			p.CloseNow()
			synctest.Wait()
			for range 3 {
				w.io.Emit("x", strings.Repeat("x", 1000))
			}
			return w.comeBack(p)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(o *Options) { o.Recovery = &Recovery{MaxBytes: 2500} }, func(w *world) {
				p := w.connect()
				w.io.Emit("x", 1)
				p.event(`2["x",1]`)
				f(w, p).resumed(p, false)
			})
		})
	}
}

func TestRecoveryRunsMiddleware(t *testing.T) {
	inWorld(t, func(o *Options) { o.Recovery = &Recovery{RunMiddleware: true} }, func(w *world) {
		refuse := false
		w.io.Use(func(s *Socket) error {
			w.note("middleware")
			if refuse {
				return &Error{Message: "no"}
			}
			return nil
		})
		p := w.connect()
		p.CloseNow()
		synctest.Wait()
		q := w.comeBack(p)
		q.resumed(p, true)
		q.CloseNow()
		w.noted("middleware", "middleware")
		refuse = true
		w.comeBack(q).expect(`4{"message":"no"}`)
		refuse = false
		w.comeBack(q).resumed(q, true) // it is not given away by a refusal
		w.noted("middleware", "middleware")
	})
}

// TestRecoveryAmidBroadcasts has a client that comes and goes while events are emitted all the time by several goroutines: it gets each once, in
// order.
func TestRecoveryAmidBroadcasts(t *testing.T) {
	inWorld(t, withRecovery, func(w *world) {
		p := w.connect()
		stop := make(chan struct{})
		go func() {
			defer close(stop)
			for n := range 2000 {
				w.io.Emit("x", n)
				if n%10 == 0 {
					time.Sleep(time.Millisecond)
				}
			}
		}()
		next := 0
		take := func(q *peer, text string) (event bool) {
			if strings.HasPrefix(text, "0{") {
				if !strings.Contains(text, p.id) {
					t.Fatalf("not resumed: %q", text)
				}
				return false
			}
			var n int
			var offset string
			if _, err := fmt.Sscanf(text, `2["x",%d,%q]`, &n, &offset); err != nil || n != next {
				t.Fatalf("got %q, want event %d", text, next)
			}
			q.last = offset
			next++
			return true
		}
		q := p
		for next < 2000 {
			for range 37 {
				if next == 2000 {
					break
				}
				take(q, q.read())
			}
			q.CloseNow()
			time.Sleep(3 * time.Millisecond)
			again := w.comeBack(q)
			again.pid = p.pid
			q = again
		}
		<-stop
	})
}

// TestRecoveryKnowsRooms has a client that has moved between rooms while nothing reached it: it gets what was emitted to a room while it was there.
func TestRecoveryKnowsRooms(t *testing.T) {
	inWorld(t, withRecovery, func(w *world) {
		p := w.connect()
		s := w.io.Socket(p.id)
		w.io.Emit("x", 1)
		p.event(`2["x",1]`)
		w.io.To("a").Emit("before it joined", 0)
		w.io.Except("a").Emit("lost", 0)
		s.Join("a", "b")
		s.Leave("b")
		w.io.To("a").Emit("lost", 1)
		w.io.Except("a").Emit("was in a", 0)
		s.Leave("a")
		w.io.To("a").Emit("after it left", 0)
		s.Join("a")
		w.io.To("a").Emit("lost", 2)
		p.CloseNow() // it has read nothing of that
		synctest.Wait()
		w.io.To("a").Emit("lost", 3)
		w.io.To("b").Emit("never in b", 0)
		q := w.comeBack(p)
		for n := range 4 {
			q.event(fmt.Sprintf(`2["lost",%d]`, n))
		}
		q.resumed(p, true)
	})
}

// TestRecoveryInDynamicNamespaces keeps an empty child as long as somebody may come back.
func TestRecoveryInDynamicNamespaces(t *testing.T) {
	inWorld(t, withRecovery, func(w *world) {
		w.io.OfFunc(func(string, *Handshake) bool { return true })
		p := w.open()
		p.send("0/child")
		id := p.accepted("/child,")
		p.CloseNow()
		synctest.Wait()
		q := w.open()
		q.send(fmt.Sprintf(`0/child,{"pid":%q}`, p.pid))
		if q.accepted("/child,") != id {
			t.Error("not resumed")
		}
		q.CloseNow()
		time.Sleep(2*time.Minute - time.Second)
		if n := len(w.io.all(nil)); n != 2 {
			t.Errorf("%d namespaces", n)
		}
		time.Sleep(2 * time.Second)
		if n := len(w.io.all(nil)); n != 1 {
			t.Errorf("%d namespaces are left", n)
		}
	})
}

// TestRecoveryKeepsData protects that Data is what it was after a recovery on a server that is alone, also where it cannot be encoded, and JSON
// decoded as any where an adapter has kept no more.
func TestRecoveryKeepsData(t *testing.T) {
	type user struct {
		Name string
		Quit chan int
	}
	me := &user{Name: "Ada"}
	inWorld(t, withRecovery, func(w *world) {
		p := w.connect()
		w.io.Socket(p.id).SetData(me)
		p.CloseNow()
		synctest.Wait()
		q := w.comeBack(p)
		q.resumed(p, true)
		if got := w.io.Socket(q.id).Data(); got != me {
			t.Errorf("%#v", got)
		}
	})
	inWorld(t, func(o *Options) {
		withRecovery(o)
		memory := adapter.Memory(adapter.MemoryOptions{})
		o.Adapter = func(l adapter.Local) (adapter.Adapter, error) {
			a, err := memory(l)
			return elsewhere{a.(adapter.Store)}, err
		}
	}, func(w *world) {
		p := w.connect()
		w.io.Socket(p.id).SetData(struct{ Name string }{"Ada"})
		p.CloseNow()
		synctest.Wait()
		q := w.comeBack(p)
		q.resumed(p, true)
		if got := fmt.Sprintf("%#v", w.io.Socket(q.id).Data()); got != `map[string]interface {}{"Name":"Ada"}` {
			t.Error(got)
		}
	})
}

// elsewhere is the adapter in memory, but keeps of sessions what can be encoded, as one that keeps them outside of the process does.
type elsewhere struct{ adapter.Store }

func (e elsewhere) Save(ctx context.Context, s *adapter.Session, keep time.Duration) error {
	encoded := *s
	encoded.Value = nil
	return e.Store.Save(ctx, &encoded, keep)
}

// TestForgottenRequest protects that whoever asks for a request that was forgotten, such as OfFunc for a second namespace, learns nothing, and does
// no harm.
func TestForgottenRequest(t *testing.T) {
	inWorld(t, func(o *Options) { o.ForgetRequest = true }, func(w *world) {
		ask := func(name string, h *Handshake) bool {
			w.note("%s %t %q %d %q %q %q %t %t %s", name, h.Request == nil, h.Header("Host"), len(h.Headers()), h.URL(), h.Query("EIO"), h.RemoteAddr(),
				h.TLS(), h.Time().IsZero(), h.Auth)
			return true
		}
		w.io.OfFunc(ask)
		p := w.connect()
		p.send(`0/x,{"a":1}`)
		p.accepted("/x,")
		w.noted(`/x true "" 0 "" "" "" false true {"a":1}`)
		if all, err := w.io.Of("/x").All().FetchSockets(t.Context()); err != nil || len(all) != 1 || all[0].Handshake.URL != "" {
			t.Errorf("%+v %v", all, err)
		}
	})
}
