package engineio

// This file tests what delays the end that no ping brings: a Handler that keeps this side from reading, and what is arriving.

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

const openPacket = `0{"sid":"abc","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":100}`

// slowPart is more than a frame holds back.
var slowPart = strings.Repeat("x", 40_000)

// slowly calls write with parts of a message, ten seconds apart, until ctx ends.
func slowly(ctx context.Context, write func(part string)) {
	write("4")
	for range 20 {
		write(slowPart)
		select {
		case <-time.After(10 * time.Second):
		case <-ctx.Done():
			return
		}
	}
}

// slow is a server that sends one message, for 200 seconds, and nothing more.
func slow(w http.ResponseWriter, r *http.Request) {
	if !websocket.IsUpgrade(r) {
		if r.URL.Query().Get("sid") == "" {
			io.WriteString(w, openPacket)
			return
		}
		if r.Method == http.MethodGet {
			slowly(r.Context(), func(part string) {
				io.WriteString(w, part)
				http.NewResponseController(w).Flush()
			})
		}
		return
	}
	c, err := new(websocket.Upgrader).Upgrade(w, r)
	if err != nil {
		return
	}
	ctx := context.Background()
	c.CloseRead(ctx)
	c.Write(ctx, websocket.OpText, []byte(openPacket))
	m, err := c.Writer(ctx, websocket.OpText)
	if err != nil {
		return
	}
	slowly(c.Context(), func(part string) {
		io.WriteString(m, part)
		c.Flush(ctx)
	})
	m.Close()
	<-c.Context().Done()
}

// TestDialSlowMessage takes a message that arrives for longer than no ping may come.
func TestDialSlowMessage(t *testing.T) {
	for _, way := range ways[:2] {
		t.Run(way.name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				w.serveInstead(http.HandlerFunc(slow))
				n := noEcho()
				s := w.dialSession(way.transports, n)
				time.Sleep(199 * time.Second)
				n.expect(t, "open")
				time.Sleep(2 * time.Second)
				n.expect(t, "text "+strings.Repeat(slowPart, 20))
				s.Close()
				w.shut(s)
			})
		})
	}
}

// TestDialBusyHandler is called for longer than no ping may come, and reads the pings afterwards.
func TestDialBusyHandler(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.serveInstead(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := new(websocket.Upgrader).Upgrade(w, r)
			if err != nil {
				return
			}
			ctx := context.Background()
			c.CloseRead(ctx)
			c.Write(ctx, websocket.OpText, []byte(openPacket))
			c.Write(ctx, websocket.OpText, []byte("4work"))
			for c.Write(ctx, websocket.OpText, []byte("2")) == nil {
				time.Sleep(25 * time.Second)
			}
		}))
		n := noEcho()
		n.message = func(*Session, websocket.Opcode, []byte) { time.Sleep(200 * time.Second) }
		s := w.dialSession([]Transport{WebSocket}, n)
		time.Sleep(10 * time.Minute)
		n.expect(t, "open", "text work")
		if err := s.Err(); err != nil {
			t.Error(err)
		}
		w.shut(s)
	})
}
