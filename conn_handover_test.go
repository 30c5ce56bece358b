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
	onLoops(t, func(t *testing.T, client bool, messages loopKind) {
		for _, kind := range readKinds {
			c, p := newPeer(t, client, nil)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			second := make(chan struct{})
			for _, err := range messages(c, ctx) {
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
	for name, messages := range loopKinds {
		t.Run(name, func(t *testing.T) {
			onSockets(t, func(t *testing.T, cn, sn net.Conn) { loopsCompete(t, cn, sn, messages) })
		})
	}
}

func loopsCompete(t *testing.T, cn, sn net.Conn, messages loopKind) {
	c, s := connOver(t, cn, true, nil), connOver(t, sn, false, nil)
	const count = 300
	var mu sync.Mutex // orders what is not ordered: who counts
	next := 0
	var readers sync.WaitGroup
	for i := range 4 {
		readers.Go(func() {
			for n := 0; ; n++ {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration((n*7+i)%50)*time.Microsecond)
				for m, err := range messages(s, ctx) {
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
	for i := range count {
		if err := c.Write(t.Context(), OpBinary, []byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
	readers.Wait()
	if next != count {
		t.Errorf("%d messages of %d", next, count)
	}
}

// TestLoopEndsBesideWrite protects that the end of a loop does not wait for a write of another goroutine's that waits for
// the network, be it small or large.
func TestLoopEndsBesideWrite(t *testing.T) {
	onLoops(t, func(t *testing.T, client bool, messages loopKind) {
		for _, size := range []int{1000, 1 << 20} {
			c, _ := narrow(t, 100, client, &Options{WriteTimeout: -1})
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			start := time.Now()
			ended := inGoroutine(func() (end error) {
				for _, err := range messages(c, ctx) {
					end = err
				}
				return end
			})
			synctest.Wait()
			wrote := inGoroutine(func() error { return c.Write(context.Background(), OpBinary, make([]byte, size)) })
			synctest.Wait()
			time.Sleep(time.Second)
			select {
			case err := <-ended:
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
			default:
				t.Fatalf("%d bytes: the loop waits for the write, %v after its beginning", size, time.Since(start))
			}
			cancel()
			c.CloseNow()
			wantClosed(t, <-wrote, StatusAbnormalClosure, true)
		}
	})
}

// TestSocketsLoopEndsBesideWrite is TestLoopEndsBesideWrite for sockets: each chunk of a large write may find room, and the
// next wait.
func TestSocketsLoopEndsBesideWrite(t *testing.T) {
	onSockets(t, func(t *testing.T, cn, sn net.Conn) {
		s, p := connOver(t, sn, false, &Options{WriteTimeout: -1}), peerOver(t, cn, true)
		ctx, cancel := context.WithCancel(t.Context())
		inside := make(chan struct{})
		ended := inGoroutine(func() (end error) {
			for _, err := range s.MessagesInPlace(ctx) {
				if end = err; err == nil {
					inside <- struct{}{}
				}
			}
			return end
		})
		p.send(OpText, "the loop runs")
		<-inside
		wrote := inGoroutine(func() error { return s.Write(context.Background(), OpBinary, make([]byte, 64<<20)) })
		if _, err := p.br.ReadByte(); err != nil { // it has begun
			t.Fatal(err)
		}
		cancel()
		if err := <-ended; err != context.Canceled {
			t.Error(err)
		}
		s.CloseNow()
		wantClosed(t, <-wrote, StatusAbnormalClosure, true)
	})
}
