//go:build purego || !(amd64 || arm64)

package simd

// utf8Implementations are all that there are on this platform.
func utf8Implementations() []utf8Implementation {
	return []utf8Implementation{{"portable", ValidPrefix}}
}
