// Package buffers holds the pools of buffers. They hold bytes and nothing else, so that a buffer may pass from one goroutine,
// connection or testing/synctest bubble to another.
package buffers

import (
	"math/bits"
	"sync"
	"unsafe"
)

// The sizes of pooled buffers, in bytes. There is one for each power of two from Least to Most: what grows by what has come
// never takes more than twice that.
const (
	Least = 256
	Most  = 1 << 20
)

// pools are those of the sizes from Least to Most. They hold *byte: a slice finds its way back by its capacity, and neither way
// allocates.
var pools [13]sync.Pool

// class returns the index of the pool whose buffers have room for n bytes, at most Most.
func class(n int) int { return bits.Len(uint(n-1)|(Least-1)) - bits.Len(Least-1) }

// Get returns an empty slice with room for at least n bytes. Give it back with Put.
func Get(n int) []byte {
	if n > Most {
		return make([]byte, 0, n)
	}
	class := class(max(n, 1))
	size := Least << class
	if p, _ := pools[class].Get().(*byte); p != nil {
		return unsafe.Slice(p, size)[:0]
	}
	return make([]byte, 0, size)
}

// Put gives back a slice of Get's that starts where it started. Others are left to the collector.
func Put(b []byte) {
	if n := cap(b); n >= Least && n <= Most && n&(n-1) == 0 {
		pools[class(n)].Put(unsafe.SliceData(b))
	}
}

// Grow returns b with room for n more bytes, moved to a larger buffer if need be.
func Grow(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b
	}
	return move(b, n)
}

// move is Grow for a buffer without the room. It is apart so that Grow is inlined.
func move(b []byte, n int) []byte {
	larger := append(Get(max(len(b)+n, 2*len(b))), b...)
	Put(b)
	return larger
}
