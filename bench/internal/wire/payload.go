package wire

import (
	"fmt"
	"math/rand/v2"
)

var words = [...]string{
	"order", "price", "alpha", "status", "update", "message", "zürich", "confirm", "réseau", "volume", "delta",
	"token", "session", "東京", "user", "login", "stream", "value", "market", "closed", "pending", "quote",
}

// Payload returns n bytes of what applications send: small JSON records with a few changing numbers and words. The
// seed decides which. The last record is cut, so payloads are sent as binary messages.
func Payload(n, seed int) []byte {
	r := rand.New(rand.NewPCG(uint64(seed), 6455))
	b := make([]byte, 0, n+128)
	for len(b) < n {
		b = fmt.Appendf(b, `{"id":%d,"type":%q,"at":%d.%03d,"text":"%s %s %s"}`, r.Uint32(), words[r.IntN(len(words))],
			1700000000+r.IntN(1e8), r.IntN(1000), words[r.IntN(len(words))], words[r.IntN(len(words))], words[r.IntN(len(words))])
	}
	return b[:n]
}
