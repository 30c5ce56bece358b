package autobahn

// This file is a small compressor (RFC 1951) that keeps its distances within a window of any size, which compress/flate
// cannot. It looks back for matches in chains of positions with the same three octets, and writes each message as one
// block, by codes of its own or by the fixed ones, whichever takes less.

import "container/heap"

// A matcher compresses the messages of one direction.
type matcher struct {
	window int
	data   []byte // what may be looked back at, then the message
	head   [1 << hashBits]int32
	prev   []int32
	tokens []token
	lit    [286]int // how often each symbol of a token comes
	dist   [30]int
}

const (
	hashBits = 12
	maxChain = 24 // positions that are tried for a match
	maxMatch = 258
	minMatch = 3
)

// A token is a literal octet, or a match of a length at a distance that is not 0.
type token struct{ length, distance uint16 }

// message is p, compressed, without the empty stored block at its end (RFC 7692, Section 7.2.1). With keep the window
// reaches into what was compressed before.
func (m *matcher) message(p []byte, keep bool) []byte {
	start := 0
	if keep {
		start = min(len(m.data), m.window)
	}
	m.data = append(m.data[:copy(m.data, m.data[len(m.data)-start:])], p...)
	m.find(start)
	lit, dist := codeLengths(m.lit[:], 15), codeLengths(m.dist[:], 15)
	w := dynamicHead(lit, dist)
	if int(w.n)+m.cost(lit, dist) > 3+m.cost(fixedLit, fixedDist) {
		w, lit, dist = new(bitWriter).bits(0b010, 3), fixedLit, fixedDist
	}
	m.write(w, lit, dist)
	return w.bits(0, 3).out
}

// find cuts the message, which starts at the index given, into tokens.
func (m *matcher) find(start int) {
	m.tokens, m.lit, m.dist = m.tokens[:0], [286]int{}, [30]int{}
	for i := range m.head {
		m.head[i] = -1
	}
	m.prev = append(m.prev[:0], make([]int32, len(m.data))...)
	next := 0
	learn := func(to int) {
		for ; next < to; next++ {
			if next+minMatch <= len(m.data) {
				h := hash3(m.data[next:])
				m.prev[next], m.head[h] = m.head[h], int32(next)
			}
		}
	}
	for at := start; at < len(m.data); {
		learn(at)
		t := m.longest(at)
		if t.distance == 0 {
			m.lit[t.length]++
			at++
		} else {
			m.lit[257+symbolOf(lengthBase[:], t.length)]++
			m.dist[symbolOf(distBase[:], t.distance)]++
			at += int(t.length)
		}
		m.tokens = append(m.tokens, t)
	}
	m.lit[256]++
}

func hash3(b []byte) uint32 {
	return (uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])) * 2654435761 >> (32 - hashBits)
}

// longest is the longest match for what stands at the index given, or the octet itself.
func (m *matcher) longest(at int) token {
	best := token{length: uint16(m.data[at])}
	if at+minMatch > len(m.data) {
		return best
	}
	limit, length := min(maxMatch, len(m.data)-at), minMatch-1
	candidate := m.head[hash3(m.data[at:])]
	for range maxChain {
		if candidate < 0 || at-int(candidate) > m.window || length == limit {
			break
		}
		n := 0
		for n < limit && m.data[int(candidate)+n] == m.data[at+n] {
			n++
		}
		if n > length {
			length, best = n, token{uint16(n), uint16(at - int(candidate))}
		}
		candidate = m.prev[candidate]
	}
	return best
}

// symbolOf is the index of the last base value that is not above v.
func symbolOf(base []uint16, v uint16) int {
	sym := len(base) - 1
	for base[sym] > v {
		sym--
	}
	return sym
}

// cost is how many bits the tokens take by codes of these lengths.
func (m *matcher) cost(lit, dist []byte) int {
	n := 0
	for sym, times := range m.lit {
		n += times * int(lit[sym])
		if sym > 256 {
			n += times * int(lengthExtra[sym-257])
		}
	}
	for sym, times := range m.dist {
		n += times * int(dist[sym]+distExtra[sym])
	}
	return n
}

// write writes the tokens and the end of the block.
func (m *matcher) write(w *bitWriter, lit, dist []byte) {
	litCode, distCode := canonical(lit), canonical(dist)
	for _, t := range m.tokens {
		if t.distance == 0 {
			w.code(litCode[t.length], uint(lit[t.length]))
			continue
		}
		sym := symbolOf(lengthBase[:], t.length)
		w.code(litCode[257+sym], uint(lit[257+sym])).bits(uint32(t.length-lengthBase[sym]), uint(lengthExtra[sym]))
		sym = symbolOf(distBase[:], t.distance)
		w.code(distCode[sym], uint(dist[sym])).bits(uint32(t.distance-distBase[sym]), uint(distExtra[sym]))
	}
	w.code(litCode[256], uint(lit[256]))
}

// fixedLit and fixedDist are the lengths of the fixed codes (RFC 1951, Section 3.2.6), with the two symbols of either
// that nothing uses.
var fixedLit, fixedDist = func() (lit, dist []byte) {
	lit, dist = make([]byte, 288), make([]byte, 32)
	for i := range lit {
		switch {
		case i < 144, i >= 280:
			lit[i] = 8
		case i < 256:
			lit[i] = 9
		default:
			lit[i] = 7
		}
	}
	for i := range dist {
		dist[i] = 5
	}
	return lit, dist
}()

// dynamicHead begins a block with codes of its own (RFC 1951, Section 3.2.7): their lengths, by a code whose own
// lengths come first. Repetitions are written out but for those of zeros.
func dynamicHead(lit, dist []byte) *bitWriter {
	type run struct{ symbol, zeros int }
	var runs []run
	var times [19]int
	lengths := append(append([]byte(nil), lit...), dist...)
	for i := 0; i < len(lengths); {
		zeros := 0
		for i+zeros < len(lengths) && zeros < 138 && lengths[i+zeros] == 0 {
			zeros++
		}
		r := run{int(lengths[i]), 0}
		if zeros >= 11 {
			r = run{18, zeros}
		}
		runs = append(runs, r)
		times[r.symbol]++
		i += max(1, r.zeros)
	}
	code := codeLengths(times[:], 7)
	w := new(bitWriter).bits(0b100, 3)
	w.bits(uint32(len(lit)-257), 5).bits(uint32(len(dist)-1), 5).bits(uint32(len(codeOrder)-4), 4)
	for _, sym := range codeOrder {
		w.bits(uint32(code[sym]), 3)
	}
	codes := canonical(code)
	for _, r := range runs {
		w.code(codes[r.symbol], uint(code[r.symbol]))
		if r.symbol == 18 {
			w.bits(uint32(r.zeros-11), 7)
		}
	}
	return w
}

// canonical gives each symbol its code by the lengths (RFC 1951, Section 3.2.2).
func canonical(lengths []byte) []uint32 {
	var count, next [17]uint32
	for _, l := range lengths {
		count[l]++
	}
	count[0] = 0
	for l := 1; l < 16; l++ {
		next[l+1] = (next[l] + count[l]) << 1
	}
	codes := make([]uint32, len(lengths))
	for sym, l := range lengths {
		codes[sym] = next[l]
		next[l]++
	}
	return codes
}

// codeLengths are the lengths of a Huffman code for symbols that come so often, none longer than limit. At least one
// symbol gets a code.
func codeLengths(times []int, limit int) []byte {
	weights := append([]int(nil), times...)
	for {
		lengths, longest := huffmanLengths(weights)
		if longest <= limit {
			return lengths
		}
		for i, n := range weights {
			weights[i] = (n + 1) / 2 // flatter, so that the code becomes more even
		}
	}
}

// A tree is a subtree of a Huffman code, with the symbols in it.
type tree struct {
	weight  int
	symbols []int
}

type trees []tree

func (t trees) Len() int           { return len(t) }
func (t trees) Less(i, j int) bool { return t[i].weight < t[j].weight }
func (t trees) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *trees) Push(x any)        { *t = append(*t, x.(tree)) }
func (t *trees) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}

func huffmanLengths(weights []int) (lengths []byte, longest int) {
	lengths = make([]byte, len(weights))
	var t trees
	for sym, w := range weights {
		if w > 0 {
			t = append(t, tree{w, []int{sym}})
		}
	}
	if len(t) < 2 { // a code of one symbol still has one bit
		sym := 0
		if len(t) == 1 {
			sym = t[0].symbols[0]
		}
		lengths[sym] = 1
		return lengths, 1
	}
	heap.Init(&t)
	for len(t) > 1 {
		a, b := heap.Pop(&t).(tree), heap.Pop(&t).(tree)
		for _, sym := range append(a.symbols, b.symbols...) {
			lengths[sym]++
			longest = max(longest, int(lengths[sym]))
		}
		heap.Push(&t, tree{a.weight + b.weight, append(a.symbols, b.symbols...)})
	}
	return lengths, longest
}
