// Command ack answers requests, and makes some of its own, with timeouts.
package main

import (
	"context"
	"log"
	"net/http"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio"
)

// sum is what clients emit: {a, b}.
type sum struct{ A, B int }

func main() {
	io := socketio.NewServer(nil)
	io.OnConnect(func(s *socketio.Socket) {
		s.Join("voters")
		s.Handle("sum", func(in sum) (int, error) { return in.A + in.B, nil })
		s.On("poll", func(question string) { poll(io, s, question) })
		go askName(s)
	})
	http.Handle("/socket.io/", io)
	log.Fatal(http.ListenAndServe("localhost:3000", nil))
}

// poll asks everybody, and tells who wanted to know how many have said yes within two seconds, and whether all have answered.
func poll(io *socketio.Server, s *socketio.Socket, question string) {
	ctx, cancel := context.WithTimeout(s.Context(), 2*time.Second)
	defer cancel()
	answers, err := io.To("voters").EmitWithAck[bool](ctx, "question", question)
	n := 0
	for _, yes := range answers {
		if yes {
			n++
		}
	}
	s.Emit("result", n, err == nil)
}

// askName asks a client for its name.
func askName(s *socketio.Socket) {
	ctx, cancel := context.WithTimeout(s.Context(), time.Second)
	defer cancel()
	if name, err := s.EmitWithAck[string](ctx, "name?"); err == nil {
		log.Print(name)
	}
}
