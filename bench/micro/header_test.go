package micro

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"testing"

	"github.com/gobwas/ws"

	"github.com/seed-d69ae1b7/websocket"
)

// lengths of payloads, one for each form of header.
var lengths = []uint64{125, 1 << 10, 1 << 20}

// bareParse is the floor of ParseHeader: it takes a header apart into the same fields, and checks nothing but that
// there are enough bytes.
//
//go:noinline
func bareParse(b []byte) (h websocket.Header, n int) {
	if len(b) < 2 {
		return h, 0
	}
	h.Fin, h.RSV1, h.RSV2, h.RSV3 = b[0]&0x80 != 0, b[0]&0x40 != 0, b[0]&0x20 != 0, b[0]&0x10 != 0
	h.Opcode, h.Masked, h.Length, n = websocket.Opcode(b[0]&0xF), b[1]&0x80 != 0, uint64(b[1]&0x7F), 2
	switch h.Length {
	case 126:
		if len(b) < 4 {
			return h, 0
		}
		h.Length, n = uint64(binary.BigEndian.Uint16(b[2:])), 4
	case 127:
		if len(b) < 10 {
			return h, 0
		}
		h.Length, n = binary.BigEndian.Uint64(b[2:]), 10
	}
	if h.Masked {
		if len(b) < n+4 {
			return h, 0
		}
		h.MaskKey = [4]byte(b[n:])
		n += 4
	}
	return h, n
}

// bareAppend is the floor of AppendHeader, which checks nothing either: it writes the same fields in the plainest way.
//
//go:noinline
func bareAppend(dst []byte, h websocket.Header) []byte {
	b0, b1 := byte(h.Opcode&0xF), byte(0)
	if h.Fin {
		b0 |= 0x80
	}
	if h.RSV1 {
		b0 |= 0x40
	}
	if h.RSV2 {
		b0 |= 0x20
	}
	if h.RSV3 {
		b0 |= 0x10
	}
	if h.Masked {
		b1 = 0x80
	}
	switch {
	case h.Length < 126:
		dst = append(dst, b0, b1|byte(h.Length))
	case h.Length < 1<<16:
		dst = append(dst, b0, b1|126, byte(h.Length>>8), byte(h.Length))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, b0, b1|127), h.Length)
	}
	if h.Masked {
		dst = append(dst, h.MaskKey[:]...)
	}
	return dst
}

func BenchmarkParseHeader(b *testing.B) {
	for _, length := range lengths {
		in := websocket.AppendHeader(nil, websocket.Header{Fin: true, Opcode: websocket.OpBinary, Masked: true, Length: length})
		name := fmt.Sprintf("length=%d/lib=", length)
		b.Run(name+"bare", func(b *testing.B) {
			for b.Loop() {
				if h, _ := bareParse(in); h.Length != length {
					b.Fatal(h)
				}
			}
		})
		b.Run(name+"ours", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if h, _, err := websocket.ParseHeader(in); h.Length != length {
					b.Fatal(h, err)
				}
			}
		})
		b.Run(name+"gobwas", func(b *testing.B) {
			b.ReportAllocs()
			r := bytes.NewReader(in)
			for b.Loop() {
				r.Reset(in)
				if h, err := ws.ReadHeader(r); uint64(h.Length) != length {
					b.Fatal(h, err)
				}
			}
		})
	}
}

func BenchmarkAppendHeader(b *testing.B) {
	for _, length := range lengths {
		buf := make([]byte, 0, websocket.MaxHeaderSize)
		name := fmt.Sprintf("length=%d/lib=", length)
		b.Run(name+"bare", func(b *testing.B) {
			h := websocket.Header{Fin: true, Opcode: websocket.OpBinary, Length: length}
			for b.Loop() {
				buf = bareAppend(buf[:0], h)
			}
		})
		b.Run(name+"ours", func(b *testing.B) {
			b.ReportAllocs()
			h := websocket.Header{Fin: true, Opcode: websocket.OpBinary, Length: length}
			for b.Loop() {
				buf = websocket.AppendHeader(buf[:0], h)
			}
		})
		b.Run(name+"gobwas", func(b *testing.B) {
			b.ReportAllocs()
			h := ws.Header{Fin: true, OpCode: ws.OpBinary, Length: int64(length)}
			for b.Loop() {
				if err := ws.WriteHeader(io.Discard, h); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
