//go:build !purego

package websocket

// maskVector is the least length that maskNEON takes.
const maskVector = 16

// maskBytes is the implementation of masking that this platform uses. A payload shorter than a vector is masked in two
// words, which is less than the call of an assembly function costs.
func maskBytes(dst, src []byte, key uint32) {
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
