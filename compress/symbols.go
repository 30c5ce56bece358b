package compress

// This file holds what RFC 1951, Section 3.2.5 and 3.2.6 fix for both directions: the symbols of lengths and
// distances, and the code lengths of the fixed trees.

import "math/bits"

const (
	minMatch = 3 // the shortest and the longest match that DEFLATE can express
	maxMatch = 258

	literalSymbols  = 286 // literals, the end of the block, lengths
	distanceSymbols = 30
	lengthCodes     = 19 // the symbols in which the lengths of a dynamic block's codes are written
	endOfBlock      = 256

	maxCodeLength = 15
	maxStored     = 65535 // bytes in one stored block
)

// The first length of each length symbol from 257 on, and how many extra bits follow it.
var (
	lengthBase = [29]uint16{
		3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31,
		35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
	}
	lengthExtra = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
)

// The first distance of each distance symbol, and how many extra bits follow it.
var (
	distanceBase = [distanceSymbols]uint16{
		1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193,
		257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
	}
	distanceExtra = [distanceSymbols]uint8{
		0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
	}
)

// lengthOrder is the order in which a dynamic block lists the lengths of its code length codes.
var lengthOrder = [lengthCodes]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// lengthSymbol gives the index into lengthBase of the length i+3.
var lengthSymbol = func() (t [256]uint8) {
	for s, base := range lengthBase {
		for i := int(base) - minMatch; i < len(t); i++ {
			t[i] = uint8(s)
		}
	}
	return t
}()

// distanceSymbol returns the symbol of a distance from 1 to 32768.
func distanceSymbol(distance uint16) uint {
	x := uint(distance) - 1
	if x < 4 {
		return x
	}
	n := uint(bits.Len(x)) - 1
	return 2*n + x>>(n-1)&1
}

// fixedLengths returns the code lengths of the fixed trees.
func fixedLengths() (literals [288]uint8, distances [32]uint8) {
	for i := range literals {
		switch {
		case i < 144, i >= 280:
			literals[i] = 8
		case i < 256:
			literals[i] = 9
		default:
			literals[i] = 7
		}
	}
	for i := range distances {
		distances[i] = 5
	}
	return literals, distances
}
