package redisadapter

// This file measures a Redis that hangs for long: see -stopped.

import (
	"errors"
	"flag"
	"runtime"
	"syscall"
	"testing"
	"time"
)

var stopped = flag.Duration("stopped", 0, "how long TestStoppedForLong stops Redis, at 10,000 emits a second; 30s is what was measured")

// TestStoppedForLong: memory stays within MaxQueued, whatever is emitted meanwhile; what is not refused arrives.
func TestStoppedForLong(t *testing.T) {
	if *stopped == 0 {
		*stopped = time.Second
	}
	eachFormat(t, func(t *testing.T, format string) {
		b := startBroker(t)
		one, two := startMember(t, b, format, &Options{MaxQueued: 4 << 20}), startMember(t, b, format, nil)
		far := connect(t, two.http.URL, "far")
		heap := func() uint64 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		before := heap()
		b.signal(syscall.SIGSTOP)
		emits, refused, longest := 0, 0, time.Duration(0)
		ticks := time.NewTicker(10 * time.Millisecond)
		defer ticks.Stop()
		for end := time.Now().Add(*stopped); time.Now().Before(end); <-ticks.C {
			for range 100 {
				began := time.Now()
				err := one.io.To("far").Emit("e", emits)
				longest = max(longest, time.Since(began))
				if emits++; errors.Is(err, ErrBehind) {
					refused++
				} else if err != nil {
					t.Fatal(err)
				}
			}
		}
		grown := int64(heap()) - int64(before)
		b.signal(syscall.SIGCONT)
		far.until("events", func() bool { return len(far.got) >= emits-refused })
		if grown > 3*4<<20 { // a message takes more than its bytes: twice, and what the garbage collector has not seen
			t.Errorf("the heap has grown by %d", grown)
		}
		t.Logf("%d emits in %v, %d refused, the longest took %v, heap +%d KiB", emits, *stopped, refused, longest, grown>>10)
	})
}
