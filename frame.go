package websocket

// This file holds the frame header of RFC 6455, Section 5.2: its types, its parser and its writer. They are
// functions of their arguments. Rules that depend on what came before (masking by role, fragmentation, RSV bits
// against what was negotiated) live in receiver.go and sender.go.

import (
	"encoding/binary"
	"strconv"
)

// Opcode says what a frame or a message is (RFC 6455, Sections 5.2 and 11.8).
type Opcode uint8

// The opcodes that RFC 6455 defines. A message is OpText or OpBinary; the others are frames of the protocol itself, which
// Write and whatever else sends messages refuses with an error: Ping, SendPing, SendPong and Close are for those.
const (
	OpContinuation Opcode = 0x0 // a further fragment of the message under way
	OpText         Opcode = 0x1 // a message of UTF-8 text
	OpBinary       Opcode = 0x2 // a message of any bytes
	OpClose        Opcode = 0x8 // Section 5.5.1
	OpPing         Opcode = 0x9 // Section 5.5.2
	OpPong         Opcode = 0xA // Section 5.5.3
)

// IsControl reports whether op is one of the control opcodes, the reserved ones included (RFC 6455, Section 5.5:
// "Control frames are identified by opcodes where the most significant bit of the opcode is 1").
func (op Opcode) IsControl() bool { return op&0x8 != 0 }

// isData reports whether op starts a message.
func (op Opcode) isData() bool { return op == OpText || op == OpBinary }

// isDefined reports whether RFC 6455 gives op a meaning.
func (op Opcode) isDefined() bool { return op <= OpBinary || op >= OpClose && op <= OpPong }

// String returns the opcode's name in RFC 6455, Section 11.8, in lower case.
func (op Opcode) String() string {
	switch op {
	case OpContinuation:
		return "continuation"
	case OpText:
		return "text"
	case OpBinary:
		return "binary"
	case OpClose:
		return "close"
	case OpPing:
		return "ping"
	case OpPong:
		return "pong"
	}
	return "opcode " + strconv.Itoa(int(op))
}

const (
	// MaxHeaderSize is the size in bytes of the longest frame header: two bytes, a 64-bit length and a mask key.
	MaxHeaderSize = 14
	// MaxControlPayload is the most bytes that a control frame may carry (RFC 6455, Section 5.5).
	MaxControlPayload = 125
)

const (
	finBit  = 1 << 7
	rsv1Bit = 1 << 6
	rsv2Bit = 1 << 5
	rsv3Bit = 1 << 4
	maskBit = 1 << 7

	length16 = 126 // the 7-bit length that announces a 16-bit one
	length64 = 127 // the 7-bit length that announces a 64-bit one
)

// Header is the header of one frame (RFC 6455, Section 5.2).
type Header struct {
	Fin              bool    // the last fragment of its message
	RSV1, RSV2, RSV3 bool    // reserved for extensions; permessage-deflate uses RSV1
	Opcode           Opcode  // what the frame is
	Masked           bool    // MaskKey was sent; the payload is masked with it
	MaskKey          [4]byte // zero when Masked is false
	Length           uint64  // of the payload, in bytes; below 1<<63
}

// ParseHeader reads a frame header from the start of b and returns it with its size in bytes. When b ends before
// the header does, it returns n == 0 and a nil error: call again with more bytes. An error is a *ProtocolError for
// a header that no endpoint may send whatever came before: a reserved opcode, a length that is not minimal or has
// its top bit set, a control frame that is fragmented or longer than MaxControlPayload. It is reported at the first
// byte that shows it. ParseHeader does not allocate unless it fails.
func ParseHeader(b []byte) (h Header, n int, err error) {
	c, n, err := parseHead(b)
	// In place: a copy of fields that have just been stored one by one would have to wait for them.
	c.fill(&h)
	return h, n, err
}

// head is a Header in the form that Receiver and Sender work with, which is passed in registers.
type head struct {
	b0     byte // the first byte of the frame: FIN, RSV1 to RSV3, opcode
	masked bool
	key    uint32 // the mask key, little-endian
	length uint64
}

func (h head) opcode() Opcode { return Opcode(h.b0 & 0xF) }

// header returns h as a Header.
func (h head) header() (c Header) {
	h.fill(&c)
	return c
}

// fill sets c to h.
func (h head) fill(c *Header) {
	c.Fin = h.b0&finBit != 0
	c.RSV1 = h.b0&rsv1Bit != 0
	c.RSV2 = h.b0&rsv2Bit != 0
	c.RSV3 = h.b0&rsv3Bit != 0
	c.Opcode = h.opcode()
	c.Masked = h.masked
	c.Length = h.length
	binary.LittleEndian.PutUint32(c.MaskKey[:], h.key)
}

// parseHead is ParseHeader for a head.
func parseHead(b []byte) (h head, n int, err error) {
	if len(b) < 2 {
		if len(b) == 1 {
			err = checkFirstByte(b[0])
		}
		return head{}, 0, err
	}
	h.b0 = b[0]
	h.masked = b[1]&maskBit != 0
	h.length = uint64(b[1] &^ maskBit)
	// One test for everything that is not a data frame.
	if op := h.opcode(); op > OpBinary {
		if err := checkFirstByte(h.b0); err != nil {
			return head{}, 0, err
		}
		// RFC 6455, Section 5.5: "All control frames MUST have a payload length of 125 bytes or less".
		if h.length > MaxControlPayload {
			return head{}, 0, protocolError(StatusProtocolError, "5.5", op.String()+" frame over 125 bytes")
		}
	}
	n = 2
	if h.length >= length16 {
		h.length, n, err = parseLength(b, byte(h.length))
		if n == 0 {
			return head{}, 0, err
		}
	}
	if h.masked {
		if len(b) < n+4 {
			return head{}, 0, nil
		}
		h.key = binary.LittleEndian.Uint32(b[n:])
		n += 4
	}
	return h, n, nil
}

// checkFirstByte applies the rules that the first byte of a header can break by itself.
func checkFirstByte(b0 byte) error {
	op := Opcode(b0 & 0xF)
	if !op.isDefined() {
		// RFC 6455, Section 5.2: "If an unknown opcode is received, the receiving endpoint MUST _Fail the
		// WebSocket Connection_."
		return protocolError(StatusProtocolError, "5.2", "reserved "+op.String())
	}
	if op.IsControl() && b0&finBit == 0 {
		// RFC 6455, Section 5.5: control frames "MUST NOT be fragmented".
		return protocolError(StatusProtocolError, "5.5", "fragmented "+op.String()+" frame")
	}
	return nil
}

// parseLength reads an extended payload length. It returns n == 0 when b is too short or the length is wrong.
func parseLength(b []byte, announced byte) (length uint64, n int, err error) {
	if announced == length16 {
		if len(b) < 4 {
			return 0, 0, nil
		}
		length = uint64(binary.BigEndian.Uint16(b[2:4]))
		// RFC 6455, Section 5.2: "the minimal number of bytes MUST be used to encode the length".
		if length < length16 {
			return 0, 0, protocolError(StatusProtocolError, "5.2", "payload length that is not minimally encoded")
		}
		return length, 4, nil
	}
	// RFC 6455, Section 5.2: "the most significant bit MUST be 0".
	if len(b) > 2 && b[2]&0x80 != 0 {
		return 0, 0, protocolError(StatusProtocolError, "5.2", "payload length with its top bit set")
	}
	// Six bytes of zeros show already that the length is below 1<<16.
	if len(b) >= 8 && [6]byte(b[2:8]) == [6]byte{} {
		return 0, 0, protocolError(StatusProtocolError, "5.2", "payload length that is not minimally encoded")
	}
	if len(b) < 10 {
		return 0, 0, nil
	}
	return binary.BigEndian.Uint64(b[2:10]), 10, nil
}

// AppendHeader appends the encoding of h to dst, with the shortest form of its length. It does not check h: a
// header that breaks the protocol is encoded as it is, for tests and tools that need one.
func AppendHeader(dst []byte, h Header) []byte {
	c := head{
		b0:     bit(h.Fin)<<7 | bit(h.RSV1)<<6 | bit(h.RSV2)<<5 | bit(h.RSV3)<<4 | byte(h.Opcode&0xF),
		masked: h.Masked, length: h.Length,
	}
	if h.Masked {
		c.key = binary.LittleEndian.Uint32(h.MaskKey[:])
	}
	return appendHead(dst, c)
}

// bit returns 1 for true. The compiler makes no branch of it.
func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// appendHead is AppendHeader for a head.
func appendHead(dst []byte, h head) []byte {
	var b1 byte
	if h.masked {
		b1 = maskBit
	}
	switch {
	case h.length < length16:
		dst = append(dst, h.b0, b1|byte(h.length))
	case h.length <= 0xFFFF:
		dst = append(dst, h.b0, b1|length16, byte(h.length>>8), byte(h.length))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, h.b0, b1|length64), h.length)
	}
	if h.masked {
		dst = binary.LittleEndian.AppendUint32(dst, h.key)
	}
	return dst
}

// headerSize is the size in bytes of the header of a frame with a payload of n bytes.
func headerSize(n int, masked bool) int {
	size := 2
	if n > 0xFFFF {
		size += 8
	} else if n >= length16 {
		size += 2
	}
	if masked {
		size += 4
	}
	return size
}
