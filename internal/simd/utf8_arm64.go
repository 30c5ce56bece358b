//go:build !purego

package simd

// utf8Vector is the least length that utf8NEON takes.
const utf8Vector = 16

// ValidPrefix returns the length of the longest prefix of p that is valid UTF-8 and ends on a whole character.
func ValidPrefix(p []byte) int {
	if len(p) < utf8Vector {
		return validPrefixPortable(p)
	}
	return utf8Finish(p, utf8NEON(&p[0], len(p)))
}

// utf8NEON looks at n bytes, at least utf8Vector, and returns how many of them are the beginning of valid UTF-8, but for
// the last, which may be one that no character begins with. It stops at most 63 bytes before the first one that is
// wrong; where there is none, at most two bytes before the end.
//
//go:noescape
func utf8NEON(p *byte, n int) int
