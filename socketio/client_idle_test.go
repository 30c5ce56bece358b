package socketio

// This file tests a Client behind a proxy that cuts connections on which nothing has happened for a while.

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/wstest"
)

// idleProxy relays to the server of a world, and cuts a connection that has carried nothing, in either direction, for that long.
type idleProxy struct {
	w    *world
	idle time.Duration
}

func (p *idleProxy) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	up, err := p.w.l.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	client, down := wstest.NetPipe()
	cut := func() {
		up.Close()
		down.Close()
	}
	clock := time.AfterFunc(p.idle, cut)
	relay := func(to, from net.Conn) {
		defer cut()
		defer clock.Stop()
		for buf := make([]byte, 4096); ; {
			n, err := from.Read(buf)
			if err != nil {
				return
			}
			clock.Reset(p.idle)
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
	}
	go relay(up, down)
	go relay(down, up)
	return client, nil
}

// connect connects a client through the proxy, with everything written down that happens to it and that the server gets.
func (p *idleProxy) connect(way string) *Client {
	w := p.w
	w.io.On("say", func(_ *Socket, text string) { w.note("say %s", text) })
	c := w.newClient("", func(o *ClientOptions) {
		o.Transports = ways[way]
		o.WebSocket.DialContext = p.dial
	})
	c.OnConnectError(nil)
	c.On("news", func(text string) { w.note("news %s", text) })
	w.must(c)
	time.Sleep(time.Second) // the upgrade
	w.noted("connect, recovered false")
	return c
}

// TestClientIdleProxy protects that the server's pings, one in 25 seconds, keep a connection through a proxy that is more patient than that, for
// hours, also while nobody emits; and that through one that is not, the client notices each cut at once and comes back, and
// what is emitted between arrives.
func TestClientIdleProxy(t *testing.T) {
	for way := range ways {
		reason := TransportClose
		if way == "polling" {
			reason = TransportError // of the poll that was open
		}
		t.Run(way+", patient", func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				c := (&idleProxy{w, 30 * time.Second}).connect(way)
				for range 3 {
					time.Sleep(time.Hour)
					c.Emit("say", "1")
					w.io.Emit("news", "2")
					time.Sleep(time.Second)
					w.sorted()
					w.noted("news 2", "say 1")
				}
				c.Close()
			})
		})
		t.Run(way+", hasty", func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				c := (&idleProxy{w, 20 * time.Second}).connect(way)
				for range 3 {
					began := time.Now()
					for c.Connected() {
						time.Sleep(100 * time.Millisecond)
					}
					if d := time.Since(began); d > 20*time.Second || d < 18*time.Second {
						t.Errorf("noticed after %v", d)
					}
					c.Emit("say", "1")
					w.noted("disconnect: " + string(reason))
					time.Sleep(2 * time.Second) // a second until it tries again
					w.sorted()
					w.noted("attempt 1", "connect, recovered false", "say 1")
				}
				c.Close()
			})
		})
	}
}
