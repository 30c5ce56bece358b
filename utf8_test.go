package websocket

// This file tests the validator of text that comes in parts; internal/simd tests its inner loop. The oracle uses
// nothing but unicode/utf8.

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// canBecomeValid tries to complete t, which begins with at most one character. If any continuation bytes do, then so
// do the lowest or the highest.
func canBecomeValid(t []byte) bool {
	for _, c := range []string{"\x80", "\xbf"} {
		for n := range 4 {
			if utf8.Valid(append(t[:len(t):len(t)], strings.Repeat(c, n)...)) {
				return true
			}
		}
	}
	return false
}

// refusedAt returns the index of the first byte of p that cannot lead to valid text, or len(p), and whether p ends on
// a whole character.
func refusedAt(p []byte) (n int, complete bool) {
	start := 0
	for i := range p {
		if t := p[start : i+1]; utf8.Valid(t) {
			start = i + 1
		} else if !canBecomeValid(t) {
			return i, false
		}
	}
	return len(p), start == len(p)
}

// The validator refuses the first byte that cannot lead to valid text, at every place in a text, however the text is
// split in two, and byte by byte; and it takes what can.
func TestUTF8Validator(t *testing.T) {
	type textAt struct {
		text string
		at   int
	}
	var texts []textAt
	for _, tt := range corpus.WrongTexts {
		texts = append(texts, textAt{tt.Text, tt.At})
	}
	for _, text := range corpus.RightTexts {
		texts = append(texts, textAt{text, len(text)})
	}
	for _, tt := range texts {
		if got, _ := refusedAt([]byte(tt.text)); got != tt.at {
			t.Fatalf("the oracle refuses %q at %d, want %d", tt.text, got, tt.at)
		}
		for before := range 70 {
			for _, ascii := range []bool{true, false} {
				p := corpus.Surround(tt.text, before, 40, ascii)
				at, _ := refusedAt(p)
				if want := before + tt.at; at != want && tt.at < len(tt.text) {
					t.Fatalf("the oracle refuses %q at %d, want %d", p, at, want)
				}
				testUTF8Splits(t, p, at)
			}
		}
	}
}

// testUTF8Splits checks that p is refused at the byte at: in the part that holds it, and not before.
func testUTF8Splits(t *testing.T, p []byte, at int) {
	t.Helper()
	for i := range len(p) + 1 {
		var v utf8Validator
		if got, want := v.valid(p[:i]), at >= i; got != want {
			t.Fatalf("%q: first %d bytes: %v, want %v", p, i, got, want)
		}
		if at < i {
			continue
		}
		if got, want := v.complete(), utf8.Valid(p[:i]); got != want {
			t.Fatalf("%q: first %d bytes: complete %v", p, i, got)
		}
		if got, want := v.valid(p[i:]), at == len(p); got != want {
			t.Fatalf("%q: split at %d: %v, want %v", p, i, got, want)
		}
	}
	var v utf8Validator
	for i := range p {
		if got, want := v.valid(p[i:i+1]), i < at; got != want {
			t.Fatalf("%q: byte by byte: byte %d: %v, want %v", p, i, got, want)
		}
		if i >= at {
			break
		}
		if !v.valid(nil) || !v.valid([]byte{}) {
			t.Fatalf("%q: an empty part after byte %d was refused", p, i)
		}
	}
}

// After reset, the validator is as good as new.
func TestUTF8ValidatorReset(t *testing.T) {
	var v utf8Validator
	for _, text := range []string{"\xe8\xaa", "\xf0\x9f", "\xff", "\xe8a"} {
		v.valid([]byte(text))
		v.reset()
		if !v.complete() || !v.valid([]byte("a語")) || !v.complete() {
			t.Errorf("after %q: not ready", text)
		}
	}
}

func TestUTF8Allocations(t *testing.T) {
	p := bytes.Repeat([]byte("Grüße, 世界 "), 20)
	if n := testing.AllocsPerRun(100, func() {
		var v utf8Validator
		if !v.valid(p[:101]) || !v.valid(p[101:]) || !v.complete() {
			t.Error("refused")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzUTF8Validator compares the validator over parts, as the input splits the text, with the oracle.
func FuzzUTF8Validator(f *testing.F) {
	for _, tt := range corpus.WrongTexts {
		f.Add([]byte(tt.Text), uint16(1))
	}
	for _, text := range corpus.RightTexts {
		f.Add([]byte(text), uint16(1))
	}
	f.Fuzz(func(t *testing.T, p []byte, split uint16) {
		at, _ := refusedAt(p)
		size := 1 + int(split)
		var v utf8Validator
		for i := 0; i < len(p); i += size {
			end := min(i+size, len(p))
			if got, want := v.valid(p[i:end]), end <= at; got != want {
				t.Fatalf("%q: bytes %d to %d: %v, want %v", p, i, end, got, want)
			}
			if end > at {
				return
			}
			if got, want := v.complete(), utf8.Valid(p[:end]); got != want {
				t.Fatalf("%q: after %d bytes: complete %v", p, end, got)
			}
		}
	})
}
