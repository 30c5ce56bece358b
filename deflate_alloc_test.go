//go:build !race

package websocket

// This file tests what compression allocates, in Receiver and Sender and in Conn. It is not built under the race
// detector, where sync.Pool drops what it is given at random.

import (
	"fmt"
	"testing"

	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// TestDeflateAllocations protects the promise that a compressed message costs no allocation in steady state, in either
// layer and either role: whole, in fragments, in pieces, larger than what one call inflates, and one that does not
// shrink.
func TestDeflateAllocations(t *testing.T) {
	payloads := append(corpus.Chat(corpus.Seed, 20), corpus.Text(1, 100<<10), corpus.Random(1, 2000))
	for _, o := range deflaterOptions() {
		if o.WindowBits != 9 && o.WindowBits != 15 {
			continue
		}
		for _, client := range []bool{true, false} {
			t.Run(fmt.Sprintf("%+v/client=%v", o, client), func(t *testing.T) {
				s, r := newDeflating(client, o, 0), inflating(client, o)
				s.maskKey = nil
				var out []byte
				dst := make([]byte, 0, 4096)
				take := func(src []byte) {
					for {
						_, ev, n, err := r.Next(dst, src)
						if err != nil {
							t.Fatal(err)
						}
						if src = src[n:]; ev.Kind == EventNone {
							return
						}
					}
				}
				i := 0
				round := func() {
					p := payloads[i%len(payloads)]
					i++
					out, _ = s.AppendMessage(out[:0], OpBinary, p)
					take(out)
					out, _ = s.AppendFragment(out[:0], OpBinary, p[:100], false)
					out, _ = s.AppendControl(out, OpPing, nil)
					out, _ = s.AppendFragment(out, OpBinary, p[100:], true)
					take(out[:len(out)/2])
					take(out[len(out)/2:])
				}
				for range 3 * len(payloads) {
					round()
				}
				if n := testing.AllocsPerRun(3*len(payloads), round); n != 0 {
					t.Errorf("%v allocations a round", n)
				}
			})
		}
	}
}
