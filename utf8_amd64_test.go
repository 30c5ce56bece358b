//go:build !purego

package websocket

import "testing"

// utf8Implementations are all that this processor can run. utf8Prefix is the one of AVX2 where there is AVX2.
func utf8Implementations() []utf8Implementation {
	all := []utf8Implementation{{"portable", utf8PrefixPortable}}
	if useAVX2 {
		all = append(all, utf8Implementation{"AVX2", utf8Prefix})
	}
	return all
}

// A processor without AVX2 validates with what it has.
func TestUTF8OlderProcessors(t *testing.T) {
	onProcessor(false, false, func() {
		for _, tt := range wrongTexts {
			for before := range 70 {
				p := surround(tt.text, before, 40, false)
				if got, want := utf8Prefix(p), utf8PrefixOracle(p); got != want {
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
