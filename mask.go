package websocket

// This file holds masking (RFC 6455, Section 5.3), whose loop stands in internal/simd.

import (
	"encoding/binary"
	"math/bits"

	"github.com/seed-d69ae1b7/websocket/internal/simd"
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

// maskBytes masks src into dst, which is as long, with a key whose first byte is the lowest. It is inlined.
func maskBytes(dst, src []byte, key uint32) { simd.Mask(dst, src, key) }
