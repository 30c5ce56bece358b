package simd

// This file holds the portable implementation of UTF-8 validation, which is compiled everywhere. ValidPrefix stands
// beside the implementations of each architecture.

import (
	"encoding/binary"
	"unicode/utf8"
)

// validPrefixPortable is ValidPrefix for every machine.
func validPrefixPortable(p []byte) int {
	n := len(p)
	if n >= 32 {
		n = wholeCharacters(p)
	} else if n >= 8 && shortASCII(p) {
		return n
	}
	if !utf8.Valid(p[:n]) {
		n = 0 // only what is short or invalid is looked at twice
	}
	for n < len(p) {
		r, size := utf8.DecodeRune(p[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n
}

// shortASCII reports whether p, of 8 to 32 bytes, is ASCII. It reads words that overlap.
func shortASCII(p []byte) bool {
	n := len(p)
	words := binary.LittleEndian.Uint64(p) | binary.LittleEndian.Uint64(p[n-8:])
	if n > 16 {
		words |= binary.LittleEndian.Uint64(p[8:]) | binary.LittleEndian.Uint64(p[n-16:])
	}
	return words&0x8080808080808080 == 0
}

// wholeCharacters returns the length of p without the character at its end, if that is not all there or not right.
func wholeCharacters(p []byte) int {
	n := len(p)
	if n == 0 || p[n-1] < utf8.RuneSelf {
		return n
	}
	for i := n - 1; i >= 0 && i > n-utf8.UTFMax; i-- {
		if utf8.RuneStart(p[i]) {
			if utf8.Valid(p[i:]) {
				return n
			}
			return i
		}
	}
	return n
}
