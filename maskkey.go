package websocket

// This file holds the source of mask keys.

import (
	"crypto/rand"
	"encoding/binary"
	"sync"
)

// keyBlock holds random bytes that have not been used for a key.
type keyBlock struct {
	left  int
	bytes [1024]byte
}

// keyBlocks saves a call of the system's generator for most keys: one call serves 256 of them.
var keyBlocks = sync.Pool{New: func() any { return new(keyBlock) }}

// randomMaskKey returns a new key. RFC 6455, Section 5.3: "the masking key MUST be derived from a strong source of
// entropy, and the masking key for a given frame MUST NOT make it simple for a server/proxy to predict the masking
// key for a subsequent frame."
func randomMaskKey() uint32 {
	b := keyBlocks.Get().(*keyBlock)
	if b.left == 0 {
		rand.Read(b.bytes[:]) // never fails: see its documentation
		b.left = len(b.bytes)
	}
	b.left -= 4
	key := binary.LittleEndian.Uint32(b.bytes[b.left:])
	keyBlocks.Put(b)
	return key
}
