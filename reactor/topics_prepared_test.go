package reactor

// This file tests topics with prepared messages.

import (
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// TestPublishPrepared protects that what is prepared reaches the subscribers on all loops, several messages at once too, all but the one that
// publishes itself; of a Broadcaster and by themselves, with context takeover and for loops that share them, and with messages of a
// connection's own in between.
func TestPublishPrepared(t *testing.T) {
	onDrivers(t, func(t *testing.T, wrap wrapper) {
		const conns = 6
		var b websocket.Broadcaster
		deflated := websocket.Options{Compression: new(websocket.CompressionOptions)}
		h := &funcs{
			open: func(c *Conn) { c.Subscribe("all") },
			message: func(c *Conn, op websocket.Opcode, p []byte) {
				m, err := b.Prepare(websocket.Message{Op: op, Data: p})
				if err == nil {
					err = c.PublishPrepared("all", m)
				}
				if err != nil {
					t.Error(err)
				}
				c.Write(bounded(t), op, []byte(strings.Repeat("own ", 30)))
			},
			close: echo.Close,
		}
		s := &Server{Handler: h, Loops: 3, Upgrader: &websocket.Upgrader{Options: deflated}}
		addr := start(t, s, wrap)
		var clients []*websocket.Conn
		for range conns {
			clients = append(clients, dial(t, addr, deflated))
		}
		for s.Subscribers("all") < conns {
			exchangeNothing(t, clients[0])
		}
		chat := corpus.Chat(corpus.Seed, 60)
		for i := 0; i < len(chat); i += 2 {
			messages := []websocket.Message{{Op: websocket.OpText, Data: chat[i]}, {Op: websocket.OpText, Data: chat[i+1]}}
			m, err := websocket.PrepareMessages(messages...)
			if i >= len(chat)/2 {
				m, err = b.Prepare(messages...)
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := s.PublishPrepared("all", m); err != nil {
				t.Fatal(err)
			}
			for _, c := range clients {
				reads(t, c, string(chat[i]), string(chat[i+1]))
			}
		}
		clients[0].Write(bounded(t), websocket.OpText, chat[0])
		reads(t, clients[0], strings.Repeat("own ", 30))
		for _, c := range clients[1:] {
			reads(t, c, string(chat[0]))
		}
	})
}

// reads checks what a connection gets.
func reads(t *testing.T, c *websocket.Conn, want ...string) {
	t.Helper()
	for _, text := range want {
		if m, err := c.Read(bounded(t)); err != nil || string(m.Data) != text {
			t.Fatalf("%.40q, %v; want %.40q", m.Data, err, text)
		}
	}
}
