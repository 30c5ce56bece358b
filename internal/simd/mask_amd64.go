//go:build !purego

package simd

import "golang.org/x/sys/cpu"

// What the processor, and the operating system with it, can do. Nothing but a test changes these.
//
// AVX-512 is used from the generation on that has VBMI2 (Ice Lake, Zen 4): earlier ones lower their clock for it.
var (
	useAVX2   = cpu.X86.HasAVX2
	useAVX512 = cpu.X86.HasAVX512F && cpu.X86.HasAVX512VBMI2
)

const (
	maskVector = 32  // the least length that maskAVX2 takes
	maskWide   = 512 // the least length that maskAVX512 is given: from here on it wins
)

// Mask sets dst[i] to src[i] ^ key>>(8*(i mod 4)) for every i below len(src). dst must be as long as src, which nothing
// checks; they are the same memory, or do not overlap.
//
// A payload shorter than a vector is masked in a few words, which is less than the call of an assembly function costs.
func Mask(dst, src []byte, key uint32) {
	switch n := len(src); {
	case n >= maskWide && useAVX512:
		maskAVX512(&dst[0], &src[0], n, key)
	case n < maskVector:
		maskShort(dst, src, key)
	case useAVX2:
		maskAVX2(&dst[0], &src[0], n, key)
	default:
		maskPortable(dst, src, key)
	}
}

// maskAVX2 masks n bytes, at least maskVector, from src to dst, which are the same or do not overlap.
//
//go:noescape
func maskAVX2(dst, src *byte, n int, key uint32)

// maskAVX512 does what maskAVX2 does, for at least maskWide bytes.
//
//go:noescape
func maskAVX512(dst, src *byte, n int, key uint32)
