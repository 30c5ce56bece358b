package autobahn

// This file is the suite's own wire codec: frames as the suite sends them, where every field may break a rule, and
// frame headers as they arrive, taken apart without judging. What is right or wrong is judged in receive.go.

import (
	"encoding/binary"
	"math/bits"
)

// Opcodes of RFC 6455, Section 5.2.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA
)

// masking says whether a sent frame carries a mask key.
type masking byte

const (
	maskByRole masking = iota // clients mask, servers do not
	maskNever
	maskAlways
)

// lengthForm says which of the three encodings of the payload length a sent frame uses.
type lengthForm byte

const (
	lengthMinimal lengthForm = iota
	length16                 // 126 and two bytes
	length64                 // 127 and eight bytes
)

// A frame is what the suite sends. The zero value of every field but opcode is the well-behaved choice.
type frame struct {
	opcode  byte
	partial bool // FIN is not set
	rsv     byte // RSV1 is 4, RSV2 is 2, RSV3 is 1
	payload []byte
	mask    masking
	form    lengthForm
	lie     bool   // the header declares the length below in place of len(payload)
	length  uint64 // declared length if lie is set
	chop    int    // send in pieces of this many octets; 0: in one piece
	sync    bool   // send the octets of this frame apart from those of its neighbours
}

func text(s string) frame             { return frame{opcode: opText, payload: []byte(s)} }
func binaryFrame(s string) frame      { return frame{opcode: opBinary, payload: []byte(s)} }
func continuation(s string) frame     { return frame{opcode: opContinuation, payload: []byte(s)} }
func ping(s string) frame             { return frame{opcode: opPing, payload: []byte(s)} }
func pong(s string) frame             { return frame{opcode: opPong, payload: []byte(s)} }
func opcode(op byte, s string) frame  { return frame{opcode: op, payload: []byte(s)} }
func (f frame) more() frame           { f.partial = true; return f }
func (f frame) rsvBits(b byte) frame  { f.rsv = b; return f }
func (f frame) chops(n int) frame     { f.chop = n; return f }
func (f frame) apart() frame          { f.sync = true; return f }
func (f frame) as(l lengthForm) frame { f.form = l; return f }
func (f frame) masked(m masking) frame {
	f.mask = m
	return f
}

// declares makes the header tell a length that the payload does not have.
func (f frame) declares(n uint64) frame {
	f.lie, f.length = true, n
	return f
}

// closeFrame is a Close frame with a code and a reason, neither of which need be legal.
func closeFrame(code int, reason string) frame {
	return frame{opcode: opClose, payload: closePayload(code, reason)}
}

// closePayload is the body of a Close frame. A code below zero leaves the code out: the body is then the reason alone.
func closePayload(code int, reason string) []byte {
	if code < 0 {
		return []byte(reason)
	}
	return append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
}

// appendFrame appends the octets of f, masked by key if masked is set.
func appendFrame(dst []byte, f frame, masked bool, key [4]byte) []byte {
	b0 := f.opcode&0xF | f.rsv<<4&0x70
	if !f.partial {
		b0 |= 0x80
	}
	n := uint64(len(f.payload))
	if f.lie {
		n = f.length
	}
	form := f.form
	if form == lengthMinimal {
		form = minimalForm(n)
	}
	var maskBit byte
	if masked {
		maskBit = 0x80
	}
	switch {
	case form == length64:
		dst = binary.BigEndian.AppendUint64(append(dst, b0, maskBit|127), n)
	case form == length16:
		dst = binary.BigEndian.AppendUint16(append(dst, b0, maskBit|126), uint16(n))
	default:
		dst = append(dst, b0, maskBit|byte(n))
	}
	if masked {
		dst = append(dst, key[:]...)
	}
	start := len(dst)
	dst = append(dst, f.payload...)
	if masked {
		xorMask(dst[start:], key, 0)
	}
	return dst
}

// minimalForm is the shortest encoding of n; lengthMinimal stands for the 7 bits of the second octet.
func minimalForm(n uint64) lengthForm {
	switch {
	case n > 0xFFFF:
		return length64
	case n > 125:
		return length16
	}
	return lengthMinimal
}

// xorMask applies key to b in place; phase is the offset of b[0] in the payload.
func xorMask(b []byte, key [4]byte, phase int) {
	k := bits.RotateLeft32(binary.LittleEndian.Uint32(key[:]), -8*(phase&3))
	kk := uint64(k)<<32 | uint64(k)
	for ; len(b) >= 8; b = b[8:] {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^kk)
	}
	for i := range b {
		b[i] ^= byte(k >> (8 * (i & 3)))
	}
}

// A header is the start of a frame that arrived, not judged.
type header struct {
	fin    bool
	rsv    byte
	opcode byte
	masked bool
	key    [4]byte
	form   lengthForm
	length uint64
}

// parseHeader reads a header from the start of b and says how many octets it took; 0 means that more are needed.
func parseHeader(b []byte) (h header, n int) {
	if len(b) < 2 {
		return h, 0
	}
	h.fin, h.rsv, h.opcode = b[0]&0x80 != 0, b[0]>>4&7, b[0]&0xF
	h.masked = b[1]&0x80 != 0
	h.length, n = uint64(b[1]&0x7F), 2
	switch h.length {
	case 126:
		if len(b) < 4 {
			return h, 0
		}
		h.form, h.length, n = length16, uint64(binary.BigEndian.Uint16(b[2:])), 4
	case 127:
		if len(b) < 10 {
			return h, 0
		}
		h.form, h.length, n = length64, binary.BigEndian.Uint64(b[2:]), 10
	}
	if h.masked {
		if len(b) < n+4 {
			return h, 0
		}
		n += copy(h.key[:], b[n:])
	}
	return h, n
}
