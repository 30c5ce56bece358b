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

// bareHeader is what a header must be taken apart into at least, and nothing is checked.
type bareHeader struct {
	fin, masked bool
	opcode      byte
	key         [4]byte
	length      uint64
}

//go:noinline
func bareParse(b []byte) (h bareHeader, n int) {
	if len(b) < 2 {
		return h, 0
	}
	h.fin, h.opcode, h.masked, h.length, n = b[0]&0x80 != 0, b[0]&0xF, b[1]&0x80 != 0, uint64(b[1]&0x7F), 2
	switch h.length {
	case 126:
		if len(b) < 4 {
			return h, 0
		}
		h.length, n = uint64(binary.BigEndian.Uint16(b[2:])), 4
	case 127:
		if len(b) < 10 {
			return h, 0
		}
		h.length, n = binary.BigEndian.Uint64(b[2:]), 10
	}
	if h.masked {
		if len(b) < n+4 {
			return h, 0
		}
		h.key = [4]byte(b[n:])
		n += 4
	}
	return h, n
}

//go:noinline
func bareAppend(dst []byte, h bareHeader) []byte {
	b0, b1 := h.opcode, byte(0)
	if h.fin {
		b0 |= 0x80
	}
	if h.masked {
		b1 = 0x80
	}
	switch {
	case h.length < 126:
		dst = append(dst, b0, b1|byte(h.length))
	case h.length < 1<<16:
		dst = append(dst, b0, b1|126, byte(h.length>>8), byte(h.length))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, b0, b1|127), h.length)
	}
	if h.masked {
		dst = append(dst, h.key[:]...)
	}
	return dst
}

func BenchmarkParseHeader(b *testing.B) {
	for _, length := range lengths {
		in := websocket.AppendHeader(nil, websocket.Header{Fin: true, Opcode: websocket.OpBinary, Masked: true, Length: length})
		name := fmt.Sprintf("length=%d/lib=", length)
		b.Run(name+"bare", func(b *testing.B) {
			for b.Loop() {
				if h, _ := bareParse(in); h.length != length {
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
			h := bareHeader{fin: true, opcode: 2, length: length}
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
