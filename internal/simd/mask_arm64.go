//go:build !purego

package simd

// maskVector is the least length that maskNEON takes.
const maskVector = 16

// Mask sets dst[i] to src[i] ^ key>>(8*(i mod 4)) for every i below len(src). dst must be as long as src, which nothing
// checks; they are the same memory, or do not overlap.
//
// A payload shorter than a vector is masked in two words, which is less than the call of an assembly function costs.
func Mask(dst, src []byte, key uint32) {
	if len(src) < maskVector {
		maskShort(dst, src, key)
		return
	}
	maskNEON(&dst[0], &src[0], len(src), key)
}

// maskNEON masks n bytes, at least maskVector, from src to dst, which are the same or do not overlap. Every arm64
// processor that Go runs on has NEON.
//
//go:noescape
func maskNEON(dst, src *byte, n int, key uint32)
