package socketio

// This file tests functions of the application that do not return: by a panic, and by runtime.Goexit, which testing.T.FailNow calls.

import (
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// mine is a value whose encoding calls f.
type mine struct{ f func() }

func (m mine) MarshalJSON() ([]byte, error) {
	m.f()
	return []byte(`"encoded"`), nil
}

// hookTests have what a client sends (>) and gets (<) while a function of the namespace /x, which hurts, does not return.
var hookTests = []struct {
	name   string
	set    func(n *Namespace, hurt func())
	script []string
}{
	{"event", func(n *Namespace, hurt func()) { n.On("x", func(*Socket, struct{}) { hurt() }) },
		[]string{`>0/x`, `<0/x`, `>2/x,["x"]`, `>2/x,["never"]`, `<1/x,`}},
	{"acknowledged event", func(n *Namespace, hurt func()) {
		n.Handle("x", func(*Socket, struct{}) (int, error) { hurt(); return 0, nil })
	}, []string{`>0/x`, `<0/x`, `>2/x,1["x"]`, `<1/x,`}},
	{"event of a socket", func(n *Namespace, hurt func()) {
		n.OnConnect(func(s *Socket) { s.On("x", func(struct{}) { hurt() }) })
	}, []string{`>0/x`, `<0/x`, `>2/x,["x"]`, `<1/x,`}},
	{"unmarshaler", func(n *Namespace, hurt func()) {
		hurtUnmarshaler = hurt
		n.On("x", func(*Socket, unmarshaled) {})
	}, []string{`>0/x`, `<0/x`, `>2/x,["x",1]`, `<1/x,`}},
	{"marshaler", func(n *Namespace, hurt func()) {
		n.On("x", func(s *Socket, _ struct{}) { s.Emit("x", mine{hurt}) })
	}, []string{`>0/x`, `<0/x`, `>2/x,["x"]`, `<1/x,`}},
	{"OnAny", func(n *Namespace, hurt func()) { n.OnAny(func(*Socket, *Event) { hurt() }) },
		[]string{`>0/x`, `<0/x`, `>2/x,["x"]`, `<1/x,`}},
	{"UseEvent", func(n *Namespace, hurt func()) { n.UseEvent(func(*Socket, *Event) error { hurt(); return nil }) },
		[]string{`>0/x`, `<0/x`, `>2/x,["x"]`, `<1/x,`}},
	{"OnAnyOutgoing", func(n *Namespace, hurt func()) {
		n.OnAnyOutgoing(func(*Socket, *Event) { hurt() })
		n.On("x", func(s *Socket, _ struct{}) { n.Emit("x") })
	}, []string{`>0/x`, `<0/x`, `>2/x,["x"]`, `<1/x,`}},
	{"OnError of an event", func(n *Namespace, hurt func()) {
		n.OnError(func(*Socket, string, error) { hurt() })
		n.Handle("x", func(*Socket, struct{}) (int, error) { return 0, errors.New("on purpose") })
	}, []string{`>0/x`, `<0/x`, `>2/x,1["x"]`, `<1/x,`}},
	{"OnConnect", func(n *Namespace, hurt func()) { n.OnConnect(func(*Socket) { hurt() }) },
		[]string{`>0/x`, `<0/x`, `<1/x,`}},
	{"OnDisconnect", func(n *Namespace, hurt func()) { n.OnDisconnect(func(*Socket, Reason) { hurt() }) },
		[]string{`>0/x`, `<0/x`, `>1/x,`, `>0/x`, `<0/x`, `>1/x,`}},
	{"OnDisconnect of a socket", func(n *Namespace, hurt func()) {
		n.OnConnect(func(s *Socket) { s.OnDisconnect(func(Reason) { hurt() }) })
	}, []string{`>0/x`, `<0/x`, `>1/x,`, `>0/x`, `<0/x`, `>1/x,`}},
	{"OnDisconnect of one sent away", func(n *Namespace, hurt func()) {
		n.OnConnect(func(s *Socket) { s.OnDisconnect(func(Reason) { hurt() }) })
		n.On("x", func(s *Socket, _ struct{}) { s.Disconnect() })
	}, []string{`>0/x`, `<0/x`, `>2/x,["x"]`, `<1/x,`, `>0/x`, `<0/x`, `>1/x,`}},
	{"Use", func(n *Namespace, hurt func()) { n.Use(func(*Socket) error { hurt(); return nil }) },
		[]string{`>0/x`, `<4/x,{"message":"internal error"}`}},
	{"OnError of Use", func(n *Namespace, hurt func()) {
		n.OnError(func(*Socket, string, error) { hurt() })
		refuseOnce(n, &Error{Message: "no"})
	}, []string{`>0/x`, `<4/x,{"message":"no"}`}},
	{"Data of an Error of Use", func(n *Namespace, hurt func()) { refuseOnce(n, &Error{Message: "no", Data: mine{hurt}}) },
		[]string{`>0/x`, `<4/x,{"message":"no"}`}},
	{"an Error that is nil", func(n *Namespace, _ func()) { refuseOnce(n, (*Error)(nil)) },
		[]string{`>0/x`, `<4/x,{"message":"internal error"}`}},
}

// refuseOnce refuses the first client.
func refuseOnce(n *Namespace, err error) {
	var refused atomic.Bool
	n.Use(func(*Socket) error {
		if refused.Swap(true) {
			return nil
		}
		return err
	})
}

// unmarshaled is a type whose decoding calls hurtUnmarshaler.
type unmarshaled struct{}

var hurtUnmarshaler func()

func (*unmarshaled) UnmarshalJSON([]byte) error {
	hurtUnmarshaler()
	return nil
}

// harms are how a function does not return.
var harms = []struct {
	name string
	hurt func()
}{
	{"panic", func() { panic("on purpose") }},
	{"Goexit", runtime.Goexit},
}

// TestHooksThatDoNotReturn protects that each hurts the socket that it is about, and nothing else: the client can come in again, its
// events are served, and nothing is left.
func TestHooksThatDoNotReturn(t *testing.T) {
	for _, test := range hookTests {
		for _, way := range harms {
			if way.name == "Goexit" && strings.HasPrefix(test.name, "Data of") {
				continue // it is encoded as it travels: no hook
			}
			t.Run(test.name+" "+way.name, func(t *testing.T) {
				inWorld(t, nil, func(w *world) {
					var over atomic.Bool
					n := w.io.Of("/x")
					test.set(n, func() {
						if !over.Load() {
							way.hurt()
						}
					})
					n.Handle("alive", func(*Socket, struct{}) (bool, error) { return true, nil })
					n.On("never", func(*Socket, struct{}) { w.note("never") })
					p := w.connect()
					p.follow(test.script)
					over.Store(true)
					p.follow([]string{`>0/x`, `<0/x`, `>2/x,7["alive"]`, `<3/x,7[true]`, `>1/x,`})
					w.noted()
				})
			})
		}
	}
}

// follow sends and reads packets.
func (p *peer) follow(script []string) {
	p.t.Helper()
	for _, line := range script {
		switch {
		case line[0] == '>':
			p.send(line[1:])
		case line == "<0/x":
			p.accepted("/x,")
		default:
			p.expect(line[1:])
		}
	}
}

// TestMatchThatDoesNotReturn is TestHooksThatDoNotReturn for OfFunc.
func TestMatchThatDoesNotReturn(t *testing.T) {
	for _, way := range harms {
		t.Run(way.name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				w.io.OfFunc(func(string, *Handshake) bool { way.hurt(); return true })
				p := w.connect()
				p.follow([]string{`>0/y`, `<4/y,{"message":"Invalid namespace"}`, `>0/y`, `<4/y,{"message":"Invalid namespace"}`})
			})
		})
	}
}

// TestDataThatCannotBeEncoded protects that what SetData got hurts nobody when it is encoded, which happens elsewhere: for
// FetchSockets, and to keep a session, amid the end of the sockets of all namespaces of a client.
func TestDataThatCannotBeEncoded(t *testing.T) {
	inWorld(t, func(o *Options) { o.Recovery = new(Recovery) }, func(w *world) {
		for _, name := range []string{"/", "/a", "/b"} {
			n := w.io.Of(name)
			n.OnConnect(func(s *Socket) { s.SetData(mine{func() { panic("on purpose") }}) })
			n.OnDisconnect(func(s *Socket, r Reason) { w.note("%s: %s", s.Namespace().Name(), r) })
		}
		p := w.connect()
		if all, err := w.io.All().FetchSockets(w.Context()); err != nil || len(all) != 1 || all[0].Data != nil {
			t.Errorf("%v %v", all, err)
		}
		for _, name := range []string{"/a", "/b"} {
			p.send("0" + name)
			p.accepted(name + ",")
		}
		p.CloseNow()
		synctest.Wait()
		w.mu.Lock()
		if len(w.notes) != 3 {
			t.Errorf("noted %q", w.notes)
		}
		w.mu.Unlock()
	})
}

// TestRefusalHookThatPanics protects that a panic of OnRefuse, wherever it is called, does not end the process.
func TestRefusalHookThatPanics(t *testing.T) {
	for _, way := range harms {
		t.Run(way.name, func(t *testing.T) {
			inWorld(t, func(o *Options) {
				o.OnRefuse = func(*http.Request, error) { way.hurt() }
			}, func(w *world) {
				q := w.polling()
				d := &websocket.Dialer{DialContext: w.l.dial}
				for range 2 {
					c, _, err := d.Dial(w.Context(), "ws://example.com/socket.io/?"+strings.Replace(q, "polling", "websocket", 1))
					if err != nil {
						t.Fatal(err)
					}
					defer c.CloseNow()
				}
				synctest.Wait()
				time.Sleep(time.Second)
				if w.io.engine.Len() != 1 {
					t.Error("the session is gone")
				}
				w.do("POST", q, "1")
			})
		})
	}
}

// TestBroadcastWithAckThatPanics protects that a panic while events leave forgets who was to acknowledge.
func TestBroadcastWithAckThatPanics(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		p := w.connect()
		w.io.OnAnyOutgoing(func(*Socket, *Event) { panic("on purpose") })
		func() {
			defer func() { recover() }()
			w.io.All().EmitWithAck[int](w.Context(), "x")
		}()
		s := w.io.Socket(p.id)
		s.seat.conn.mu.Lock()
		defer s.seat.conn.mu.Unlock()
		if s.seat.conn.waits != 0 || len(s.acks) != 0 {
			t.Errorf("%d wait", s.seat.conn.waits)
		}
	})
}

// TestArgsPassOnMany protects that what it costs to pass on arguments grows with their number only: a client chooses it.
func TestArgsPassOnMany(t *testing.T) {
	a := Args{array: []byte("[" + strings.Repeat("1,", 2000) + "1]")}
	if n := testing.AllocsPerRun(1, func() {
		e, err := encodeEvent("x", []any{a})
		if err != nil {
			t.Fatal(err)
		}
		e.release()
	}); n > 3*2001 {
		t.Errorf("%v allocations for 2001 arguments", n)
	}
}
