//go:build (amd64 || arm64 || loong64 || ppc64le || riscv64) && !purego

package compress

// This file holds the loads of the deflater's search, from the window and from its tables, of which it is full: without
// bounds checks it takes a tenth less time (BenchmarkDeflate, with the tag purego and without). The search computes its
// indices from its own positions and hashes, never from what a peer sent, and the inflater uses none of this. Under the tag
// purego the checks are made: the tests and the fuzz targets must run with it as well.

import "unsafe"

// load32 returns the four bytes of b from i on, which must be there.
func load32(b []byte, i int) uint32 {
	return *(*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))
}

// load64 returns the eight bytes of b from i on, which must be there.
func load64(b []byte, i int) uint64 {
	return *(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))
}

// at16 returns where t[i] is, which must be there.
func at16(t []uint16, i uint64) *uint16 {
	return (*uint16)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(t)), 2*i))
}

// at32 returns where t[i] is, which must be there.
func at32(t []uint32, i uint64) *uint32 {
	return (*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(t)), 4*i))
}
