//go:build unix

package simd

// This file runs every implementation of masking and of UTF-8 validation with pages before and behind the payload
// that kill the process when they are touched: assembly has no bounds checks.

import (
	"bytes"
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"
)

// guarded returns a page of memory between two that cannot be read or written.
func guarded(t *testing.T) []byte {
	t.Helper()
	size := unix.Getpagesize()
	b, err := unix.Mmap(-1, 0, 3*size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Munmap(b); err != nil {
			t.Error(err)
		}
	})
	for _, page := range [][]byte{b[:size], b[2*size:]} {
		if err := unix.Mprotect(page, unix.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	return b[size : 2*size : 2*size]
}

// Masking reads and writes nothing outside of its slices.
func TestMaskGuardPages(t *testing.T) {
	src, dst := guarded(t), guarded(t)
	key := maskKeys[0]
	k := binary.LittleEndian.Uint32(key[:])
	for _, impl := range maskImplementations() {
		for _, n := range append(lengths(0, 800), len(src)-1, len(src)) {
			plain := noise(n)
			want := maskOracle(plain, key)
			for _, s := range [][]byte{src[:n], src[len(src)-n:]} {
				for _, d := range [][]byte{dst[:n], dst[len(dst)-n:]} {
					copy(s, plain)
					impl.mask(d, s, k)
					impl.mask(s, s, k)
					if !bytes.Equal(d, want) || !bytes.Equal(s, want) {
						t.Fatalf("%s, %d bytes: wrong", impl.name, n)
					}
				}
			}
		}
	}
}

// UTF-8 validation reads nothing outside of its slice.
func TestUTF8GuardPages(t *testing.T) {
	page := guarded(t)
	for _, impl := range utf8Implementations() {
		for _, n := range append(lengths(0, 800), len(page)-1, len(page)) {
			for _, text := range []string{"a", "é", "語", "😀", "\xff", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaé"} {
				for _, p := range [][]byte{page[:n], page[len(page)-n:]} {
					copy(p, bytes.Repeat([]byte(text), n/len(text)+1))
					if got, want := impl.prefix(p), validPrefixOracle(p); got != want {
						t.Fatalf("%s, %d bytes of %q: %d, want %d", impl.name, n, text, got, want)
					}
				}
			}
		}
	}
}
