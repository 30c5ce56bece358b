package compress

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/seed-d69ae1b7/websocket/internal/corpus"
	"github.com/seed-d69ae1b7/websocket/internal/race"
)

// TestEdges protects the edges: bytes that come again right within reach, at its end and behind it, and at those of the
// window and of the room behind it, in messages that are as long as that room, as a block, or as next to nothing. Under the race
// detector, one in eight is looked at.
func TestEdges(t *testing.T) {
	r := corpus.NewRand(corpus.Seed)
	for _, level := range levels {
		for bits := 8; bits <= 15; bits++ {
			h := &NewDeflater(DeflaterOptions{WindowBits: bits, Level: level}).history
			for _, period := range around(h.reach, h.maxDistance, h.maxDistance+h.slack) {
				noise := corpus.Random(uint64(bits), period)
				for _, size := range []int{1, 9, h.slack - 1, h.slack, h.slack + 1, h.maxDistance + 1, chunk, chunk + 1} {
					if race.Enabled && r.IntN(8) != 0 {
						continue
					}
					data := bytes.Repeat(noise, 2+10*size/period)
					t.Run(fmt.Sprintf("level %d bits %d period %d size %d", level, bits, period, size), func(t *testing.T) {
						checkRepeats(t, DeflaterOptions{WindowBits: bits, Takeover: true, Level: level}, data, size)
					})
				}
			}
		}
	}
}

// around returns each number with its neighbours.
func around(numbers ...int) (all []int) {
	for _, n := range numbers {
		all = append(all, n-1, n, n+1)
	}
	return all
}

// checkRepeats sends data and reads it back: the end in at most ten messages of size bytes, and what is before that in one.
func checkRepeats(t *testing.T, o DeflaterOptions, data []byte, size int) {
	d, f := NewDeflater(o), NewInflater(InflaterOptions{WindowBits: o.WindowBits, Takeover: true})
	for at, n := 0, max(len(data)-10*size, size); at < len(data); at, n = at+n, size {
		m := data[at:min(at+n, len(data))]
		p := d.AppendPart(nil, m, true)
		if got := flateAll(t, data[max(0, at-1<<o.WindowBits):at], p); !bytes.Equal(got, m) {
			t.Fatalf("from %d on: compress/flate reads it differently", at)
		}
		if got := inflateAll(t, f, p); !bytes.Equal(got, m) {
			t.Fatalf("from %d on: read differently", at)
		}
	}
}
