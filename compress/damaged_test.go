package compress

// This file tests what becomes of payloads that were damaged on the way, in the midst of a connection.

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// flateJudges decompresses a payload with compress/flate as far as it goes, behind what went before it. corrupt says that
// it was refused.
func flateJudges(window, payload []byte) (out []byte, corrupt bool) {
	out, err := flateRead(window, payload)
	var e flate.CorruptInputError
	return out, errors.As(err, &e) || errors.Is(err, io.ErrUnexpectedEOF)
}

// primed returns an inflater that holds the window that a payload stands for, packed or not.
func primed(t testing.TB, payload []byte, packed bool) *Inflater {
	f := NewInflater(InflaterOptions{Takeover: true})
	inflateAll(t, f, payload)
	if f.Rest(); packed {
		f.Rest()
	}
	return f
}

// damage returns payload with a few bits or bytes changed, lost or added.
func damage(r *rand.Rand, payload []byte) []byte {
	p := bytes.Clone(payload)
	for range 1 + r.IntN(3) {
		at := r.IntN(len(p))
		switch r.IntN(6) {
		case 0:
			p = append(p[:at], p[min(at+1+r.IntN(4), len(p)):]...)
		case 1:
			p = append(p[:at:at], append([]byte{byte(r.Uint32())}, p[at:]...)...)
		case 2:
			p = p[:at+1]
		case 3:
			p[at] = byte(r.Uint32())
		default:
			p[at] ^= 1 << r.IntN(8)
		}
		if len(p) == 0 {
			p = []byte{0}
		}
	}
	return p
}

// judge gives f, which holds window, a payload in pieces, and the same to other, and to compress/flate: what is taken for a
// message by one is by all, and is the same message, up to a final block, at which compress/flate stops. Of what is refused,
// ours say the same.
func judge(t testing.TB, r *rand.Rand, window, payload []byte, f, other *Inflater) {
	t.Helper()
	got, err := inflatePieces(r, f, payload)
	got2, err2 := inflatePieces(r, other, payload)
	if err != err2 || !bytes.Equal(got, got2) {
		t.Fatalf("%x: %d bytes, %v, and %d bytes, %v", payload, len(got), err, len(got2), err2)
	}
	theirs, corrupt := flateJudges(window, payload)
	switch {
	case err == nil && (corrupt || !bytes.HasPrefix(got, theirs)):
		t.Fatalf("%x: taken for a message of %d bytes; compress/flate has %d, corrupt %v", payload, len(got), len(theirs), corrupt)
	case err != nil && !errors.Is(err, ErrCorrupt):
		t.Fatalf("%x: %v", payload, err)
	case err != nil && !corrupt && !errors.Is(err, errShort) && !errors.Is(err, errNoEnd) && len(got) < len(theirs):
		t.Fatalf("%x: refused after %d bytes, %v; compress/flate reads %d", payload, len(got), err, len(theirs))
	}
}

// TestDamaged protects that a damaged payload is refused, or read as compress/flate reads it, behind the same window, whether that
// was packed or not.
func TestDamaged(t *testing.T) {
	chat := corpus.Chat(corpus.Seed, 60)
	window := bytes.Join(chat[:50], nil)
	window = window[len(window)-1<<15:]
	primer := NewDeflater(DeflaterOptions{}).AppendPart(nil, window, true)
	for seed := range few(250) {
		r := rand.New(rand.NewPCG(uint64(seed), 11))
		d := NewDeflater(DeflaterOptions{Takeover: true, Level: Level(r.IntN(3))})
		d.AppendPart(nil, window, true)
		payload := d.AppendPart(nil, chat[50+r.IntN(10)][:20+r.IntN(900)], true)
		if r.IntN(8) > 0 {
			payload = damage(r, payload)
		}
		judge(t, r, window, payload, primed(t, primer, false), primed(t, primer, true))
	}
}
