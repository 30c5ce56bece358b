package model

// This file holds what messages consist of: a stamp that says whose they are, and bytes that follow from it.

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"

	"github.com/seed-d69ae1b7/websocket"
)

// stamp is what a message begins with, in hexadecimal so that it can be text.
type stamp struct {
	talk   uint64 // the conversation
	side   uint8  // who sent it
	writer uint8
	op     websocket.Opcode
	seq    uint32
	size   uint32 // of the whole message
}

// stampSize is the size of a stamp in a message, and unit that which sizes are multiples of, so that text is cut at the
// ends of characters.
const (
	stampSize = 2*(8+1+1+1+4+4) + 2
	unit      = 4
)

// maxMessage is the size of the largest message.
const maxMessage = 4 << 20

// letters and noise are what messages are cut from: text that shrinks, and bytes that do not.
var letters, noise = makeLetters(), makeNoise()

func makeLetters() []byte {
	r := rand.New(rand.NewPCG(1, 2))
	p := make([]byte, 0, maxMessage+1<<20)
	words := []string{"éa ", "üb ", "the ", "{\"a\"", ":12,", "öö", "€x", "\U0001F600"}
	for len(p)+unit <= cap(p) {
		p = append(p, words[r.IntN(len(words))]...)
	}
	return p
}

func makeNoise() []byte {
	r := rand.New(rand.NewPCG(3, 4))
	p := make([]byte, maxMessage+1<<20)
	for i := 0; i+8 <= len(p); i += 8 {
		binary.LittleEndian.PutUint64(p[i:], r.Uint64())
	}
	return p
}

// body returns what follows the stamp.
func (s stamp) body() []byte {
	n := max(int(s.size)-stampSize, 0)
	at := rand.New(rand.NewPCG(s.talk, uint64(s.seq)<<16|uint64(s.writer)<<8|uint64(s.side))).IntN(1<<20/unit) * unit
	if s.op == websocket.OpText {
		return letters[at : at+n]
	}
	return noise[at : at+n]
}

// message returns the whole message.
func (s stamp) message() []byte {
	var b [(stampSize - 2) / 2]byte
	binary.BigEndian.PutUint64(b[:], s.talk)
	b[8], b[9], b[10] = s.side, s.writer, byte(s.op)
	binary.BigEndian.PutUint32(b[11:], s.seq)
	binary.BigEndian.PutUint32(b[15:], s.size)
	p := make([]byte, stampSize, max(int(s.size), stampSize))
	hex.Encode(p, b[:])
	p[stampSize-2], p[stampSize-1] = ' ', '\n'
	return append(p, s.body()...)
}

// parseStamp reads the stamp of a message, or of its beginning.
func parseStamp(p []byte) (s stamp, ok bool) {
	var b [(stampSize - 2) / 2]byte
	if len(p) < stampSize {
		return s, false
	}
	if _, err := hex.Decode(b[:], p[:stampSize-2]); err != nil {
		return s, false
	}
	return stamp{
		talk: binary.BigEndian.Uint64(b[:]), side: b[8], writer: b[9], op: websocket.Opcode(b[10]),
		seq: binary.BigEndian.Uint32(b[11:]), size: binary.BigEndian.Uint32(b[15:]),
	}, true
}

// sizeOf rounds a size to one that a message may have.
func sizeOf(n int) uint32 { return uint32(max(stampSize, min(n, maxMessage)/unit*unit)) }
