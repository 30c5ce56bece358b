//go:build !race

package simd

// This file tests UTF-8 validation with every sequence of two and three bytes. It does so millions of times, which
// the race detector would make take minutes, and it has nothing to find: nothing here is shared.

import (
	"bytes"
	"testing"
)

// utf8Places are where a sequence straddles the vectors, blocks and ends of the implementations.
func utf8Places() []int {
	places := []int{0}
	for _, border := range []int{16, 32, 64, 128, 192} {
		for at := border - 3; at <= border; at++ {
			places = append(places, at)
		}
	}
	return places
}

// sequenceTexts are two texts of n bytes with room for a sequence at the place at: ASCII, and characters of three bytes
// before it. Both are right in front of at/3*3, and end on a whole character there.
func sequenceTexts(at, n int) [2][]byte {
	return [2][]byte{
		bytes.Repeat([]byte("a"), n),
		append(bytes.Repeat([]byte("語"), at/3), bytes.Repeat([]byte("a"), n-at/3*3)...),
	}
}

// checkSequence compares every implementation with the oracle for seq at a place of text, and with text ending there.
func checkSequence(t *testing.T, impls []utf8Implementation, text, seq []byte, at int) {
	copy(text[at:], seq)
	start := at / 3 * 3
	want := start + validPrefixOracle(text[start:at+8])
	if want == at+8 {
		want = len(text)
	}
	cut := text[:at+len(seq)]
	wantCut := start + validPrefixOracle(cut[start:])
	for _, impl := range impls {
		if got := impl.prefix(text); got != want {
			t.Fatalf("%s: % x at %d of %d bytes: %d, want %d", impl.name, seq, at, len(text), got, want)
		}
		if got := impl.prefix(cut); got != wantCut {
			t.Fatalf("%s: % x at the end of %d bytes: %d, want %d", impl.name, seq, len(cut), got, wantCut)
		}
	}
	copy(text[at:], "aaaa"[:len(seq)])
}

// Every sequence of two bytes, and those of three and four with bytes from each side of every border between ranges,
// at every place where vectors or blocks meet.
func TestUTF8Sequences(t *testing.T) {
	leads := []byte("\xc2\xe0\xe1\xed\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff")
	seconds := []byte("\x00\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc2\xe1\xf1\xff")
	others := []byte("a\x7f\x80\xbf\xc2")
	impls := utf8Implementations()
	seq := make([]byte, 4)
	for _, at := range utf8Places() {
		for _, text := range sequenceTexts(at, at+40) {
			for i := range 1 << 16 {
				seq[0], seq[1] = byte(i>>8), byte(i)
				checkSequence(t, impls, text, seq[:2], at)
			}
			for i := range len(leads) * len(seconds) * len(others) * len(others) {
				seq[0], i = leads[i%len(leads)], i/len(leads)
				seq[1], i = seconds[i%len(seconds)], i/len(seconds)
				seq[2], i = others[i%len(others)], i/len(others)
				seq[3] = others[i]
				checkSequence(t, impls, text, seq[:3], at)
				checkSequence(t, impls, text, seq, at)
			}
		}
	}
}

// Every sequence of three bytes that begins like a character of two or more: each at one of the places, and each place
// with all kinds of them. What begins otherwise is decided by two bytes, and TestUTF8Sequences has all of those.
func TestUTF8EverySequenceOfThree(t *testing.T) {
	impls := utf8Implementations()
	seq := make([]byte, 3)
	places := utf8Places()
	for i, at := range places {
		texts := sequenceTexts(at, at+40)
		for j := 0xC00000 + i; j < 0x1000000; j += len(places) {
			seq[0], seq[1], seq[2] = byte(j>>16), byte(j>>8), byte(j)
			checkSequence(t, impls, texts[j&1], seq, at)
		}
	}
}
