package websocket

// This file holds the names of the pooled buffers' sizes, and of what internal/buffers does with them.

import "github.com/seed-d69ae1b7/websocket/internal/buffers"

// Some sizes of pooled buffers, in bytes.
const (
	size512  = 512
	size4K   = 4 << 10
	size16K  = 16 << 10
	size32K  = 32 << 10
	size64K  = 64 << 10
	size128K = 128 << 10
	size256K = 256 << 10
	size1M   = 1 << 20
)

// getBuffer returns an empty slice with room for at least n bytes. Give it back with putBuffer.
func getBuffer(n int) []byte { return buffers.Get(n) }

// putBuffer gives back a slice of getBuffer's that starts where it started. Others are left to the collector.
func putBuffer(b []byte) { buffers.Put(b) }

// growBuffer returns b with room for n more bytes, moved to a larger buffer if need be.
func growBuffer(b []byte, n int) []byte { return buffers.Grow(b, n) }
