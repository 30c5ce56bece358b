package compress

// This file holds the header of a dynamic block (RFC 1951, Section 3.2.7): the lengths of its codes, run-length
// encoded and themselves Huffman coded.

// treeHeader is such a header, ready to be written.
type treeHeader struct {
	literals, distances, orders int // how many lengths of each kind are sent

	n     int        // of the runs
	runs  [512]run   // a power of two over literalSymbols + distanceSymbols
	count [32]uint16 // of which lengthCodes are in use
	tree  tree       // of the runs' symbols
}

// run is one symbol of the run-length encoding with its extra bits.
type run struct{ symbol, extra uint8 }

// The extra bits of the symbols 16 (the last length again, 3 to 6 times), 17 (zero, 3 to 10 times) and 18 (zero, 11
// to 138 times).
var runBits = [32]uint8{16: 2, 17: 3, 18: 7}

// plan prepares the header for two trees and sets size.
func (h *treeHeader) plan(literals, distances *tree, b *treeBuilder) (size int) {
	h.n = 0
	clear(h.count[:])
	// The two lists are one for the run-length encoding.
	h.literals = h.encode(literals)
	h.distances = h.encode(distances)
	if h.distances == 0 { // one distance code of no bits stands for none
		h.distances = 1
		h.count[0]++
		h.runs[h.n] = run{}
		h.n++
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
//
// What follows on what is anybody's guess, and each wrong one costs the processor more than the work: so a run of zeros
// and a length are written for each symbol, as if both were there, and the index goes on by as much as was there.
func (h *treeHeader) encode(t *tree) int {
	runs, count, n := &h.runs, &h.count, h.n
	next, previous, same := uint(0), uint8(0), 0 // same: how often the last length came again since it was last written
	for _, u := range t.used {
		s := u.symbol() % literalSymbols
		gap := s - next
		if gap >= uint(len(zeroRuns)) {
			runs[n%len(runs)] = run{18, 127}
			count[18]++
			n++
			gap -= uint(len(zeroRuns)) - 1
		}
		zeros := &zeroRuns[gap]
		runs[n%len(runs)], runs[(n+1)%len(runs)] = zeros.run, zeros.run
		count[zeros.symbol%32] += uint16(zeros.times)
		n += int(zeros.times)

		v := t.lengths[s]
		same++
		if gap|uint(v^previous) != 0 {
			same = 0
		}
		next, previous = s+1, v
		if same < 3 {
			runs[n%len(runs)] = run{symbol: v}
			count[v%32]++
			n++
			continue
		}
		if same == 3 { // instead of the last two
			n -= 2
			count[v%32] -= 2
			runs[n%len(runs)] = run{symbol: 16}
			count[16]++
			n++
			continue
		}
		runs[(n-1)%len(runs)].extra++
		if same == 6 {
			same = 0
		}
	}
	h.n = n
	return int(next)
}

// zeroRuns tells the runs that so many zeros are: one kind, up to two times.
var zeroRuns = func() (t [139]struct {
	run
	times uint8
}) {
	for n := range t {
		switch {
		case n >= 11:
			t[n].run, t[n].times = run{18, uint8(n - 11)}, 1
		case n >= 3:
			t[n].run, t[n].times = run{17, uint8(n - 3)}, 1
		default:
			t[n].times = uint8(n)
		}
	}
	return t
}()

// write writes the header to out[at:].
func (h *treeHeader) write(w *bitWriter, out []byte, at int) int {
	w.add(uint64(h.literals-257), 5)
	w.add(uint64(h.distances-1), 5)
	w.add(uint64(h.orders-4), 4)
	at = w.flush(out, at)
	orders := uint64(0)
	for i, s := range lengthOrder[:h.orders] {
		orders |= uint64(h.tree.lengths[s]) * uint64(oneIf(h.count[s] != 0)) << (3 * i)
	}
	first := min(3*h.orders, 30)
	w.add(orders&(1<<30-1), uint(first))
	at = w.flush(out, at)
	w.add(orders>>30, uint(3*h.orders-first))
	at = w.flush(out, at)

	bits, count := w.bits, w.count
	runs := h.runs[:h.n]
	for ; len(runs) >= 4; runs = runs[4:] {
		b, k := h.join(runs[0], runs[1])
		c, l := h.join(runs[2], runs[3])
		bits |= (b | c<<(k&63)) << (count & 63)
		at, bits, count = flush(out, at, bits, count+k+l)
	}
	for _, r := range runs {
		b, k := h.split(r)
		bits |= b << (count & 63)
		count += k
	}
	w.bits, w.count = bits, count
	return w.flush(out, at)
}

// split returns the bits of a run, at most 14, and how many there are.
func (h *treeHeader) split(r run) (bits uint64, count uint) {
	b, k := h.tree.codes[r.symbol].split()
	return b | uint64(r.extra)<<(k&63), k + uint(runBits[r.symbol%32])
}

// join does so for two runs, one behind the other.
func (h *treeHeader) join(r, s run) (bits uint64, count uint) {
	b, k := h.split(r)
	c, l := h.split(s)
	return b | c<<(k&63), k + l
}
