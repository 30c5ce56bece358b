//go:build !purego && (amd64 || arm64)

package simd

import (
	"strings"
	"testing"
)

// testUTF8Vectors checks what utf8AVX2 and utf8NEON promise by themselves: they stop before a byte that is wrong, but
// not long before, and otherwise at the end. utf8Finish would make up for less, and nobody would see how slowly.
func testUTF8Vectors(t *testing.T, vectors func(p *byte, n int) int) {
	t.Helper()
	for _, char := range []string{"a", "é", "語", "😀", "aé語😀", strings.Repeat("a", 300) + "é"} {
		text := []byte(strings.Repeat(char, 1000/len(char)+1))
		for n := utf8Vector; n < 700; n++ {
			p := text[:n:n]
			if got := vectors(&p[0], n); got > n || got < n-2 || got < n && n > 2*utf8Vector+2 {
				t.Fatalf("%d bytes of %q: stopped at %d", n, char, got)
			}
			for at := n % 7; at < n; at += 7 {
				saved := p[at]
				p[at] = 0xFF
				// FF shows by the byte after it: it may be the last that was looked at.
				if got := vectors(&p[0], n); got > at+1 || got < at-63 {
					t.Fatalf("%d bytes of %q, FF at %d: stopped at %d", n, char, at, got)
				}
				p[at] = saved
			}
		}
	}
}
