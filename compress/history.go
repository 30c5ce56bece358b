package compress

// This file holds what a deflater remembers of the bytes that passed: the LZ77 window and the table that finds
// repeats in it. Searching is in match.go.

import "encoding/binary"

// history is a window of the bytes before the next one, and the positions of strings in it. Positions are kept
// modulo 1<<16, which no window exceeds: one that is long out of date looks like one within reach, and is found out
// when the bytes themselves are compared, as every candidate is. So nothing ever has to be removed or adjusted, neither
// when the window slides nor when a message is taken back.
type history struct {
	window
	maxDistance int // 1 << window bits
	level       Level
	shift       uint8    // how many bits of a hash do not index the table
	heads       []uint16 // level Fastest: the newest position of each hash
	rows        []row    // other levels: the newest eight
}

// window is the bytes that passed last, and behind them those that are being compressed.
type window struct {
	buf  []byte
	bias uint16 // the position of buf[0]
}

// emptyBias is the position of the first byte. The zeros in a new table then look like positions beyond reach.
const emptyBias = 1 << 15

// row holds the newest positions of the strings of one hash. Sixteen bits of each position and eight of its hash are
// shifted through words, so that a row is searched and moved up in a few instructions.
type row struct {
	tags uint64 // newest in the low byte
	new  uint64 // positions of the four newest, newest in the low bits
	old  uint64
}

const (
	maxHeads = 1 << 14
	maxRows  = 1 << 11
	minTable = 6 // log2 of the smallest table
)

// slack returns how many bytes beyond its window a history of its own makes room for, so that it slides once for
// several messages.
func (h *history) slack() int { return max(h.maxDistance/4, 1<<10) }

// size returns the bytes held.
func (h *history) size() int { return cap(h.buf) + 2*cap(h.heads) + 24*cap(h.rows) }

// reserve makes room for n more bytes and keeps all that is within reach. n must be at most slack when the memory is
// the history's own.
func (h *history) reserve(n int) {
	if cap(h.buf)-len(h.buf) >= n {
		return
	}
	recent := h.recent()
	h.slideTo(h.grow(h.buf, len(recent)+n), recent)
	h.fitTable(cap(h.buf))
}

// grow returns an empty slice with room for n bytes: buf, if it is large enough.
func (h *history) grow(buf []byte, n int) []byte {
	if cap(buf) >= n {
		return buf[:0]
	}
	size := 256
	for size < n {
		size *= 2
	}
	return make([]byte, 0, min(size, h.maxDistance+h.slack()))
}

// recent returns the part of the window that is within reach of the next byte.
func (h *history) recent() []byte { return h.buf[max(len(h.buf)-h.maxDistance, 0):] }

// slideTo makes buf, filled with the last bytes of the window, the window.
func (h *history) slideTo(buf, last []byte) {
	h.bias += uint16(len(h.buf) - len(last))
	h.buf = append(buf, last...)
}

// fitTable makes the table large enough for n bytes of window, and enters those that are there if it had to grow.
func (h *history) fitTable(n int) {
	log := tableLog(h.level, min(n, h.maxDistance))
	if 1<<log <= max(len(h.heads), len(h.rows)) {
		return
	}
	h.makeTable(log)
	for i := range len(h.buf) - 3 {
		if h.level == Fastest {
			h.heads[hash(load32(h.buf, i))>>h.shift] = h.position(i)
		} else {
			h.insert(i)
		}
	}
}

// tableLog returns the base-2 logarithm of the table's size for n bytes of window.
func tableLog(level Level, n int) int {
	perEntry, most := 8, maxRows
	if level == Fastest {
		perEntry, most = 1, maxHeads
	}
	log := minTable
	for perEntry<<log < n && 1<<log < most {
		log++
	}
	return log
}

// makeTable makes an empty table.
func (h *history) makeTable(log int) {
	h.shift = uint8(32 - log)
	if h.level == Fastest {
		h.heads = cleared(h.heads, 1<<log)
	} else {
		h.rows = cleared(h.rows, 1<<log)
	}
}

// cleared returns n zeros, in the memory of s if there is enough of it.
func cleared[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// position returns what the table remembers of index i of buf.
func (h *history) position(i int) uint16 { return h.bias + uint16(i) }

// hash scatters four bytes; its high bits are the best.
func hash(v uint32) uint32 { return v * 0x9E3779B1 }

func load32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[i:]) }

func load64(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i:]) }

// insert remembers the string at i.
func (h *history) insert(i int) {
	x := hash(load32(h.buf, i))
	h.rows[x>>h.shift].push(uint8(x>>(h.shift&31-8)), h.position(i))
}

func (r *row) push(tag uint8, position uint16) {
	r.tags = r.tags<<8 | uint64(tag)
	r.old = r.old<<16 | r.new>>48
	r.new = r.new<<16 | uint64(position)
}
