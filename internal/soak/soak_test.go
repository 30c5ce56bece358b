//go:build !js

package soak

import (
	"flag"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/leak"
)

var duration = flag.Duration("soak.duration", time.Second, "how long to soak, without the first round")

const (
	rounds  = 6
	clients = 8 // at once
	// heapSlack is how much more the heap may hold behind a round than behind the first: what the runtime, net/http and
	// crypto/tls keep for themselves. A buffer that is lost with each connection is far beyond, in a minute.
	heapSlack = 1 << 20
)

// state is what must not grow.
type state struct {
	heap                    uint64
	goroutines, descriptors int
}

// TestSoak protects that nothing grows with time and with connections that come and go, and that no byte is another one than was
// sent, for as long as one likes.
func TestSoak(t *testing.T) {
	servers := startServers(t)
	stayers := stay(t, servers)
	start, heap := count(), uint64(0)
	for round := range 1 + rounds {
		length := *duration / rounds
		if round == 0 {
			length = min(length, 5*time.Second) // what is made once is made
		}
		n := play(t, servers, stayers, uint64(round), length)
		now := settle(t, start)
		t.Logf("round %d: %d connections; %d KiB of heap, %d goroutines, %d descriptors", round, n, now.heap>>10, now.goroutines, now.descriptors)
		switch {
		case round == 0:
			heap = now.heap
		case now.heap > heap+heapSlack:
			t.Errorf("the heap has grown from %d to %d bytes", heap, now.heap)
		}
		if t.Failed() {
			return
		}
	}
}

// stay makes a connection to each server, and has an exchange on it: then all is made that is made once.
func stay(t *testing.T, servers []server) (all []stayer) {
	for i, s := range servers {
		r := rand.New(rand.NewPCG(uint64(i), 2))
		c, err := s.dial(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.CloseNow() })
		all = append(all, stayer{s, c, r})
		if err := all[i].exchange(); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
	}
	return all
}

// play has clients come and go at the servers for so long, beside those that stay, and returns how many connections there were.
func play(t *testing.T, servers []server, stayers []stayer, round uint64, length time.Duration) int64 {
	end := time.Now().Add(length)
	var talks atomic.Int64
	var all sync.WaitGroup
	for _, s := range stayers {
		all.Go(func() {
			for n := 0; n == 0 || time.Now().Before(end) && !t.Failed(); n++ {
				if err := s.exchange(); err != nil {
					t.Errorf("the connection to %s that stays: %v", s.name, err)
				}
			}
		})
	}
	for i := range clients {
		all.Go(func() {
			for n := uint64(0); n == 0 || time.Now().Before(end) && !t.Failed(); n++ {
				seed := round<<40 | uint64(i)<<32 | n
				s := servers[(uint64(i)+n)%uint64(len(servers))]
				talks.Add(1)
				if err := talk(s, seed); err != nil {
					t.Errorf("talk %#x with %s: %v", seed, s.name, err)
				}
			}
		})
	}
	all.Wait()
	return talks.Load()
}

// settle waits until no more goroutines and descriptors are left than there were at the start, and returns what there is.
func settle(t *testing.T, start state) (now state) {
	for end := time.Now().Add(patience); ; runtime.Gosched() {
		if now = count(); now.goroutines <= start.goroutines && now.descriptors <= start.descriptors {
			break
		}
		if time.Now().After(end) {
			t.Errorf("%d goroutines and %d descriptors are left, and there were %d and %d", now.goroutines, now.descriptors,
				start.goroutines, start.descriptors)
			break
		}
	}
	runtime.GC()
	runtime.GC() // pools give up what they hold at the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	now.heap = m.HeapAlloc
	return now
}

// count returns the state but for the heap.
func count() state {
	return state{goroutines: runtime.NumGoroutine(), descriptors: leak.Descriptors()}
}
