// Command chat is a chat with rooms.
package main

import (
	"log"
	"net/http"

	"github.com/seed-d69ae1b7/websocket/socketio"
)

// message is what clients emit: {room, text}.
type message struct{ Room, Text string }

func main() {
	io := socketio.NewServer(nil)
	io.OnConnect(func(s *socketio.Socket) {
		s.On2("join", func(room, name string) {
			s.SetData(name)
			s.Join(room)
			s.To(room).Emit("joined", name)
		})
		s.On("chat", func(m message) { io.To(m.Room).Emit("chat", s.Data(), m.Text) })
		s.On("typing", func(room string) { s.To(room).Volatile().Emit("typing", s.Data()) })
		s.OnDisconnect(func(socketio.Reason) { io.Emit("left", s.Data()) })
	})
	http.Handle("/socket.io/", io)
	log.Fatal(http.ListenAndServe("localhost:3000", nil))
}
