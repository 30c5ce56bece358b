//go:build !purego

package simd

import "testing"

// maskImplementations are all that this processor can run.
func maskImplementations() []maskImplementation {
	all := []maskImplementation{{"portable", maskPortable}}
	if useAVX2 {
		all = append(all, maskImplementation{"AVX2", func(dst, src []byte, key uint32) {
			if len(src) < maskVector {
				maskShort(dst, src, key)
				return
			}
			maskAVX2(&dst[0], &src[0], len(src), key)
		}})
	}
	if useAVX512 {
		all = append(all, maskImplementation{"AVX-512", Mask})
	}
	return all
}

// onProcessor runs f as on a processor that has AVX2, or AVX-512, or does not.
func onProcessor(avx2, avx512 bool, f func()) {
	was2, was512 := useAVX2, useAVX512
	defer func() { useAVX2, useAVX512 = was2, was512 }()
	useAVX2, useAVX512 = avx2, avx512
	f()
}

// Processors of every age mask with what they have.
func TestMaskOlderProcessors(t *testing.T) {
	impl := maskImplementation{"Mask", Mask}
	for _, n := range append(lengths(0, 140), lengths(maskWide-2, maskWide+2)...) {
		onProcessor(false, false, func() { testMaskAlignments(t, impl, n, maskKeys[0]) })
		onProcessor(useAVX2, false, func() { testMaskAlignments(t, impl, n, maskKeys[0]) })
	}
}
