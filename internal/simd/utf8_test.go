package simd

// This file tests UTF-8 validation: every implementation by its name. utf8Implementations stands beside the
// implementations of each architecture. The oracle uses nothing but unicode/utf8.

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// utf8Implementation returns the length of the longest prefix that is valid and ends on a whole character.
type utf8Implementation struct {
	name   string
	prefix func(p []byte) int
}

// validPrefixOracle decodes one character after the other.
func validPrefixOracle(p []byte) int {
	n := 0
	for n < len(p) {
		r, size := utf8.DecodeRune(p[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n
}

// Text of every length to 300 at every alignment in a cache line: right, and with one byte of it changed.
func TestUTF8Alignments(t *testing.T) {
	chars := []string{"a", "b", "é", "語", "😀"}
	rnd := rand.New(rand.NewPCG(3, 4))
	buf := make([]byte, 64+300+8)
	for n := range 301 {
		for at := range 64 {
			p := buf[at : at : at+n]
			for kind := 1 + rnd.IntN(len(chars)); len(p) < n; {
				char := chars[rnd.IntN(kind)]
				if len(p)+len(char) > n {
					char = "a"
				}
				p = append(p, char...)
			}
			want := validPrefixOracle(p)
			for _, impl := range utf8Implementations() {
				if got := impl.prefix(p); got != n || want != n {
					t.Fatalf("%s: %q: %d, want %d", impl.name, p, got, want)
				}
			}
			if n == 0 {
				continue
			}
			p[rnd.IntN(n)] = byte(rnd.Uint32())
			want = validPrefixOracle(p)
			for _, impl := range utf8Implementations() {
				if got := impl.prefix(p); got != want {
					t.Fatalf("%s: %q: %d, want %d", impl.name, p, got, want)
				}
			}
		}
	}
}

// One wrong byte anywhere in a long text is found where it is.
func TestUTF8LongTexts(t *testing.T) {
	for _, char := range []string{"a", "é", "語", "😀", "aé語😀", strings.Repeat("a", 500) + "é"} {
		p := bytes.Repeat([]byte(char), 1500/len(char))
		for _, impl := range utf8Implementations() {
			if got := impl.prefix(p); got != len(p) {
				t.Fatalf("%s: %q...: %d, want %d", impl.name, char, got, len(p))
			}
			want := 0
			for i := range p {
				if utf8.RuneStart(p[i]) {
					want = i // where the character begins that is spoilt
				}
				saved := p[i]
				p[i] = 0xff
				if got := impl.prefix(p); got != want {
					t.Fatalf("%s: %q..., FF at %d: %d, want %d", impl.name, char, i, got, want)
				}
				p[i] = saved
			}
		}
	}
}

// FuzzUTF8 compares every implementation with the oracle, for a text and for the two that it splits into.
func FuzzUTF8(f *testing.F) {
	for _, tt := range corpus.WrongTexts {
		f.Add([]byte(tt.Text), uint16(1))
	}
	for _, text := range corpus.RightTexts {
		f.Add([]byte(text), uint16(1))
	}
	f.Fuzz(func(t *testing.T, p []byte, split uint16) {
		i := int(split) % (len(p) + 1)
		for _, part := range [][]byte{p, p[:i], p[i:]} {
			want := validPrefixOracle(part)
			for _, impl := range utf8Implementations() {
				if got := impl.prefix(part); got != want {
					t.Fatalf("%s: %q: %d, want %d", impl.name, part, got, want)
				}
			}
		}
	})
}
