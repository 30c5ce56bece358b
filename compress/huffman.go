package compress

// This file holds the making of Huffman codes for what is to be written: frequencies to code lengths, limited to a
// longest one, and lengths to codes. The inflater's tables are in inflate_table.go.

import (
	"math/bits"
	"slices"
)

// A code is a Huffman code as it is put into the stream: the bits, reversed, in the low half, their number in the
// high half.
type code uint32

func makeCode(value uint32, length uint8) code {
	return code(bits.Reverse16(uint16(value))>>(16-length&15)) | code(length)<<16
}

// The codes of the fixed trees.
var fixedLiteral, fixedDistance = func() (l [literalSymbols]code, d [distanceSymbols]code) {
	literals, distances := fixedLengths()
	var all [288]code
	assignCodes(all[:], literals[:])
	copy(l[:], all[:])
	assignCodes(d[:], distances[:distanceSymbols])
	return l, d
}()

// assignCodes gives the canonical codes of the given lengths (RFC 1951, Section 3.2.2).
func assignCodes(codes []code, lengths []uint8) {
	var count, next [maxCodeLength + 2]uint16
	for _, n := range lengths {
		count[n&15]++
	}
	count[0] = 0
	for n := 1; n <= maxCodeLength; n++ {
		next[n+1] = (next[n] + count[n]) << 1
	}
	codes = codes[:len(lengths)]
	for i, n := range lengths {
		if n != 0 {
			codes[i] = makeCode(uint32(next[n&15]), n)
			next[n&15]++
		}
	}
}

// treeBuilder turns frequencies into code lengths. It is scratch space, kept for the next time.
type treeBuilder struct {
	leaves [literalSymbols]uint32 // frequency<<9 | symbol, by rising frequency
	nodes  [literalSymbols]uint32 // frequencies of inner nodes, then their parents, then their depths
}

// lengths sets the length of each symbol's code, at most limit; 0 where the frequency is 0. A lone symbol gets one
// bit. Frequencies must add up to less than 1<<23.
func (t *treeBuilder) lengths(lengths []uint8, frequencies []uint32, limit int) {
	lengths = lengths[:len(frequencies)]
	clear(lengths)
	n := t.sort(frequencies)
	if n <= 2 {
		for _, leaf := range t.leaves[:n] {
			lengths[leaf&511] = 1
		}
		return
	}
	var count [maxCodeLength + 1]int
	t.depths(n, &count, limit)
	i := 0
	for length := limit; length > 0; length-- {
		for c := count[length]; c > 0; c-- {
			lengths[t.leaves[i]&511] = uint8(length)
			i++
		}
	}
}

// sort collects the symbols in use, by rising frequency. Messages are short and most of their frequencies small, so
// those are sorted by counting.
func (t *treeBuilder) sort(frequencies []uint32) int {
	const small = 32
	var at [small + 1]uint16
	for _, f := range frequencies {
		at[min(f, small)]++
	}
	n := uint16(0)
	for f := 1; f <= small; f++ {
		n, at[f] = n+at[f], n
	}
	large := at[small]
	for s, f := range frequencies {
		if f != 0 {
			slot := &at[min(f, small)]
			t.leaves[*slot] = f<<9 | uint32(s)
			*slot++
		}
	}
	slices.Sort(t.leaves[large:n])
	return int(n)
}

// depths finds how many leaves are at each depth of the Huffman tree over the first n leaves. Two queues, the sorted
// leaves and the inner nodes in the order of their making, give the two lightest nodes each time.
func (t *treeBuilder) depths(n int, count *[maxCodeLength + 1]int, limit int) {
	leaf, inner := 0, 0
	for made := range n - 1 {
		sum := uint32(0)
		for range 2 {
			if leaf < n && (inner >= made || t.leaves[leaf]>>9 <= t.nodes[inner]) {
				sum += t.leaves[leaf] >> 9
				leaf++
			} else {
				sum += t.nodes[inner]
				t.nodes[inner] = uint32(made)
				inner++
			}
		}
		t.nodes[made] = sum
	}
	// Down from the root: every inner node is one leaf of its depth turned into two of the next. Beyond the limit,
	// the deepest leaf above it is turned instead.
	t.nodes[n-2] = 0
	count[1] = 2
	for i := n - 3; i >= 0; i-- {
		depth := t.nodes[t.nodes[i]] + 1
		t.nodes[i] = depth
		d := min(int(depth), limit-1)
		for ; count[d] == 0; d-- {
		}
		count[d]--
		count[d+1] += 2
	}
}
