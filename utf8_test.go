package websocket

// This file tests UTF-8 validation: every implementation by its name, and the validator of text that comes in parts.
// utf8Implementations stands beside the implementations of each architecture. The oracles use nothing but
// unicode/utf8.

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// utf8Implementation returns the length of the longest prefix that is valid and ends on a whole character.
type utf8Implementation struct {
	name   string
	prefix func(p []byte) int
}

// utf8PrefixOracle decodes one character after the other.
func utf8PrefixOracle(p []byte) int {
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

// wrongTexts are the kinds of bytes that are not UTF-8, and the index of the byte that shows it.
var wrongTexts = []struct {
	name string
	text string
	at   int
}{
	{"lone continuation byte", "\x80", 0},
	{"lone continuation byte", "\xbf", 0},
	{"continuation byte too many", "é\x80", 2},
	{"continuation byte too many", "語\x80", 3},
	{"continuation byte too many", "😀\x80", 4},
	{"ASCII instead of a second byte", "\xc3a", 1},
	{"ASCII instead of a second byte", "\xe8a", 1},
	{"ASCII instead of a third byte", "\xe8\xaaa", 2},
	{"ASCII instead of a fourth byte", "\xf0\x9f\x98a", 3},
	{"lead byte instead of a third byte", "\xe8\xaa\xc3", 2},
	{"overlong in two bytes", "\xc0\x80", 0},
	{"overlong in two bytes", "\xc1\xbf", 0},
	{"overlong in three bytes", "\xe0\x80\x80", 1},
	{"overlong in three bytes", "\xe0\x9f\xbf", 1},
	{"overlong in four bytes", "\xf0\x80\x80\x80", 1},
	{"overlong in four bytes", "\xf0\x8f\xbf\xbf", 1},
	{"first surrogate", "\xed\xa0\x80", 1},
	{"last surrogate", "\xed\xbf\xbf", 1},
	{"beyond U+10FFFF", "\xf4\x90\x80\x80", 1},
	{"beyond U+10FFFF", "\xf5\x80\x80\x80", 0},
	{"lead byte of five", "\xf8\x88\x80\x80\x80", 0},
	{"lead byte of six", "\xfc\x84\x80\x80\x80\x80", 0},
	{"never a byte", "\xfe", 0},
	{"never a byte", "\xff", 0},
}

// rightTexts are the borders of what is UTF-8 (RFC 3629, Section 4), and texts of every kind.
var rightTexts = []string{
	"", "a", "\x00", "\x7f", "\u0080", "\u07ff", "\u0800", "\u0fff", "\ud7ff", "\ue000", "\ufffd", "\uffff",
	"\U00010000", "\U0003ffff", "\U00100000", "\U0010ffff",
	"κόσμε", "語言文字", "Grüße, мир, 世界, 😀", "\ufeffbyte order mark", "e\u0301", "👩‍👩‍👧‍👦",
}

// surround puts text between n bytes that are valid and n more: ASCII, or characters of three bytes.
func surround(text string, before, after int, ascii bool) []byte {
	fill := func(n int) string {
		if ascii {
			return strings.Repeat("a", n)
		}
		return strings.Repeat("a", n%3) + strings.Repeat("語", n/3)
	}
	return []byte(fill(before) + text + fill(after))
}

// The validator refuses the first byte that cannot lead to valid text, at every place in a text, however the text is
// split in two, and byte by byte; and it takes what can.
func TestUTF8Validator(t *testing.T) {
	type textAt struct {
		text string
		at   int
	}
	var texts []textAt
	for _, tt := range wrongTexts {
		texts = append(texts, textAt{tt.text, tt.at})
	}
	for _, text := range rightTexts {
		texts = append(texts, textAt{text, len(text)})
	}
	for _, tt := range texts {
		if got, _ := refusedAt([]byte(tt.text)); got != tt.at {
			t.Fatalf("the oracle refuses %q at %d, want %d", tt.text, got, tt.at)
		}
		for before := range 70 {
			for _, ascii := range []bool{true, false} {
				p := surround(tt.text, before, 40, ascii)
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
			want := utf8PrefixOracle(p)
			for _, impl := range utf8Implementations() {
				if got := impl.prefix(p); got != n || want != n {
					t.Fatalf("%s: %q: %d, want %d", impl.name, p, got, want)
				}
			}
			if n == 0 {
				continue
			}
			p[rnd.IntN(n)] = byte(rnd.Uint32())
			want = utf8PrefixOracle(p)
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

// FuzzUTF8 compares every implementation, and the validator over parts as the input splits it, with the oracles.
func FuzzUTF8(f *testing.F) {
	for _, tt := range wrongTexts {
		f.Add([]byte(tt.text), uint16(1))
	}
	for _, text := range rightTexts {
		f.Add([]byte(text), uint16(1))
	}
	f.Fuzz(func(t *testing.T, p []byte, split uint16) {
		want := utf8PrefixOracle(p)
		for _, impl := range utf8Implementations() {
			if got := impl.prefix(p); got != want {
				t.Fatalf("%s: %q: %d, want %d", impl.name, p, got, want)
			}
		}
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
