//go:build !purego

package websocket

import "testing"

// maskImplementations are all that this processor can run.
func maskImplementations() []maskImplementation {
	all := []maskImplementation{{"portable", maskBytesPortable}}
	if useAVX2 {
		all = append(all, maskImplementation{"AVX2", func(dst, src []byte, key uint32) {
			with(true, false, func() { maskBytes(dst, src, key) })
		}})
	}
	if useAVX512 {
		all = append(all, maskImplementation{"AVX-512", maskBytes})
	}
	return all
}

// with runs f as on a processor that has AVX2 and AVX-512, or does not.
func with(avx2, avx512 bool, f func()) {
	was2, was512 := useAVX2, useAVX512
	defer func() { useAVX2, useAVX512 = was2, was512 }()
	useAVX2, useAVX512 = avx2, avx512
	f()
}

// A processor without AVX2 masks with what it has.
func TestMaskWithoutAVX2(t *testing.T) {
	impl := maskImplementation{"without AVX2", func(dst, src []byte, key uint32) {
		with(false, false, func() { maskBytes(dst, src, key) })
	}}
	for n := range 301 {
		testMaskAlignments(t, impl, n, maskKeys[0])
	}
}
