package micro

// This file measures masking beside what others export of theirs, and beside the floors. gobwas/ws exports its cipher.
// gorilla, coder, gws and nbio keep theirs internal: it shows only in their whole messages (message_test.go).

import (
	"bytes"
	"crypto/subtle"
	"testing"

	"github.com/gobwas/ws"
	"github.com/seed-d69ae1b7/websocket"
)

// maskSizes are those of the budget, and with one byte left out at the front, so that nothing is aligned.
var maskSizes = []struct {
	name     string
	off, len int
}{
	{"16", 0, 16}, {"125", 0, 125}, {"1KiB", 0, 1 << 10}, {"64KiB", 0, 64 << 10}, {"1MiB", 0, 1 << 20},
	{"1KiB-unaligned", 1, 1 << 10}, {"64KiB-unaligned", 1, 64 << 10},
}

// BenchmarkMask masks in place. XORBytes is the floor of doing so: the key as long as the payload, at no cost.
func BenchmarkMask(b *testing.B) {
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	for _, size := range maskSizes {
		p := written(size.off + size.len)[size.off:]
		long := written(size.len)
		run := func(name string, f func()) { measureMask(b, size.name+"/"+name, size.len, f) }
		run("ours", func() { websocket.Mask(key, p) })
		run("gobwas", func() { ws.Cipher(p, key, 0) })
		run("XORBytes", func() { subtle.XORBytes(p, p, long) })
	}
}

// BenchmarkMaskCopy masks from one place to another. What others do is a copy, then a mask in place. copy() alone is
// the floor.
func BenchmarkMaskCopy(b *testing.B) {
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	for _, size := range maskSizes {
		src := written(size.off + size.len)[size.off:]
		dst := written(size.len)
		run := func(name string, f func()) { measureMask(b, size.name+"/"+name, size.len, f) }
		run("ours", func() { websocket.MaskCopy(dst, src, key) })
		run("gobwas", func() {
			copy(dst, src)
			ws.Cipher(dst, key, 0)
		})
		run("copy()", func() { copy(dst, src) })
	}
}

// written returns n bytes whose pages are there: the first to be measured does not pay for them.
func written(n int) []byte {
	return bytes.Repeat([]byte{0xA5}, n)
}

func measureMask(b *testing.B, name string, size int, f func()) {
	b.Run(name, func(b *testing.B) {
		b.SetBytes(int64(size))
		for b.Loop() {
			f()
		}
	})
}
