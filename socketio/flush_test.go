package socketio

// This file tests that what is queued, because others are to leave with it, leaves: in order, and whatever the handler does.

import (
	"fmt"
	"testing"
	"testing/synctest"
)

// TestQueuedLeavesBeforeHandlerReturns protects that nothing of what a handler emits waits for its end, in a burst, where more is in line behind
// its event: events, acknowledgements and broadcasts, and what is to be acknowledged.
func TestQueuedLeavesBeforeHandlerReturns(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		open := make(chan struct{})
		w.io.OnEvent("x", func(s *Socket, e *Event) {
			s.Emit("own")
			w.io.Emit("all")
			if n, err := s.EmitWithAck[int](s.Context(), "ask"); n != 5 || err != nil {
				t.Error(n, err)
			}
			e.Ack()()
			w.io.To("room").Emit("room")
			<-open
		})
		p, other := w.connect(), w.connect()
		w.io.All().SocketsJoin("room")
		for n := range 3 {
			p.send(fmt.Sprintf(`2%d["x"]`, n))
		}
		for n := range 3 {
			p.expect(`2["own"]`, `2["all"]`, fmt.Sprintf(`2%d["ask"]`, n))
			p.send(fmt.Sprintf(`3%d[5]`, n))
			p.expect(fmt.Sprintf(`3%d[]`, n), `2["room"]`)
			other.expect(`2["all"]`, `2["room"]`)
			synctest.Wait() // the handler blocks
			open <- struct{}{}
		}
	})
}

// TestBurstKeepsOrder protects the order of what a burst is answered with, on both transports: events, broadcasts and acknowledgements.
func TestBurstKeepsOrder(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.io.Handle("x", func(s *Socket, n int) (int, error) {
			s.Emit("own", n)
			w.io.Emit("all", n)
			return n, nil
		})
		p := w.connect()
		w.io.Socket(p.id).Join("ws")
		q := w.polling()
		w.poll(q, "40")
		var want []string
		for n := range 300 {
			p.send(fmt.Sprintf(`2%d["x",%d]`, n, n))
			want = append(want, fmt.Sprintf(`2["own",%d]`, n), fmt.Sprintf(`2["all",%d]`, n), fmt.Sprintf(`3%d[%d]`, n, n))
		}
		p.expect(want...)
		synctest.Wait()
		text := ""
		for n := range 300 {
			if n > 0 {
				text += "\x1e"
			}
			text += fmt.Sprintf(`42["all",%d]`, n)
		}
		if got := w.poll(q); got != text {
			t.Errorf("got %.300q", got)
		}
	})
}
