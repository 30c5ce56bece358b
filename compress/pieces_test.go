package compress

// This file tests an inflater that is given its input, and room for its output, in pieces of any size.

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestPieces protects the change from the careful decoding of single symbols to the fast one and back, at any place of
// a message, with any number of bits at hand: once, 64 of them were too many.
func TestPieces(t *testing.T) {
	for seed := range few(100) {
		r := rand.New(rand.NewPCG(uint64(seed), 7))
		bits, takeover := 8+r.IntN(8), r.IntN(2) == 0
		d := NewDeflater(DeflaterOptions{WindowBits: bits, Takeover: takeover, Level: Level(r.IntN(3))})
		f := NewInflater(InflaterOptions{WindowBits: bits, Takeover: takeover})
		for range 4 {
			msg := prose(r)
			got, err := inflatePieces(r, f, deflatePieces(r, d, msg))
			if err != nil || !bytes.Equal(got, msg) {
				t.Fatalf("seed %d: %d bytes became %d, %v", seed, len(msg), len(got), err)
			}
		}
	}
}

// prose returns a message of up to 60,000 bytes; one in three has its bytes shuffled.
func prose(r *rand.Rand) []byte {
	var b bytes.Buffer
	for n := r.IntN(60000); b.Len() < n; {
		fmt.Fprintf(&b, `{"user":"u%d","room":"lobby","text":"%s"},`, r.IntN(100), strings.Repeat("hé", r.IntN(9)))
	}
	p := b.Bytes()
	if r.IntN(3) == 0 {
		r.Shuffle(len(p), func(i, j int) { p[i], p[j] = p[j], p[i] })
	}
	return p
}

// deflatePieces compresses a message in parts.
func deflatePieces(r *rand.Rand, d *Deflater, msg []byte) (payload []byte) {
	for {
		n := min(len(msg), 1+r.IntN(16000))
		payload = d.AppendPart(payload, msg[:n], n == len(msg))
		if msg = msg[n:]; len(msg) == 0 {
			return payload
		}
	}
}

// inflatePieces decompresses a payload that comes in pieces, with room for 4 KiB a call.
func inflatePieces(r *rand.Rand, f *Inflater, payload []byte) (msg []byte, err error) {
	const room = 4096
	for {
		n := min(len(payload), r.IntN(16384))
		piece, last := payload[:n], n == len(payload)
		payload = payload[n:]
		for {
			out, n, done, err := f.Append(make([]byte, 0, room), piece, last, room)
			msg, piece = append(msg, out...), piece[n:]
			if done || err != nil {
				return msg, err
			}
			if len(piece) == 0 && len(out) < room {
				break
			}
		}
	}
}
