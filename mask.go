package websocket

// This file holds masking (RFC 6455, Section 5.3): the exported functions and the portable implementation, which
// is compiled everywhere and is what every faster one is tested against.

import (
	"encoding/binary"
	"math/bits"
)

// Mask applies the masking of RFC 6455, Section 5.3, to b in place and returns the key rotated so that the next
// call continues where this one stopped: byte i of b is XORed with byte i mod 4 of key. Masking twice with the same
// key restores b. Mask does not allocate, and is safe for concurrent use on different slices.
func Mask(key [4]byte, b []byte) [4]byte {
	next := rotateKey(key, len(b))
	maskBytes(b, b, binary.LittleEndian.Uint32(key[:]))
	return next
}

// MaskCopy masks src into dst, which must be at least as long, and returns the key for the bytes that follow, as
// Mask does; it panics where dst is shorter. src is only read. dst and src must either be the same memory or not overlap.
func MaskCopy(dst, src []byte, key [4]byte) [4]byte {
	dst = dst[:len(dst):len(dst)] // what lies between length and capacity is not ours
	next := rotateKey(key, len(src))
	maskBytes(dst[:len(src)], src, binary.LittleEndian.Uint32(key[:]))
	return next
}

// rotateKey returns key as it applies n bytes further on.
func rotateKey(key [4]byte, n int) [4]byte {
	k := binary.LittleEndian.Uint32(key[:])
	binary.LittleEndian.PutUint32(key[:], bits.RotateLeft32(k, -8*n))
	return key
}

// maskBytesPortable sets dst[i] to src[i] ^ key>>(8*(i mod 4)) for every i below len(src). len(dst) == len(src).
//
// What does not fill a whole number of words is covered by words that overlap, here and in maskShort. Masking may
// happen in place, so where two words overlap both are loaded before either is stored: each then holds bytes that were
// masked once, and it does not matter which is stored last.
func maskBytesPortable(dst, src []byte, key uint32) {
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

// maskShort is maskBytesPortable for up to 32 bytes: two words or four, or up to three bytes.
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
