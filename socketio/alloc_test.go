//go:build !race

package socketio

// This file asserts what events cost.

import (
	"bytes"
	"context"
	"io"
	"math"
	"runtime"
	"testing"
	"unsafe"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/wstest"
)

func TestSizes(t *testing.T) {
	if n := unsafe.Sizeof(Socket{}); n > 224 {
		t.Errorf("a Socket takes %d bytes", n)
	}
	if n := unsafe.Sizeof(conn{}) + unsafe.Sizeof(seat{}); n > 240 {
		t.Errorf("a conn and a seat take %d bytes", n)
	}
}

// TestAllocations has at most 3 from the arrival of an event to its handler, with one argument: its data, its place in line, and its texts, all together; 2 to emit to one socket, 1 a broadcast and none for each client.
func TestAllocations(t *testing.T) {
	type message struct{ Room, Text string }
	srv := NewServer(testOptions())
	handled := make(chan int, 1)
	srv.On("chat", func(_ *Socket, m message) { handled <- len(m.Text) })
	srv.On("text", func(_ *Socket, text string) { handled <- len(text) })
	srv.On("number", func(_ *Socket, n int) { handled <- n })
	clients := crowd(t, srv, 50)
	s := clients[0]
	text := "hello"
	run := func(wire string) func() {
		data := []byte(wire)
		return func() {
			handler{srv}.Message(s.Session(), websocket.OpText, bytes.Clone(data))
			<-handled
		}
	}
	m := message{"lobby", "hello"}
	for name, one := range map[string]struct {
		most float64
		f    func()
	}{
		"arrival of a struct": {3, run(`2["chat",{"room":"lobby","text":"hello"}]`)},
		"arrival of a text":   {3, run(`2["text","hello"]`)},
		"arrival of a number": {2, run(`2["number",5]`)},
		"emit a text":         {2, func() { s.Emit("chat", text) }},
		"emit a struct":       {2, func() { s.Emit("chat", m) }},
		"volatile":            {2, func() { s.Volatile().Emit("chat", 5) }},
		"broadcast":           {1, func() { srv.Emit("chat", "hello", 5) }},
		"broadcast, struct":   {2, func() { srv.Emit("chat", m) }},                     // and one to make it any
		"to a room":           {2, func() { srv.To("room").Emit("chat", "hello", 5) }}, // and one for the list of rooms
	} {
		one.f()
		n := math.Inf(1)
		for range 10 { // what connections allocate meanwhile only adds to it
			n = min(n, testing.AllocsPerRun(50, one.f))
		}
		if n > one.most {
			t.Errorf("%s: %v allocations, at most %v", name, n, one.most)
		}
	}
}

// crowd connects clients over connections in memory that read everything away.
func crowd(t *testing.T, srv *Server, n int) (all []*Socket) {
	t.Cleanup(func() { srv.Shutdown(context.Background()) }) // when the clients are closed
	for range n {
		client, server := wstest.NetPipe()
		go srv.ServeConn(context.Background(), server)
		io.WriteString(client, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n"+
			"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x81\x82\x00\x00\x00\x0040")
		go io.Copy(io.Discard, client)
		t.Cleanup(func() { client.Close() })
	}
	for len(all) < n {
		all = all[:0]
		for s := range srv.Sockets() {
			s.Join("room")
			all = append(all, s)
		}
		runtime.Gosched()
	}
	return all
}
