package compress

// This file holds what a deflater remembers of the bytes that passed: the LZ77 window and the table that finds
// repeats in it. Searching is in match.go.

// history is a window of the bytes before the next one, and the positions of strings in it. Positions are kept
// modulo 1<<16, which no window exceeds: one that is long out of date looks like one within reach, and is found out
// when the bytes themselves are compared, as every candidate is. So nothing ever has to be removed or adjusted, neither
// when the window slides nor when a message is taken back.
type history struct {
	window
	maxDistance int // 1 << window bits
	reach       int // how far back matches may be
	slack       int // how much more a window of its own has room for, so that it slides once for several messages
	level       Level
	enough      int // the length from which on a match is taken without a look at the next byte

	mask  uint64   // the size of the tables, a power of two, less one
	of    uint64   // the bits that the hash for heads is of
	heads []uint16 // the newest position of each hash of four bytes, or five
	pairs []uint32 // level Balanced: the two newest positions of each hash of six bytes, newest in the low half
	older []uint16 // level Smallest: at each position modulo the size, the one before it with the same hash
}

// window is the bytes that passed last, and behind them those that are being compressed.
type window struct {
	buf  []byte
	bias uint16 // the position of buf[0]
}

// emptyBias is the position of the first byte. The zeros in a new table then look like positions beyond reach.
const emptyBias = 1 << 15

// The tables have an entry for each byte of the window, but at least and at most two to the power of so many. Those that
// are borrowed for a message by itself, which no connection holds, may be larger.
const (
	minTable  = 7
	maxTable  = 14
	lentTable = 15
)

// The lengths from which on a match is taken without a look at the next byte.
const (
	balancedEnough = 24
	longEnough     = 5 // in a long message by itself: text64K takes a fifth less time, and 0.9 % more bytes
	smallestEnough = 40
)

// lay decides how much of the window is within reach and how much is room for what comes.
//
// Fastest's window is its buffer, an eighth of it room: 28 KiB of reach in 32 instead of 32 in 40 make 0.5 % more bytes of
// chat, and 8 KiB less are held. In small windows that would be no room.
func (h *history) lay(level Level, maxDistance int) {
	h.level, h.maxDistance = level, maxDistance
	h.reach, h.slack = maxDistance, max(maxDistance/4, 1<<10)
	if eighth := maxDistance / 8; level == Fastest && eighth >= 1<<10 {
		h.reach, h.slack = maxDistance-eighth, eighth
	}
}

// begin makes h an empty history with the options of another, for a message of n bytes by itself.
func (h *history) begin(like *history, n int) {
	h.level, h.maxDistance, h.reach = like.level, like.maxDistance, like.maxDistance
	h.window = window{bias: emptyBias}
	h.makeTable(logUpTo(min(n, h.maxDistance), lentTable))
	if h.level == Balanced && len(h.heads) >= 1<<maxTable {
		h.enough = longEnough
	}
}

// size returns the bytes held.
func (h *history) size() int {
	return cap(h.buf) + 2*cap(h.heads) + 4*cap(h.pairs) + 2*cap(h.older)
}

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
	return make([]byte, 0, min(size, h.reach+h.slack))
}

// recent returns the part of the window that is within reach of the next byte.
func (h *history) recent() []byte { return h.buf[max(len(h.buf)-h.reach, 0):] }

// slideTo makes buf, filled with the last bytes of the window, the window.
func (h *history) slideTo(buf, last []byte) {
	h.bias += uint16(len(h.buf) - len(last))
	h.buf = append(buf, last...)
}

// fitTable makes the tables large enough for n bytes of window, and enters those that are there if they had to grow.
func (h *history) fitTable(n int) {
	if log := h.tableLog(n); 1<<log > len(h.heads) {
		h.makeTable(log)
		h.insert(0, len(h.buf)-7)
	}
}

// tableLog returns the base-2 logarithm of the tables' size for n bytes of window.
func (h *history) tableLog(n int) uint {
	most := maxTable
	switch h.level {
	case Balanced:
		most-- // it has two; in the 80 KiB of Fastest, with one, it would make 4.7 % more bytes of chat, 2 % less than that
	case Fastest:
		most-- // 16 KiB less to hold, and to fetch for each message, for 1.5 % more bytes of chat
	}
	return logUpTo(min(n, h.maxDistance), most)
}

// logUpTo returns the least base-2 logarithm of a table's size that is at least n, or most.
func logUpTo(n, most int) uint {
	log := minTable
	for 1<<log < n && log < most {
		log++
	}
	return uint(log)
}

// makeTable makes empty tables.
func (h *history) makeTable(log uint) {
	h.mask, h.of, h.enough = 1<<log-1, of4, balancedEnough
	if h.level == Fastest && log >= 12 {
		h.of = of5 // with so much to choose from, four bytes are seldom worth the distance
	}
	h.heads = cleared(h.heads, 1<<log)
	switch h.level {
	case Balanced:
		h.pairs = cleared(h.pairs, 1<<log)
	case Smallest:
		h.enough = smallestEnough
		n := 1 << log
		if log == maxTable { // which may be less than the window
			n = h.maxDistance
		}
		h.older = cleared(h.older, n)
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

// position returns what the tables remember of index i of buf.
func (h *history) position(i int) uint16 { return h.bias + uint16(i) }

// hash scatters some low bytes of v over the entries of a table.
func hash(v, of, mask uint64) uint64 { return (v & of) * 0x9E3779B185EBCA87 >> 48 & mask }

// What hash is of: four, five and six bytes.
const (
	of4 = 1<<32 - 1
	of5 = 1<<40 - 1
	of6 = 1<<48 - 1
)

// enter remembers the string at i, of which v has as many bytes as the hash for heads is of.
func (h *history) enter(i int, v uint64) { *at16(h.heads, hash(v, h.of, h.mask)) = h.position(i) }

// insert remembers the strings from i on, up to but without end. Behind each there must be eight bytes.
func (h *history) insert(i, end int) {
	buf, mask, of, heads := h.buf, h.mask, h.of, h.heads
	switch h.level {
	case Fastest:
		for ; i < end; i++ {
			heads[hash(load64(buf, i), of, mask)] = h.position(i)
		}
	case Balanced:
		pairs := h.pairs
		for ; i < end; i++ {
			v, p := load64(buf, i), h.position(i)
			*at16(heads, hash(v, of, mask)) = p
			pair := at32(pairs, hash(v, of6, mask))
			*pair = *pair<<16 | uint32(p)
		}
	default:
		older := h.older
		for ; i < end; i++ {
			v, p := load64(buf, i), h.position(i)
			head := &heads[hash(v, of, mask)]
			older[int(p)&(len(older)-1)] = *head
			*head = p
		}
	}
}
