package engineio

// This file holds the identifiers of sessions.

import (
	"crypto/rand"
	"encoding/base64"
	"sync/atomic"
)

// sidLength is the length of every identifier. Cluster adapters tell rooms of one socket from others by it.
const sidLength = 20

// sids makes identifiers as the Node implementation does: twelve random bytes, which nobody can guess, and three that count, so that
// no two are the same, in base64 for URLs.
type sids struct{ count atomic.Uint32 }

// next returns a new identifier.
func (s *sids) next() string {
	var b [15]byte
	rand.Read(b[:12]) // it does not fail
	n := s.count.Add(1) - 1
	b[12], b[13], b[14] = byte(n>>16), byte(n>>8), byte(n)
	return base64.URLEncoding.EncodeToString(b[:])
}
