package compress

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// FuzzInflate: whatever the payload, whole and in pieces come to the same, the limit holds, and what compress/flate
// refuses we refuse. When we take it for a message, compress/flate reads the same, up to a final block, at which it stops.
func FuzzInflate(f *testing.F) {
	f.Add([]byte{0}, uint8(0), uint8(0))
	f.Add([]byte("\xf2\x48\xcd\xc9\xc9\x07\x00"), uint8(1), uint8(2))
	f.Add([]byte("\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x48\xcd\xc9\xc9\x07\x00"), uint8(3), uint8(1))
	f.Fuzz(func(t *testing.T, payload []byte, step, max uint8) {
		const limit = 1 << 20
		whole, n, done, err := NewInflater(InflaterOptions{}).Append(nil, payload, true, limit)
		if len(whole) > limit || done && (err != nil || n != len(payload)) {
			t.Fatalf("%d bytes out of %d, done %v: %v", len(whole), n, done, err)
		}
		if !done && err == nil {
			if len(whole) != limit {
				t.Fatal("stopped without a reason")
			}
			return // a bomb
		}
		pieces, err2 := inflateSteps(NewInflater(InflaterOptions{}), payload, 1+int(step), 1+int(max))
		if !bytes.Equal(pieces, whole) || err2 != err {
			t.Fatalf("whole %d bytes, %v; in pieces %d bytes, %v", len(whole), err, len(pieces), err2)
		}
		theirs, theirErr := flateRead(nil, payload)
		var corrupt flate.CorruptInputError
		if done && (theirErr != nil || !bytes.HasPrefix(whole, theirs)) {
			t.Fatalf("taken for a message of %d bytes; compress/flate has %d, %v", len(whole), len(theirs), theirErr)
		}
		if errors.As(theirErr, &corrupt) && done {
			t.Fatalf("compress/flate refuses what was taken: %v", theirErr)
		}
	})
}

// FuzzDeflate: messages, by Append or in parts, through windows of all sizes, with rests between them or without, are read
// back by our inflater and by compress/flate.
func FuzzDeflate(f *testing.F) {
	f.Add([]byte("hello, hello, hello, hello"), uint8(0), uint16(5))
	f.Add(bytes.Repeat([]byte("ab"), 400), uint8(255), uint16(300))
	f.Add(bytes.Repeat([]byte("0123456789"), 2000), uint8(0b01_1_001_10), uint16(9000))
	f.Fuzz(func(t *testing.T, data []byte, how uint8, cut uint16) {
		o := DeflaterOptions{
			Level:      levels[int(how&3)%len(levels)],
			WindowBits: 8 + int(how>>2&7),
			Takeover:   how>>5&1 != 0,
		}
		d := NewDeflater(o)
		in := NewInflater(InflaterOptions{WindowBits: o.WindowBits, Takeover: o.Takeover})
		var dict []byte
		for round := range 3 {
			at := min(int(cut), len(data))
			for _, m := range [][]byte{data[:at], data[at:], data} {
				if how>>7 != 0 {
					d.Rest()
					in.Rest()
				}
				var p []byte
				if ok := false; how>>6&1 == 0 {
					if p, ok = d.Append(nil, m); !ok {
						continue
					}
				} else {
					p = d.AppendPart(d.AppendPart(nil, m[:len(m)/3], false), m[len(m)/3:], true)
				}
				if !bytes.Equal(inflateAll(t, in, p), m) {
					t.Fatalf("round %d, %+v: read differently", round, o)
				}
				if !bytes.Equal(flateAll(t, dict, p), m) {
					t.Fatalf("round %d, %+v: compress/flate reads it differently", round, o)
				}
				if o.Takeover {
					dict = append(dict, m...)
					dict = dict[max(0, len(dict)-1<<o.WindowBits):]
				}
			}
		}
	})
}

// FuzzStream: a connection's messages, cut out of data at random places, whole or in parts, with rests of either side, are read
// back from random pieces by our inflater, and by compress/flate.
func FuzzStream(f *testing.F) {
	f.Add([]byte("the quick brown fox, the quick brown fox"), uint64(1), uint8(0))
	f.Add(bytes.Repeat([]byte("0123456789abcdef"), 1000), uint64(7), uint8(0b111_01))
	f.Add(bytes.Join(corpus.Chat(corpus.Seed, 40), nil), uint64(2), uint8(0b111_10))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64, how uint8) {
		r := rand.New(rand.NewPCG(seed, 3))
		o := DeflaterOptions{Level: levels[int(how&3)%len(levels)], WindowBits: 8 + int(how>>2&7), Takeover: true}
		d, in := NewDeflater(o), NewInflater(InflaterOptions{WindowBits: o.WindowBits, Takeover: true})
		var dict []byte
		for range 20 {
			at := r.IntN(len(data) + 1)
			m := data[at : at+r.IntN(len(data)-at+1)]
			for range r.IntN(3) {
				d.Rest()
			}
			for range r.IntN(3) {
				in.Rest()
			}
			p, ok := d.Append(nil, m)
			if !ok {
				p = deflatePieces(r, d, m)
			}
			if got, err := inflatePieces(r, in, p); err != nil || !bytes.Equal(got, m) {
				t.Fatalf("%+v: read differently: %v", o, err)
			}
			if !bytes.Equal(flateAll(t, dict, p), m) {
				t.Fatalf("%+v: compress/flate reads it differently", o)
			}
			dict = append(dict, m...)
			dict = dict[max(0, len(dict)-1<<o.WindowBits):]
		}
	})
}

// FuzzDamaged: whatever comes behind a window full of messages, an inflater whose window was packed says what one says whose
// window was not, and what they take for a message compress/flate takes for the same.
func FuzzDamaged(f *testing.F) {
	window := bytes.Join(corpus.Chat(corpus.Seed, 40), nil)
	window = window[len(window)-1<<15:]
	d := NewDeflater(DeflaterOptions{Takeover: true})
	primer := d.AppendPart(nil, window, true)
	for i, m := range corpus.Chat(1, 5) {
		f.Add(d.AppendPart(nil, m[:100+200*i], true), uint64(i))
	}
	f.Fuzz(func(t *testing.T, payload []byte, seed uint64) {
		if _, _, done, err := primed(t, primer, false).Append(nil, payload, true, 1<<20); !done && err == nil {
			return // a bomb
		}
		judge(t, rand.New(rand.NewPCG(seed, 5)), window, payload, primed(t, primer, false), primed(t, primer, true))
	})
}

// FuzzNegotiate: whatever is offered, an answer of ours is one that a client which offered it accepts by the letter,
// and whatever is answered, what our client agrees to is within what it offered.
func FuzzNegotiate(f *testing.F) {
	f.Add("client_max_window_bits; server_max_window_bits=10", uint8(0))
	f.Add("server_no_context_takeover; client_max_window_bits=9", uint8(0x5A))
	f.Fuzz(func(t *testing.T, params string, how uint8) {
		o := Options{
			FromServer: Direction{NoContextTakeover: how&1 != 0, MaxWindowBits: 8 + int(how>>2&7)},
			FromClient: Direction{NoContextTakeover: how&2 != 0, MaxWindowBits: 8 + int(how>>5)},
		}
		inRange := func(p Params) bool {
			return p.ServerMaxWindowBits >= 8 && p.ServerMaxWindowBits <= 15 && p.ClientMaxWindowBits >= 8 && p.ClientMaxWindowBits <= 15
		}
		if out, p, ok := o.Accept(nil, list(params)); ok {
			answer, err := parse(list(strings.TrimPrefix(string(out), Name)), true)
			if err != nil || !inRange(p) {
				t.Fatalf("offer %q: answered %q, %+v: %v", params, out, p, err)
			}
			offered, _ := parse(list(params), false)
			if err := offered.answeredBy(answer); err != nil || answer.clientBits != 0 && offered.clientBits == 0 {
				t.Fatalf("offer %q: answered %q: %v", params, out, err)
			}
			if p.ServerMaxWindowBits > o.FromServer.MaxWindowBits || p.ClientMaxWindowBits > o.FromClient.MaxWindowBits && !p.ClientNoContextTakeover {
				t.Fatalf("offer %q: agreed on %+v, with %+v", params, p, o)
			}
		}
		if p, err := o.Confirm(list(params)); err == nil && (!inRange(p) || p.ClientMaxWindowBits > o.FromClient.MaxWindowBits) {
			t.Fatalf("answer %q: agreed on %+v, with %+v", params, p, o)
		}
		o.Strict = true
		if p, err := o.Confirm(list(params)); err == nil {
			if !inRange(p) || p.ServerMaxWindowBits > o.FromServer.MaxWindowBits && !p.ServerNoContextTakeover || p.ClientMaxWindowBits > o.FromClient.MaxWindowBits {
				t.Fatalf("answer %q: agreed on %+v, with %+v", params, p, o)
			}
		}
	})
}

// Where compress/flate and we differ on purpose: it stops at a final block, and it takes a tree in which the end of the
// block has no code.
func TestDifferencesFromFlate(t *testing.T) {
	for _, test := range []struct {
		payload      string
		ours, theirs string
		err          error
	}{
		{"f3 48 cd c9 c9 07 00 f2 48 cd c9 c9 07 00", "HelloHello", "Hello", nil},
		// Literals a and b with one bit each, nothing else.
		{"04 c0 81 08 00 00 00 00 20 d6 f7 97 c8 00", "", "abba", errNoEnd},
	} {
		payload := unhex(t, test.payload)
		out, _, _, err := NewInflater(InflaterOptions{}).Append(nil, payload, true, 1<<20)
		if string(out) != test.ours || !errors.Is(err, test.err) {
			t.Errorf("%s: %q, %v; want %q, %v", test.payload, out, err, test.ours, test.err)
		}
		theirs, theirErr := io.ReadAll(flate.NewReader(bytes.NewReader(payload)))
		var corrupt flate.CorruptInputError
		if !strings.HasPrefix(string(theirs), test.theirs) || errors.As(theirErr, &corrupt) {
			t.Errorf("%s: compress/flate now says %q, %v", test.payload, theirs, theirErr)
		}
	}
}
