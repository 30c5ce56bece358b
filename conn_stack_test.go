//go:build !race && linux && amd64

package websocket

// This file asserts what the stacks of many connections take. The race detector, other processors and other systems have
// frames and system calls of their own.

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"testing"
)

// TestEchoStack protects the size of the stacks of many connections, before their first message and after one was echoed: a
// goroutine begins with 2 KiB, and a stack that has grown does not shrink to that again. Waiting fits into them, and so does the
// echo of Messages; the body of MessagesInPlace and its write run inside of the transport's wait, and need 4.
func TestEchoStack(t *testing.T) {
	for _, row := range []struct {
		form         string
		detached     bool
		fresh, after int64 // KiB
	}{
		{"Messages", false, 2, 2},
		{"MessagesInPlace", false, 2, 4},
		{"Messages", true, 2, 2},
		{"MessagesInPlace", true, 4, 4},
	} {
		t.Run(fmt.Sprintf("%s/detached=%v", row.form, row.detached), func(t *testing.T) {
			echoStack(t, loopKinds[row.form], row.detached, row.fresh<<10, row.after<<10)
		})
	}
}

func echoStack(t *testing.T, messages loopKind, detached bool, fresh, after int64) {
	const connections = 400
	var u Upgrader
	conns := make(chan *Conn)
	echo := func(c *Conn) {
		conns <- c
		ctx := context.Background()
		for m, err := range messages(c, ctx) {
			if err != nil || c.Write(ctx, m.Op, m.Data) != nil {
				break
			}
		}
	}
	addr := upgradeServers(t, &u, func(c *Conn) { go echo(c) })["UpgradeConn"]
	if detached {
		server := httptest.NewServer(u.DetachedHandler(func(c *Conn, _ *http.Request) { echo(c) }))
		defer server.Close()
		addr = server.Listener.Addr().String()
	}
	beginSmall(t)
	goroutines, before := runtime.NumGoroutine(), stackInUse()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // nothing shrinks by chance
	var clients []net.Conn
	var servers []*Conn
	for range connections {
		clients = append(clients, bareClient(t, addr))
		servers = append(servers, <-conns)
	}
	check := func(count uint64, want int64) {
		for _, c := range servers {
			for waiting := false; !waiting; {
				runtime.Gosched()
				c.mu.Lock()
				waiting = c.known == nothing && c.counts.messagesIn == count
				c.mu.Unlock()
			}
		}
		for runtime.NumGoroutine() > goroutines+connections {
			runtime.Gosched() // those of the opening handshakes end
		}
		// A few may have met an empty pool or a lock that was taken, and gone deeper for that; free stacks lie between those in use.
		if each := int64(stackInUse()-before) / connections; each > want+512 {
			t.Errorf("after %d messages, the stack of a connection takes %d bytes, want %d", count, each, want)
		}
	}
	check(0, fresh)
	p := peer{client: true}
	for _, c := range clients {
		c.Write(p.frame(true, OpBinary, string(make([]byte, 125))))
		if _, err := io.ReadFull(c, make([]byte, 2+125)); err != nil {
			t.Fatal(err)
		}
	}
	check(1, after)
}

// stackInUse returns how many bytes the stacks of all goroutines take. Those that nobody uses any more are collected first.
func stackInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.StackInuse
}

// beginSmall makes goroutines begin with 2 KiB, until the test ends: each collection chooses the size by what the stacks that it
// finds hold, and finds many small ones.
func beginSmall(t *testing.T) {
	const many = 2000
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	for range many {
		started := make(chan struct{})
		go func() {
			close(started)
			<-end
		}()
		<-started
	}
}
