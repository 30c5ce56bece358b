//go:build !purego

package simd

// maskImplementations are all that there are. Mask is the one of NEON, which every processor has.
func maskImplementations() []maskImplementation {
	return []maskImplementation{{"portable", maskPortable}, {"NEON", Mask}}
}
