package simd

// This file holds the portable implementation of masking (RFC 6455, Section 5.3), which is compiled everywhere and is
// what every faster one is tested against. Mask stands beside the implementations of each architecture.

import (
	"encoding/binary"
	"math/bits"
)

// maskPortable is Mask for every machine.
//
// What does not fill a whole number of words is covered by words that overlap, here and in maskShort. Masking may
// happen in place, so where two words overlap both are loaded before either is stored: each then holds bytes that were
// masked once, and it does not matter which is stored last.
func maskPortable(dst, src []byte, key uint32) {
	n := len(src)
	if n <= 32 {
		maskShort(dst, src, key)
		return
	}
	// The last 32 bytes wait while the loop runs up to them. They start in phase n mod 4.
	last, s := dst[n-32:n:n], src[n-32:n:n]
	k := bits.RotateLeft64(uint64(key)<<32|uint64(key), -8*n)
	t0 := binary.LittleEndian.Uint64(s[0:8]) ^ k
	t1 := binary.LittleEndian.Uint64(s[8:16]) ^ k
	t2 := binary.LittleEndian.Uint64(s[16:24]) ^ k
	t3 := binary.LittleEndian.Uint64(s[24:32]) ^ k
	k = uint64(key)<<32 | uint64(key)
	for len(src) > 32 {
		d, s := dst[:32:32], src[:32:32]
		binary.LittleEndian.PutUint64(d[0:8], binary.LittleEndian.Uint64(s[0:8])^k)
		binary.LittleEndian.PutUint64(d[8:16], binary.LittleEndian.Uint64(s[8:16])^k)
		binary.LittleEndian.PutUint64(d[16:24], binary.LittleEndian.Uint64(s[16:24])^k)
		binary.LittleEndian.PutUint64(d[24:32], binary.LittleEndian.Uint64(s[24:32])^k)
		dst, src = dst[32:], src[32:]
	}
	binary.LittleEndian.PutUint64(last[0:8], t0)
	binary.LittleEndian.PutUint64(last[8:16], t1)
	binary.LittleEndian.PutUint64(last[16:24], t2)
	binary.LittleEndian.PutUint64(last[24:32], t3)
}

// maskShort is maskPortable for up to 32 bytes: two words or four, or up to three bytes.
func maskShort(dst, src []byte, key uint32) {
	n := len(src)
	dst = dst[:n]
	k := uint64(key)<<32 | uint64(key)
	end := bits.RotateLeft64(k, -8*n) // for words that are counted from the end
	switch {
	case n >= 16:
		t0 := binary.LittleEndian.Uint64(src[0:8]) ^ k
		t1 := binary.LittleEndian.Uint64(src[8:16]) ^ k
		t2 := binary.LittleEndian.Uint64(src[n-16:]) ^ end
		t3 := binary.LittleEndian.Uint64(src[n-8:]) ^ end
		binary.LittleEndian.PutUint64(dst[0:8], t0)
		binary.LittleEndian.PutUint64(dst[8:16], t1)
		binary.LittleEndian.PutUint64(dst[n-16:], t2)
		binary.LittleEndian.PutUint64(dst[n-8:], t3)
	case n >= 8:
		t0 := binary.LittleEndian.Uint64(src) ^ k
		t1 := binary.LittleEndian.Uint64(src[n-8:]) ^ end
		binary.LittleEndian.PutUint64(dst, t0)
		binary.LittleEndian.PutUint64(dst[n-8:], t1)
	case n >= 4:
		t0 := binary.LittleEndian.Uint32(src) ^ key
		t1 := binary.LittleEndian.Uint32(src[n-4:]) ^ uint32(end)
		binary.LittleEndian.PutUint32(dst, t0)
		binary.LittleEndian.PutUint32(dst[n-4:], t1)
	default:
		for i, c := range src {
			dst[i] = c ^ byte(key)
			key >>= 8
		}
	}
}
