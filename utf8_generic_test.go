//go:build purego || !(amd64 || arm64)

package websocket

// utf8Implementations are all that there are on this platform.
func utf8Implementations() []utf8Implementation {
	return []utf8Implementation{{"portable", utf8Prefix}}
}
