package compress

// This file holds the search for repeats: it turns bytes into sequences of literals and matches.

import "math/bits"

// A sequence is a run of literals and the match that follows it. Only the last one of a block has no match.
type sequence struct {
	literals uint16
	length   uint16 // 4 to 258: three bytes are hardly ever worth a distance
	distance uint16 // 1 to 32768
}

// find appends the sequences for buf[from:], at most maxStored bytes, to seqs and remembers what it saw.
func (h *history) find(seqs []sequence, from int) []sequence {
	if h.level == Fastest {
		return h.findFast(seqs, from)
	}
	return h.findLazy(seqs, from)
}

// matchLength returns how many bytes from i on equal those d before them, at most 258. differ is how the first eight
// differ.
func matchLength(buf []byte, differ uint64, i, d int) int {
	if differ != 0 {
		return bits.TrailingZeros64(differ) >> 3
	}
	return longMatch(buf, i, d)
}

// longMatch is matchLength when the first eight bytes are equal.
func longMatch(buf []byte, i, d int) int {
	n, most := 8, min(len(buf)-i, maxMatch)
	for ; n+8 <= most; n += 8 {
		if v := load64(buf, i+n) ^ load64(buf, i+n-d); v != 0 {
			return n + bits.TrailingZeros64(v)>>3
		}
	}
	for n < most && buf[i+n] == buf[i+n-d] {
		n++
	}
	return n
}

// findFast takes the first match it sees.
func (h *history) findFast(seqs []sequence, from int) []sequence {
	buf := h.buf
	start, last := from, len(buf)-8
	if from == 0 {
		h.insert(0, min(1, last+1))
	}
	for {
		i, d := h.next(start, max(start, 1))
		if i > last {
			return append(seqs, sequence{literals: uint16(len(buf) - start)})
		}
		v := load64(buf, i)
		h.enter(i+1, v>>8)
		h.enter(i+2, v>>16)
		n := matchLength(buf, v^load64(buf, i-d), i, d)
		end := i + n
		for i > start && i > d && n < maxMatch && buf[i-1] == buf[i-1-d] {
			i--
			n++
		}
		seqs = append(seqs, sequence{uint16(i - start), uint16(n), uint16(d)})
		if end <= last {
			v := load64(buf, end-2)
			h.enter(end-2, v)
			h.enter(end-1, v>>8)
		}
		start = end
	}
}

// next looks for a place from i on with the same four bytes as an earlier one, d before it. The longer it has found
// none, the fewer places it looks at. Behind the last there are less than eight bytes.
//
// Whether there is a match is the only branch that cannot be foretold: what is before the window is taken for its first
// byte, and hardly ever equal.
func (h *history) next(start, i int) (at, d int) {
	buf, heads, mask, of, bias := h.buf, h.heads, h.mask, h.of, h.bias
	last := len(buf) - 8
	for i <= last {
		v := load64(buf, i)
		head := at16(heads, hash(v, of, mask))
		d := int(bias + uint16(i) - *head)
		*head = bias + uint16(i)
		if load32(buf, inside(i-d)) == uint32(v) && uint(d-1) < uint(min(i, h.reach)) {
			return i, d
		}
		i += 1 + (i-start)*9>>8
	}
	return i, 0
}

// findLazy looks for the best of several matches, and for a better one at the next byte before it takes it.
func (h *history) findLazy(seqs []sequence, from int) []sequence {
	start, i, last := from, max(from, 1), len(h.buf)-8
	if from == 0 {
		h.insert(0, min(1, last+1))
	}
	enough := h.enough
	at, length, distance := 0, 0, 0 // the match in hand, if there is one
	for {
		n, d := 0, 0
		switch {
		case i > last:
			if length == 0 {
				return append(seqs, sequence{literals: uint16(len(h.buf) - start)})
			}
		case h.level == Balanced:
			n, d = h.searchPairs(i, max(length-1, minMatch))
		default:
			n, d = h.searchChain(i, max(length-1, minMatch))
		}
		if length == 0 && n == 0 {
			i += stride(i - start)
			continue
		}
		i++
		if length == 0 || n != 0 && worth(n, d) > worth(length, distance)+3 {
			at, length, distance = i-1, n, d
			if n < enough {
				continue
			}
		}
		end := at + length
		for at > start && at > distance && length < maxMatch && h.buf[at-1] == h.buf[at-1-distance] {
			at--
			length++
		}
		seqs = append(seqs, sequence{uint16(at - start), uint16(length), uint16(distance)})
		h.insert(i, min(end, last+1))
		i, start, length = end, end, 0
	}
}

// stride returns how far to go on after so many bytes without a match: one byte in text, and soon very far in what is
// compressed or encrypted already.
func stride(run int) int { return 1 + run>>7 + (run>>8)*(run>>8) }

// worth compares matches: a byte more is worth a distance sixteen times as far.
func worth(length, distance int) int { return 4*length - bits.Len(uint(distance)) }

// searchPairs returns the best match for the string at i that is longer than least, at least three, or 0, and remembers
// the string. It looks at the two newest places with the same six bytes, and the newest with the same four.
//
// Which of them is a match is anybody's guess, and there is only one branch for whether any is.
func (h *history) searchPairs(i, least int) (length, distance int) {
	buf, p := h.buf, h.position(i)
	v := load64(buf, i)
	pair := at32(h.pairs, hash(v, of6, h.mask))
	head := at16(h.heads, hash(v, of4, h.mask))
	newer, older, short := back(p, uint16(*pair)), back(p, uint16(*pair>>16)), back(p, *head)
	*pair = *pair<<16 | uint32(p)
	*head = p
	n1 := same(v ^ load64(buf, inside(i-newer)))
	n2 := same(v ^ load64(buf, inside(i-older)))
	n3 := same(v ^ load64(buf, inside(i-short)))
	if n1|n2|n3 <= minMatch {
		return 0, 0
	}
	reach := min(i, h.reach)
	n1, n2, n3 = n1&within(newer, reach), n2&within(older, reach), n3&within(short, reach)
	best := max(n1<<2|2, n2<<2|1, n3<<2) // the longest, and of those the first
	length, distance = best>>2, newer
	if best&3 == 1 {
		distance = older
	}
	if best&3 == 0 {
		distance = short
	}
	if best >= 8<<2 {
		length = longMatch(buf, i, distance)
		if n1&n2 == 8 {
			if n := longMatch(buf, i, older); n > length {
				length, distance = n, older
			}
		}
	}
	if length <= least {
		return 0, 0
	}
	return length, distance
}

// back returns how far back from p an earlier position is: 1 to 1<<16.
func back(p, earlier uint16) int { return 1 + int(p-1-earlier) }

// within returns -1 if d is at most reach and else 0.
func within(d, reach int) int { return (d - 1 - reach) >> (bits.UintSize - 1) }

// same returns how many of eight bytes are equal, given how they differ.
func same(differ uint64) int { return bits.TrailingZeros64(differ) >> 3 }

// inside returns i, or 0 for what is before the window: that is as right to compare, and hardly ever equal.
func inside(i int) int { return i &^ (i >> (bits.UintSize - 1)) }

// maxChain is how many places level Smallest looks at.
const maxChain = 16

// searchChain does what searchPairs does, and looks at many of the newest places with the same four bytes.
func (h *history) searchChain(i, least int) (length, distance int) {
	buf, older := h.buf, h.older
	v := load64(buf, i)
	p := h.position(i)
	reach := min(i, h.reach)
	head := &h.heads[hash(v, of4, h.mask)]
	c := *head
	*head = p
	older[int(p)&(len(older)-1)] = c
	most := min(len(buf)-i, maxMatch)
	if least >= most {
		return 0, 0
	}
	tail := load32(buf, i+least-3) // with which a longer match must agree
	for last, left := 0, maxChain; left > 0; left-- {
		d := int(p - c)
		if d <= last || d > reach { // a chain that comes nearer is out of date
			break
		}
		last = d
		if load32(buf, i-d+least-3) == tail {
			if n := matchLength(buf, v^load64(buf, i-d), i, d); n > least {
				least, length, distance = n, n, d
				if n == most {
					break
				}
				tail = load32(buf, i+n-3)
			}
		}
		c = *at16(older, uint64(int(c)&(len(older)-1)))
	}
	return length, distance
}
