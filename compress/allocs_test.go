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
	random := corpus.Random(corpus.Seed, 100<<10) // does not shrink
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
				refuse := func(m []byte) {
					var ok bool
					if p, ok = d.Append(p[:0], m); ok {
						t.Fatal("random bytes shrank")
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
					refuse(random[:2<<10])
					p = d.AppendPart(p[:0], random[50<<10:][:2<<10], true)
					receive(random[50<<10:][:2<<10])
					if i%10 == 0 {
						p, _ = d.Append(p[:0], large)
						receive(large)
						refuse(random)
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
