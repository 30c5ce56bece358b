// Package wire holds the bytes that the load sends, prebuilt, and the checker of what comes back. It does no I/O.
package wire

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// Messages is how many different messages a load cycles through, unless they are a chat's. A server that answered with an
// earlier message, or with another connection's place in the cycle, is found out.
const Messages = 16

// Shape is what a benchmark varies from cell to cell.
type Shape struct {
	Conns    int  `json:"conns"`
	InFlight int  `json:"inFlight"` // messages sent at once on a connection; all must be back before the next
	Size     int  `json:"size"`     // of a payload, in bytes, before compression
	Deflate  bool `json:"deflate"`
	TLS      bool `json:"tls,omitempty"`
	Chat     bool `json:"chat,omitempty"`     // messages of a chat: see chat.go
	Takeover bool `json:"takeover,omitempty"` // ... with deflate, and context takeover in both directions
}

// String names the shape in tables and errors.
func (s Shape) String() string {
	name := fmt.Sprintf("%d conn x %d in flight x %s", s.Conns, s.InFlight, Bytes(s.Size))
	if s.Deflate {
		name += ", deflate"
	}
	if s.Chat {
		name += ", chat"
	}
	if s.Takeover {
		name += ", takeover"
	}
	if s.TLS {
		name += ", TLS"
	}
	return name
}

// Bytes writes a size the short way: 125 B, 64 KiB, 1 MiB.
func Bytes(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}

// Traffic is the prebuilt traffic of all connections of a load, and what is known of its echoes.
type Traffic struct {
	shape    Shape
	frames   []byte     // the masked frames of all messages, one behind the other
	ends     []int      // where each of them ends
	payloads [][]byte   // uncompressed
	verified [][][]byte // compressed echoes of each that have been inflated and found right
	said     []byte     // with takeover: the payloads, twice, one behind the other
	preludes [][]byte   // ... and those that have been asked for
}

// NewTraffic builds the messages of s.
func NewTraffic(s Shape) *Traffic {
	t := &Traffic{shape: s}
	if s.Chat {
		t.payloads = corpus.Chat(corpus.Seed, chatMessages)
	} else {
		for i := range Messages {
			t.payloads = append(t.payloads, Payload(s.Size, i))
		}
	}
	t.verified, t.preludes = make([][][]byte, len(t.payloads)), make([][]byte, len(t.payloads))
	for i, body := range t.compressed() {
		t.frames = appendFrame(t.frames, body, s.Deflate, uint32(i+1))
		t.ends = append(t.ends, len(t.frames))
	}
	return t
}

// compressed returns what stands for the payloads in their frames.
func (t *Traffic) compressed() [][]byte {
	if t.shape.Takeover {
		return t.takenOver()
	}
	if !t.shape.Deflate {
		return t.payloads
	}
	var bodies [][]byte
	for _, p := range t.payloads {
		bodies = append(bodies, deflate(p))
	}
	return bodies
}

// appendFrame appends the masked frame of a message.
func appendFrame(dst, body []byte, compressed bool, key uint32) []byte {
	h := websocket.Header{Fin: true, Opcode: websocket.OpBinary, Masked: true, RSV1: compressed, Length: uint64(len(body))}
	binary.BigEndian.PutUint32(h.MaskKey[:], 0x9E3779B9*key)
	dst = websocket.AppendHeader(dst, h)
	start := len(dst)
	dst = append(dst, body...)
	for j := range body {
		dst[start+j] ^= h.MaskKey[j&3]
	}
	return dst
}

// Len returns how many messages there are.
func (t *Traffic) Len() int { return len(t.payloads) }

// Frames returns the bytes of the n messages from message first on, which must not be changed. first + n must not be
// more than Len.
func (t *Traffic) Frames(first, n int) []byte { return t.frames[t.start(first):t.ends[first+n-1]] }

func (t *Traffic) start(i int) int {
	if i == 0 {
		return 0
	}
	return t.ends[i-1]
}

// deflate compresses p as RFC 7692, Section 7.2.1, says, without reference to any other message.
func deflate(p []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.DefaultCompression)
	if err != nil {
		panic(err) // the level is a constant
	}
	w.Write(p) // a bytes.Buffer takes everything
	w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte{0, 0, 0xFF, 0xFF})
}
