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
	maskBytes(b, b, binary.LittleEndian.Uint32(key[:]))
	return rotateKey(key, len(b))
}

// MaskCopy masks src into dst, which must be at least as long, and returns the key for the bytes that follow, as
// Mask does. src is only read. dst and src must either be the same memory or not overlap.
func MaskCopy(dst, src []byte, key [4]byte) [4]byte {
	dst = dst[:len(dst):len(dst)] // what lies between length and capacity is not ours
	maskBytes(dst[:len(src)], src, binary.LittleEndian.Uint32(key[:]))
	return rotateKey(key, len(src))
}

// rotateKey returns key as it applies n bytes further on.
func rotateKey(key [4]byte, n int) [4]byte {
	k := binary.LittleEndian.Uint32(key[:])
	binary.LittleEndian.PutUint32(key[:], bits.RotateLeft32(k, -8*(n&3)))
	return key
}

// maskBytesPortable sets dst[i] to src[i] ^ key>>(8*(i mod 4)) for every i below len(src). len(dst) == len(src).
func maskBytesPortable(dst, src []byte, key uint32) {
	n := len(src)
	if n < 8 {
		maskShort(dst, src, key)
		return
	}
	// The last eight bytes are read before anything is written and written after everything else, so that no byte
	// needs a loop of its own, and none is masked twice in place.
	last := dst[n-8:]
	k := uint64(key)<<32 | uint64(key)
	tail := binary.LittleEndian.Uint64(src[n-8:]) ^ bits.RotateLeft64(k, -8*(n&3))
	for len(src) >= 32 {
		d, s := dst[:32:32], src[:32:32]
		binary.LittleEndian.PutUint64(d[0:8], binary.LittleEndian.Uint64(s[0:8])^k)
		binary.LittleEndian.PutUint64(d[8:16], binary.LittleEndian.Uint64(s[8:16])^k)
		binary.LittleEndian.PutUint64(d[16:24], binary.LittleEndian.Uint64(s[16:24])^k)
		binary.LittleEndian.PutUint64(d[24:32], binary.LittleEndian.Uint64(s[24:32])^k)
		dst, src = dst[32:], src[32:]
	}
	for len(src) >= 8 {
		binary.LittleEndian.PutUint64(dst[:8], binary.LittleEndian.Uint64(src[:8])^k)
		dst, src = dst[8:], src[8:]
	}
	binary.LittleEndian.PutUint64(last, tail)
}

// maskShort masks up to seven bytes.
func maskShort(dst, src []byte, key uint32) {
	if n := len(src); n >= 4 {
		head := binary.LittleEndian.Uint32(src) ^ key
		tail := binary.LittleEndian.Uint32(src[n-4:]) ^ bits.RotateLeft32(key, -8*(n&3))
		binary.LittleEndian.PutUint32(dst, head)
		binary.LittleEndian.PutUint32(dst[n-4:], tail)
		return
	}
	for i, c := range src {
		dst[i] = c ^ byte(key)
		key >>= 8
	}
}
