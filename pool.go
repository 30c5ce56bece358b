package websocket

// This file holds the pools of buffers. They hold bytes and nothing else, so that a buffer may pass from one
// goroutine, connection or testing/synctest bubble to another.

import "sync"

// The sizes of pooled buffers, in bytes: of a frame or two, of some more, of a read, of a full write buffer, of a read where messages
// are larger, and of large messages.
const (
	size512  = 512
	size4K   = 4 << 10
	size32K  = 32 << 10
	size64K  = 64 << 10
	size128K = 128 << 10
	size256K = 256 << 10
	size1M   = 1 << 20
)

// The pools hold pointers to arrays: a slice that was made of one finds its way back by its capacity, and neither
// way allocates.
var (
	pool512  = sync.Pool{New: func() any { return new([size512]byte) }}
	pool4K   = sync.Pool{New: func() any { return new([size4K]byte) }}
	pool32K  = sync.Pool{New: func() any { return new([size32K]byte) }}
	pool64K  = sync.Pool{New: func() any { return new([size64K]byte) }}
	pool128K = sync.Pool{New: func() any { return new([size128K]byte) }}
	pool256K = sync.Pool{New: func() any { return new([size256K]byte) }}
	pool1M   = sync.Pool{New: func() any { return new([size1M]byte) }}
)

// getBuffer returns an empty slice with room for at least n bytes. Give it back with putBuffer.
func getBuffer(n int) []byte {
	switch {
	case n <= size512:
		return pool512.Get().(*[size512]byte)[:0]
	case n <= size4K:
		return pool4K.Get().(*[size4K]byte)[:0]
	case n <= size32K:
		return pool32K.Get().(*[size32K]byte)[:0]
	case n <= size64K:
		return pool64K.Get().(*[size64K]byte)[:0]
	case n <= size128K:
		return pool128K.Get().(*[size128K]byte)[:0]
	case n <= size256K:
		return pool256K.Get().(*[size256K]byte)[:0]
	case n <= size1M:
		return pool1M.Get().(*[size1M]byte)[:0]
	}
	return make([]byte, 0, n)
}

// putBuffer gives back a slice of getBuffer's that starts where it started. Others are left to the collector.
func putBuffer(b []byte) {
	switch b = b[:cap(b)]; len(b) {
	case size512:
		pool512.Put((*[size512]byte)(b))
	case size4K:
		pool4K.Put((*[size4K]byte)(b))
	case size32K:
		pool32K.Put((*[size32K]byte)(b))
	case size64K:
		pool64K.Put((*[size64K]byte)(b))
	case size128K:
		pool128K.Put((*[size128K]byte)(b))
	case size256K:
		pool256K.Put((*[size256K]byte)(b))
	case size1M:
		pool1M.Put((*[size1M]byte)(b))
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
