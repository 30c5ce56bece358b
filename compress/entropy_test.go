package compress

import (
	"testing"

	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// TestTreesAreVain protects that trees are left away only where they would have made the block no shorter, and that this is what
// becomes of most short messages: those of a ticker, and chat cut short.
func TestTreesAreVain(t *testing.T) {
	short := ticker(500)
	for i, m := range corpus.Chat(corpus.Seed, 500) {
		short = append(short, m[:20+i%300])
	}
	for _, level := range levels {
		d, e := NewDeflater(DeflaterOptions{Takeover: true, Level: level}), new(encoder)
		vain, fixed := 0, 0
		for i, m := range short {
			h, _ := d.open(e, len(m))
			h.reserve(len(m))
			from := len(h.buf)
			h.buf = append(h.buf, m...)
			e.sequences = h.find(e.sequences[:0], from)
			e.countSymbols(m)
			symbols := e.literals.sizeIn(&fixedLiteralTree) + e.distances.sizeIn(&fixedDistanceTree)
			left := e.treesAreVain(symbols)
			saved := symbols - e.plan()
			if left && saved > 0 {
				t.Errorf("level %d, message %d: %d bits longer than with trees", level, i, saved)
			}
			vain += int(oneIf(left))
			fixed += int(oneIf(saved <= 0))
		}
		if vain < fixed/2 {
			t.Errorf("level %d: trees were made in vain for %d of %d messages", level, fixed-vain, fixed)
		}
	}
}
