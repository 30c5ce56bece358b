//go:build !js

package soak

import (
	"math/rand/v2"

	"github.com/seed-d69ae1b7/websocket"
)

// words are what messages are made of: some that repeat, and characters of several bytes.
var words = []string{"the ", "Größe", `{"id":`, "0123456789", "€", "🙂", "\n", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}

// content returns a message that its seed tells: text, or bytes of which half do not shrink. n is about its size.
func content(seed uint64, n int) (websocket.Opcode, []byte) {
	r := rand.New(rand.NewPCG(seed, 0))
	op := websocket.OpText
	if r.IntN(2) == 0 {
		op = websocket.OpBinary
	}
	p := make([]byte, 0, n+64)
	for len(p) < n {
		p = append(p, words[r.IntN(len(words))]...)
		if op == websocket.OpBinary {
			for x, i := r.Uint64(), 0; i < 8; i++ {
				p = append(p, byte(x>>(8*i)))
			}
		}
	}
	return op, p
}

// size draws how large a message is: mostly small, sometimes larger than any buffer.
func size(r *rand.Rand) int {
	return r.IntN(1 << []int{4, 8, 8, 10, 12, 15, 17, 19}[r.IntN(8)])
}
