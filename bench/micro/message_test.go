package micro

import (
	"fmt"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

var sizes = []int{16, 125, 1 << 10, 64 << 10}

// masked is a masked frame with a payload of n bytes.
func masked(n int) []byte {
	h := websocket.Header{Fin: true, Opcode: websocket.OpBinary, Masked: true, MaskKey: [4]byte{1, 2, 3, 4}, Length: uint64(n)}
	return append(websocket.AppendHeader(nil, h), make([]byte, n)...)
}

// BenchmarkReadMessage reads whole messages as a server, many of them in each read of the transport.
func BenchmarkReadMessage(b *testing.B) {
	for _, size := range sizes {
		for _, p := range peers {
			if p.read == nil {
				continue
			}
			b.Run(fmt.Sprintf("size=%s/lib=%s", wire.Bytes(size), p.name), func(b *testing.B) {
				b.SetBytes(int64(size))
				b.ReportAllocs()
				if n := p.read(&transport{head: request, frame: masked(size), frames: b.N}); n != b.N {
					b.Errorf("%d messages, want %d", n, b.N)
				}
			})
		}
	}
}

// BenchmarkWriteMessage writes whole messages as a server, each at once. The transport does not look at the payload, so
// that a library that does not either has a price that does not depend on the size.
func BenchmarkWriteMessage(b *testing.B) {
	for _, size := range sizes {
		payload := make([]byte, size)
		for _, p := range peers {
			if p.write == nil {
				continue
			}
			b.Run(fmt.Sprintf("size=%s/lib=%s", wire.Bytes(size), p.name), func(b *testing.B) {
				b.ReportAllocs()
				t := &transport{head: request}
				if err := p.write(t, payload, b.N); err != nil || t.written < b.N*size {
					b.Errorf("%d bytes written of %d messages: %v", t.written, b.N, err)
				}
			})
		}
	}
}
