package compress

// This file holds the search for repeats: it turns bytes into sequences of literals and matches.

import "math/bits"

// A sequence is a run of literals and the match that follows it. Length 0 means that there is none, at the end of a
// block.
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
	buf, shift, heads := h.buf, h.shift&31, h.heads
	start, i, last := from, from, len(buf)-4
	for i <= last {
		v := load32(buf, i)
		head := &heads[hash(v)>>shift]
		p := h.bias + uint16(i)
		d := int(p - *head)
		*head = p
		if uint(d-1) >= uint(min(i, h.maxDistance)) || load32(buf, i-d) != v {
			i += 1 + (i-start)>>6
			continue
		}
		n := matchLength(buf, i-d, i)
		for i > start && i-d > 0 && n < maxMatch && buf[i-1] == buf[i-d-1] {
			i--
			n++
		}
		seqs = append(seqs, sequence{uint16(i - start), uint16(n), uint16(d)})
		end := i + n
		if end <= last {
			for _, j := range [2]int{i + 1, end - 2} {
				heads[hash(load32(buf, j))>>shift] = h.bias + uint16(j)
			}
		}
		i, start = end, end
	}
	if start < len(buf) {
		seqs = append(seqs, sequence{literals: uint16(len(buf) - start)})
	}
	return seqs
}

// findLazy looks at several earlier places for each match, and looks for a better match at the next byte before it
// takes one.
func (h *history) findLazy(seqs []sequence, from int) []sequence {
	enough := lazyEnough[h.level]
	start, i, last := from, from, len(h.buf)-4
	for i <= last {
		n, d := h.search(i, minMatch)
		if n == 0 {
			i += 1 + (i-start)>>8
			continue
		}
		next := i + 1
		for n < enough && next <= last {
			n2, d2 := h.search(next, n-1)
			next++
			if n2 == 0 || 4*n2-bits.Len(uint(d2)) <= 4*n-bits.Len(uint(d))+3 {
				break
			}
			i, n, d = next-1, n2, d2
		}
		seqs = append(seqs, sequence{uint16(i - start), uint16(n), uint16(d)})
		i += n
		start = i
		for end := min(i, last+1); next < end; next++ {
			h.insert(next)
		}
	}
	if start < len(h.buf) {
		seqs = append(seqs, sequence{literals: uint16(len(h.buf) - start)})
	}
	return seqs
}

// lazyEnough is the length from which on a match is taken without a look at the next byte.
var lazyEnough = [...]int{Balanced: 32, Smallest: maxMatch}

// search returns the best match for the string at i that is longer than least, or 0, and remembers the string.
func (h *history) search(i, least int) (length, distance int) {
	buf := h.buf
	v := load32(buf, i)
	x := hash(v)
	r := &h.rows[x>>(h.shift&31)]
	tag := uint8(x >> (h.shift&31 - 8))
	p := h.position(i)
	reach := uint(min(i, h.maxDistance))
	const ones = 0x0101010101010101
	differ := r.tags ^ ones*uint64(tag)
	best := least
	for hits := (differ - ones) &^ differ & (0x80 * ones); hits != 0; hits &= hits - 1 {
		k := uint(bits.TrailingZeros64(hits)) >> 3
		w := r.new
		if k >= 4 {
			w = r.old
		}
		d := int(p - uint16(w>>(k&3*16)))
		if uint(d-1) >= reach || load32(buf, i-d) != v {
			continue
		}
		if n := matchLength(buf, i-d, i); n > best {
			best, length, distance = n, n, d
		}
	}
	r.push(tag, p)
	return length, distance
}
