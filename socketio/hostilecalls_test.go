package socketio

// This file tests calls at the wrong time, and what clients can make the server keep.

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seed-d69ae1b7/websocket"
)

// TestShutdownInside protects that a handler, or middleware, which calls Shutdown does not wait for itself: the clients are told, and a
// call from elsewhere waits for the handler.
func TestShutdownInside(t *testing.T) {
	for _, where := range []string{"handler", "Use", "OnConnect", "OnDisconnect"} {
		t.Run(where, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				other := w.connect()
				n := w.io.Of("/x")
				release := make(chan struct{})
				shutdown := func() {
					if err := w.io.Shutdown(context.Background()); !errors.Is(err, websocket.ErrShutdownInside) {
						t.Errorf("Shutdown: %v", err)
					}
					w.note("shut down")
					<-release
				}
				switch where {
				case "handler":
					n.On("x", func(*Socket, struct{}) { shutdown() })
				case "Use":
					n.Use(func(*Socket) error { shutdown(); return nil })
				case "OnConnect":
					n.OnConnect(func(*Socket) { shutdown() })
				case "OnDisconnect":
					n.OnDisconnect(func(*Socket, Reason) { shutdown() })
				}
				p := w.open()
				p.send("0/x,")
				p.send(`2/x,["x"]`)
				p.send("1/x,")
				go other.closed()
				for {
					if _, err := p.next(); err != nil {
						break
					}
				}
				w.noted("shut down")
				over := make(chan error)
				go func() { over <- w.io.Shutdown(context.Background()) }()
				synctest.Wait()
				select {
				case <-over:
					t.Error("another Shutdown does not wait for the handler")
					return
				default:
				}
				close(release)
				if err := <-over; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestAuthIsBounded protects that what the sockets of one client have sent to authenticate themselves, which is kept, has MaxPayload bytes
// at most, and that what a socket has left counts no more.
func TestAuthIsBounded(t *testing.T) {
	inWorld(t, func(o *Options) { o.MaxPayload = 1000 }, func(w *world) {
		parent := w.io.OfFunc(func(string, *Handshake) bool { return true })
		parent.Use(func(s *Socket) error {
			if strings.HasPrefix(s.Namespace().Name(), "/no") {
				return &Error{Message: "no"}
			}
			return nil
		})
		told := make(chan struct{})
		parent.OnError(func(*Socket, string, error) { <-told }) // a client that is told of its refusal may come again at once
		p := w.open()
		auth := `{"x":"` + strings.Repeat("x", 400) + `"}`
		for i := range 3 { // refused, none is kept
			p.send(fmt.Sprintf("0/no%d,%s", i, auth))
			p.expect(fmt.Sprintf(`4/no%d,{"message":"no"}`, i))
		}
		for i := range 2 {
			p.send(fmt.Sprintf("0/%d,%s", i, auth))
			p.accepted(fmt.Sprintf("/%d,", i))
		}
		close(told)
		for range 2 {
			p.send("0/2," + auth)
			p.expect(`4/2,{"message":"Too much to authenticate with"}`)
			p.send("0/small,")
			p.accepted("/small,")
			p.send("1/small,")
		}
		p.send("1/0,")
		synctest.Wait()
		p.send("0/2," + auth)
		p.accepted("/2,")
	})
}
