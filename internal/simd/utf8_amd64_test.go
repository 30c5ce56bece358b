//go:build !purego

package simd

import (
	"testing"

	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// utf8Implementations are all that this processor can run. ValidPrefix is the one of AVX2 where there is AVX2.
func utf8Implementations() []utf8Implementation {
	all := []utf8Implementation{{"portable", validPrefixPortable}}
	if useAVX2 {
		all = append(all, utf8Implementation{"AVX2", ValidPrefix})
	}
	return all
}

// A processor without AVX2 validates with what it has.
func TestUTF8OlderProcessors(t *testing.T) {
	onProcessor(false, false, func() {
		for _, tt := range corpus.WrongTexts {
			for before := range 70 {
				p := corpus.Surround(tt.Text, before, 40, false)
				if got, want := ValidPrefix(p), validPrefixOracle(p); got != want {
					t.Fatalf("%q: %d, want %d", p, got, want)
				}
			}
		}
	})
}

func TestUTF8AVX2(t *testing.T) {
	if useAVX2 {
		testUTF8Vectors(t, utf8AVX2)
	}
}
