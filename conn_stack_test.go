//go:build !race && linux && amd64

package websocket

// This file asserts that an echo leaves a connection's stack as small as it was. The race detector, other processors and
// other systems have frames and system calls of their own.

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

// TestEchoStack protects that waiting for a message, running the body of a loop and answering from it fit into the 2 KiB
// that a goroutine begins with: a stack that has grown does not shrink to that again, so that each connection that ever
// carried a message would take 2 KiB more.
func TestEchoStack(t *testing.T) {
	for name, messages := range loopKinds {
		t.Run(name, func(t *testing.T) { echoStack(t, messages) })
	}
}

func echoStack(t *testing.T, messages loopKind) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // collections choose the size that goroutines begin with
	const connections = 200
	conns := make(chan *Conn, connections)
	var u Upgrader
	server := httptest.NewServer(u.DetachedHandler(func(c *Conn, _ *http.Request) {
		conns <- c
		ctx := context.Background()
		for m, err := range messages(c, ctx) {
			if err != nil || c.Write(ctx, m.Op, m.Data) != nil {
				break
			}
		}
	}))
	defer server.Close()
	var clients, servers []*Conn
	for range connections {
		c, _, err := Dial(t.Context(), "ws"+strings.TrimPrefix(server.URL, "http"))
		if err != nil {
			t.Fatal(err)
		}
		clients, servers = append(clients, c), append(servers, <-conns)
	}
	stacks := func(count uint64) uint64 {
		for _, s := range servers {
			for waiting := false; !waiting; {
				runtime.Gosched()
				s.mu.Lock()
				waiting = s.known == nothing && s.counts.messagesIn == count
				s.mu.Unlock()
			}
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.StackInuse
	}
	before := stacks(0)
	for _, c := range clients {
		if err := c.Write(t.Context(), OpBinary, make([]byte, 125)); err != nil {
			t.Fatal(err)
		}
	}
	after := stacks(1)
	// A few may have met an empty pool, and gone deeper for that.
	if grown := int64(after) - int64(before); grown > connections*1024 {
		t.Errorf("stacks have grown by %d bytes for each of %d connections", grown/connections, connections)
	}
	for _, c := range clients {
		c.CloseNow()
	}
}
