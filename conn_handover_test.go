package websocket

// This file tests that reading passes from one goroutine to another without harm.

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestLoopHandedOver protects that the yield of a loop's error is behind its end: a read that another goroutine begins
// in the meantime is not disturbed when the loop returns.
func TestLoopHandedOver(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, kind := range readKinds {
			c, p := newPeer(t, client, nil)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			second := make(chan struct{})
			for _, err := range c.Messages(ctx) {
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Fatal(err)
				}
				go func() {
					defer close(second)
					op, got, err := kind.read(t, t.Context(), c)
					if op != OpText || string(got) != "message" || err != nil {
						t.Errorf("%s behind a loop: %v %q, %v", kind.name, op, got, err)
					}
				}()
				synctest.Wait()
			}
			cancel()
			p.nc.Write(p.message("message"))
			<-second
			c.CloseNow()
		}
	})
}

// TestSocketsLoopsCompete protects that goroutines that compete for a loop, with contexts that end at any point of it, do
// no harm: each message is delivered once, in order.
func TestSocketsLoopsCompete(t *testing.T) {
	onSockets(t, func(t *testing.T, cn, sn net.Conn) {
		c, s := connOver(t, cn, true, nil), connOver(t, sn, false, nil)
		const messages = 300
		var mu sync.Mutex // orders what is not ordered: who counts
		next := 0
		var readers sync.WaitGroup
		for i := range 4 {
			readers.Go(func() {
				for n := 0; ; n++ {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration((n*7+i)%50)*time.Microsecond)
					for m, err := range s.Messages(ctx) {
						var closed *CloseError
						if errors.As(err, &closed) {
							cancel()
							return
						}
						if err != nil {
							break
						}
						mu.Lock()
						if want := byte(next); m.Data[0] != want {
							t.Errorf("message %d, want %d", m.Data[0], want)
						}
						next++
						mu.Unlock()
						if n%3 == 0 {
							break
						}
					}
					cancel()
				}
			})
		}
		for i := range messages {
			if err := c.Write(t.Context(), OpBinary, []byte{byte(i)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Close(StatusNormalClosure, ""); err != nil {
			t.Error(err)
		}
		readers.Wait()
		if next != messages {
			t.Errorf("%d messages of %d", next, messages)
		}
	})
}
