//go:build !purego

package simd

import "testing"

// utf8Implementations are all that there are. ValidPrefix is the one of NEON, which every processor has.
func utf8Implementations() []utf8Implementation {
	return []utf8Implementation{{"portable", validPrefixPortable}, {"NEON", ValidPrefix}}
}

func TestUTF8NEON(t *testing.T) { testUTF8Vectors(t, utf8NEON) }
