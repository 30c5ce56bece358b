package websocket

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestPingHooks_5_5_2 protects what a proxy needs: pings and pongs of the peer's come with their payloads, in their order, a ping that
// is kept is not answered, and any may be sent; in every form of reading.
func TestPingHooks_5_5_2(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for form, read := range untilEnd {
			for _, keeps := range []bool{false, true} {
				var seen []string
				o := &Options{
					OnPing: func(c *Conn, payload []byte) bool {
						seen = append(seen, "ping "+string(payload))
						if string(payload) == "answer me" {
							c.SendPong(context.Background(), []byte("by hand"))
						}
						return keeps
					},
					OnPong: func(c *Conn, payload []byte) {
						seen = append(seen, "pong "+string(payload))
						if cap(payload) > len(payload) && keeps {
							t.Error("a payload that can be appended to")
						}
					},
				}
				c, p := newPeer(t, client, o)
				ended := inGoroutine(func() error { return read(c) })
				long := strings.Repeat("x", MaxControlPayload)
				p.write(p.message("m"), p.frame(true, OpPing, "answer me"), p.frame(true, OpPong, "unasked"), p.frame(true, OpPing, long))
				p.expect(OpPong, "by hand")
				if !keeps {
					p.expect(OpPong, "answer me")
					p.expect(OpPong, long)
				}
				if err := c.SendPing(t.Context(), []byte(long)); err != nil {
					t.Error(err)
				}
				p.expect(OpPing, long)
				p.send(OpClose, closePayload(4000, ""))
				wantClosed(t, <-ended, 4000, false)
				if want := []string{"ping answer me", "pong unasked", "ping " + long}; !slices.Equal(seen, want) {
					t.Errorf("%s: %q", form, seen)
				}
			}
		}
	})
}

// TestHookCalls protects that a hook may call what the body of a loop may: reading is refused, and Close does not wait.
func TestHookCalls(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for form, read := range untilEnd {
			o := &Options{OnPing: func(c *Conn, _ []byte) bool {
				if err := second(c.Read(context.Background())); err != ErrReadInProgress {
					t.Errorf("Read in a hook: %v", err)
				}
				if err := c.Close(4000, ""); err != nil {
					t.Errorf("Close in a hook: %v", err)
				}
				return true
			}}
			c, p := newPeer(t, client, o)
			start := time.Now()
			ended := inGoroutine(func() error { return read(c) })
			p.send(OpPing, "")
			p.close(4000, "")
			wantClosed(t, <-ended, 4000, true)
			if time.Since(start) > 0 {
				t.Errorf("%s: it took %v", form, time.Since(start))
			}
		}
	})
}

// TestSendControlErrors protects the bound on a payload, contexts, backpressure, and the end.
func TestSendControlErrors(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, _ := narrow(t, 100, client, &Options{WriteBuffer: 1 << 10, FailWhenFull: true})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for name, send := range map[string]func(context.Context, []byte) error{"SendPing": c.SendPing, "SendPong": c.SendPong} {
			if err := send(t.Context(), make([]byte, MaxControlPayload+1)); err != errSendLong {
				t.Errorf("%s: %v", name, err)
			}
			if err := send(ctx, nil); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", name, err)
			}
		}
		var err error
		for n := 0; err == nil && n < 100; n++ {
			err = c.SendPing(t.Context(), make([]byte, 100))
		}
		if err != ErrBackpressure {
			t.Error(err)
		}
		c.CloseNow()
		wantClosed(t, c.SendPong(t.Context(), nil), StatusAbnormalClosure, true)
	})
}

// TestCloseContext protects that a close waits as long as its context says, and not at all for one that has ended; and that the
// handshake goes on without it.
func TestCloseContext(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, wait := range []time.Duration{0, time.Second, time.Hour} {
			for _, answers := range []bool{false, true} {
				c, p := newPeer(t, client, nil)
				ctx, cancel := context.WithTimeout(t.Context(), wait)
				start := time.Now()
				closed := inGoroutine(func() error { return c.CloseContext(ctx, 4000, "enough") })
				synctest.Wait()
				p.expect(OpClose, closePayload(4000, "enough"))
				if answers {
					time.Sleep(time.Second / 2)
					p.send(OpClose, closePayload(4000, ""))
					p.nc.Close()
				}
				err := <-closed
				cancel()
				name := fmt.Sprintf("after %v of %v, answered: %v", time.Since(start), wait, answers)
				switch {
				case answers && wait > 0:
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
				case wait < DefaultCloseTimeout:
					if !errors.Is(err, context.DeadlineExceeded) || !answers && time.Since(start) != wait {
						t.Errorf("%s: %v", name, err)
					}
				default:
					if !errors.Is(err, errCloseTimeout) || time.Since(start) != DefaultCloseTimeout {
						t.Errorf("%s: %v", name, err)
					}
				}
				wantClosed(t, c.Close(StatusNormalClosure, ""), 4000, true)
				if answers != c.r.closed {
					t.Errorf("%s: the handshake was completed: %v", name, c.r.closed)
				}
			}
		}
		c, _ := newPeer(t, client, nil)
		if err := c.CloseContext(t.Context(), 1005, "reason"); err == nil || c.Write(t.Context(), OpText, nil) != nil {
			t.Error(err)
		}
	})
}

// TestSetWriteTimeout protects that the bound on a write can be changed for one connection, and that each value means what it
// means in Options.
func TestSetWriteTimeout(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, row := range []struct{ set, want time.Duration }{{time.Minute, time.Minute}, {0, DefaultWriteTimeout}, {-1, time.Hour}} {
			c, _ := narrow(t, 10, client, &Options{WriteTimeout: time.Second})
			c.SetWriteTimeout(row.set)
			start := time.Now()
			time.AfterFunc(time.Hour, func() { c.CloseNow() })
			err := c.Write(context.Background(), OpBinary, make([]byte, 1<<20))
			wantClosed(t, err, StatusAbnormalClosure, true)
			if d := time.Since(start); d < row.want || d > row.want+time.Second {
				t.Errorf("%v: the write ended after %v", row.set, d)
			}
		}
	})
}

// TestValue protects that a connection keeps its value.
func TestValue(t *testing.T) {
	c, _ := newPair(t)
	if v := c.Value(); v != nil {
		t.Error(v)
	}
	c.SetValue("user")
	if v := c.Value(); v != "user" {
		t.Error(v)
	}
	c.CloseNow()
	if v := c.Value(); v != "user" {
		t.Errorf("after the end: %v", v)
	}
}
