package compress

// This file holds the search for repeats: it turns bytes into sequences of literals and matches.

import "math/bits"

// A sequence is a run of literals and the match that follows it. Only the last one of a block has no match.
type sequence struct {
	literals uint16
	length   uint16 // 3 to 258
	distance uint16 // 1 to 32768
}

// find appends the sequences for buf[from:], at most maxStored bytes, to seqs and remembers what it saw.
func (h *history) find(seqs []sequence, from int) []sequence {
	if h.level == Fastest {
		return h.findFast(seqs, from)
	}
	return h.findLazy(seqs, from)
}

// matchLength returns how many bytes from a on equal those from b on, where a < b, at most 258.
func matchLength(buf []byte, a, b int) int {
	y := buf[b:]
	if len(y) > maxMatch {
		y = y[:maxMatch]
	}
	x := buf[a:]
	x = x[:len(y)]
	n := 0
	for ; n+8 <= len(y); n += 8 {
		if v := load64(x, n) ^ load64(y, n); v != 0 {
			return n + bits.TrailingZeros64(v)>>3
		}
	}
	for n < len(y) && x[n] == y[n] {
		n++
	}
	return n
}

// findFast takes the first match it sees, and looks for one at fewer and fewer places the longer it has found none.
func (h *history) findFast(seqs []sequence, from int) []sequence {
	buf, log, heads, bias := h.buf, h.log, h.heads, h.bias
	start, i, last := from, from, len(buf)-8
	for i <= last {
		v := load32(buf, i)
		head := &heads[hash4(v, log)]
		p := bias + uint16(i)
		d := int(p - *head)
		*head = p
		if uint(d-1) >= uint(min(i, h.maxDistance)) || load32(buf, i-d) != v {
			i += 1 + (i-start)>>6
			continue
		}
		n := matchLength(buf, i-d, i)
		back := h.extendBack(i, d, n, start)
		seqs = append(seqs, sequence{uint16(i - back - start), uint16(n + back), uint16(d)})
		end := i + n
		if end <= last {
			for _, j := range [2]int{i + 1, end - 2} {
				heads[hash4(load32(buf, j), log)] = bias + uint16(j)
			}
		}
		i, start = end, end
	}
	return append(seqs, sequence{literals: uint16(len(buf) - start)})
}

// extendBack returns by how many bytes a match of n bytes at i can begin earlier, not before start.
func (h *history) extendBack(i, d, n, start int) int {
	most := min(i-start, i-d, maxMatch-n)
	k := 0
	for k < most && h.buf[i-k-1] == h.buf[i-d-k-1] {
		k++
	}
	return k
}

// findLazy looks for the best of several matches, and for a better one at the next byte before it takes it.
func (h *history) findLazy(seqs []sequence, from int) []sequence {
	search, enough := h.searchPairs, balancedEnough
	if h.level == Smallest {
		search, enough = h.searchChain, maxMatch
	}
	start, i, last := from, from, len(h.buf)-8
	for i <= last {
		n, d := search(i, minMatch)
		if n == 0 {
			i += 1 + (i-start)>>7
			continue
		}
		next := i + 1
		for n < enough && next <= last {
			n2, d2 := search(next, n-1)
			next++
			if n2 == 0 || worth(n2, d2) <= worth(n, d)+3 {
				break
			}
			i, n, d = next-1, n2, d2
		}
		back := h.extendBack(i, d, n, start)
		seqs = append(seqs, sequence{uint16(i - back - start), uint16(n + back), uint16(d)})
		i += n
		start = i
		for end := min(i, last+1); next < end; next++ {
			h.insert(next)
		}
	}
	return append(seqs, sequence{literals: uint16(len(h.buf) - start)})
}

// balancedEnough is the length from which on level Balanced takes a match without a look at the next byte.
const balancedEnough = 16

// worth compares matches: a byte more is worth a distance sixteen times as far.
func worth(length, distance int) int { return 4*length - bits.Len(uint(distance)) }

// searchPairs returns the best match for the string at i that is longer than least, or 0, and remembers the string.
// It looks at the two newest places with the same six bytes, or at the newest with the same four.
func (h *history) searchPairs(i, least int) (length, distance int) {
	buf := h.buf
	v := load64(buf, i)
	p := h.position(i)
	reach := uint(min(i, h.maxDistance))
	pair := &h.pairs[hash6(v, h.log)]
	head := &h.heads[hash4(uint32(v), h.log)]
	l, s := *pair, *head
	*pair = l<<16 | uint32(p)
	*head = p
	if d := int(p - uint16(l)); uint(d-1) < reach && load32(buf, i-d) == uint32(v) {
		if n := matchLength(buf, i-d, i); n > least {
			least, length, distance = n, n, d
		}
	}
	if d := int(p - uint16(l>>16)); uint(d-1) < reach && load32(buf, i-d) == uint32(v) {
		if n := matchLength(buf, i-d, i); n > least {
			least, length, distance = n, n, d
		}
	}
	if length != 0 {
		return length, distance
	}
	if d := int(p - s); uint(d-1) < reach && load32(buf, i-d) == uint32(v) {
		if n := matchLength(buf, i-d, i); n > least {
			return n, d
		}
	}
	return 0, 0
}

// maxChain is how many places level Smallest looks at.
const maxChain = 16

// searchChain does the same at the newest places with the same four bytes, as many as maxChain.
func (h *history) searchChain(i, least int) (length, distance int) {
	buf := h.buf
	v := load32(buf, i)
	p := h.position(i)
	reach := min(i, h.maxDistance)
	head := &h.heads[hash4(v, h.log)]
	c := *head
	*head = p
	h.older[int(p)&(len(h.older)-1)] = c
	most := min(len(buf)-i, maxMatch)
	for last, n := 0, maxChain; n > 0; n-- {
		d := int(p - c)
		if d <= last || d > reach { // a chain that comes nearer is out of date
			break
		}
		last = d
		if least < most && buf[i-d+least] == buf[i+least] && load32(buf, i-d) == v {
			if n := matchLength(buf, i-d, i); n > least {
				least, length, distance = n, n, d
				if n == most {
					break
				}
			}
		}
		c = h.older[int(c)&(len(h.older)-1)]
	}
	return length, distance
}
