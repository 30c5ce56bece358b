package socketio

// This file tests what clients send that they should not, and valid packets in numbers: an error or a closed session, never a panic, a
// leak, a blocked handler, or memory beyond the limits.

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/seed-d69ae1b7/websocket"
)

// TestMalformedPackets closes the connection of who sends one, with its reason, and nobody else's.
func TestMalformedPackets(t *testing.T) {
	const place = `{"_placeholder":true,"num":0}`
	for _, one := range []struct {
		packets string // separated by spaces; "b" is a binary message
		reason  Reason
	}{
		{`a`, ParseError}, {`7`, ParseError}, {`9`, ParseError},
		{`2`, ParseError}, {`2{}`, ParseError}, {`2[]`, ParseError}, {`2null`, ParseError}, {`2"x"`, ParseError}, {`2["x"`, ParseError},
		{`2[{}]`, ParseError}, {`2[null]`, ParseError}, {`2[["x"]]`, ParseError}, {`2[{"toString":"x"}]`, ParseError}, // CVE-2023-32695
		{`2["connect"]`, ParseError}, {`2["disconnecting"]`, ParseError}, {`2["newListener"]`, ParseError},
		{`2["x"]]`, ParseError}, {`2["x",NaN]`, ParseError}, {`2abc["x"]`, ParseError}, {`299999999999999999999["x"]`, ParseError},
		{`2["x",` + strings.Repeat("[", 20_000), ParseError},
		{`2["x",` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `]`, ParseError},
		{`3["x"]`, ParseError}, {`30{}`, ParseError}, {`30[`, ParseError}, {`30"x"`, ParseError},
		{`4{"message":"no"}`, ParseError}, {`4`, ParseError},
		{`1{}`, ParseError}, {`1[]`, ParseError},
		{`0/x,[]`, ParseError}, {`0/x,null`, ParseError}, {`0/x,{`, ParseError}, {`0/x,5"`, ParseError},
		{`b`, ParseError}, {`2["x"] b`, ParseError},
		{`50-["x"]`, ParseError}, {`511-["x"]`, ParseError}, {`5-["x"]`, ParseError}, {`51.5-["x"]`, ParseError}, {`51["x"]`, ParseError},
		{`599999999999-["x"]`, ParseError}, {`60-1[]`, ParseError}, {`611-1[]`, ParseError}, // CVE-2026-33151
		{`51-["x",` + place + `] 2["x"]`, ParseError}, {`51-["x",` + place + `] 51-["x",` + place + `]`, ParseError},
		{`52-["x",` + place + `] b 1`, ParseError}, {`51-["x",` + place + `] b b`, ParseError},
		{`51-["x",{"_placeholder":true,"num":1}] b`, ParseError}, {`51-["x",{"_placeholder":true,"num":-1}] b`, ParseError},
		{`51-["x",{"_placeholder":true,"num":"0"}] b`, ParseError}, {`51-["x",{"_placeholder":true,"num":"splice"}] b`, ParseError}, // CVE-2022-2421
		{`51-["x",{"_placeholder":true}] b`, ParseError}, {`61-0[{"_placeholder":true,"num":7}] b`, ParseError},
		{`51-[` + place + `] b`, ParseError}, {`51-["connect",` + place + `] b`, ParseError},
		{`0/` + strings.Repeat("n", 1<<10), ParseError}, // a seat keeps it
		{`0`, ForcedServerClose}, {`0{"again":1}`, ForcedServerClose},
		{`2/other,["x"]`, ForcedServerClose}, {`2/__proto__,["x"]`, ForcedServerClose}, {`51-/other,["x",` + place + `] b`, ForcedServerClose},
	} {
		inWorld(t, nil, func(w *world) {
			w.noteEnds()
			w.io.On("x", func(*Socket, any) {})
			other, p := w.connect(), w.connect()
			p.t = new(testing.T) // it may be closed while it sends
			for one := range strings.SplitSeq(one.packets, " ") {
				if one == "b" {
					p.binary(1, 2, 3)
				} else {
					p.send(one)
				}
			}
			synctest.Wait()
			w.mu.Lock()
			if len(w.notes) != 1 || w.notes[0] != string(one.reason) {
				t.Errorf("%.60s: %q, want %q", one.packets, w.notes, one.reason)
			}
			w.notes = nil
			w.mu.Unlock()
			p.t = w.T
			p.closed()
			w.io.Emit("y")
			other.expect(`2["y"]`)
			other.send("1")
			w.noted("client namespace disconnect")
		})
	}
}

// TestOddPackets keeps the connection of who sends something odd.
func TestOddPackets(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.noteEnds()
		w.io.On("x", func(_ *Socket, v any) { w.note("%v", v) })
		w.io.On("__proto__", func(_ *Socket, v any) { w.note("__proto__ %v", v) })
		w.io.On("5", func(*Socket, struct{}) { w.note("five") })
		p := w.connect()
		for _, one := range []string{
			`30`, `30[]`, `39007199254740991[1]`, `3/other,1[]`, `1/other`, `1/other,`, `2["nobody"]`, `2["constructor",{}]`,
			`2["x",{"__proto__":{"a":1},"a":1,"a":2}]`, `2["__proto__",1]`, `2[5]`, `2["x","\ud800\u0000"]`, `2["x",` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `]`,
		} {
			p.send(one)
		}
		synctest.Wait()
		w.mu.Lock()
		w.notes = w.notes[:4]
		w.mu.Unlock()
		w.noted("map[__proto__:map[a:1] a:2]", "__proto__ 1", "five", "\ufffd\x00")
		for _, name := range []string{"/" + strings.Repeat("n", 1<<10-1), "/__proto__", "/constructor", "/\u2028", "/a b", "/%2e"} {
			p.send("0" + name)
			p.expect("4" + name + `,{"message":"Invalid namespace"}`)
		}
		p.silent()
	})
}

// TestTruncatedPackets sends each prefix of a packet with everything in it.
func TestTruncatedPackets(t *testing.T) {
	const whole = `51-/admin,7["x",{"_placeholder":true,"num":0}]`
	for n := range len(whole) {
		inWorld(t, nil, func(w *world) {
			w.io.Of("/admin")
			p := w.open()
			p.send("0/admin")
			p.accepted("/admin,")
			p.t = new(testing.T)
			p.send(whole[:n])
			p.binary(1)
			p.t = w.T
			p.closed()
		})
	}
}

// gate is middleware that waits until it is opened.
type gate struct {
	open    chan struct{}
	waiting atomic.Int32
	most    atomic.Int32
}

func (g *gate) pass(*Socket) error {
	g.most.Store(max(g.most.Load(), g.waiting.Add(1)))
	defer g.waiting.Add(-1)
	<-g.open
	return nil
}

// TestFloodOfConnects has 100,000 pairs of CONNECT and DISCONNECT while middleware blocks: one goroutine, and the rest waits within MaxQueued.
func TestFloodOfConnects(t *testing.T) {
	before := runtime.NumGoroutine() // other tests' may end meanwhile
	inWorld(t, func(o *Options) { o.MaxQueued = 1 << 16 }, func(w *world) {
		g := &gate{open: make(chan struct{})}
		asked := make(chan *Socket, 200_000)
		w.io.Use(func(s *Socket) error { asked <- s; return g.pass(s) })
		p := w.open()
		go func() { // reads what comes
			for {
				if _, err := p.next(); err != nil {
					return
				}
			}
		}()
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			for range 100_000 {
				p.Write(context.Background(), websocket.OpText, []byte(`40{"x":1}`))
				p.Write(context.Background(), websocket.OpText, []byte(`41`))
			}
		}()
		synctest.Wait()
		if n := runtime.NumGoroutine() - before; g.waiting.Load() != 1 || n > 40 {
			t.Errorf("%d middlewares wait, %d goroutines more", g.waiting.Load(), n)
		}
		c := (<-asked).seat.conn
		c.mu.Lock()
		if queued, line := c.queued, len(c.seats[0].line); queued > 1<<16 || line > 1<<16/itemOverhead {
			t.Errorf("%d bytes wait, in %d packets", queued, line)
		}
		c.mu.Unlock()
		close(g.open)
		<-sent
		synctest.Wait()
		if g.most.Load() != 1 {
			t.Errorf("%d middlewares at once", g.most.Load())
		}
		p.CloseNow()
	})
}

// TestFloodOfNamespaces has 100,000 names for a dynamic namespace: a client is in MaxNamespaces at most, and empty ones vanish.
func TestFloodOfNamespaces(t *testing.T) {
	inWorld(t, func(o *Options) { o.MaxNamespaces = 50 }, func(w *world) {
		w.io.OfFunc(func(string, *Handshake) bool { return true })
		p := w.open()
		var accepted, refused int
		for n := range 100_000 {
			p.send(fmt.Sprintf("0/n%d", n))
			if n%100 < 99 {
				continue
			}
			for range 100 {
				switch text := p.read(); {
				case strings.Contains(text, `"sid"`):
					accepted++
				case strings.HasSuffix(text, `,{"message":"Too many namespaces"}`):
					refused++
				default:
					t.Fatalf("got %q", text)
				}
			}
		}
		if n := len(w.io.all(nil)); accepted != 50 || n != 51 {
			t.Errorf("%d accepted, %d namespaces", accepted, n)
		}
		p.CloseNow()
		synctest.Wait()
		if n := len(w.io.all(nil)); n != 1 {
			t.Errorf("%d namespaces are left", n)
		}
	})
}

// TestFloodOfEvents sends 300,000 empty events while a handler blocks.
func TestFloodOfEvents(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		open := make(chan struct{})
		var got atomic.Int32
		w.io.On("x", func(*Socket, struct{}) { <-open; got.Add(1) })
		p := w.connect()
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			for range 300_000 {
				p.send(`2["x"]`)
			}
		}()
		synctest.Wait()
		c := w.io.Socket(p.id).seat.conn
		c.mu.Lock()
		if c.queued > 1<<20 {
			t.Errorf("%d bytes wait", c.queued)
		}
		c.mu.Unlock()
		close(open)
		<-sent
		synctest.Wait()
		if n := got.Load(); n != 300_000 {
			t.Errorf("%d events", n)
		}
	})
}

// TestOrigins refuses a foreign origin on both transports.
func TestOrigins(t *testing.T) {
	var refused []string
	inWorld(t, func(o *Options) {
		o.OnRefuse = func(_ *http.Request, err error) { refused = append(refused, err.Error()) }
		o.Logger = slog.New(slog.DiscardHandler)
	}, func(w *world) {
		r, _ := http.NewRequest("GET", base+"?EIO=4&transport=polling", nil)
		r.Header.Set("Origin", "https://evil.example")
		resp, err := w.client.Do(r)
		if err != nil || resp.StatusCode != 403 {
			t.Fatal(resp, err)
		}
		resp.Body.Close()
		d := &websocket.Dialer{DialContext: w.l.dial, Header: http.Header{"Origin": {"https://evil.example"}}}
		if _, resp, err := d.Dial(w.Context(), "ws://example.com/socket.io/?EIO=4&transport=websocket"); err == nil || resp.StatusCode != 403 {
			t.Error(err)
		}
		status, body := w.do("GET", "EIO=4&transport=polling&sid=__proto__", "")
		if status != 400 || body != `{"code":1,"message":"Session ID unknown"}` {
			t.Error(status, body)
		}
		if len(refused) != 3 || !strings.Contains(refused[0], "Origins") || !strings.Contains(refused[2], "sticky") {
			t.Errorf("%q", refused)
		}
	})
}
