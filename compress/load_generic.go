//go:build !(amd64 || arm64 || loong64 || ppc64le || riscv64) || purego

package compress

import "encoding/binary"

// load32 returns the four bytes of b from i on.
func load32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[i:]) }

// load64 returns the eight bytes of b from i on.
func load64(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i:]) }

// at16 returns where t[i] is.
func at16(t []uint16, i uint64) *uint16 { return &t[i] }

// at32 returns where t[i] is.
func at32(t []uint32, i uint64) *uint32 { return &t[i] }
