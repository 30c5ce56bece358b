package socketio

// This file tests the way in, events and acknowledgements, on both transports.

import (
	"context"
	"strings"
	"testing"
	"time"
)

func TestConnectEmitAndAcknowledge(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.noteEnds()
		w.io.OnConnect(func(s *Socket) {
			w.note("connect")
			s.Emit("auth", map[string]any{})
			s.On("message", func(text string) { s.Emit("message-back", text) })
			s.Handle("sum", func(in struct{ A, B int }) (int, error) { return in.A + in.B, nil })
		})
		p := w.connect()
		p.expect(`2["auth",{}]`)
		p.send(`2["message","hello"]`)
		p.expect(`2["message-back","hello"]`)
		p.send(`27["sum",{"a":1,"b":2}]`)
		p.expect(`37[3]`)
		p.send(`1`)
		w.noted("connect", "client namespace disconnect")

		q := w.polling()
		if got := w.poll(q, "40", `42["message","over polling"]`); !strings.HasPrefix(got, `40{"sid":"`) {
			t.Errorf("got %q", got)
		}
	})
}

func TestEmitWithAck(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.io.OnConnect(func(s *Socket) {
			s.On("ask", func(struct{}) {
				ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
				defer cancel()
				n, err := s.EmitWithAck[int](ctx, "question", "?")
				s.Emit("got", n, err == nil)
			})
		})
		p := w.connect()
		p.send(`2["ask"]`)
		p.expect(`20["question","?"]`)
		p.send(`30[42]`)
		p.expect(`2["got",42,true]`)
	})
}
