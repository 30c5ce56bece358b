package websocket

// utf8Prefix is the implementation of UTF-8 validation that this platform uses: it returns the length of a prefix
// of p that is valid UTF-8, ends on a whole character, and is followed by less than one more valid character.
func utf8Prefix(p []byte) int { return utf8PrefixPortable(p) }
