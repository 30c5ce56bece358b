//go:build !purego

package websocket

// maskImplementations are all that there are. maskBytes is the one of NEON, which every processor has.
func maskImplementations() []maskImplementation {
	return []maskImplementation{{"portable", maskBytesPortable}, {"NEON", maskBytes}}
}
