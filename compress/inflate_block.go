package compress

// This file holds the decoder: the bits of DEFLATE blocks (RFC 1951, Section 3.2), resumable after any of them.

import (
	"fmt"
	"slices"
)

// decoder is the state of one message.
type decoder struct {
	in      []byte // what is left of the piece at hand
	hold    uint64 // bits taken from the pieces and not used yet
	count   uint   // how many; above them, hold has zeros
	state   state
	final   bool // the block is marked as the last
	cut     bool // the payload did not end where the lengths of a stored block are due
	starved bool // run stopped for want of input, not of room
	tail    int  // how many bytes of syncTail were taken

	out   []byte // where the message goes: the caller's slice, up to its capacity
	base  int    // out[base:at] was written in this call
	at    int
	limit int // at must not pass it

	window *ring // what was written in earlier calls
	lone   ring  // the same of a message without takeover

	length   int // bytes to copy, of the match or the stored block under way
	distance int

	literals  *literalTable
	distances *distanceTable

	// The header of a dynamic block: how many lengths of each kind there are, how many were read, the last one, and
	// the symbols whose lengths are not zero, those of distances counted on from those of literals.
	literalLengths, distanceLengths, orders, have int
	previous                                      uint
	orderLengths                                  [lengthCodes]uint8
	symbols                                       [literalSymbols + distanceSymbols]coded
	symbolCount                                   int

	orderTable    lengthTable
	literalTable  literalTable
	distanceTable distanceTable
}

// state says what the next bits are.
type state uint8

const (
	stateBlock    state = iota // the three bits that begin a block
	stateSizes                 // the lengths of a stored block
	stateStored                // its bytes
	stateCounts                // the counts of a dynamic block's header
	stateOrders                // the lengths of its code length codes
	stateLengths               // the lengths of its other codes
	stateSymbol                // a literal, a length, or the end of the block
	stateDistance              // the distance of a match
	stateCopy                  // no bits: a match is being written
)

func corrupt(text string) error { return fmt.Errorf("%w: %s", ErrCorrupt, text) }

var (
	errBlockType  = corrupt("block of the reserved type")
	errSizes      = corrupt("lengths of a stored block do not match")
	errCounts     = corrupt("too many codes")
	errOrders     = corrupt("code length codes are no tree")
	errNoOrders   = corrupt("no code length codes")
	errRepeat     = corrupt("repeated code lengths do not fit")
	errNoEnd      = corrupt("no code for the end of the block")
	errLiterals   = corrupt("literal and length codes are no tree")
	errDistances  = corrupt("distance codes are no tree")
	errSymbol     = corrupt("bits that are no literal or length")
	errNoDistance = corrupt("bits that are no distance")
	errTooFar     = corrupt("distance beyond the window")
	errShort      = corrupt("message ends inside a block")
)

// run decodes from src until that is used up, which sets starved, or the output has reached its limit.
func (d *decoder) run(src []byte) (n int, err error) {
	d.in, d.starved = src, false
	for more := true; more && err == nil; {
		more, err = d.step()
	}
	n = len(src) - len(d.in)
	d.in = nil
	return n, err
}

// runTail decodes what the sender left away behind the payload, and reports whether the message is complete.
func (d *decoder) runTail() (done bool, err error) {
	if d.tail == 0 {
		d.cut = d.state != stateSizes || d.count != 0
	}
	n, err := d.run(syncTail[d.tail:])
	d.tail += n
	if err != nil || !d.starved {
		return false, err
	}
	// What ends anywhere but behind a block, on a whole byte, was cut off or is not what Section 7.2.1 describes. So is
	// that to which those bytes were by chance something else than the lengths of the empty stored block.
	if d.state != stateBlock || d.count != 0 || d.cut {
		return false, errShort
	}
	return true, nil
}

// step decodes one thing; more is false when input or room for output is missing.
func (d *decoder) step() (more bool, err error) {
	switch d.state {
	case stateBlock:
		return d.block()
	case stateSizes:
		return d.storedSizes()
	case stateStored:
		return d.stored()
	case stateCounts:
		return d.counts()
	case stateOrders:
		return d.codeOrders()
	case stateLengths:
		return d.codeLengths()
	case stateSymbol:
		if len(d.in) >= fastInput && min(len(d.out), d.limit)-d.at >= fastOutput {
			return true, d.fast()
		}
		return d.symbol()
	case stateDistance:
		return d.matchDistance()
	}
	return d.copyMatch()
}

// need makes sure that hold has n bits, at most 32, or sets starved.
func (d *decoder) need(n uint) bool {
	for d.count < n {
		if len(d.in) == 0 {
			d.starved = true
			return false
		}
		d.hold |= uint64(d.in[0]) << d.count
		d.count += 8
		d.in = d.in[1:]
	}
	return true
}

// fill takes what input there is, until hold has 56 bits or more. It must not have 64: see fast.
func (d *decoder) fill() {
	for d.count < 56 && len(d.in) > 0 {
		d.hold |= uint64(d.in[0]) << d.count
		d.count += 8
		d.in = d.in[1:]
	}
}

// drop takes n bits off hold.
func (d *decoder) drop(n uint) {
	d.hold >>= n & 63
	d.count -= n
}

// take returns the next n bits.
func (d *decoder) take(n uint) uint {
	v := uint(d.hold & (1<<(n&63) - 1))
	d.drop(n)
	return v
}

// room reports whether a byte may be written, and makes out larger if it has to.
func (d *decoder) room() bool {
	if d.at >= d.limit {
		return false
	}
	if d.at == len(d.out) {
		d.grow()
	}
	return true
}

// grow makes out larger, by what this call has written so far or a little at first.
func (d *decoder) grow() {
	n := min(max(d.at-d.base, 1024), d.limit-d.at) + fastOutput
	out := slices.Grow(d.out[:d.at], n)
	d.out = out[:cap(out)]
}

// endBlock goes on to the next block.
func (d *decoder) endBlock() {
	d.state = stateBlock
	if d.final {
		// RFC 7692, Section 7.2.3.4: a message may have final blocks; the next one begins on a byte.
		d.drop(d.count & 7)
	}
}

func (d *decoder) block() (bool, error) {
	if !d.need(3) {
		return false, nil
	}
	d.final = d.take(1) == 1
	switch d.take(2) {
	case 0:
		d.drop(d.count & 7)
		d.state = stateSizes
	case 1:
		d.literals, d.distances = fixedLiterals, fixedDistances
		d.state = stateSymbol
	case 2:
		d.state = stateCounts
	default:
		return false, errBlockType
	}
	return true, nil
}

func (d *decoder) storedSizes() (bool, error) {
	if !d.need(32) {
		return false, nil
	}
	n := d.take(16)
	if d.take(16) != ^n&0xFFFF {
		return false, errSizes
	}
	d.length = int(n)
	d.state = stateStored
	return true, nil
}

func (d *decoder) stored() (bool, error) {
	for d.length > 0 {
		if d.count == 0 && len(d.in) == 0 {
			d.starved = true
			return false, nil
		}
		if !d.room() {
			return false, nil
		}
		if d.count > 0 {
			d.out[d.at] = byte(d.take(8))
			d.at++
			d.length--
			continue
		}
		n := min(d.length, len(d.in), d.limit-d.at)
		if n > len(d.out)-d.at {
			out := slices.Grow(d.out[:d.at], n)
			d.out = out[:cap(out)]
		}
		d.at += copy(d.out[d.at:], d.in[:n])
		d.in = d.in[n:]
		d.length -= n
	}
	d.endBlock()
	return true, nil
}

func (d *decoder) counts() (bool, error) {
	if !d.need(14) {
		return false, nil
	}
	d.literalLengths = int(d.take(5)) + 257
	d.distanceLengths = int(d.take(5)) + 1
	d.orders = int(d.take(4)) + 4
	if d.literalLengths > literalSymbols || d.distanceLengths > distanceSymbols {
		return false, errCounts
	}
	d.have = 0
	clear(d.orderLengths[:])
	d.state = stateOrders
	return true, nil
}

func (d *decoder) codeOrders() (bool, error) {
	for d.have < d.orders {
		if !d.need(3) {
			return false, nil
		}
		d.orderLengths[lengthOrder[d.have]] = uint8(d.take(3))
		d.have++
	}
	symbols := codedSymbols(d.symbols[:0], d.orderLengths[:])
	if len(symbols) == 0 {
		return false, errNoOrders
	}
	if !buildTable(d.orderTable[:], lengthBits, symbols, lengthEntries[:], false) {
		return false, errOrders
	}
	d.have, d.symbolCount, d.previous = 0, 0, 0
	d.state = stateLengths
	return true, nil
}

func (d *decoder) codeLengths() (bool, error) {
	all := d.literalLengths + d.distanceLengths
	for d.have < all {
		if d.count < 14 {
			d.fill()
		}
		e := d.orderTable[d.hold&(1<<lengthBits-1)]
		if e.size() > d.count {
			d.starved = true
			return false, nil
		}
		extra := int(e.extra(d.hold))
		d.drop(e.size())
		times := 1
		switch s := e.value(); s {
		case 16:
			times = 3 + extra
			if d.have == 0 {
				return false, errRepeat
			}
		case 17:
			times, d.previous = 3+extra, 0
		case 18:
			times, d.previous = 11+extra, 0
		default:
			d.previous = s
		}
		if times > all-d.have {
			return false, errRepeat
		}
		d.codeLength(times)
	}
	return true, d.buildTables()
}

// codeLength gives the next symbols the length last read.
func (d *decoder) codeLength(times int) {
	if d.previous == 0 {
		d.have += times
		return
	}
	for range times {
		d.symbols[d.symbolCount] = coded(d.have)<<4 | coded(d.previous)
		d.symbolCount++
		d.have++
	}
}

func (d *decoder) buildTables() error {
	literals, distances := d.splitSymbols()
	switch {
	case !hasEnd(literals):
		return errNoEnd
	case !buildTable(d.literalTable[:], literalBits, literals, literalEntries[:], true):
		return errLiterals
	case !buildTable(d.distanceTable[:], distanceBits, distances, distanceEntries[:], true):
		return errDistances
	}
	d.literals, d.distances = &d.literalTable, &d.distanceTable
	d.state = stateSymbol
	return nil
}

// splitSymbols separates the symbols of the two trees and counts those of distances from zero.
func (d *decoder) splitSymbols() (literals, distances []coded) {
	n := d.symbolCount
	for n > 0 && d.symbols[n-1].symbol() >= uint(d.literalLengths) {
		n--
		d.symbols[n] -= coded(d.literalLengths) << 4
	}
	return d.symbols[:n], d.symbols[n:d.symbolCount]
}

// hasEnd reports whether there is a code for the end of the block.
func hasEnd(literals []coded) bool {
	for _, c := range slices.Backward(literals) {
		if c.symbol() <= endOfBlock {
			return c.symbol() == endOfBlock
		}
	}
	return false
}

// symbol decodes a literal, a length or the end of the block near the end of the input or of the room, where fast
// cannot.
func (d *decoder) symbol() (bool, error) {
	if d.count < 20 {
		d.fill()
	}
	e := d.literals[d.hold&(1<<literalBits-1)]
	first := uint(0)
	if e&entrySecond != 0 {
		first = literalBits
		e = d.literals[(e.value()+uint(d.hold>>literalBits)&(1<<e.codeSize()-1))&uint(len(d.literals)-1)]
	}
	switch {
	case first+e.size() > d.count:
		d.starved = true
		return false, nil
	case e&entryLiteral != 0:
		if !d.room() {
			return false, nil
		}
		d.drop(first + e.size())
		d.out[d.at] = byte(e.value())
		d.at++
	case e&entryEnd != 0:
		d.drop(first + e.size())
		d.endBlock()
	case e&entryInvalid != 0:
		return false, errSymbol
	default:
		d.drop(first)
		d.length = int(e.value() + e.extra(d.hold))
		d.drop(e.size())
		d.state = stateDistance
	}
	return true, nil
}

func (d *decoder) matchDistance() (bool, error) {
	if d.count < 28 {
		d.fill()
	}
	e := d.distances[d.hold&(1<<distanceBits-1)]
	first := uint(0)
	if e&entrySecond != 0 {
		first = distanceBits
		e = d.distances[(e.value()+uint(d.hold>>distanceBits)&(1<<e.codeSize()-1))&uint(len(d.distances)-1)]
	}
	if first+e.size() > d.count {
		d.starved = true
		return false, nil
	}
	if e&entryInvalid != 0 {
		return false, errNoDistance
	}
	d.drop(first)
	d.distance = int(e.value() + e.extra(d.hold))
	d.drop(e.size())
	if !d.reaches(d.distance) {
		return false, errTooFar
	}
	d.state = stateCopy
	return true, nil
}

// reaches reports whether the window goes back so far: the one agreed upon, filled with what there was.
func (d *decoder) reaches(distance int) bool {
	return distance <= d.window.size && distance <= d.at-d.base+len(d.window.buf)
}

// copyMatch writes what there is room for of a match.
func (d *decoder) copyMatch() (bool, error) {
	for d.length > 0 {
		if !d.room() {
			return false, nil
		}
		p := d.out[d.at:min(len(d.out), d.limit, d.at+d.length)]
		n := 0
		if back := d.distance - (d.at - d.base); back > 0 {
			n = d.window.copyTo(p, back)
		} else {
			n = copy(p[:min(len(p), d.distance)], d.out[d.at-d.distance:])
		}
		d.at += n
		d.length -= n
	}
	d.state = stateSymbol
	return true, nil
}
