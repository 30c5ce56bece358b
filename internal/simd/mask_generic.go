//go:build purego || !(amd64 || arm64)

package simd

// Mask sets dst[i] to src[i] ^ key>>(8*(i mod 4)) for every i below len(src). dst must be as long as src, which nothing
// checks; they are the same memory, or do not overlap.
func Mask(dst, src []byte, key uint32) { maskPortable(dst, src, key) }
