package socketio

// This file tests what a Client keeps and bounds: what it sends while disconnected, again with Retries, and what waits for its handlers.

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// lossy is a client on a network that can be lost.
func (w *world) lossy(edit func(o *ClientOptions)) (*Client, *network) {
	n := &network{w: w}
	return w.newClient("", func(o *ClientOptions) {
		o.WebSocket.DialContext = n.dial
		if edit != nil {
			edit(o)
		}
	}), n
}

// TestClientKeeps keeps events until it is connected: in order, up to a bound, with and without binary, before the first connection too.
func TestClientKeeps(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.io.On2("say", func(_ *Socket, n int, b []byte) { w.note("%d %d", n, len(b)) })
		c, _ := w.lossy(func(o *ClientOptions) { o.SendBuffer = 10_000 })
		sizes := 0
		for i := 0; ; i++ {
			err := c.Emit("say", i, make([]byte, 1000*(i%2)))
			if err != nil {
				if !errors.Is(err, ErrBufferFull) || c.bytes > 10_000 || c.bytes < 8_000 {
					t.Errorf("event %d, %d bytes: %v", i, c.bytes, err)
				}
				break
			}
			sizes++
		}
		w.must(c)
		time.Sleep(time.Second) // the session is moving
		want := []string{"connect, recovered false"}
		for i := range sizes {
			want = append(want, fmt.Sprintf("%d %d", i, 1000*(i%2)))
		}
		synctest.Wait()
		w.mu.Lock()
		got := fmt.Sprint(w.notes)
		w.notes = nil
		w.mu.Unlock()
		for _, one := range want {
			if !strings.Contains(got, one) {
				t.Errorf("no %q in %s", one, got)
			}
		}
		if c.bytes != 0 {
			t.Errorf("%d bytes count", c.bytes)
		}
		c.Close()
	})
	inWorld(t, nil, func(w *world) {
		c, _ := w.lossy(func(o *ClientOptions) { o.SendBuffer, o.Retries = 10_000, 1 })
		var err error
		for i := 0; err == nil && i < 100; i++ {
			err = c.Emit("say", make([]byte, 1000))
		}
		if !errors.Is(err, ErrBufferFull) || c.bytes > 10_000 {
			t.Errorf("with Retries: %d bytes, %v", c.bytes, err)
		}
		c.Close()
	})
	inWorld(t, nil, func(w *world) {
		c, _ := w.lossy(func(o *ClientOptions) { o.SendBuffer = -1 })
		if err := c.Emit("x"); !errors.Is(err, ErrDisconnected) {
			t.Errorf("%v", err)
		}
		c.Close()
	})
}

// TestClientKeepsMore keeps more than a session takes at once: it goes behind what the session has, in order, and what is emitted then goes behind
// that.
func TestClientKeepsMore(t *testing.T) {
	for name, transports := range ways {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				next := 0
				w.io.On2("say", func(_ *Socket, n int, _ string) {
					if n != next {
						t.Errorf("got %d, want %d", n, next)
					}
					next++
				})
				c, _ := w.lossy(func(o *ClientOptions) { o.WriteBuffer, o.Transports = 5_000, transports })
				for i := range 200 {
					if err := c.Emit("say", i, strings.Repeat("x", 1000)); err != nil {
						t.Error(err)
					}
				}
				w.must(c)
				for i := range 100 {
					for c.Emit("say", 200+i, strings.Repeat("x", 1000)) != nil {
						time.Sleep(time.Millisecond)
					}
				}
				time.Sleep(10 * time.Second)
				synctest.Wait()
				if next != 300 {
					t.Errorf("%d events have come", next)
				}
				c.Close()
			})
		})
	}
}

// TestClientAbandons emits with a context that ends before there is a connection: the event is not sent.
func TestClientAbandons(t *testing.T) {
	for _, retries := range []int{0, 3} {
		inWorld(t, nil, func(w *world) {
			w.io.Handle("say", func(_ *Socket, n int) (int, error) { w.note("%d", n); return n, nil })
			c, _ := w.lossy(func(o *ClientOptions) { o.Retries = retries })
			c.OnConnect(nil)
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			if _, err := c.EmitWithAck[int](ctx, "say", 1); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v", err)
			}
			c.Emit("say", 2)
			w.must(c)
			time.Sleep(time.Second) // the session is moving
			w.noted("2")
			if len(c.acks)+len(c.kept)+len(c.retried)+c.bytes != 0 {
				t.Errorf("%d, %d, %d and %d are left", len(c.acks), len(c.kept), len(c.retried), c.bytes)
			}
			c.Close()
		})
	}
}

// TestClientRetries sends events again until they are acknowledged: in order, one at a time, as often as it may, at exact times.
func TestClientRetries(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		began := time.Now()
		deaf := 0 // how many are not acknowledged
		w.io.OnEvent("say", func(_ *Socket, e *Event) {
			var n int
			e.Args().Bind(&n)
			w.note("%d at %v", n, time.Since(began))
			if deaf--; deaf < 0 && n != 5 {
				e.Ack()(n)
			}
		})
		c, _ := w.lossy(func(o *ClientOptions) { o.Retries, o.AckTimeout, o.Transports = 2, 3*time.Second, ways["websocket"] })
		w.must(c)
		w.noted("connect, recovered false")
		deaf = 1
		c.Emit("say", 1)
		c.Emit("say", 2)
		n, err := c.EmitWithAck[int](w.brief(), "say", 3)
		if n != 3 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		w.noted("1 at 0s", "1 at 3s", "2 at 3s", "3 at 3s")
		deaf = 3
		if _, err := c.EmitWithAck[int](w.brief(), "say", 4); !errors.Is(err, errNotAcknowledged) {
			t.Errorf("%v", err)
		}
		w.noted("4 at 3s", "4 at 6s", "4 at 9s")
		c.Volatile().Emit("say", 5)
		c.Emit("say", 6)
		time.Sleep(time.Second)
		synctest.Wait()
		if len(c.retried)+c.bytes+len(c.acks) != 0 {
			t.Errorf("%d and %d and %d are left", len(c.retried), c.bytes, len(c.acks))
		}
		c.Close()
	})
}

// TestClientFloods gets more than its handlers take: the connection is not read, and all of it arrives.
func TestClientFloods(t *testing.T) {
	for name, transports := range ways {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(o *Options) { o.WriteBuffer = 64 << 20 }, func(w *world) {
				next := 0
				c, _ := w.lossy(func(o *ClientOptions) { o.MaxQueued, o.Transports = 10_000, transports })
				c.On2("news", func(n int, _ string) {
					if n != next {
						t.Errorf("got %d, want %d", n, next)
					}
					next++
					time.Sleep(time.Millisecond)
					c.up.mu.Lock()
					if c.up.queued > 10_000 {
						t.Errorf("%d bytes are in line", c.up.queued)
					}
					c.up.mu.Unlock()
				})
				w.must(c)
				for i := range 1000 {
					w.io.Emit("news", i, strings.Repeat("x", 1000))
				}
				time.Sleep(10 * time.Second)
				synctest.Wait()
				if next != 1000 || !c.Connected() {
					t.Errorf("%d events have come", next)
				}
				c.Close()
			})
		})
	}
}

// TestClientVain waits in a handler for an acknowledgement that stands behind more than may be in line: it fails, and does not hang.
func TestClientVain(t *testing.T) {
	for _, retries := range []int{0, 3} {
		inWorld(t, func(o *Options) { o.WriteBuffer = 64 << 20 }, func(w *world) {
			w.io.Handle("ask", func(s *Socket, _ struct{}) (int, error) {
				for range 100 {
					s.Emit("news", strings.Repeat("x", 1000))
				}
				return 1, nil
			})
			c, _ := w.lossy(func(o *ClientOptions) { o.MaxQueued, o.Retries = 10_000, retries })
			news := 0
			c.On("go", func(struct{}) {
				_, err := c.EmitWithAck[int](context.Background(), "ask")
				w.note("%v", errors.Is(err, ErrQueueFull))
			})
			c.On("news", func(string) { news++ })
			w.must(c)
			w.io.Emit("go")
			time.Sleep(10 * time.Second)
			w.noted("connect, recovered false", "true")
			if news != 100 {
				t.Errorf("%d events have come", news)
			}
			c.Close()
		})
	}
}

// TestClientMalformed gets what is no packet of a server: the connection ends with ParseError, and another is made.
func TestClientMalformed(t *testing.T) {
	for _, bad := range []string{"", "x", "7", "0", "0{}", "2[]", "2{}", `2["connect"]`, "2[1", `3["no id"]`, "51-[]x", `50-["x"]`, `511-["x"]`, "5", "4"} {
		inWorld(t, nil, func(w *world) {
			c, _ := w.lossy(nil)
			w.must(c)
			time.Sleep(time.Second)
			s := w.io.Socket(c.ID()).Session()
			s.Send(websocket.OpText, []byte(bad))
			s.Send(websocket.OpText, []byte(bad))
			time.Sleep(10 * time.Second)
			w.noted("connect, recovered false", "disconnect: parse error", "attempt 1", "connect, recovered false")
			c.Close()
		})
	}
}

// TestClientRecovers comes back as the socket that it was, several times, with what it has missed, behind OnConnect.
func TestClientRecovers(t *testing.T) {
	for name, transports := range ways {
		t.Run(name, func(t *testing.T) {
			inWorld(t, withRecovery, func(w *world) {
				c, n := w.lossy(func(o *ClientOptions) { o.Transports = transports })
				c.On2("news", func(text string, b []byte) { w.note("%s %d", text, len(b)) })
				w.must(c)
				w.noted("connect, recovered false")
				for i := range 3 {
					w.io.Emit("news", fmt.Sprint("before ", i), []byte{})
					time.Sleep(time.Second)
					n.cut()
					w.io.Emit("news", "missed", []byte{1})
					w.io.To("room").Emit("news", "nobody", []byte{})
					w.io.Emit("news", "missed", []byte{1, 2})
					n.restore()
					w.mu.Lock()
					w.notes = slicesWithout(w.notes, "attempt", "error", "disconnect: transport")
					w.mu.Unlock()
					w.noted(fmt.Sprint("before ", i, " 0"), "connect, recovered true", "missed 1", "missed 2")
				}
				n.cut()
				time.Sleep(3 * time.Minute)
				n.restore()
				if c.Recovered() || !c.Connected() {
					t.Error("recovered after its time")
				}
				c.Close()
			})
		})
	}
}

// slicesWithout returns all without those that begin with one of these.
func slicesWithout(all []string, prefixes ...string) (some []string) {
next:
	for _, one := range all {
		for _, p := range prefixes {
			if strings.HasPrefix(one, p) {
				continue next
			}
		}
		some = append(some, one)
	}
	return some
}
