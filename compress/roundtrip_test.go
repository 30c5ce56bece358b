package compress

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed-d69ae1b7/websocket/internal/corpus"
	"github.com/seed-d69ae1b7/websocket/internal/race"
)

var levels = []Level{Fastest, Balanced, Smallest}

// inflateAll decompresses one whole message and fails the test if that is not all there is.
func inflateAll(t testing.TB, f *Inflater, payload []byte) []byte {
	t.Helper()
	out, n, done, err := f.Append(nil, payload, true, 1<<30)
	if err != nil || n != len(payload) || !done {
		t.Fatalf("Append took %d of %d bytes, done %v: %v", n, len(payload), done, err)
	}
	return out
}

// few returns n, or under the race detector an eighth.
func few(n int) int {
	if race.Enabled {
		return (n + 7) / 8
	}
	return n
}

// flates are readers of compress/flate, which are large.
var flates = sync.Pool{New: func() any { return flate.NewReader(nil) }}

// flateRead decompresses a payload with the standard library as far as it goes, given what went before it.
func flateRead(dict, payload []byte) ([]byte, error) {
	r := flates.Get().(io.Reader)
	defer flates.Put(r)
	tail := "\x00\x00\xff\xff\x01\x00\x00\xff\xff"
	if err := r.(flate.Resetter).Reset(io.MultiReader(bytes.NewReader(payload), strings.NewReader(tail)), dict); err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// flateAll decompresses one message with the standard library, given what went before it.
func flateAll(t testing.TB, dict, payload []byte) []byte {
	t.Helper()
	out, err := flateRead(dict, payload)
	if err != nil {
		t.Fatalf("compress/flate: %v", err)
	}
	return out
}

// text is what messages cuts long ones out of.
var text = sync.OnceValue(func() []byte { return corpus.Text(corpus.Seed, 1<<18) })

// messages returns messages of every kind and many sizes.
func messages(seed uint64, n int) [][]byte {
	r := corpus.NewRand(seed)
	chat := corpus.Chat(seed, n)
	text := text()
	all := make([][]byte, n)
	for i := range all {
		switch r.IntN(12) {
		case 0:
			all[i] = corpus.Random(seed+uint64(i), r.IntN(3000))
		case 1:
			all[i] = bytes.Repeat([]byte{byte(r.IntN(256))}, r.IntN(2000))
		case 2:
			at := r.IntN(len(text))
			all[i] = text[at:min(len(text), at+r.IntN(20000))]
		case 3:
			all[i] = chat[i][:r.IntN(20)]
		case 4:
			all[i] = bytes.Repeat([]byte("abcdefghijk")[:1+r.IntN(11)], r.IntN(200))
		default:
			all[i] = chat[i]
		}
	}
	return all
}

func TestRoundTrip(t *testing.T) {
	for _, level := range levels {
		for bits := 8; bits <= 15; bits++ {
			for _, takeover := range []bool{false, true} {
				t.Run(fmt.Sprintf("level %d bits %d takeover %v", level, bits, takeover), func(t *testing.T) {
					d := NewDeflater(DeflaterOptions{WindowBits: bits, Takeover: takeover, Level: level})
					f := NewInflater(InflaterOptions{WindowBits: bits, Takeover: takeover})
					var dict []byte
					for i, m := range messages(uint64(bits), few(150)) {
						p, ok := d.Append(nil, m)
						if !ok {
							continue
						}
						if len(p) > d.Bound(len(m)) {
							t.Fatalf("message %d: %d bytes became %d, over the bound", i, len(m), len(p))
						}
						if got := flateAll(t, dict, p); !bytes.Equal(got, m) {
							t.Fatalf("message %d: compress/flate reads it differently", i)
						}
						if got := inflateAll(t, f, p); !bytes.Equal(got, m) {
							t.Fatalf("message %d: read differently", i)
						}
						if takeover {
							dict = append(dict, m...)
							dict = dict[max(0, len(dict)-1<<bits):]
						}
					}
				})
			}
		}
	}
}

// TestNoise protects messages of which parts look incompressible: what is put off comes out in its place, before and
// behind what is worth compressing, also when it takes several stored blocks; and a message that is nothing else is refused.
func TestNoise(t *testing.T) {
	noise, text := corpus.Random(corpus.Seed, 200<<10), corpus.Text(corpus.Seed, 60<<10)
	for _, level := range levels {
		for _, takeover := range []bool{false, true} {
			d := NewDeflater(DeflaterOptions{Takeover: takeover, Level: level})
			f := NewInflater(InflaterOptions{Takeover: takeover})
			for _, n := range []int{1, 2 << 10, 48 << 10, len(noise)} {
				if p, ok := d.Append(nil, noise[:n]); ok {
					t.Errorf("level %d: %d bytes of noise became %d", level, n, len(p))
				}
				for i, m := range [][]byte{
					slices.Concat(noise[:n], text), slices.Concat(text, noise[:n]), slices.Concat(noise[:n], text, noise[n/2:]),
				} {
					p, ok := d.Append(nil, m)
					if !ok {
						p = d.AppendPart(nil, m, true)
					}
					if len(p) > d.Bound(len(m)) {
						t.Errorf("level %d: %d bytes became %d, over the bound", level, len(m), len(p))
					}
					if !bytes.Equal(inflateAll(t, f, p), m) {
						t.Errorf("level %d, takeover %v: message %d with %d bytes of noise is read differently", level, takeover, i, n)
					}
				}
			}
		}
	}
}

// TestDeflaterOptions protects that a Deflater tells what it was made with, as it was understood.
func TestDeflaterOptions(t *testing.T) {
	for _, tc := range []struct{ given, want DeflaterOptions }{
		{DeflaterOptions{}, DeflaterOptions{WindowBits: 15}},
		{DeflaterOptions{8, true, Fastest}, DeflaterOptions{8, true, Fastest}},
		{DeflaterOptions{99, false, 99}, DeflaterOptions{15, false, Smallest}},
	} {
		if got := NewDeflater(tc.given).Options(); got != tc.want {
			t.Errorf("%+v: %+v, want %+v", tc.given, got, tc.want)
		}
	}
}
