package h2

// This file lets the I/O of a connection fail, at every operation in turn.

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/faultconn"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// TestFaults protects both roles from a network that fails at any operation, or gives bytes one at a time: everybody is told, and nothing is left.
func TestFaults(t *testing.T) {
	broken := errors.New("broken")
	for _, clients := range []bool{true, false} { // whose operation fails
		for at := int64(1); ; at++ {
			ops := int64(0)
			inBubble(t, func(t *testing.T) {
				a, b := netpipe.New(0)
				f := &faultconn.Conn{Conn: b, FailAt: at, Err: broken, MaxRead: 1 + int(at)%3}
				client, server := net.Conn(a), net.Conn(f)
				if clients {
					f.Conn, client, server = a, f, b
				}
				w := &Client{}
				w.Dialer.Proxy = noProxy
				w.Dialer.DialContext = func(context.Context, string, string) (net.Conn, error) { return client, nil }
				u := &websocket.Upgrader{}
				var all sync.WaitGroup
				all.Go(func() { Serve(t.Context(), server, u, echo) })
				conn, _, err := w.Dial(t.Context(), "ws://server.example/")
				if err == nil {
					if err := conn.Write(t.Context(), websocket.OpText, []byte("hello")); err == nil {
						conn.Read(t.Context())
					}
					conn.Close(websocket.StatusNormalClosure, "")
				}
				w.CloseIdleConnections()
				a.Close() // where there was no connection, Serve waits for one
				b.Close()
				all.Wait()
				synctest.Wait()
				if u.Len() != 0 {
					t.Error("a connection is left")
				}
				ops = f.Ops()
			})
			if ops < at {
				if at < 10 {
					t.Errorf("only %d operations", ops)
				}
				break
			}
		}
	}
}
