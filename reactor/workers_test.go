package reactor

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// TestWorkersBlock protects what workers are for: while a handler waits, other connections are served, and not its own; never more handlers
// run than there are workers; and what has come meanwhile is delivered in order.
func TestWorkersBlock(t *testing.T) {
	const all = 2
	onDrivers(t, func(t *testing.T, wrap wrapper) {
		release, blocked := make(chan struct{}), make(chan struct{}, all)
		var running, most atomic.Int32
		s := &Server{Workers: all, Loops: 1}
		s.Accept = func(*websocket.Request) (Handler, error) {
			next := 0
			var inside atomic.Int32
			return MessageFunc(func(c *Conn, op websocket.Opcode, p []byte) {
				if inside.Add(1) != 1 {
					t.Error("two at a time for one connection")
				}
				for n := running.Add(1); n > most.Load(); {
					most.Store(n)
				}
				if strings.HasPrefix(string(p), "block") {
					blocked <- struct{}{}
					<-release
				} else if string(p) != fmt.Sprint(next) {
					t.Errorf("delivered %q, want %d", p, next)
				} else {
					next++
				}
				running.Add(-1)
				inside.Add(-1)
				echo(c, op, p)
			}), nil
		}
		addr := start(t, s, wrap)
		slow, slow2, quick := meet(t, addr), meet(t, addr), dial(t, addr, websocket.Options{})
		slow.Write(slow.message(websocket.OpText, "block"))
		<-blocked
		for i := range 20 {
			slow.Write(slow.message(websocket.OpText, fmt.Sprint(i)))
			if err := quick.Write(bounded(t), websocket.OpText, fmt.Append(nil, i)); err != nil {
				t.Fatal(err)
			}
			if m, err := quick.Read(bounded(t)); err != nil || string(m.Data) != fmt.Sprint(i) {
				t.Fatalf("%q, %v", m.Data, err)
			}
		}
		slow2.Write(slow2.message(websocket.OpText, "block"))
		<-blocked
		quick.Write(bounded(t), websocket.OpText, []byte("20")) // nobody is there to take it
		close(release)
		if m, err := quick.Read(bounded(t)); err != nil || string(m.Data) != "20" {
			t.Errorf("%q, %v", m.Data, err)
		}
		slow.CloseWrite()
		slow2.CloseWrite()
		if got := slow.rest(); len(got) != 21 {
			t.Errorf("%d messages came back, want 21: %q", len(got), got)
		}
		slow2.rest()
		if n := most.Load(); n > all {
			t.Errorf("%d handlers ran at a time", n)
		}
	})
}

// TestWorkersFair protects that connections that never stop sending do not keep all workers from another one.
func TestWorkersFair(t *testing.T) {
	onDrivers(t, func(t *testing.T, wrap wrapper) {
		s := &Server{Workers: 1, Loops: 1, Handler: MessageFunc(func(c *Conn, op websocket.Opcode, p []byte) {
			if len(p) < 100 {
				echo(c, op, p)
			}
		})}
		addr := start(t, s, wrap)
		stop := make(chan struct{})
		done := make(chan struct{})
		for range 3 {
			p := meet(t, addr)
			p.SetDeadline(time.Time{})
			flood := p.message(websocket.OpBinary, strings.Repeat("x", 100_000))
			go func() {
				defer func() { done <- struct{}{} }()
				for {
					select {
					case <-stop:
						p.Close()
						return
					default:
						p.Write(flood)
					}
				}
			}()
		}
		c := dial(t, addr, websocket.Options{})
		for range 20 {
			exchange(t, c)
		}
		close(stop)
		for range 3 {
			<-done
		}
	})
}
