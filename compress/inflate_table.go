package compress

// This file holds the inflater's decoding tables: a tree's code lengths in, a table out that the next bits of the
// stream are looked up in.

import "math/bits"

// An entry says what the bits that led to it mean. All of a symbol is in it, so that a literal takes one look and a
// match two:
//
//	bits  0 to 5   how many bits to take: the code and the extra bits
//	bits  8 to 11  how many of them are the code
//	bits 12 to 14  what it is, if nothing below
//	bits 16 to 30  the base of a length or distance; a literal; a code length symbol; where a second table starts
//	bit  31        it is a literal
//
// In an entry that leads to a second table, bits 8 to 11 are that table's index bits, and the code in an entry of a
// second table is what remains of it.
type entry uint32

const (
	entryLiteral entry = 1 << 31
	entryEnd     entry = 1 << 12 // end of the block
	entrySecond  entry = 1 << 13 // leads to a second table
	entryInvalid entry = 1 << 14 // no symbol has this code
	entrySpecial       = entryEnd | entrySecond | entryInvalid
)

func (e entry) size() uint     { return uint(e & 63) }
func (e entry) codeSize() uint { return uint(e >> 8 & 15) }
func (e entry) value() uint    { return uint(e >> 16 & 0x7FFF) }

// extra returns the value of the extra bits behind the code at the low end of hold.
func (e entry) extra(hold uint64) uint {
	return uint(hold & (1<<e.size() - 1) >> e.codeSize())
}

// How many bits index the first table of each kind. Second tables follow the first in the same slice, whose length
// is a power of two over what any tree can need: 1334 entries for 10 bits and 288 symbols of at most 15 bits, 402 for
// 8 bits and 32 symbols.
const (
	literalBits  = 10
	distanceBits = 8
	lengthBits   = 7
)

type (
	literalTable  [1 << 11]entry
	distanceTable [1 << 9]entry
	lengthTable   [1 << lengthBits]entry
)

// What each symbol's entry is, without the size of its code.
var literalEntries, distanceEntries, lengthEntries = func() (l [288]entry, d [32]entry, c [lengthCodes]entry) {
	for i := range l {
		switch {
		case i < endOfBlock:
			l[i] = entryLiteral | entry(i)<<16
		case i == endOfBlock:
			l[i] = entryEnd
		case i < literalSymbols:
			s := i - endOfBlock - 1
			l[i] = entry(lengthBase[s])<<16 | entry(lengthExtra[s])
		default:
			// RFC 1951, Section 3.2.6: "Literal/length values 286-287 will never actually occur in the compressed
			// data, but participate in the code construction."
			l[i] = entryInvalid
		}
	}
	for i := range d {
		if i < distanceSymbols {
			d[i] = entry(distanceBase[i])<<16 | entry(distanceExtra[i])
		} else {
			d[i] = entryInvalid
		}
	}
	for i := range c {
		c[i] = entry(i)<<16 | entry(runBits[i])
	}
	return l, d, c
}()

// The tables of the fixed trees.
var fixedLiterals, fixedDistances = func() (*literalTable, *distanceTable) {
	l, d := new(literalTable), new(distanceTable)
	literals, distances := fixedLengths()
	buildTable(l[:], literalBits, codedSymbols(nil, literals[:]), literalEntries[:], false)
	buildTable(d[:], distanceBits, codedSymbols(nil, distances[:]), distanceEntries[:], false)
	return l, d
}()

// coded is a symbol that has a code, and the code's length: symbol<<4 | length.
type coded uint16

func (c coded) symbol() uint { return uint(c >> 4) }
func (c coded) length() uint { return uint(c & 15) }

// codedSymbols appends the symbols with a length, in order.
func codedSymbols(symbols []coded, lengths []uint8) []coded {
	for s, n := range lengths {
		if n != 0 {
			symbols = append(symbols, coded(s)<<4|coded(n))
		}
	}
	return symbols
}

// buildTable fills table for the tree of the given symbols, in order, and reports whether there is such a tree. As zlib
// does, it takes only complete ones, with two exceptions when lone is set: a single symbol, whose code is one bit, and
// none at all. Bits that are no code then lead to an invalid entry.
func buildTable(table []entry, indexBits uint, symbols []coded, entries []entry, lone bool) bool {
	var count [maxCodeLength + 1]int
	for _, c := range symbols {
		count[c.length()]++
	}
	space := 0
	var offset [maxCodeLength + 2]int
	for n := 1; n <= maxCodeLength; n++ {
		offset[n+1] = offset[n] + count[n]
		space = space<<1 + count[n]
	}
	if space != 1<<maxCodeLength {
		if !lone || len(symbols) > 1 || len(symbols) != count[1] {
			return false
		}
		fillLone(table[:1<<indexBits], symbols, entries)
		return true
	}
	var sorted [288]entry // by length, then symbol: the order of their codes
	for _, c := range symbols {
		at := &offset[c.length()]
		sorted[*at] = entries[c.symbol()]
		*at++
	}
	fillTable(table, indexBits, &count, &sorted)
	return true
}

// fillLone fills the table of a tree with at most one symbol.
func fillLone(table []entry, symbols []coded, entries []entry) {
	for i := range table {
		table[i] = entryInvalid | 1<<8 | 1
		if i&1 == 0 && len(symbols) == 1 {
			table[i] = withCode(entries[symbols[0].symbol()], 1)
		}
	}
}

// withCode adds a code of n bits to an entry.
func withCode(e entry, n uint) entry { return e + entry(n<<8|n) }

// fillTable fills the table of a complete tree. Codes are counted up in reversed bits, as they come from the stream;
// the table holds the codes so far and is doubled when the codes get longer, so that every entry is written but once
// by itself and otherwise copied.
func fillTable(table []entry, indexBits uint, count *[maxCodeLength + 1]int, sorted *[288]entry) {
	reversed := uint(0)
	size := 1 // of the table so far
	next := 0
	for n := uint(1); n <= indexBits; n++ {
		copy(table[size:2*size], table[:size])
		size *= 2
		for range count[n] {
			table[reversed] = withCode(sorted[next], n)
			next++
			reversed = nextCode(reversed, n)
		}
	}
	mask := uint(1)<<indexBits - 1
	prefix := ^uint(0)
	start, width := 0, uint(0) // of the second table under way
	for n := indexBits + 1; n <= maxCodeLength; n++ {
		for left := count[n]; left > 0; left-- {
			if reversed&mask != prefix {
				prefix = reversed & mask
				start, width = size, secondBits(count, n, left, indexBits)
				size += 1 << width
				table[prefix] = entrySecond | entry(start)<<16 | entry(width)<<8 | entry(indexBits)
			}
			e := withCode(sorted[next], n-indexBits)
			next++
			for i := reversed >> indexBits; i < 1<<width; i += 1 << (n - indexBits) {
				table[uint(start)+i] = e
			}
			reversed = nextCode(reversed, n)
		}
	}
}

// secondBits returns how many bits index a second table that begins with one of the left remaining codes of n bits:
// as many as are needed to make it full.
func secondBits(count *[maxCodeLength + 1]int, n uint, left int, indexBits uint) uint {
	width := n - indexBits
	for space := left; space < 1<<width; {
		width++
		space = space<<1 + count[indexBits+width]
	}
	return width
}

// nextCode returns the code after reversed among those of n bits; after the last it is of no meaning.
func nextCode(reversed, n uint) uint {
	top := reversed ^ (1<<n - 1) // the bits that are zero; the highest of them is the last to carry into
	if top == 0 {
		return reversed
	}
	bit := uint(1) << (bits.Len(top) - 1)
	return reversed&(bit-1) | bit
}
