package compress

// This file holds the making of Huffman codes for what is to be written. Most blocks are short messages that use some
// eighty symbols, and making the codes costs as much as finding the matches: so one pass over the alphabet notes which
// symbols are in use, and all others go over those only. The inflater's tables are in inflate_table.go.

import (
	"math"
	"math/bits"
	"slices"
)

// A code is a Huffman code as it is put into the stream: the bits, reversed, in the low half, their number in the
// high half.
type code uint32

func makeCode(value uint16, length uint8) code {
	return code(bits.Reverse16(value)>>(16-length&15)) | code(length)<<16
}

// tree is a Huffman tree over an alphabet of at most 286 symbols. Only the symbols in use have a length and a code.
type tree struct {
	used    []counted // by symbol
	lengths [literalSymbols]uint8
	codes   [literalSymbols]code
	size    int // bits of all symbols together

	space [literalSymbols + 2]counted
}

// counted is a symbol and how often it occurs, as frequency<<16 | symbol.
type counted uint32

func (c counted) symbol() uint      { return uint(c & 0xFFFF) }
func (c counted) frequency() uint32 { return uint32(c >> 16) }

// The fixed trees.
var fixedLiteralTree, fixedDistanceTree = func() (l, d tree) {
	literals, distances := fixedLengths()
	l.fix(literals[:])
	d.fix(distances[:])
	return l, d
}()

// fix gives the tree the canonical codes (RFC 1951, Section 3.2.2) of the given lengths, of which those beyond
// the alphabet are not needed.
func (t *tree) fix(lengths []uint8) {
	var count [maxCodeLength + 1]uint16
	for _, n := range lengths {
		count[n&15]++
	}
	next := firstCodes(&count)
	for s := range min(len(lengths), len(t.codes)) {
		n := lengths[s]
		t.lengths[s] = n
		t.codes[s] = makeCode(next[n&15], n)
		next[n&15]++
	}
}

// firstCodes returns the first code of each length, given how many there are.
func firstCodes(count *[maxCodeLength + 1]uint16) (next [maxCodeLength + 1]uint16) {
	c := uint16(0)
	for n := 1; n <= maxCodeLength; n++ {
		next[n] = c
		c = (c + count[n]) << 1
	}
	return next
}

// sizeIn returns how many bits t's symbols take with the codes of a fixed tree.
func (t *tree) sizeIn(fixed *tree) int {
	n := uint32(0)
	for _, u := range t.used {
		n += u.frequency() * uint32(fixed.lengths[u.symbol()%literalSymbols])
	}
	return int(n)
}

// count notes the symbols that have a frequency. The number of frequencies must be a multiple of four.
func (t *tree) count(frequencies []uint16) {
	n := 0
	for i := 0; i+4 <= len(frequencies); i += 4 {
		f := frequencies[i : i+4 : i+4]
		if f[0]|f[1]|f[2]|f[3] == 0 {
			continue
		}
		for j, x := range f {
			t.space[n] = counted(x)<<16 | counted(i+j)
			n += int(oneIf(x != 0))
		}
	}
	t.used = t.space[:n]
}

// treeBuilder is the scratch space in which trees are built.
type treeBuilder struct {
	leaves [literalSymbols + 2]counted // by rising frequency
	nodes  [literalSymbols + 2]uint32  // frequencies of inner nodes, then their parents, then their depths
}

// build makes the codes of the symbols that count noted, none longer than limit. A lone symbol gets one bit.
func (b *treeBuilder) build(t *tree, limit int) {
	b.sort(t.used)
	n := len(t.used)
	var count [maxCodeLength + 1]uint16
	if n <= 2 {
		count[1] = uint16(n)
	} else {
		b.depths(n, &count, limit)
	}
	i, size := 0, 0
	for length := limit; length > 0; length-- {
		sum := 0
		for range count[length] {
			leaf := b.leaves[i]
			t.lengths[leaf.symbol()%literalSymbols] = uint8(length)
			sum += int(leaf.frequency())
			i++
		}
		size += sum * length
	}
	t.size = size
	next := firstCodes(&count)
	for _, u := range t.used {
		s := u.symbol() % literalSymbols
		n := t.lengths[s]
		t.codes[s] = makeCode(next[n&15], n)
		next[n&15]++
	}
}

// sort fills leaves. Messages are short and most of their frequencies small: those are sorted by counting, if it is worth
// the while.
func (b *treeBuilder) sort(used []counted) {
	leaves := b.leaves[:len(used)]
	b.leaves[len(leaves)], b.leaves[len(leaves)+1] = math.MaxUint32, math.MaxUint32
	if len(leaves) <= 16 {
		copy(leaves, used)
		slices.Sort(leaves)
		return
	}
	const small = 63
	var at [small + 1]uint16
	for _, u := range used {
		at[min(u.frequency(), small)&small]++
	}
	n := uint16(0)
	for f, k := range at {
		at[f] = n
		n += k
	}
	large := at[small]
	for _, u := range used {
		slot := &at[min(u.frequency(), small)&small]
		b.leaves[*slot] = u
		*slot++
	}
	slices.Sort(leaves[large:])
}

// depths finds how many of the first n leaves are at each depth of the Huffman tree over them. Two queues, the sorted
// leaves and the inner nodes in the order of their making, give the two lightest nodes each time.
func (b *treeBuilder) depths(n int, count *[maxCodeLength + 1]uint16, limit int) {
	leaf, inner := 0, 0
	leaves, nodes := &b.leaves, &b.nodes
	for made := range n - 1 {
		nodes[made], nodes[made+1] = math.MaxUint32, math.MaxUint32 // not there yet
		l, i := leaves[leaf].frequency(), nodes[inner]
		switch l2, i2 := leaves[leaf+1].frequency(), nodes[inner+1]; {
		case l2 <= i && l2 != math.MaxUint16:
			nodes[made] = l + l2
			leaf += 2
		case i2 < l:
			nodes[made] = i + i2
			nodes[inner], nodes[inner+1] = uint32(made), uint32(made)
			inner += 2
		default:
			nodes[made] = l + i
			nodes[inner] = uint32(made)
			leaf++
			inner++
		}
	}
	// Down from the root: two nodes for each inner node one level up, and what is no inner node is a leaf.
	var inners [maxCodeLength + 2]uint16
	nodes[n-2] = 0
	inners[0] = 1
	for i := n - 3; i >= 0; i-- {
		depth := nodes[nodes[i]] + 1
		nodes[i] = depth
		inners[min(depth, maxCodeLength+1)]++
	}
	for d := 1; d < len(count); d++ {
		count[d] = 2*inners[d-1] - inners[d]
	}
	if nodes[0] >= uint32(limit) {
		shorten(nodes[:n-2], count, limit)
	}
}

// shorten counts the leaves again when some are deeper than limit: every inner node, by rising depth, is one leaf of its
// depth turned into two of the next; beyond the limit, the deepest leaf above it is turned instead.
func shorten(depths []uint32, count *[maxCodeLength + 1]uint16, limit int) {
	clear(count[:])
	count[1] = 2
	for _, depth := range slices.Backward(depths) {
		d := min(int(depth), limit-1)
		for ; count[d] == 0; d-- {
		}
		count[d]--
		count[d+1] += 2
	}
}
