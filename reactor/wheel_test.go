package reactor

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestWheel protects the timers against a list that is searched: each expires at its tick, once, whatever was set, moved and unset
// before, and however far the time goes at once.
func TestWheel(t *testing.T) {
	var w wheel
	want := map[uint32]uint32{}
	now := uint32(0)
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		slot := uint32(1 + r.IntN(50))
		switch r.IntN(4) {
		case 0, 1:
			due := now + uint32(r.IntN(3*wheelSize))
			w.set(slot, due)
			want[slot] = max(due, now+1)
		case 2:
			w.drop(slot)
			delete(want, slot)
		default:
			now += uint32(r.IntN(20))
			if r.IntN(100) == 0 {
				now += 2 * wheelSize
			}
			var due []uint32
			for slot, at := range want {
				if at <= now {
					due = append(due, slot)
					delete(want, slot)
				}
			}
			got := w.advance(nil, now)
			slices.Sort(got)
			slices.Sort(due)
			if !slices.Equal(got, due) {
				t.Fatalf("at %d: expired %v, want %v", now, got, due)
			}
		}
		if w.n != len(want) || w.due(slot) != want[slot] {
			t.Fatalf("%d timers, want %d; %d is due at %d, want %d", w.n, len(want), slot, w.due(slot), want[slot])
		}
	}
}
