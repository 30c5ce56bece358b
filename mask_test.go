package websocket

// This file tests the exported functions for masking; internal/simd tests every implementation of their loop.

import (
	"bytes"
	"testing"

	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// RFC 6455, Section 5.7: "Hello" masked with 37fa213d.
func TestMaskExample(t *testing.T) {
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	want := unhex(t, "7f9f4d5158")
	b := []byte("Hello")
	next := Mask(key, b)
	if !bytes.Equal(b, want) || next != [4]byte{0xfa, 0x21, 0x3d, 0x37} {
		t.Errorf("Mask: %x, next key %x", b, next)
	}
	dst := make([]byte, 5)
	next = MaskCopy(dst, []byte("Hello"), key)
	if !bytes.Equal(dst, want) || next != [4]byte{0xfa, 0x21, 0x3d, 0x37} {
		t.Errorf("MaskCopy: %x, next key %x", dst, next)
	}
	Mask(key, b)
	if string(b) != "Hello" {
		t.Errorf("masked twice: %q", b)
	}
}

// A payload that arrives in two parts, split anywhere, is masked as if it had come whole: the key that each call
// returns goes on where it stopped.
func TestMaskInParts(t *testing.T) {
	key := [4]byte{1, 2, 3, 4}
	plain, want := corpus.Random(1, 200), make([]byte, 200)
	for i := range plain {
		want[i] = plain[i] ^ key[i%4]
	}
	for i := range len(plain) + 1 {
		inPlace := bytes.Clone(plain)
		Mask(Mask(key, inPlace[:i]), inPlace[i:])
		copied := make([]byte, len(plain))
		MaskCopy(copied[i:], plain[i:], MaskCopy(copied, plain[:i], key))
		if !bytes.Equal(inPlace, want) || !bytes.Equal(copied, want) {
			t.Errorf("split at %d: %x and %x, want %x", i, inPlace, copied, want)
		}
	}
}

// MaskCopy writes as many bytes as src has and no more; a dst that is too short is not extended into its capacity.
func TestMaskCopyBounds(t *testing.T) {
	backing := bytes.Repeat([]byte{0xA5}, 100)
	MaskCopy(backing[:80], make([]byte, 50), [4]byte{1, 1, 1, 1})
	if !bytes.Equal(backing[50:], bytes.Repeat([]byte{0xA5}, 50)) {
		t.Errorf("wrote beyond src's length: %x", backing[50:])
	}
	defer func() {
		if recover() == nil || !bytes.Equal(backing[50:], bytes.Repeat([]byte{0xA5}, 50)) {
			t.Errorf("wrote beyond dst's length: %x", backing[50:])
		}
	}()
	MaskCopy(backing[:50], make([]byte, 60), [4]byte{1, 1, 1, 1})
}

func TestMaskAllocations(t *testing.T) {
	b := make([]byte, 1000)
	c := make([]byte, 1000)
	key := [4]byte{1, 2, 3, 4}
	if n := testing.AllocsPerRun(100, func() {
		key = Mask(key, b)
		key = MaskCopy(c, b[:125], key)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
