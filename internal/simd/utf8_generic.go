//go:build purego || !(amd64 || arm64)

package simd

// ValidPrefix returns the length of the longest prefix of p that is valid UTF-8 and ends on a whole character.
func ValidPrefix(p []byte) int { return validPrefixPortable(p) }
