package compress

// This file holds the decoder's inner loop, for the middle of a block, where neither input nor room can run out.

import "encoding/binary"

// What fast needs at the beginning of a round: the bytes that it takes into hold at once, twice, and the bytes of
// three literals, a match, and what copying writes beyond it.
const (
	fastInput  = 16
	fastOutput = 320
)

// fast decodes symbols while there is input and room enough for whole rounds of them: up to three literals, or up to two
// and a match. Input is taken without asking how much is needed: eight bytes go over the bits that are there, those that
// do not fit come again the next time, and there are at least 56 bits then, of which three literals take at most 35, two
// literals and a length 40, and a distance 28.
func (d *decoder) fast() error {
	in, out, hold, count, at := d.in, d.out, d.hold, d.count, d.at
	literals, distances := d.literals, d.distances
	held, farthest := len(d.window.buf), d.window.size
	var err error
	i, lastIn, lastOut := 0, len(in)-fastInput, min(len(out), d.limit)-fastOutput
	for i <= lastIn && at <= lastOut {
		hold |= binary.LittleEndian.Uint64(in[i:]) << (count & 63)
		i += int(63-count) >> 3
		count |= 56
		e := literals[hold&(1<<literalBits-1)]
		if e&entryLiteral != 0 {
			hold >>= e.size()
			count -= e.size()
			out[at] = byte(e >> 16)
			at++
			e = literals[hold&(1<<literalBits-1)]
			if e&entryLiteral != 0 {
				hold >>= e.size()
				count -= e.size()
				out[at] = byte(e >> 16)
				at++
				e = literals[hold&(1<<literalBits-1)]
			}
		}
		if e&entrySecond != 0 {
			hold >>= literalBits
			count -= literalBits
			e = literals[(e.value()+uint(hold)&(1<<e.codeSize()-1))&uint(len(literals)-1)]
		}
		if e&entryLiteral != 0 {
			hold >>= e.size()
			count -= e.size()
			out[at] = byte(e >> 16)
			at++
			continue
		}
		if e&entrySpecial != 0 {
			if e&entryInvalid != 0 {
				err = errSymbol
				break
			}
			hold >>= e.size()
			count -= e.size()
			d.state = stateBlock
			break
		}
		length := int(e.value() + e.extra(hold))
		hold >>= e.size()
		count -= e.size()

		hold |= binary.LittleEndian.Uint64(in[i:]) << (count & 63)
		i += int(63-count) >> 3
		count |= 56
		e = distances[hold&(1<<distanceBits-1)]
		if e&entrySecond != 0 {
			hold >>= distanceBits
			count -= distanceBits
			e = distances[(e.value()+uint(hold)&(1<<e.codeSize()-1))&uint(len(distances)-1)]
		}
		if e&entryInvalid != 0 {
			err = errNoDistance
			break
		}
		distance := int(e.value() + e.extra(hold))
		hold >>= e.size()
		count -= e.size()

		if distance > farthest || distance > at-d.base+held {
			err = errTooFar
			break
		}
		switch back := distance - (at - d.base); {
		case back > 0:
			d.window.copyMatch(out, at, back, distance, length)
		case length <= 16 && distance >= 8:
			copy16(out[at:], out[at-distance:])
		default:
			copyWithin(out, at, distance, length)
		}
		at += length
	}
	d.in, d.hold, d.count, d.at = in[i:], hold&(1<<(count&63)-1), count, at
	if d.state == stateBlock {
		d.endBlock()
	}
	return err
}

// copyMatch writes n bytes to out[at:] that begin back bytes before the end of the window and may go on in out, and up to
// 15 more that mean nothing. Mostly they are in the window, and in one piece.
func (r *ring) copyMatch(out []byte, at, back, distance, n int) {
	from := (r.head - back) & (r.size - 1)
	switch {
	case back < n || from+max(n, 16) > len(r.buf):
		if k := r.copyTo(out[at:at+n], back); k < n {
			copyWithin(out, at+k, distance, n-k)
		}
	case n <= 16:
		copy16(out[at:], r.buf[from:])
	default:
		copy(out[at:at+n], r.buf[from:])
	}
}

// copy16 copies two words, one after the other: of a repeat of at least eight bytes, the second may be the first.
func copy16(to, from []byte) {
	binary.LittleEndian.PutUint64(to, binary.LittleEndian.Uint64(from))
	binary.LittleEndian.PutUint64(to[8:], binary.LittleEndian.Uint64(from[8:]))
}

// widened is the smallest multiple of each distance that reaches over a word.
var widened = [8]int{0, 8, 8, 9, 8, 10, 12, 14}

// copyWithin writes n bytes to out[at:] that repeat those distance before it, and up to 15 more that mean nothing.
func copyWithin(out []byte, at, distance, n int) {
	if distance < 8 {
		wide := widened[distance]
		for i := at; i < at+wide; i++ {
			out[i] = out[i-distance]
		}
		at, n, distance = at+wide, n-wide, wide
	}
	to, from := out[at:], out[at-distance:]
	for i := 0; i < n; i += 8 {
		binary.LittleEndian.PutUint64(to[i:], binary.LittleEndian.Uint64(from[i:]))
	}
}
