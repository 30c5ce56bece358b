//go:build purego || !(amd64 || arm64)

package websocket

// maskBytes is the implementation of masking that this platform uses.
func maskBytes(dst, src []byte, key uint32) { maskBytesPortable(dst, src, key) }
