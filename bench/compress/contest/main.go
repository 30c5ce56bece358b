// Command contest measures compressors and decompressors in turns, in short rounds, and prints each one's best round:
// what it takes when nothing else gets in its way.
package main

import (
	"flag"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	bench "github.com/seed-d69ae1b7/websocket/bench/compress"
)

// entrant is one contestant at one kind of messages.
type entrant struct {
	name string
	work func(i int) (size int) // on the i-th message; size is what it came to
	many int                    // messages in a cycle
	size int                    // of all that one cycle came to
	next int
	best time.Duration // for one message
}

func main() {
	kind := flag.String("kind", "", "only kinds with this in their names")
	name := flag.String("name", "", "only contestants with this in their names")
	seconds := flag.Float64("seconds", 0.4, "time for each entrant")
	flag.Parse()
	for _, k := range bench.Kinds {
		if !strings.Contains(k.Name, *kind) {
			continue
		}
		var entrants []*entrant
		for _, c := range bench.Compressors {
			f := c.Make(k.Takeover)
			entrants = append(entrants, enter("compress "+c.Name, len(k.Messages), func(i int) int { return len(f(k.Messages[i])) }))
		}
		if first, second := bench.Payloads(k.Messages, k.Takeover); second != nil {
			for _, d := range bench.Decompressors {
				f := d.Make(k.Takeover)
				for _, p := range first {
					f(p)
				}
				entrants = append(entrants, enter("decompress "+d.Name, len(second), func(i int) int { return len(f(second[i])) }))
			}
		}
		entrants = slices.DeleteFunc(entrants, func(e *entrant) bool { return !strings.Contains(e.name, *name) })
		compete(entrants, time.Duration(*seconds*float64(time.Second)))
		fmt.Println(k.Name)
		for _, e := range entrants {
			fmt.Printf("  %-24s %12v  %9.1f bytes\n", e.name, e.best, float64(e.size)/float64(e.many))
		}
	}
}

// enter makes an entrant, and has it do every message once.
func enter(name string, many int, work func(int) int) *entrant {
	e := &entrant{name: name, work: work, many: many, best: math.MaxInt64}
	for i := range many {
		e.size += work(i)
	}
	return e
}

// compete lets the entrants take turns.
func compete(entrants []*entrant, each time.Duration) {
	for end := time.Now().Add(each * time.Duration(len(entrants))); time.Now().Before(end); {
		for _, e := range entrants {
			for range 8 {
				e.round()
			}
		}
	}
}

// round measures some messages: few enough that a round is short.
func (e *entrant) round() {
	n := min(e.many, 32)
	start := time.Now()
	for range n {
		e.work(e.next)
		e.next = (e.next + 1) % e.many
	}
	e.best = min(e.best, time.Since(start)/time.Duration(n))
}
