package simd

// This file measures every implementation of masking beside copy(), the floor. Peers stand in bench/micro.

import (
	"fmt"
	"testing"
)

func BenchmarkMaskImplementations(b *testing.B) {
	for _, size := range []int{1, 5, 8, 16, 31, 32, 64, 125, 256, 1 << 10, 4 << 10, 64 << 10, 1 << 20} {
		src, dst := noise(size), noise(size) // written, so that nobody pays for their pages
		measure := func(name string, f func()) {
			b.Run(fmt.Sprintf("%d/%s", size, name), func(b *testing.B) {
				b.SetBytes(int64(size))
				for b.Loop() {
					f()
				}
			})
		}
		for _, impl := range maskImplementations() {
			measure(impl.name, func() { impl.mask(dst, dst, 0x04030201) })
			measure(impl.name+"-copy", func() { impl.mask(dst, src, 0x04030201) })
		}
		measure("copy()", func() { copy(dst, src) })
	}
}
