package websocket

// This file holds the pools of buffers. They hold bytes and nothing else, so that a buffer may pass from one
// goroutine, connection or testing/synctest bubble to another.

import (
	"math/bits"
	"sync"
	"unsafe"
)

// Some sizes of pooled buffers, in bytes. There is one for each power of two from the least to the most: what grows by what
// has come never takes more than twice that.
const (
	size256  = 256
	size512  = 512
	size4K   = 4 << 10
	size16K  = 16 << 10
	size32K  = 32 << 10
	size64K  = 64 << 10
	size128K = 128 << 10
	size256K = 256 << 10
	size1M   = 1 << 20

	leastSize = size256
	mostSize  = size1M
)

// pools are those of the sizes from leastSize to mostSize. They hold *byte: a slice finds its way back by its capacity, and
// neither way allocates.
var pools [13]sync.Pool

// sizeClass returns the index of the pool whose buffers have room for n bytes, at most mostSize.
func sizeClass(n int) int { return bits.Len(uint(n-1)|(leastSize-1)) - bits.Len(leastSize-1) }

// getBuffer returns an empty slice with room for at least n bytes. Give it back with putBuffer.
func getBuffer(n int) []byte {
	if n > mostSize {
		return make([]byte, 0, n)
	}
	class := sizeClass(max(n, 1))
	size := leastSize << class
	if p, _ := pools[class].Get().(*byte); p != nil {
		return unsafe.Slice(p, size)[:0]
	}
	return make([]byte, 0, size)
}

// putBuffer gives back a slice of getBuffer's that starts where it started. Others are left to the collector.
func putBuffer(b []byte) {
	if n := cap(b); n >= leastSize && n <= mostSize && n&(n-1) == 0 {
		pools[sizeClass(n)].Put(unsafe.SliceData(b))
	}
}

// growBuffer returns b with room for n more bytes, moved to a larger buffer if need be.
func growBuffer(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b
	}
	return moveBuffer(b, n)
}

// moveBuffer is growBuffer for a buffer without the room. It is apart so that growBuffer is inlined.
func moveBuffer(b []byte, n int) []byte {
	larger := append(getBuffer(max(len(b)+n, 2*len(b))), b...)
	putBuffer(b)
	return larger
}
