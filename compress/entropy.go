package compress

// This file holds the guess that a message is too short for trees of its own, before they are made. To make them is half of
// the work on a short message, and all in vain where the fixed trees (RFC 1951, Section 3.2.6) then turn out to be shorter.
// That is so for most of a ticker's messages of 150 bytes (BenchmarkTurns/ticker).

import "math"

// What the header of a dynamic block takes for itself, and for each symbol in use, in half bits. Messages of JSON are never
// misjudged by these; those that are made up to be, of bytes next to each other, become a byte or two longer. With more
// symbols in use the guess is worse, and trees are mostly worth it.
const (
	headerBits    = 41
	halfBitsOfUse = 9
	mostInUse     = 48
)

// treesAreVain reports whether a dynamic block would hardly be shorter than a fixed one, whose symbols take so many bits
// without their extra bits. No trees can make the symbols take less than their entropy.
func (w *blockWriter) treesAreVain(fixed int) bool {
	used := len(w.literals.used) + len(w.distances.used)
	if used > mostInUse {
		return false
	}
	literals, ok := w.literals.entropy()
	distances, ok2 := w.distances.entropy()
	return ok && ok2 && fixed <= literals+distances+headerBits+used*halfBitsOfUse/2
}

// timesLog is n times the base-2 logarithm of n, in sixteenths. What has more symbols is worth trees.
var timesLog = func() (t [512]uint32) {
	for n := 2; n < len(t); n++ {
		t[n] = uint32(math.Round(16 * float64(n) * math.Log2(float64(n))))
	}
	return t
}()

// entropy returns how many bits the tree's symbols take at the least, if they are few enough.
func (t *tree) entropy() (bits int, ok bool) {
	total, known := 0, 0
	for _, u := range t.used {
		f := int(u.frequency())
		total += f
		known += int(timesLog[f%len(timesLog)])
	}
	if total >= len(timesLog) {
		return 0, false
	}
	return (int(timesLog[total]) - known) / 16, true
}
