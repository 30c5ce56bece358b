package compress

// This file holds the header of a dynamic block (RFC 1951, Section 3.2.7): the lengths of its codes, run-length
// encoded and themselves Huffman coded.

// treeHeader is such a header, ready to be written.
type treeHeader struct {
	literals, distances, orders int // how many lengths of each kind are sent

	n     int // of the runs
	runs  [literalSymbols + distanceSymbols]run
	count [32]uint16 // of which lengthCodes are in use
	tree  tree       // of the runs' symbols
}

// run is one symbol of the run-length encoding with its extra bits.
type run struct{ symbol, extra uint8 }

// The extra bits of the symbols 16 (the last length again, 3 to 6 times), 17 (zero, 3 to 10 times) and 18 (zero, 11
// to 138 times).
var runBits = [lengthCodes]uint8{16: 2, 17: 3, 18: 7}

// plan prepares the header for two trees and sets size.
func (h *treeHeader) plan(literals, distances *tree, b *treeBuilder) (size int) {
	h.n = 0
	clear(h.count[:])
	// The two lists are one for the run-length encoding.
	h.literals = h.encode(literals)
	h.distances = h.encode(distances)
	if h.distances == 0 { // one distance code of no bits stands for none
		h.distances = 1
		h.zeros(1)
	}

	h.tree.count(h.count[:20])
	b.build(&h.tree, 7)
	size = 14 + h.tree.size
	for s := 16; s < lengthCodes; s++ {
		size += int(h.count[s]) * int(runBits[s])
	}
	h.orders = lengthCodes
	for h.orders > 4 && h.count[lengthOrder[h.orders-1]] == 0 {
		h.orders--
	}
	return size + 3*h.orders
}

// encode appends the lengths of a tree up to the last symbol in use and returns how many that are.
func (h *treeHeader) encode(t *tree) int {
	n := uint(0)
	for k := 0; k < len(t.used); {
		s := t.used[k].symbol()
		if s > n {
			h.zeros(int(s - n))
		}
		v := t.lengths[s%literalSymbols]
		n = s
		for ; k < len(t.used) && t.used[k].symbol() == n && t.lengths[n%literalSymbols] == v; k++ {
			n++
		}
		h.add(v, 0)
		if n > s+1 {
			h.repeat(v, int(n-s-1))
		}
	}
	return int(n)
}

// zeros adds n lengths of zero.
func (h *treeHeader) zeros(n int) {
	for ; n >= 11; n -= min(n, 138) {
		h.add(18, min(n, 138)-11)
	}
	if n >= 3 {
		h.add(17, n-3)
		return
	}
	for ; n > 0; n-- {
		h.add(0, 0)
	}
}

// repeat adds n times the length v, which was the last before.
func (h *treeHeader) repeat(v uint8, n int) {
	for ; n >= 3; n -= min(n, 6) {
		h.add(16, min(n, 6)-3)
	}
	for ; n > 0; n-- {
		h.add(v, 0)
	}
}

func (h *treeHeader) add(symbol uint8, extra int) {
	h.count[symbol%32]++
	h.runs[h.n] = run{symbol, uint8(extra)}
	h.n++
}

// write writes the header to out[at:].
func (h *treeHeader) write(w *bitWriter, out []byte, at int) int {
	w.add(uint64(h.literals-257), 5)
	w.add(uint64(h.distances-1), 5)
	w.add(uint64(h.orders-4), 4)
	at = w.flush(out, at)
	for i, s := range lengthOrder[:h.orders] {
		if n := h.tree.lengths[s]; h.count[s] != 0 {
			w.add(uint64(n), 3)
		} else {
			w.add(0, 3)
		}
		if i == 9 {
			at = w.flush(out, at)
		}
	}
	at = w.flush(out, at)
	for _, r := range h.runs[:h.n] {
		w.addCode(h.tree.codes[r.symbol])
		w.add(uint64(r.extra), uint(runBits[r.symbol]))
		if w.count > 63-7-7 {
			at = w.flush(out, at)
		}
	}
	return w.flush(out, at)
}
