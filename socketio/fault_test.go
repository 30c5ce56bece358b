package socketio

// This file tests that I/O that fails at whatever point leaves nothing: no socket, no goroutine, each OnConnect with its OnDisconnect.

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/faultconn"
)

// TestFaults lets the n-th operation of the server's n-th connection fail, for every n, while a client polls, upgrades and talks.
func TestFaults(t *testing.T) {
	for at := int64(1); at <= 40; at++ {
		for which := 1; which <= 3; which++ {
			synctest.Test(t, func(t *testing.T) {
				conns := 0
				w := newWorld(t, testOptions(), func(c net.Conn) net.Conn {
					if conns++; conns != which {
						return c
					}
					return &faultconn.Conn{Conn: c, FailAt: at, Err: errors.New("on purpose")}
				})
				var connects, ends atomic.Int32
				w.io.OnConnect(func(s *Socket) {
					connects.Add(1)
					s.Join("room")
					s.On("ask", func([]byte) {
						s.EmitWithAck[int](context.Background(), "q", []byte("x"))
						w.io.To("room").Emit("x", []byte("y"))
					})
				})
				w.io.OnDisconnect(func(*Socket, Reason) { ends.Add(1) })
				converse(w)
				w.end()
				if connects.Load() != ends.Load() {
					t.Errorf("operation %d of connection %d: %d connects, %d ends", at, which, connects.Load(), ends.Load())
				}
			})
		}
	}
}

// converse does what a client does, as far as it gets.
func converse(w *world) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	w.client.Timeout = 5 * time.Second
	resp, err := w.client.Get(base + "?EIO=4&transport=polling")
	if err != nil {
		return
	}
	_, rest, ok := strings.Cut(readAll(resp), `"sid":"`)
	if !ok {
		return
	}
	q := base + "?EIO=4&transport=polling&sid=" + rest[:20]
	post := func(body string) {
		if resp, err := w.client.Post(q, "text/plain", strings.NewReader(body)); err == nil {
			readAll(resp)
		}
	}
	get := func() {
		if resp, err := w.client.Get(q); err == nil {
			readAll(resp)
		}
	}
	post("40")
	get()
	post("451-[\"ask\",{\"_placeholder\":true,\"num\":0}]\x1ebAA==")
	get()
	post("430[1]")
	pending := make(chan struct{})
	go func() {
		defer close(pending)
		get()
		get()
	}()
	synctest.Wait()
	d := &websocket.Dialer{DialContext: w.l.dial}
	c, _, err := d.Dial(ctx, "ws"+strings.Replace(strings.TrimPrefix(q, "http"), "polling", "websocket", 1))
	if err == nil {
		defer c.CloseNow()
		for _, one := range []string{"2probe", "5", `42["ask"]`, `431[2]`, "41"} {
			c.Write(ctx, websocket.OpText, []byte(one))
			c.Read(ctx)
		}
	}
	<-pending
}
