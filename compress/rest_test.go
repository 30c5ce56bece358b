package compress

// This file tests what idle connections give back, mixed with messages of all kinds.

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// TestRest protects that giving memory back changes nothing of what is read: at any window and level, whichever side rests,
// between any messages, whole and in parts. The peer is compress/flate, which never forgets, and our own.
func TestRest(t *testing.T) {
	for _, level := range levels {
		for bits := 8; bits <= 15; bits++ {
			t.Run(fmt.Sprintf("level %d bits %d", level, bits), func(t *testing.T) {
				r := rand.New(rand.NewPCG(uint64(bits), uint64(level)))
				d := NewDeflater(DeflaterOptions{WindowBits: bits, Takeover: true, Level: level})
				f := NewInflater(InflaterOptions{WindowBits: bits, Takeover: true})
				var dict []byte
				for i, m := range messages(uint64(bits)+20, few(70)) {
					for range r.IntN(3) {
						if r.IntN(3) == 0 {
							d.Rest()
						}
						f.Rest()
					}
					p := deflatePieces(r, d, m)
					if got := flateAll(t, dict, p); !bytes.Equal(got, m) {
						t.Fatalf("message %d: compress/flate reads it differently", i)
					}
					if got, err := inflatePieces(r, f, p); err != nil || !bytes.Equal(got, m) {
						t.Fatalf("message %d: read differently: %v", i, err)
					}
					dict = append(dict, m...)
					dict = dict[max(0, len(dict)-1<<bits):]
				}
			})
		}
	}
}

// TestRestHolds protects the figures of docs/compression.md: a connection that has said nothing for long holds at most
// 12 KiB on chat; and that one which has said something since keeps what makes its messages small.
func TestRestHolds(t *testing.T) {
	for _, level := range levels {
		d := NewDeflater(DeflaterOptions{Takeover: true, Level: level})
		f := NewInflater(InflaterOptions{Takeover: true})
		say := func(messages [][]byte) {
			for _, m := range messages {
				inflateAll(t, f, d.AppendPart(nil, m, true))
			}
		}
		chat := corpus.Chat(corpus.Seed, 100)
		say(chat[:60])
		full := d.Size() + f.Size()
		for i := 60; i < len(chat); i++ {
			d.Rest()
			f.Rest()
			say(chat[i : i+1])
		}
		d.Rest()
		f.Rest()
		if n := d.Size() + f.Size(); n != full {
			t.Errorf("level %d: %d bytes are held, not %d, after messages", level, n, full)
		}
		for range 2 {
			d.Rest()
			f.Rest()
			if d.Size() != 0 || f.Size() > 12<<10 {
				t.Errorf("level %d: %d and %d bytes are held at rest", level, d.Size(), f.Size())
			}
		}
		say(chat)
		if n := d.Size() + f.Size(); n != full {
			t.Errorf("level %d: %d bytes are held, not %d, after a rest", level, n, full)
		}
	}
}

// TestRestNoise protects that a window which packing would not make smaller stays as it is, and so does one that is small.
func TestRestNoise(t *testing.T) {
	for _, m := range [][]byte{corpus.Random(1, 40<<10), corpus.Text(1, leastPacked-1)} {
		d, f := NewDeflater(DeflaterOptions{Takeover: true}), NewInflater(InflaterOptions{Takeover: true})
		inflateAll(t, f, d.AppendPart(nil, m, true))
		before := f.Size()
		f.Rest()
		f.Rest()
		if n := f.Size(); n != before {
			t.Errorf("%d bytes became %d", before, n)
		}
		if got := inflateAll(t, f, d.AppendPart(nil, m, true)); !bytes.Equal(got, m) {
			t.Error("read differently")
		}
	}
}

// TestRestInMessage protects that a message under way keeps what it refers to, however long it takes.
func TestRestInMessage(t *testing.T) {
	d, f := NewDeflater(DeflaterOptions{Takeover: true}), NewInflater(InflaterOptions{Takeover: true})
	awake := NewDeflater(DeflaterOptions{Takeover: true})
	chat := bytes.Join(corpus.Chat(corpus.Seed, 100), nil)
	inflateAll(t, f, d.AppendPart(nil, chat, true))
	awake.AppendPart(nil, chat, true)
	var got []byte
	rest := func() {
		for range 3 {
			d.Rest()
			f.Rest()
		}
	}
	for at := 0; at < len(chat); at += 9000 {
		part := chat[at:min(at+9000, len(chat))]
		p := d.AppendPart(nil, part, at+9000 >= len(chat))
		if !bytes.Equal(p, awake.AppendPart(nil, part, at+9000 >= len(chat))) {
			t.Fatalf("at %d: something was forgotten", at)
		}
		rest()
		half, n, _, err := f.Append(nil, p[:len(p)/2], false, 1<<20)
		if err != nil || n != len(p)/2 {
			t.Fatal(n, err)
		}
		rest()
		other, n, _, err := f.Append(nil, p[len(p)/2:], at+9000 >= len(chat), 1<<20)
		if err != nil || n != len(p)-len(p)/2 {
			t.Fatal(n, err)
		}
		got = append(append(got, half...), other...)
	}
	if !bytes.Equal(got, chat) {
		t.Error("read differently")
	}
}

// TestRestNoTakeover protects that Rest does nothing where nothing is held.
func TestRestNoTakeover(t *testing.T) {
	d, f := NewDeflater(DeflaterOptions{}), NewInflater(InflaterOptions{})
	for _, m := range corpus.Chat(corpus.Seed, 10) {
		for range 2 {
			d.Rest()
			f.Rest()
		}
		p, _ := d.Append(nil, m)
		if !bytes.Equal(inflateAll(t, f, p), m) || d.Size()+f.Size() != 0 {
			t.Fatal("read differently, or held")
		}
	}
}
