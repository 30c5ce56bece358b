//go:build !purego

package websocket

import "golang.org/x/sys/cpu"

// useAVX2 says whether the processor, and the operating system with it, has AVX2. Nothing but a test changes it.
var useAVX2 = cpu.X86.HasAVX2

// maskVector is the least length that maskAVX2 takes.
const maskVector = 32

// maskBytes is the implementation of masking that this platform uses. A payload shorter than a vector is masked by
// the portable one in three or four words, which is less than the call of an assembly function costs.
func maskBytes(dst, src []byte, key uint32) {
	if len(src) < maskVector || !useAVX2 {
		maskBytesPortable(dst, src, key)
		return
	}
	maskAVX2(&dst[0], &src[0], len(src), key)
}

// maskAVX2 masks n bytes, at least maskVector, from src to dst, which are the same or do not overlap.
//
//go:noescape
func maskAVX2(dst, src *byte, n int, key uint32)
