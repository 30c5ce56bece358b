//go:build purego || !(amd64 || arm64)

package websocket

// utf8Prefix is the implementation of UTF-8 validation that this platform uses: it returns the length of the longest
// prefix of p that is valid UTF-8 and ends on a whole character.
func utf8Prefix(p []byte) int { return utf8PrefixPortable(p) }
