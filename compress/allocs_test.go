//go:build !race

package compress

// Under the race detector, pools drop what they are given at random, so that nothing can be said about allocations.

import (
	"fmt"
	"testing"

	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

func TestAllocs(t *testing.T) {
	chat := corpus.Chat(corpus.Seed, 100)
	large := corpus.Text(corpus.Seed, 100<<10)
	for _, level := range levels {
		for _, takeover := range []bool{false, true} {
			t.Run(fmt.Sprintf("level %d takeover %v", level, takeover), func(t *testing.T) {
				d := NewDeflater(DeflaterOptions{Takeover: takeover, Level: level})
				f := NewInflater(InflaterOptions{Takeover: takeover})
				var p, out []byte
				receive := func(m []byte) {
					var done bool
					if out, _, done, _ = f.Append(out[:0], p, true, 1<<20); !done || string(out) != string(m) {
						t.Fatal("read differently")
					}
				}
				i := 0
				round := func() {
					m := chat[i%len(chat)]
					i++
					p, _ = d.Append(p[:0], m)
					receive(m)
					p = d.AppendPart(p[:0], m[:500], false)
					p = d.AppendPart(p, m[500:], true)
					receive(m)
					if i%10 == 0 {
						p, _ = d.Append(p[:0], large)
						receive(large)
					}
				}
				for range 100 {
					round()
				}
				if n := testing.AllocsPerRun(200, round); n != 0 {
					t.Errorf("%v allocations a message", n)
				}
			})
		}
	}
}
