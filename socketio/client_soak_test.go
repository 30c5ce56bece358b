package socketio

// This file tests that a Client and a Server that lose their connection again and again lose nothing that they promise to keep.

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestClientSoak lets both sides emit while the network is cut, and swallows what clients send, at random moments. With Recovery the client gets every event
// once and in order; with Retries the server gets every event at least once, and none before one that was emitted earlier.
func TestClientSoak(t *testing.T) {
	for seed := range uint64(20) {
		for name, transports := range ways {
			inWorld(t, withRecovery, func(w *world) {
				w.soak(rand.New(rand.NewPCG(seed, 1)), func(o *ClientOptions) { o.Transports = transports })
			})
			if t.Failed() {
				t.Fatalf("seed %d, %s", seed, name)
			}
		}
	}
}

func (w *world) soak(r *rand.Rand, edit func(o *ClientOptions)) {
	const events = 60
	var up, down []int
	first := make(chan struct{})
	w.io.Handle("up", func(_ *Socket, n int) (int, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		up = append(up, n)
		return n, nil
	})
	c, n := w.lossy(func(o *ClientOptions) {
		edit(o)
		o.Retries, o.AckTimeout = 1000, 5*time.Second
	})
	c.OnConnectError(nil)
	c.OnReconnectAttempt(nil)
	lost := 0
	c.OnConnect(func() {
		if !c.Recovered() {
			lost++
		}
	})
	c.On2("down", func(n int, b []byte) {
		if n == 0 {
			close(first)
		}
		if len(b) != n {
			w.Errorf("event %d came with %d bytes", n, len(b))
		}
		down = append(down, n)
	})
	w.must(c)
	w.io.Emit("down", 0, []byte{})
	<-first
	done := make(chan struct{})
	trouble := rand.New(rand.NewPCG(r.Uint64(), 2))
	go func() {
		defer close(done)
		for i := range events {
			if err := c.Emit("up", i); err != nil {
				w.Errorf("event %d: %v", i, err)
			}
			w.io.Emit("down", i+1, make([]byte, i+1))
			time.Sleep(time.Duration(r.IntN(1000)) * time.Millisecond)
		}
	}()
	for finished := false; !finished; {
		select {
		case <-done:
			finished = true
		case <-time.After(time.Duration(trouble.IntN(8000)) * time.Millisecond):
			swallows := trouble.IntN(2) == 0
			if swallows {
				n.mute(true, false)
				time.Sleep(time.Duration(trouble.IntN(1000)) * time.Millisecond)
			}
			n.cut()
			if swallows { // a server on polling notices by its timeout only, and recovers nobody before
				time.Sleep(45 * time.Second)
			}
			time.Sleep(time.Duration(trouble.IntN(3000)) * time.Millisecond)
			n.restore()
		}
	}
	time.Sleep(2 * time.Minute)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := c.EmitWithAck[int](ctx, "up", events); err != nil {
		w.Error(err)
	}
	synctest.Wait()
	c.Close()
	synctest.Wait()
	if lost != 1 {
		w.Errorf("connected %d times as somebody else", lost-1)
	}
	if !slices.Equal(down, count(events+1)) {
		w.Errorf("the client got %v", down)
	}
	var once []int
	for _, n := range up {
		if len(once) == 0 || n > once[len(once)-1] {
			once = append(once, n)
		}
	}
	if !slices.Equal(once, count(events+1)) || !slices.IsSorted(up) {
		w.Errorf("the server got %v", up)
	}
	w.mu.Lock()
	w.notes = nil
	w.mu.Unlock()
}

// count returns the numbers from 0 to below n.
func count(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}
