//go:build !purego

package websocket

// utf8Implementations are all that there are. utf8Prefix is the one of NEON, which every processor has.
func utf8Implementations() []utf8Implementation {
	return []utf8Implementation{{"portable", utf8PrefixPortable}, {"NEON", utf8Prefix}}
}
