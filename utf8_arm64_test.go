//go:build !purego

package websocket

import "testing"

// utf8Implementations are all that there are. utf8Prefix is the one of NEON, which every processor has.
func utf8Implementations() []utf8Implementation {
	return []utf8Implementation{{"portable", utf8PrefixPortable}, {"NEON", utf8Prefix}}
}

func TestUTF8NEON(t *testing.T) { testUTF8Vectors(t, utf8NEON) }
