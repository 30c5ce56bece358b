package compress

// This file holds the writing of DEFLATE blocks (RFC 1951, Section 3.2): what one would take in each form, and the
// bits of the shortest.

import (
	"encoding/binary"
	"math"
	"slices"
)

// bitWriter holds the bits that do not make up a byte yet.
type bitWriter struct {
	bits  uint64
	count uint // fewer than 8 between calls of append and flush
}

// add appends the low n bits of v; flush must be called before count passes 63.
func (w *bitWriter) add(v uint64, n uint) {
	w.bits |= v << (w.count & 63)
	w.count += n
}

// flush moves the whole bytes to out[at:], where 8 bytes must be free, and returns where to go on.
func (w *bitWriter) flush(out []byte, at int) int {
	at, w.bits, w.count = flush(out, at, w.bits, w.count)
	return at
}

// align appends zero bits up to the next byte.
func (w *bitWriter) align() { w.count = (w.count + 7) &^ 7 }

// maxLiteralLength keeps four codes of literals, and seven bits before them, within a word. It costs next to nothing.
const maxLiteralLength = 14

// blockWriter writes blocks. All that it holds between them is the bits of an unfinished byte; the rest is scratch
// space.
type blockWriter struct {
	bitWriter
	sequences []sequence // what the next block shall say; the last is literals only, and may be none

	literalCount  [288]uint16 // of which literalSymbols are in use
	distanceCount [32]uint16
	extraBits     int // of the sequences
	literals      tree
	distances     tree
	header        treeHeader
	builder       treeBuilder
}

// appendBlock appends one block that holds raw, 1 to maxStored bytes, for which w.sequences stand.
func (w *blockWriter) appendBlock(dst, raw []byte) []byte {
	w.countSymbols(raw)
	symbols := w.literals.sizeIn(&fixedLiteralTree) + w.distances.sizeIn(&fixedDistanceTree)
	fixed, dynamic := 3+w.extraBits+symbols, math.MaxInt
	if !w.treesAreVain(symbols) {
		dynamic = 3 + w.extraBits + w.plan()
	}
	stored := 3 + 7 + 32 + 8*len(raw)
	switch {
	case stored <= min(fixed, dynamic):
		return w.appendStored(dst, raw)
	case fixed <= dynamic:
		dst, at := room(dst, fixed)
		w.add(0b010, 3)
		at = w.appendSymbols(dst, at, raw, &fixedLiteralTree, &fixedDistanceTree)
		return dst[:at]
	}
	dst, at := room(dst, dynamic)
	w.add(0b100, 3)
	at = w.header.write(&w.bitWriter, dst, at)
	at = w.appendSymbols(dst, at, raw, &w.literals, &w.distances)
	return dst[:at]
}

// noise reports whether raw looks like bytes that are compressed or encrypted already: hardly a match in it, and in a
// sample hardly more equal bytes than chance brings about.
//
// Of 1024 bytes at random, 1024*1023/2/256 = 2046 pairs are equal, give or take 45. If a code for their frequencies saved
// a useful amount, there would be 2400.
func (w *blockWriter) noise(raw []byte) bool {
	const groups, group = 64, 16
	if len(raw) < groups*group || len(w.sequences) > len(raw)>>8 {
		return false
	}
	matched := 0
	for _, s := range w.sequences {
		matched += int(s.length)
	}
	var counts [256]uint16
	pairs := uint(0)
	for i := range groups {
		at := i * (len(raw) - group) / (groups - 1)
		for _, c := range raw[at : at+group] {
			pairs += uint(counts[c])
			counts[c]++
		}
	}
	return matched < len(raw)>>5 && pairs < 2046+5*45
}

// plan makes the trees of a dynamic block and their header, and returns the bits that it and the symbols take.
func (w *blockWriter) plan() int {
	w.builder.build(&w.literals, maxLiteralLength)
	w.builder.build(&w.distances, maxCodeLength)
	return w.literals.size + w.distances.size + w.header.plan(&w.literals, &w.distances, &w.builder)
}

// room returns dst with so many bits, and what flush needs, within its length, and where its content ends.
func room(dst []byte, bits int) ([]byte, int) {
	at := len(dst)
	n := bits>>3 + 16
	return slices.Grow(dst, n)[:at+n], at
}

// countSymbols counts what the sequences will need.
//
// Runs of literals are short, and where one ends is anybody's guess: for the processor's branch prediction, each end is
// a miss. So here and in appendSymbols what is left of a run after groups of four is done without branches, by going
// over more bytes, which the match that follows has, and letting those beyond the run count for nothing.
func (w *blockWriter) countSymbols(raw []byte) {
	counts := &w.literalCount
	clear(counts[:])
	clear(w.distanceCount[:])
	counts[endOfBlock] = 1
	extra, at := uint(0), 0
	last := len(w.sequences) - 1
	for _, s := range w.sequences[:last] {
		n := int(s.literals)
		for ; n >= 4; n -= 4 {
			v := load32(raw, at)
			counts[byte(v)]++
			counts[byte(v>>8)]++
			counts[byte(v>>16)]++
			counts[byte(v>>24)]++
			at += 4
		}
		v := load32(raw, at)
		counts[byte(v)] += oneIf(n > 0)
		counts[byte(v>>8)] += oneIf(n > 1)
		counts[byte(v>>16)] += oneIf(n > 2)
		at += n + int(s.length)
		l := lengthSymbol[s.length-minMatch]
		d := distanceSymbol(s.distance)
		counts[endOfBlock+1+uint(l)]++
		w.distanceCount[d]++
		extra += uint(lengthExtra[l]) + uint(distanceExtra[d])
	}
	for _, c := range raw[at:] {
		counts[c]++
	}
	w.extraBits = int(extra)
	w.literals.count(counts[:])
	w.distances.count(w.distanceCount[:])
}

func oneIf(b bool) uint16 {
	if b {
		return 1
	}
	return 0
}

// appendStored appends blocks that hold raw as it is.
func (w *blockWriter) appendStored(dst, raw []byte) []byte {
	for len(raw) > 0 {
		n := min(len(raw), maxStored)
		out, at := room(dst, 3+7+32)
		w.add(0b000, 3)
		w.align()
		w.add(uint64(n)|uint64(^uint16(n))<<16, 32)
		at = w.flush(out, at)
		dst = append(out[:at], raw[:n]...)
		raw = raw[n:]
	}
	return dst
}

// appendSymbols writes the sequences and the end of the block to out[at:], in which there is room enough. It keeps the
// bits in variables of its own: in w, each code would wait for a store.
func (w *blockWriter) appendSymbols(out []byte, at int, raw []byte, literals, distances *tree) int {
	bits, count := w.bits, w.count
	codes, distanceCodes := &literals.codes, &distances.codes
	last := len(w.sequences) - 1
	next := 0
	for _, s := range w.sequences[:last] {
		at, bits, count = flush(out, at, bits, count)
		n := int(s.literals)
		for ; n >= 4; n -= 4 {
			v := load32(raw, next)
			b, k := join(codes[byte(v)], codes[byte(v>>8)])
			c, l := join(codes[byte(v>>16)], codes[byte(v>>24)])
			bits |= (b | c<<(k&63)) << (count & 63)
			at, bits, count = flush(out, at, bits, count+k+l)
			next += 4
		}
		v := load32(raw, next)
		b, k := join(codes[byte(v)].onlyIf(n > 0), codes[byte(v>>8)].onlyIf(n > 1))
		c, l := codes[byte(v>>16)].onlyIf(n > 2).split()
		bits |= (b | c<<(k&63)) << (count & 63)
		at, bits, count = flush(out, at, bits, count+k+l)
		next += n + int(s.length)

		symbol := lengthSymbol[s.length-minMatch]
		b, k = codes[endOfBlock+1+uint(symbol)].split()
		b |= uint64(s.length-lengthBase[symbol]) << (k & 63)
		k += uint(lengthExtra[symbol])
		d := distanceSymbol(s.distance)
		c, l = distanceCodes[d].split()
		c |= uint64(s.distance-distanceBase[d]) << (l & 63)
		bits |= (b | c<<(k&63)) << (count & 63)
		count += k + l + uint(distanceExtra[d])
	}
	for _, v := range raw[next:] {
		at, bits, count = flush(out, at, bits, count)
		b, k := codes[v].split()
		bits |= b << (count & 63)
		count += k
	}
	at, w.bits, w.count = flush(out, at, bits, count)
	w.addCode(codes[endOfBlock])
	return w.flush(out, at)
}

// flush is bitWriter.flush for bits that are held in variables.
func flush(out []byte, at int, bits uint64, count uint) (int, uint64, uint) {
	binary.LittleEndian.PutUint64(out[at:], bits)
	return at + int(count>>3), bits >> (count &^ 7 & 63), count & 7
}

// split returns the bits of a code and how many there are.
func (c code) split() (bits uint64, count uint) { return uint64(c & 0xFFFF), uint(c >> 16) }

// join does so for two codes, one behind the other.
func join(c, d code) (bits uint64, count uint) {
	n := uint(c >> 16)
	return uint64(c&0xFFFF) | uint64(d&0xFFFF)<<(n&63), n + uint(d>>16)
}

// onlyIf returns c, or no bits at all.
func (c code) onlyIf(b bool) code {
	if b {
		return c
	}
	return 0
}

func (w *bitWriter) addCode(c code) { w.add(uint64(c&0xFFFF), uint(c>>16)) }
