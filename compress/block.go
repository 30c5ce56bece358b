package compress

// This file holds the writing of DEFLATE blocks (RFC 1951, Section 3.2): what one would take in each form, and the
// bits of the shortest.

import (
	"encoding/binary"
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
	binary.LittleEndian.PutUint64(out[at:], w.bits)
	at += int(w.count >> 3)
	w.bits >>= w.count &^ 7 & 63
	w.count &= 7
	return at
}

// align appends zero bits up to the next byte.
func (w *bitWriter) align() { w.count = (w.count + 7) &^ 7 }

// blockWriter writes blocks. All that it holds between them is the bits of an unfinished byte; the rest is scratch
// space.
type blockWriter struct {
	bitWriter
	sequences []sequence // what the next block shall say

	literalCount  [literalSymbols]uint16
	distanceCount [distanceSymbols]uint16
	extraBits     int // of the sequences
	literals      tree
	distances     tree
	header        treeHeader
	builder       treeBuilder
}

// appendBlock appends one block that holds raw, 1 to maxStored bytes, for which w.sequences stand.
func (w *blockWriter) appendBlock(dst, raw []byte) []byte {
	w.countSymbols(raw)
	fixed := 3 + w.extraBits + w.literals.sizeIn(&fixedLiteralTree) + w.distances.sizeIn(&fixedDistanceTree)
	dynamic := 3 + w.extraBits + w.plan()
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

// plan makes the trees of a dynamic block and their header, and returns the bits that it and the symbols take.
func (w *blockWriter) plan() int {
	w.builder.build(&w.literals, maxCodeLength)
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
func (w *blockWriter) countSymbols(raw []byte) {
	clear(w.literalCount[:])
	clear(w.distanceCount[:])
	w.literalCount[endOfBlock] = 1
	extra := uint(0)
	for _, s := range w.sequences {
		for _, b := range raw[:s.literals] {
			w.literalCount[b]++
		}
		if s.length == 0 {
			break
		}
		raw = raw[int(s.literals)+int(s.length):]
		l := lengthSymbol[s.length-minMatch]
		d := distanceSymbol(s.distance)
		w.literalCount[endOfBlock+1+uint(l)]++
		w.distanceCount[d]++
		extra += uint(lengthExtra[l]) + uint(distanceExtra[d])
	}
	w.extraBits = int(extra)
	w.literals.count(w.literalCount[:])
	w.distances.count(w.distanceCount[:])
}

// appendStored appends raw as it is.
func (w *blockWriter) appendStored(dst, raw []byte) []byte {
	dst, at := room(dst, 3+7+32)
	w.add(0b000, 3)
	w.align()
	w.add(uint64(len(raw))|uint64(^uint16(len(raw)))<<16, 32)
	at = w.flush(dst, at)
	return append(dst[:at], raw...)
}

// appendSymbols writes the sequences and the end of the block to out[at:], in which there is room enough.
func (w *blockWriter) appendSymbols(out []byte, at int, raw []byte, literals, distances *tree) int {
	b := w.bitWriter
	at = b.flush(out, at)
	for _, s := range w.sequences {
		for _, c := range raw[:s.literals] {
			b.addCode(literals.codes[c])
			if b.count > 63-maxCodeLength {
				at = b.flush(out, at)
			}
		}
		if s.length == 0 {
			break
		}
		raw = raw[int(s.literals)+int(s.length):]
		at = b.flush(out, at)
		l := lengthSymbol[s.length-minMatch]
		b.addCode(literals.codes[endOfBlock+1+uint(l)])
		b.add(uint64(s.length-lengthBase[l]), uint(lengthExtra[l]))
		d := distanceSymbol(s.distance)
		b.addCode(distances.codes[d])
		b.add(uint64(s.distance-distanceBase[d]), uint(distanceExtra[d]))
		if b.count > 63-maxCodeLength {
			at = b.flush(out, at)
		}
	}
	at = b.flush(out, at)
	b.addCode(literals.codes[endOfBlock])
	at = b.flush(out, at)
	w.bitWriter = b
	return at
}

func (w *bitWriter) addCode(c code) { w.add(uint64(c&0xFFFF), uint(c>>16)) }
