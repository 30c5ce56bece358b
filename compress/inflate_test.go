package compress

import (
	"bytes"
	"compress/flate"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	"github.com/seed-d69ae1b7/websocket/internal/corpus"
	"github.com/seed-d69ae1b7/websocket/internal/race"
)

// unhex is for wire literals; spaces may stand between bytes.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(string(bytes.ReplaceAll([]byte(s), []byte(" "), nil)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The examples of RFC 7692, Section 7.2.3, in its order, all of them on one connection.
func TestInflateExamples(t *testing.T) {
	f := NewInflater(InflaterOptions{Takeover: true})
	for _, test := range []struct{ payload, want string }{
		{"f2 48 cd c9 c9 07 00", "Hello"},                   // 7.2.3.1: one block
		{"f2 00 11 00 00", "Hello"},                         // 7.2.3.2: sharing the window
		{"00 05 00 fa ff 48 65 6c 6c 6f 00", "Hello"},       // 7.2.3.3: without compression
		{"f3 48 cd c9 c9 07 00 00", "Hello"},                // 7.2.3.4: a final block
		{"f2 48 05 00 00 00 ff ff ca c9 c9 07 00", "Hello"}, // 7.2.3.5: two blocks
		{"00", ""},       // 7.2.3.6: an empty message
		{"02 00", ""},    // the same, with an empty fixed block
		{"03 00 00", ""}, // an empty final block
		{"f3 48 cd c9 c9 07 00 f3 48 cd c9 c9 07 00 00", "HelloHello"}, // final blocks do not end a message
		{"01 05 00 fa ff 48 65 6c 6c 6f 00", "Hello"},                  // a final stored block
	} {
		out, n, done, err := f.Append([]byte("> "), unhex(t, test.payload), true, 100)
		if string(out) != "> "+test.want || n != len(unhex(t, test.payload)) || !done || err != nil {
			t.Errorf("%s: %q, %d, %v, %v; want %q", test.payload, out, n, done, err, test.want)
		}
	}
}

// TestInflateWithoutTakeover protects that a message without takeover cannot refer to the one before, in whatever pieces that came.
func TestInflateWithoutTakeover(t *testing.T) {
	for step := 1; step <= 7; step++ {
		f := NewInflater(InflaterOptions{})
		if out, err := inflateSteps(f, unhex(t, "f2 48 cd c9 c9 07 00"), step, 1<<20); string(out) != "Hello" || err != nil {
			t.Fatalf("%q, %v", out, err)
		}
		if out, err := inflateSteps(f, unhex(t, "f2 00 11 00 00"), step, 1<<20); !errors.Is(err, errTooFar) {
			t.Errorf("by %d: the message before was referred to: %q, %v", step, out, err)
		}
	}
}

// What is not the payload of a message, and must never be taken for one, in whatever pieces it comes.
func TestInflateCorrupt(t *testing.T) {
	for _, test := range []struct {
		payload string
		want    error
	}{
		{"", errShort},                           // not even the header of the removed block
		{"f2 48 cd c9 c9 07", errShort},          // its header is missing: zeros stand for it, but end one byte late
		{"f2 48 cd c9", errShort},                // ends in mid-symbol
		{"f3 48 cd c9 c9 07", errShort},          // RFC 7692, Section 7.2.3.4 wants a byte 00 behind a final block
		{"00 05 00 fa ff 48 65 6c 6c", errShort}, // ends in a stored block, which takes two bytes of the tail
		{"00 05 00 fa", errSizes},                // the tail does not complete the lengths rightly
		{"00 05 00 fb ff 48 65 6c 6c 6f 00", errSizes},
		{"06", errBlockType},
		{"07", errBlockType},
		{"f2 00 11 00 00", errTooFar}, // refers to a message that never was
		{"1a 7b 04 00", errSymbol},    // literal/length symbol 286 or 287
		{"fc 00 00", errCounts},       // 288 literal and length codes
		{"04 7f 00", errCounts},       // 32 distance codes
		{"04 00 92 00", errOrders},    // over-subscribed code length codes: three of one bit
		{"04 00 02 00", errOrders},    // incomplete ones: one of one bit
		{"04 00 fe ff 0f", errOrders}, // the same: four of seven bits
		{"04 00 00 00", errNoOrders},  // none at all
	} {
		payload := unhex(t, test.payload)
		for _, step := range []int{1, 2, 3, len(payload) + 1} {
			f := NewInflater(InflaterOptions{})
			_, err := inflateSteps(f, payload, step, 1<<20)
			if !errors.Is(err, test.want) || !errors.Is(err, ErrCorrupt) {
				t.Errorf("%s by %d: %v, want %v", test.payload, step, err, test.want)
			}
			if _, _, _, again := f.Append(nil, []byte{0}, true, 1); again != err {
				t.Errorf("%s: the error was forgotten", test.payload)
			}
		}
	}
}

// inflateSteps decompresses a message in pieces of step bytes, at most max bytes of output a call.
func inflateSteps(f *Inflater, payload []byte, step, max int) (out []byte, err error) {
	for {
		piece := payload[:min(step, len(payload))]
		last := len(piece) == len(payload)
		before := len(out)
		var n int
		var done bool
		out, n, done, err = f.Append(out, piece, last, max)
		payload = payload[n:]
		switch {
		case err != nil:
			return out, err
		case len(out)-before > max:
			return out, fmt.Errorf("%d bytes appended, over %d", len(out)-before, max)
		case done && (!last || len(payload) > 0):
			return out, errors.New("done too early")
		case done:
			return out, nil
		case (n < len(piece) || last) && len(out)-before != max:
			return out, errors.New("stopped without a reason")
		}
	}
}

// A message may come in any pieces and go out in any pieces.
func TestInflatePieces(t *testing.T) {
	for _, takeover := range []bool{false, true} {
		d := NewDeflater(DeflaterOptions{Takeover: takeover})
		var inflaters []*Inflater
		steps := []struct{ step, max int }{{1, 1 << 20}, {1, 1}, {2, 7}, {3, 1000}, {7, 258}, {64, 320}, {1 << 20, 1}, {1 << 20, 4096}}
		for range steps {
			inflaters = append(inflaters, NewInflater(InflaterOptions{Takeover: takeover}))
		}
		for i, m := range messages(1, 100) {
			p, ok := d.Append(nil, m)
			if !ok {
				continue
			}
			for j, s := range steps {
				out, err := inflateSteps(inflaters[j], p, s.step, s.max)
				if err != nil || !bytes.Equal(out, m) {
					t.Fatalf("takeover %v, message %d by %+v: %v", takeover, i, s, err)
				}
			}
		}
	}
}

// Every payload cut short is refused; under the race detector, one in eight is looked at, and those that lack little.
func TestInflateTruncated(t *testing.T) {
	for _, m := range messages(2, 40) {
		p, ok := NewDeflater(DeflaterOptions{}).Append(nil, m)
		if !ok {
			continue
		}
		for n := range len(p) {
			if race.Enabled && n%8 != 0 && n < len(p)-16 {
				continue
			}
			_, _, done, err := NewInflater(InflaterOptions{}).Append(nil, p[:n], true, 1<<20)
			if done || !errors.Is(err, ErrCorrupt) {
				t.Fatalf("%x: %d of %d bytes were taken for a message: %v", p, n, len(p), err)
			}
		}
	}
}

// The window is the one that was agreed upon, even where the bytes would be there.
func TestInflateWindow(t *testing.T) {
	for bits := 8; bits <= 14; bits++ {
		size := 1 << bits
		for distance, want := range map[int]error{size: nil, size + 1: errTooFar} {
			far := bytes.Repeat([]byte("0123456789abcdef"), 1<<15/16)
			far = append(corpus.Random(1, 40), far[:distance-40]...)
			w := blockWriter{sequences: []sequence{{uint16(distance), 40, uint16(distance)}, {}}}
			p := w.appendBlock(nil, append(far, far[:40]...))
			p = (&encoder{blockWriter: w}).finish(p)
			for _, max := range []int{1 << 20, 100} {
				_, err := inflateSteps(NewInflater(InflaterOptions{WindowBits: bits}), p, len(p), max)
				if !errors.Is(err, want) {
					t.Errorf("%d bits, distance %d: %v, want %v", bits, distance, err, want)
				}
			}
		}
	}
}

// What was sent uncompressed is in nobody's window.
func TestUncompressedIsForgotten(t *testing.T) {
	for _, level := range levels {
		d := NewDeflater(DeflaterOptions{Takeover: true, Level: level})
		f := NewInflater(InflaterOptions{Takeover: true})
		for i, n := range []int{500, 100000, 3000, 40000, 200} {
			secret := corpus.Random(uint64(i), n)
			if out, ok := d.Append([]byte("x"), secret); ok || string(out) != "x" {
				t.Fatalf("%d random bytes were compressed", n)
			}
			// Compressible by itself, and more so by what went before.
			m := append(bytes.Repeat([]byte("na "), 2*n), secret...)
			p, ok := d.Append(nil, m)
			if !ok || !bytes.Equal(inflateAll(t, f, p), m) {
				t.Fatalf("after %d uncompressed bytes, a message is read differently", n)
			}
			if len(p) < n {
				t.Fatalf("%d random bytes became %d: they were found where they must not be", n, len(p))
			}
		}
	}
}

// A message written in parts is the message, and stays in the window.
func TestAppendPart(t *testing.T) {
	for _, level := range levels {
		for _, takeover := range []bool{false, true} {
			d := NewDeflater(DeflaterOptions{Takeover: takeover, Level: level, WindowBits: 11})
			f := NewInflater(InflaterOptions{Takeover: takeover, WindowBits: 11})
			r := corpus.NewRand(3)
			for i, m := range messages(4, 200) {
				var p []byte
				switch rest := m; i % 3 {
				case 0:
					var ok bool
					if p, ok = d.Append(nil, m); !ok {
						continue
					}
				case 1:
					p = d.AppendPart(nil, m, true)
				default:
					for len(rest) > 0 {
						n := r.IntN(len(rest) + 1)
						before := len(p)
						if p = d.AppendPart(p, rest[:n], false); len(p)-before > d.Bound(n) {
							t.Fatalf("message %d: a part of %d became %d bytes", i, n, len(p)-before)
						}
						rest = rest[n:]
					}
					if i%2 == 0 {
						p = d.AppendPart(p, nil, true)
					} else {
						p, _ = d.Append(p, nil)
					}
				}
				if !bytes.Equal(inflateAll(t, f, p), m) {
					t.Fatalf("level %d, takeover %v: message %d is read differently", level, takeover, i)
				}
			}
		}
	}
}

// An empty message is three zero bits.
//
// RFC 7692, Section 7.2.3.6
func TestEmpty(t *testing.T) {
	d := NewDeflater(DeflaterOptions{})
	if p := d.AppendPart(nil, nil, true); !bytes.Equal(p, []byte{0}) {
		t.Errorf("an empty message became %x", p)
	}
	if p, ok := d.Append(nil, nil); ok || len(p) > 0 {
		t.Errorf("an empty message became %x, %v", p, ok)
	}
}

// A stream that inflates a thousandfold stops where it is told to, and memory is taken for no more than that.
func TestBomb(t *testing.T) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 9)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 4<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	bomb := b.Bytes()[:b.Len()-4]
	for _, max := range []int{0, 1, 1000, 1 << 20} {
		f := NewInflater(InflaterOptions{})
		out, n, done, err := f.Append(nil, bomb, true, max)
		if len(out) != max || n > max/500+64 || done || err != nil {
			t.Errorf("at most %d: %d bytes out of %d of %d, %v, %v", max, len(out), n, len(bomb), done, err)
		}
		if cap(out) > 2*max+4096 {
			t.Errorf("at most %d: memory for %d", max, cap(out))
		}
	}
}
