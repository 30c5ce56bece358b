package autobahn

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/seed-d69ae1b7/websocket/internal/race"
)

// deflated compresses a message as an endpoint would.
func deflated(t testing.TB, level int, p []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(p)
	w.Flush()
	return b.Bytes()[:b.Len()-4]
}

// TestInflate: what the standard library compresses, at every level and of every kind of payload, comes out again; under the race
// detector, one in four.
func TestInflate(t *testing.T) {
	g := rand.New(rand.NewPCG(1, 1))
	noise := make([]byte, 70000)
	for i := range noise {
		noise[i] = byte(g.Uint32())
	}
	inputs := [][]byte{nil, {0}, noise, bytes.Repeat([]byte("ab"), 50000), make([]byte, 300000)}
	for _, p := range payloads {
		inputs = append(inputs, p.part(100, 100000))
	}
	for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
		for i, in := range inputs {
			if race.Enabled && (level+i)%4 != 0 {
				continue
			}
			got, err := newInflater(15, false).message(deflated(t, level, in), maxMessage)
			if err != nil || !bytes.Equal(got, in) {
				t.Fatalf("level %d, input %d: %d octets, %v", level, i, len(got), err)
			}
		}
	}
}

// TestInflateWindow: a distance of just the window is allowed, one more is not, and neither is one beyond the start.
func TestInflateWindow(t *testing.T) {
	for bits := 8; bits <= 15; bits++ {
		for extra, want := range []error{nil, errDistance} {
			distance := 1<<bits + extra
			if distance > 32768 {
				continue
			}
			lit := letters(distance)
			msg := fixedBlock(func(w *bitWriter) { w.literals(lit).match3(distance) })
			got, err := newInflater(bits, false).message([]byte(msg), maxMessage)
			if !errors.Is(err, want) || err == nil && string(got) != lit+lit[:3] {
				t.Errorf("%d bits, distance %d: %v", bits, distance, err)
			}
		}
	}
	early := fixedBlock(func(w *bitWriter) { w.literals("ab").match3(3) })
	if _, err := newInflater(15, false).message([]byte(early), maxMessage); !errors.Is(err, errDistance) {
		t.Errorf("before the start: %v", err)
	}
}

// TestInflateTakeover: the window lasts from message to message, unless that was excluded.
func TestInflateTakeover(t *testing.T) {
	back := fixedBlock(func(w *bitWriter) { w.match3(5) })
	for _, noContext := range []bool{false, true} {
		f := newInflater(15, noContext)
		if _, err := f.message(deflated(t, 1, []byte("Hello")), maxMessage); err != nil {
			t.Fatal(err)
		}
		got, err := f.message([]byte(back), maxMessage)
		if noContext != (err != nil) || !noContext && string(got) != "Hel" {
			t.Errorf("no context %t: %q, %v", noContext, got, err)
		}
	}
}

// TestInflateLimit: a message does not grow beyond the limit.
func TestInflateLimit(t *testing.T) {
	if _, err := newInflater(15, false).message(zeros(64), 1<<20); !errors.Is(err, errTooLarge) {
		t.Error(err)
	}
}

// TestDeflaterWindow: the suite keeps to the window that was agreed: its own inflater with that window takes what it sends.
func TestDeflaterWindow(t *testing.T) {
	for bits := 8; bits <= 15; bits++ {
		for _, noContext := range []bool{false, true} {
			d, f := newDeflater(bits, noContext), newInflater(bits, noContext)
			for i := range 5 {
				p := payloads[0].part(i*5000, 40000)
				got, err := f.message(bytes.Clone(d.message(p)), maxMessage)
				if err != nil || !bytes.Equal(got, p) {
					t.Fatalf("%d bits, no context %t: %v", bits, noContext, err)
				}
			}
		}
	}
}

// TestMatcher: what the compressor for small windows writes compress/flate reads, and it looks back, but no further than
// it may: a message of the period of its window is compressed, one of a period beyond it is not.
func TestMatcher(t *testing.T) {
	for bits := 8; bits < 15; bits++ {
		m := &matcher{window: 1 << bits}
		for i, p := range [][]byte{nil, {0}, []byte("aaaaaaaaaaaaaaaa"), make([]byte, 70000), payloads[0].part(0, 40000), payloads[1].part(9, 40000), payloads[2].part(7, 100)} {
			got, err := io.ReadAll(flate.NewReader(bytes.NewReader(append(m.message(p, false), 0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff))))
			if err != nil || !bytes.Equal(got, p) {
				t.Errorf("%d bits, input %d: %d octets, %v", bits, i, len(got), err)
			}
		}
		first := letters(1 << bits)
		m.message([]byte(first), false)
		if n := len(m.message([]byte(first[:200]), true)); n > 25 {
			t.Errorf("%d bits: %d octets for what is in the window", bits, n)
		}
		m.message([]byte(first+"!"), false)
		if n := len(m.message([]byte(first[:200]), true)); n < 100 {
			t.Errorf("%d bits: %d octets for what is one octet beyond the window", bits, n)
		}
	}
}

// FuzzMatcher: what it writes both inflaters read, with the window and what went before.
func FuzzMatcher(f *testing.F) {
	f.Add([]byte("abcabcabc"), uint8(8))
	f.Add(payloads[3].part(0, 3000), uint8(10))
	f.Fuzz(func(t *testing.T, p []byte, bits uint8) {
		b := 8 + int(bits%7)
		m, in := &matcher{window: 1 << b}, newInflater(b, false)
		for range 3 {
			got, err := in.message(m.message(p, true), 1<<24)
			if err != nil || !bytes.Equal(got, p) {
				t.Fatalf("%d bits: %v", b, err)
			}
		}
	})
}

// FuzzInflate: where compress/flate inflates a message, so does the inflater, to the same; it never panics.
func FuzzInflate(f *testing.F) {
	f.Add([]byte("\xf2\x48\xcd\xc9\xc9\x07\x00"))
	f.Add([]byte("\x00\x05\x00\xfa\xffHello\x00"))
	f.Add(deflated(f, 9, payloads[0].part(0, 3000)))
	f.Add(deflated(f, flate.HuffmanOnly, payloads[3].part(0, 500)))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := newInflater(15, false).message(bytes.Clone(b), 1<<20)
		r := flate.NewReader(bytes.NewReader(append(bytes.Clone(b), 0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff)))
		var want bytes.Buffer
		_, werr := want.ReadFrom(r)
		if err == nil && werr == nil && len(b) > 0 && !bytes.HasPrefix(got, want.Bytes()) {
			t.Fatalf("%x: %q, want %q", b, got, want.Bytes())
		}
		if err != nil && werr == nil && want.Len() <= 1<<20 && !errors.Is(err, errTooLarge) && complete(b) {
			t.Fatalf("%x: %v, but compress/flate reads it", b, err)
		}
	})
}

// complete tells whether compress/flate needs every octet of b: what lies behind a last block it does not look at.
func complete(b []byte) bool {
	src := bytes.NewReader(append(bytes.Clone(b), 0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff))
	var out bytes.Buffer
	_, err := out.ReadFrom(flate.NewReader(src))
	return err == nil && src.Len() == 0
}

// TestNegotiation: offers and answers of permessage-deflate, written and read.
func TestNegotiation(t *testing.T) {
	want := "permessage-deflate; client_no_context_takeover; client_max_window_bits; server_no_context_takeover; server_max_window_bits=9, " +
		"permessage-deflate; client_no_context_takeover; client_max_window_bits"
	if got := offerString([]deflateWish{{true, 9}, {}}); got != want {
		t.Errorf("offer %q, want %q", got, want)
	}
	for _, tt := range []struct {
		offer  string
		wishes []deflateWish
		want   string // "" is no agreement, "error" a malformed offer
	}{
		{"permessage-deflate", []deflateWish{{}}, "permessage-deflate"},
		{"permessage-deflate; server_max_window_bits=10", []deflateWish{{}}, "permessage-deflate; server_max_window_bits=10"},
		{"permessage-deflate; server_no_context_takeover", []deflateWish{{true, 0}}, "permessage-deflate; client_no_context_takeover; server_no_context_takeover"},
		{"permessage-deflate", []deflateWish{{false, 9}}, ""},
		{"permessage-deflate; client_max_window_bits", []deflateWish{{true, 9}}, "permessage-deflate; client_no_context_takeover; client_max_window_bits=9"},
		{"permessage-deflate; client_max_window_bits=8", []deflateWish{{false, 15}}, "permessage-deflate; client_max_window_bits=8"},
		{"permessage-deflate", []deflateWish{{false, 9}, {true, 0}}, "permessage-deflate; client_no_context_takeover"},
		{"x-other, permessage-deflate", []deflateWish{{}}, "permessage-deflate"},
		{"x-other", []deflateWish{{}}, ""},
		{"permessage-deflate; unknown", []deflateWish{{}}, "error"},
		{"permessage-deflate; server_max_window_bits=16", []deflateWish{{}}, "error"},
		{"permessage-deflate; server_max_window_bits", []deflateWish{{}}, "error"},
		{"permessage-deflate; client_max_window_bits=", []deflateWish{{}}, "error"},
	} {
		p, err := acceptOffers([]string{tt.offer}, tt.wishes)
		got := ""
		if err != nil {
			got = "error"
		} else if p != nil {
			got = p.String()
		}
		if got != tt.want {
			t.Errorf("%s, %v: %q, want %q", tt.offer, tt.wishes, got, tt.want)
		}
	}
}
