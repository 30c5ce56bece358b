package simd

// This file tests masking: every implementation by its name. maskImplementations stands beside the implementations of
// each architecture.

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// maskImplementation masks len(src) bytes from src to dst, as Mask does.
type maskImplementation struct {
	name string
	mask func(dst, src []byte, key uint32)
}

// maskOracle is RFC 6455, Section 5.3, by the letter: "Octet i of the transformed data is the XOR of octet i of the
// original data with octet at index i modulo 4 of the masking key".
func maskOracle(src []byte, key [4]byte) []byte {
	out := make([]byte, len(src))
	for i := range src {
		j := i % 4
		out[i] = src[i] ^ key[j]
	}
	return out
}

// maskKeys are one key in its four phases, and one whose bytes are zero but for one.
var maskKeys = [][4]byte{
	{0x37, 0xfa, 0x21, 0x3d}, {0xfa, 0x21, 0x3d, 0x37}, {0x21, 0x3d, 0x37, 0xfa}, {0x3d, 0x37, 0xfa, 0x21},
	{0, 0, 0, 0xff},
}

// noise returns n bytes that do not repeat with any short period.
func noise(n int) []byte {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

// lengths returns lo to hi.
func lengths(lo, hi int) []int {
	var all []int
	for n := lo; n <= hi; n++ {
		all = append(all, n)
	}
	return all
}

// Every implementation, at every length to 300, every alignment in a cache line and every phase, in place and from
// elsewhere at another alignment: the bytes are right, those around them are not touched, and src is only read.
func TestMaskImplementations(t *testing.T) {
	for _, impl := range maskImplementations() {
		t.Run(impl.name, func(t *testing.T) {
			for n := range 301 {
				for _, key := range maskKeys {
					testMaskAlignments(t, impl, n, key)
				}
			}
			// AVX-512 begins at 512, with blocks of 256 bytes.
			for n := 512; n <= 512+256; n++ {
				testMaskAlignments(t, impl, n, maskKeys[n%4])
			}
			for _, n := range []int{511, 1023, 1024, 1025, 4093, 4096, 65535, 65536, 65541} {
				testMaskAlignments(t, impl, n, maskKeys[n%4])
			}
		})
	}
}

func testMaskAlignments(t *testing.T, impl maskImplementation, n int, key [4]byte) {
	t.Helper()
	const line, canary = 64, 64
	plain := noise(n)
	want := maskOracle(plain, key)
	k := binary.LittleEndian.Uint32(key[:])
	around := bytes.Repeat([]byte{0xA5}, line+canary)
	src := make([]byte, n+2*line)
	dst := make([]byte, n+line+2*canary)
	for at := range line {
		lo, hi := canary+at, canary+at+n
		// In place.
		copy(dst, around)
		copy(dst[lo:], plain)
		copy(dst[hi:], around)
		impl.mask(dst[lo:hi:hi], dst[lo:hi:hi], k)
		if !bytes.Equal(dst[lo:hi], want) || !bytes.Equal(dst[:lo], around[:lo]) || !bytes.Equal(dst[hi:], around[:len(dst)-hi]) {
			t.Fatalf("in place: length %d, alignment %d, key %x", n, at, key)
		}
		// From elsewhere.
		from := src[(at*7+n)%line:][:n:n]
		copy(from, plain)
		copy(dst[lo:hi], around)
		impl.mask(dst[lo:hi:hi], from, k)
		if !bytes.Equal(dst[lo:hi], want) || !bytes.Equal(dst[:lo], around[:lo]) || !bytes.Equal(dst[hi:], around[:len(dst)-hi]) {
			t.Fatalf("copied: length %d, alignment %d, key %x", n, at, key)
		}
		if !bytes.Equal(from, plain) {
			t.Fatalf("copied: length %d, alignment %d: src was written", n, at)
		}
	}
}

// FuzzMask compares every implementation with RFC 6455's own words, in place and copied, at the alignment and split
// that the input asks for.
func FuzzMask(f *testing.F) {
	f.Add([]byte("Hello"), uint32(0x3d21fa37), uint8(0), uint16(2))
	f.Fuzz(func(t *testing.T, p []byte, k uint32, at uint8, split uint16) {
		var key [4]byte
		binary.LittleEndian.PutUint32(key[:], k)
		want := maskOracle(p, key)
		i := int(split) % (len(p) + 1)
		for _, impl := range maskImplementations() {
			buf := append(make([]byte, at%64), p...)[at%64:]
			rest := binary.LittleEndian.Uint32(maskOracleKey(key, i))
			impl.mask(buf[:i], buf[:i], k)
			impl.mask(buf[i:], buf[i:], rest)
			if !bytes.Equal(buf, want) {
				t.Fatalf("%s, in place: %x, want %x", impl.name, buf, want)
			}
			clear(buf)
			impl.mask(buf[:i], p[:i], k)
			impl.mask(buf[i:], p[i:], rest)
			if !bytes.Equal(buf, want) {
				t.Fatalf("%s, copied: %x, want %x", impl.name, buf, want)
			}
		}
	})
}

// maskOracleKey is key as it applies n bytes further on.
func maskOracleKey(key [4]byte, n int) []byte {
	return []byte{key[n%4], key[(n+1)%4], key[(n+2)%4], key[(n+3)%4]}
}
