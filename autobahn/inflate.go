package autobahn

// This file is an inflater (RFC 1951) for whole messages of permessage-deflate. It is here, and not the standard
// library's, because it holds every distance against the window that was negotiated: an endpoint that looks back further
// than it may has broken RFC 7692, and a peer with a window of just that size could not read it.

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

var (
	errDistance  = errors.New("compressed data look back beyond the negotiated window")
	errBlock     = errors.New("compressed data are not DEFLATE")
	errTruncated = errors.New("compressed data end in the middle of a block")
	errTooLarge  = errors.New("compressed data are far larger than anything that was sent")
)

// An inflater inflates the messages of one direction of a connection.
type inflater struct {
	window    int
	noContext bool
	out       []byte // the window of what went before, then the message
	lit, dist huffman
	fixed     bool // lit and dist hold the fixed codes
	lengths   [288 + 32]byte
	src       []byte
	pos       int
	acc       uint64 // bits taken from src and not yet used
	nacc      uint
}

// newInflater makes an inflater for a window of 1<<bits octets; 0 stands for 15.
func newInflater(bits int, noContext bool) *inflater {
	if bits <= 0 {
		bits = 15
	}
	return &inflater{window: 1 << bits, noContext: noContext}
}

// message inflates the payload of one message to at most limit octets. The result is valid until the next call.
func (f *inflater) message(payload []byte, limit int) ([]byte, error) {
	keep := min(len(f.out), f.window)
	if f.noContext {
		keep = 0
	}
	f.out = f.out[:copy(f.out, f.out[len(f.out)-keep:])]
	// RFC 7692, Section 7.2.2: "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message."
	f.src, f.pos, f.acc, f.nacc = append(payload, 0, 0, 0xff, 0xff), 0, 0, 0
	for f.left() > 0 {
		if err := f.block(keep + limit); err != nil {
			return nil, err
		}
	}
	return f.out[keep:], nil
}

// left is how many octets have not been begun.
func (f *inflater) left() int { return len(f.src) - f.pos + int(f.nacc/8) }

// fill takes octets so that at least 56 bits are at hand, while there are any. Above nacc, acc may hold bits of the
// octet at pos already: the next fill sets the same bits again.
func (f *inflater) fill() {
	if len(f.src)-f.pos >= 8 {
		f.acc |= binary.LittleEndian.Uint64(f.src[f.pos:]) << f.nacc
		n := (63 - f.nacc) / 8
		f.pos += int(n)
		f.nacc += n * 8
		return
	}
	for f.nacc <= 56 && f.pos < len(f.src) {
		f.acc |= uint64(f.src[f.pos]) << f.nacc
		f.pos++
		f.nacc += 8
	}
}

// take uses n bits, n at most 16.
func (f *inflater) take(n uint) (uint32, error) {
	if f.nacc < n {
		if f.fill(); f.nacc < n {
			return 0, errTruncated
		}
	}
	v := uint32(f.acc & (1<<n - 1))
	f.acc >>= n
	f.nacc -= n
	return v, nil
}

// block inflates one block. One with BFINAL set ends at an octet boundary; RFC 7692, Section 7.2.3.4, lets others follow.
func (f *inflater) block(limit int) error {
	head, err := f.take(3)
	if err != nil {
		return err
	}
	switch head >> 1 {
	case 0:
		err = f.stored(limit)
	case 1:
		if !f.fixed {
			f.fixedCodes()
		}
		err = f.codes(limit)
	case 2:
		if err = f.dynamicCodes(); err == nil {
			err = f.codes(limit)
		}
	default:
		return errBlock
	}
	if err == nil && head&1 != 0 {
		_, err = f.take(f.nacc % 8)
	}
	return err
}

func (f *inflater) stored(limit int) error {
	f.take(f.nacc % 8)
	n, err := f.take(16)
	if err != nil {
		return err
	}
	inverse, err := f.take(16)
	if err != nil {
		return err
	}
	if n != ^inverse&0xFFFF {
		return errBlock
	}
	f.pos -= int(f.nacc / 8)
	f.acc, f.nacc = 0, 0
	if int(n) > len(f.src)-f.pos {
		return errTruncated
	}
	if len(f.out)+int(n) > limit {
		return errTooLarge
	}
	f.out = append(f.out, f.src[f.pos:f.pos+int(n)]...)
	f.pos += int(n)
	return nil
}

func (f *inflater) fixedCodes() {
	f.lit.build(fixedLit)
	f.dist.build(fixedDist)
	f.fixed = true
}

// codeOrder is the order in which the lengths of the code length code are sent (RFC 1951, Section 3.2.7).
var codeOrder = [19]byte{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

func (f *inflater) dynamicCodes() error {
	f.fixed = false
	head, err := f.take(14)
	if err != nil {
		return err
	}
	nlit, ndist, nlen := int(head&31)+257, int(head>>5&31)+1, int(head>>10)+4
	if nlit > 286 || ndist > 30 {
		return errBlock
	}
	var clen [19]byte
	for _, i := range codeOrder[:nlen] {
		v, err := f.take(3)
		if err != nil {
			return err
		}
		clen[i] = byte(v)
	}
	if !f.lit.build(clen[:]) {
		return errBlock
	}
	if err := f.codeLengths(nlit + ndist); err != nil {
		return err
	}
	dist := f.lengths[nlit : nlit+ndist]
	if f.lengths[256] == 0 || !f.lit.build(f.lengths[:nlit]) || !f.dist.build(dist) {
		return errBlock
	}
	return nil
}

// codeLengths reads n lengths, with repetitions, by the code in f.lit.
func (f *inflater) codeLengths(n int) error {
	for i := 0; i < n; {
		sym, err := f.symbol(&f.lit)
		if err != nil {
			return err
		}
		if sym < 16 {
			f.lengths[i] = byte(sym)
			i++
			continue
		}
		var value byte
		count, extra := uint32(3), uint(2)
		switch sym {
		case 16:
			if i == 0 {
				return errBlock
			}
			value = f.lengths[i-1]
		case 17:
			extra = 3
		case 18:
			count, extra = 11, 7
		}
		more, err := f.take(extra)
		if err != nil {
			return err
		}
		if count += more; i+int(count) > n {
			return errBlock
		}
		for range count {
			f.lengths[i] = value
			i++
		}
	}
	return nil
}

// Base values and numbers of extra bits of lengths (from symbol 257) and distances (RFC 1951, Section 3.2.5).
var (
	lengthBase  = [29]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra = [29]byte{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase    = [30]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distExtra   = [30]byte{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

// codes inflates the body of a block by the codes in f.lit and f.dist.
func (f *inflater) codes(limit int) error {
	for {
		sym, err := f.symbol(&f.lit)
		switch {
		case err != nil:
			return err
		case sym < 256:
			f.out = append(f.out, byte(sym))
			continue
		case sym == 256:
			return nil
		case sym > 285:
			return errBlock
		}
		more, err := f.take(uint(lengthExtra[sym-257]))
		if err != nil {
			return err
		}
		length := int(lengthBase[sym-257]) + int(more)
		if sym, err = f.symbol(&f.dist); err != nil {
			return err
		}
		if sym > 29 {
			return errBlock
		}
		if more, err = f.take(uint(distExtra[sym])); err != nil {
			return err
		}
		dist := int(distBase[sym]) + int(more)
		if dist > f.window || dist > len(f.out) {
			return errDistance
		}
		if len(f.out)+length > limit {
			return errTooLarge
		}
		f.out = appendMatch(f.out, length, dist)
	}
}

// appendMatch appends length octets from dist octets back; the two may overlap.
func appendMatch(out []byte, length, dist int) []byte {
	for length > dist {
		out = append(out, out[len(out)-dist:]...)
		length -= dist
	}
	return append(out, out[len(out)-dist:][:length]...)
}

// symbol reads one symbol of the code h.
func (f *inflater) symbol(h *huffman) (uint16, error) {
	if f.nacc < 15 {
		f.fill()
	}
	e := h.primary[f.acc&(1<<primaryBits-1)]
	if e.bits > primaryBits {
		e = h.secondary[int(e.symbol)+int(f.acc>>primaryBits&(1<<(15-primaryBits)-1))]
	}
	if e.bits == 0 {
		return 0, errBlock
	}
	if uint(e.bits) > f.nacc {
		return 0, errTruncated
	}
	f.acc >>= e.bits
	f.nacc -= uint(e.bits)
	return e.symbol, nil
}

// huffman decodes a code by two tables: the first by the next primaryBits bits, the second, for longer codes, by the
// rest. An entry with no bits is a code that does not exist.
type huffman struct {
	primary   [1 << primaryBits]entry
	secondary []entry
}

const primaryBits = 10

// entry is a symbol and the length of its code, or in the primary table, if bits is more than primaryBits, where in the
// secondary table the codes with this start are.
type entry struct {
	symbol uint16
	bits   byte
}

// build sets the code up from the lengths of its symbols and tells whether they make one. A code with a single symbol
// may be incomplete.
func (h *huffman) build(lengths []byte) bool {
	var count [16]int
	for _, l := range lengths {
		count[l]++
	}
	count[0] = 0
	var next [16]int
	code, used := 0, 0
	for l := 1; l < 16; l++ {
		code = (code + count[l-1]) << 1
		next[l] = code
		used += count[l] << (15 - l)
	}
	if used > 1<<15 || used < 1<<15 && !(used == 0 || used == 1<<14 && count[1] == 1) {
		return false
	}
	h.primary = [1 << primaryBits]entry{}
	h.secondary = h.secondary[:0]
	for sym, l := range lengths {
		if l > 0 {
			h.enter(sym, int(l), int(bits.Reverse16(uint16(next[l])))>>(16-l))
			next[l]++
		}
	}
	return true
}

// enter puts a symbol into every place of the tables that its code, read from the low bit, leads to.
func (h *huffman) enter(sym, l, code int) {
	e := entry{uint16(sym), byte(l)}
	if l <= primaryBits {
		for i := code; i < len(h.primary); i += 1 << l {
			h.primary[i] = e
		}
		return
	}
	p := &h.primary[code&(1<<primaryBits-1)]
	if p.bits == 0 {
		*p = entry{uint16(len(h.secondary)), primaryBits + 1}
		h.secondary = append(h.secondary, make([]entry, 1<<(15-primaryBits))...)
	}
	table := h.secondary[p.symbol:]
	for i := code >> primaryBits; i < 1<<(15-primaryBits); i += 1 << (l - primaryBits) {
		table[i] = e
	}
}
