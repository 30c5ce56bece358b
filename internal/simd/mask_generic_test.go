//go:build purego || !(amd64 || arm64)

package simd

// maskImplementations are all that there are on this platform.
func maskImplementations() []maskImplementation {
	return []maskImplementation{{"portable", Mask}}
}
