//go:build !purego

package websocket

import (
	"testing"

	"golang.org/x/sys/cpu"
)

// maskImplementations are all that this processor can run. maskBytes is the one of AVX2 where there is AVX2.
func maskImplementations() []maskImplementation {
	all := []maskImplementation{{"portable", maskBytesPortable}}
	if cpu.X86.HasAVX2 {
		all = append(all, maskImplementation{"AVX2", maskBytes})
	}
	return all
}

// withoutAVX2 runs f as on a processor that has no AVX2.
func withoutAVX2(f func()) {
	was := useAVX2
	defer func() { useAVX2 = was }()
	useAVX2 = false
	f()
}

// A processor without AVX2 masks with what it has.
func TestMaskWithoutAVX2(t *testing.T) {
	withoutAVX2(func() {
		for n := range 301 {
			testMaskAlignments(t, maskImplementation{"without AVX2", maskBytes}, n, maskKeys[0])
		}
	})
}
