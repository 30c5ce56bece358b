package compress

// This file holds the header of a dynamic block (RFC 1951, Section 3.2.7): the lengths of its codes, run-length
// encoded and themselves Huffman coded.

// treeHeader is such a header, ready to be written.
type treeHeader struct {
	literals, distances, orders int // how many lengths of each kind are sent

	all     [literalSymbols + distanceSymbols]uint8
	runs    []run
	count   [lengthCodes]uint32
	lengths [lengthCodes]uint8
	codes   [lengthCodes]code
}

// run is one symbol of the run-length encoding with its extra bits.
type run struct{ symbol, extra uint8 }

// The extra bits of the symbols 16 (the last length again, 3 to 6 times), 17 (zero, 3 to 10 times) and 18 (zero, 11
// to 138 times).
var runBits = [lengthCodes]uint8{16: 2, 17: 3, 18: 7}

// plan makes the codes' lengths for the symbols counted, and the header that tells them, and returns the bits that
// the header and the symbols take.
func (w *blockWriter) plan() int {
	literals, distances := w.literalLength[:], w.distanceLength[:]
	w.tree.lengths(literals, w.literalCount[:], maxCodeLength)
	w.tree.lengths(distances, w.distanceCount[:], maxCodeLength)
	n := 0
	for i, c := range &w.literalCount {
		n += int(c) * int(literals[i])
	}
	for i, c := range &w.distanceCount {
		n += int(c) * int(distances[i])
	}
	return n + w.header.plan(literals, distances, &w.tree)
}

// plan prepares the header for the given lengths and returns its size in bits.
func (h *treeHeader) plan(literals, distances []uint8, tree *treeBuilder) int {
	h.literals, h.distances = literalSymbols, distanceSymbols
	for h.literals > 257 && literals[h.literals-1] == 0 {
		h.literals--
	}
	for h.distances > 1 && distances[h.distances-1] == 0 {
		h.distances--
	}
	// The two lists are one for the run-length encoding.
	n := copy(h.all[:], literals[:h.literals])
	n += copy(h.all[n:], distances[:h.distances])
	h.encode(h.all[:n])

	tree.lengths(h.lengths[:], h.count[:], 7)
	h.orders = lengthCodes
	for h.orders > 4 && h.lengths[lengthOrder[h.orders-1]] == 0 {
		h.orders--
	}
	size := 14 + 3*h.orders
	for s, c := range h.count {
		size += int(c) * int(h.lengths[s]+runBits[s])
	}
	return size
}

// encode turns lengths into runs and counts their symbols.
func (h *treeHeader) encode(lengths []uint8) {
	h.runs = h.runs[:0]
	clear(h.count[:])
	for i := 0; i < len(lengths); {
		v, n := lengths[i], 1
		for i+n < len(lengths) && lengths[i+n] == v {
			n++
		}
		i += n
		if v != 0 {
			h.add(v, 0)
			n--
		}
		for n >= 3 {
			var took int
			switch {
			case v != 0:
				took = min(n, 6)
				h.add(16, took-3)
			case n <= 10:
				took = n
				h.add(17, took-3)
			default:
				took = min(n, 138)
				h.add(18, took-11)
			}
			n -= took
		}
		for ; n > 0; n-- {
			h.add(v, 0)
		}
	}
}

func (h *treeHeader) add(symbol uint8, extra int) {
	h.count[symbol]++
	h.runs = append(h.runs, run{symbol, uint8(extra)})
}

// write writes the header to out[at:].
func (h *treeHeader) write(w *bitWriter, out []byte, at int) int {
	w.add(uint64(h.literals-257), 5)
	w.add(uint64(h.distances-1), 5)
	w.add(uint64(h.orders-4), 4)
	at = w.flush(out, at)
	for i, s := range lengthOrder[:h.orders] {
		w.add(uint64(h.lengths[s]), 3)
		if i == 9 {
			at = w.flush(out, at)
		}
	}
	at = w.flush(out, at)
	assignCodes(h.codes[:], h.lengths[:])
	for _, r := range h.runs {
		w.addCode(h.codes[r.symbol])
		w.add(uint64(r.extra), uint(runBits[r.symbol]))
		if w.count > 63-7-7 {
			at = w.flush(out, at)
		}
	}
	return w.flush(out, at)
}
