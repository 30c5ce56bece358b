// Package wire holds the bytes that the load sends, prebuilt, and the checker of what comes back. It does no I/O.
package wire

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"

	"github.com/seed-d69ae1b7/websocket"
)

// Messages is how many different messages a load cycles through. A server that answered with an earlier message, or
// with another connection's place in the cycle, is found out.
const Messages = 16

// Shape is what a benchmark varies from cell to cell.
type Shape struct {
	Conns    int  `json:"conns"`
	InFlight int  `json:"inFlight"` // messages sent at once on a connection; all must be back before the next
	Size     int  `json:"size"`     // of a payload, in bytes, before compression
	Deflate  bool `json:"deflate"`
	TLS      bool `json:"tls,omitempty"`
}

// String names the shape in tables and errors.
func (s Shape) String() string {
	name := fmt.Sprintf("%d conn x %d in flight x %s", s.Conns, s.InFlight, Bytes(s.Size))
	if s.Deflate {
		name += ", deflate"
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
	deflate  bool
	frames   []byte           // the masked frames of all messages, one behind the other
	ends     [Messages]int    // where each of them ends
	payloads [Messages][]byte // uncompressed
	verified [Messages][]byte // a compressed echo that has been inflated and found right, or nil
}

// NewTraffic builds the messages of s.
func NewTraffic(s Shape) *Traffic {
	t := &Traffic{deflate: s.Deflate}
	for i := range Messages {
		t.payloads[i] = payload(s.Size, i)
		body, h := t.payloads[i], websocket.Header{Fin: true, Opcode: websocket.OpBinary, Masked: true}
		if s.Deflate {
			body, h.RSV1 = deflate(body), true
		}
		h.Length = uint64(len(body))
		binary.BigEndian.PutUint32(h.MaskKey[:], 0x9E3779B9*uint32(i+1))
		t.frames = websocket.AppendHeader(t.frames, h)
		start := len(t.frames)
		t.frames = append(t.frames, body...)
		for j := range body {
			t.frames[start+j] ^= h.MaskKey[j&3]
		}
		t.ends[i] = len(t.frames)
	}
	return t
}

// Frames returns the bytes of the n messages from message first on, which must not be changed. first + n must not be
// more than Messages.
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
