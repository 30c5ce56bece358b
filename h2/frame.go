package h2

// This file holds the frames of HTTP/2 (RFC 9113, Sections 4 and 6): how they begin, what may be said of one by itself, and how
// those without a body of the application's are made. Nothing here reads or writes.
//
// x/net/http2.Framer is not used: it takes a frame whole before it gives any of it, into a buffer that it keeps, and so has 16 KiB for
// what a peer has merely announced, on each connection; it allocates for each control frame; and a stream's bytes would be copied
// once more. Its bounds against floods are net/http's, and not in it.

import "encoding/binary"

// frameType is the type of a frame.
type frameType uint8

const (
	frameData frameType = iota
	frameHeaders
	framePriority
	frameReset
	frameSettings
	framePushPromise
	framePing
	frameGoAway
	frameWindowUpdate
	frameContinuation
)

// The flags of frames. ACK is that of SETTINGS and PING, END_STREAM that of DATA and HEADERS.
const (
	flagAck        = 0x1
	flagEndStream  = 0x1
	flagEndHeaders = 0x4
	flagPadded     = 0x8
	flagPriority   = 0x20
)

const (
	frameHeaderSize = 9
	// maxFrame is the most bytes of a frame's payload, either way. RFC 9113, Section 4.2: "All implementations MUST be capable of
	// receiving and minimally processing frames up to 2^14 octets in length".
	maxFrame = 1 << 14
	// maxStreamID is the last number that a stream can have, and the most that a window may be.
	maxStreamID = 1<<31 - 1
	// prioritySize is the size of what HEADERS has with flagPriority, and PRIORITY always.
	prioritySize = 5
)

// preface is what a client sends before its first frame (RFC 9113, Section 3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// frameHeader is what every frame begins with.
type frameHeader struct {
	length uint32 // of the payload
	kind   frameType
	flags  uint8
	stream uint32
}

func (h frameHeader) has(flag uint8) bool { return h.flags&flag != 0 }

// parseFrameHeader reads a header. RFC 9113, Section 4.1, of the bit before the stream's number: "this bit MUST be [...] ignored when
// receiving".
func parseFrameHeader(b *[frameHeaderSize]byte) frameHeader {
	return frameHeader{
		length: uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]),
		kind:   frameType(b[3]), flags: b[4],
		stream: binary.BigEndian.Uint32(b[5:]) & maxStreamID,
	}
}

// frameRules says what may be said of a frame by its header alone, by its type: the sections of RFC 9113 that define each.
var frameRules = [...]struct {
	section  string
	onStream bool // it belongs to a stream, otherwise to the connection
	either   bool // ... or to any of both
	min, max uint32
}{
	frameData:         {"6.1", true, false, 0, maxFrame},
	frameHeaders:      {"6.2", true, false, 0, maxFrame},
	framePriority:     {"6.3", true, false, prioritySize, prioritySize},
	frameReset:        {"6.4", true, false, 4, 4},
	frameSettings:     {"6.5", false, false, 0, maxFrame},
	framePushPromise:  {"6.6", true, false, 4, maxFrame},
	framePing:         {"6.7", false, false, 8, 8},
	frameGoAway:       {"6.8", false, false, 8, maxFrame},
	frameWindowUpdate: {"6.9", false, true, 4, 4},
	frameContinuation: {"6.10", true, false, 0, maxFrame},
}

// check applies the rules about a header by itself. The error is a *ConnectionError: where a stream alone could be ended, Section 5.4
// lets an endpoint end the connection as well, and no correct peer sends such frames.
func (h frameHeader) check() error {
	// RFC 9113, Section 4.2: "An endpoint MUST send an error code of FRAME_SIZE_ERROR if a frame exceeds the size defined in
	// SETTINGS_MAX_FRAME_SIZE".
	if h.length > maxFrame {
		return violation(FrameSizeError, "a frame is larger than it may be (Section 4.2)")
	}
	if int(h.kind) >= len(frameRules) {
		return nil // Section 4.1: "Implementations MUST ignore and discard frames of unknown types"
	}
	rule := &frameRules[h.kind]
	if (h.stream != 0) != rule.onStream && !rule.either {
		return violation(ProtocolError, "a frame of the wrong stream (Section "+rule.section+")")
	}
	if h.length < rule.min || h.length > rule.max || h.kind == frameSettings && !h.settingsFit() {
		return violation(FrameSizeError, "a frame of the wrong size (Section "+rule.section+")")
	}
	return nil
}

// settingsFit applies RFC 9113, Section 6.5: "A SETTINGS frame with a length other than a multiple of 6 octets MUST be treated as a
// connection error", and one with ACK "and a length field value other than 0".
func (h frameHeader) settingsFit() bool {
	return h.length%settingSize == 0 && (!h.has(flagAck) || h.length == 0)
}

// appendFrameHeader appends a header.
func appendFrameHeader(dst []byte, h frameHeader) []byte {
	dst = append(dst, byte(h.length>>16), byte(h.length>>8), byte(h.length), byte(h.kind), h.flags)
	return binary.BigEndian.AppendUint32(dst, h.stream)
}

// appendReset appends an RST_STREAM frame.
func appendReset(dst []byte, stream uint32, code ErrorCode) []byte {
	dst = appendFrameHeader(dst, frameHeader{4, frameReset, 0, stream})
	return binary.BigEndian.AppendUint32(dst, uint32(code))
}

// appendWindowUpdate appends a WINDOW_UPDATE frame.
func appendWindowUpdate(dst []byte, stream, by uint32) []byte {
	dst = appendFrameHeader(dst, frameHeader{4, frameWindowUpdate, 0, stream})
	return binary.BigEndian.AppendUint32(dst, by)
}

// appendPing appends a PING frame.
func appendPing(dst []byte, flags uint8, data [8]byte) []byte {
	return append(appendFrameHeader(dst, frameHeader{8, framePing, flags, 0}), data[:]...)
}

// appendGoAway appends a GOAWAY frame without debug data.
func appendGoAway(dst []byte, last uint32, code ErrorCode) []byte {
	dst = appendFrameHeader(dst, frameHeader{8, frameGoAway, 0, 0})
	dst = binary.BigEndian.AppendUint32(dst, last)
	return binary.BigEndian.AppendUint32(dst, uint32(code))
}

// appendBlock appends a header block as HEADERS and, where it needs them, CONTINUATION frames (RFC 9113, Section 4.3).
func appendBlock(dst []byte, stream uint32, flags uint8, block []byte) []byte {
	h := frameHeader{kind: frameHeaders, flags: flags, stream: stream}
	for {
		part := block[:min(len(block), maxFrame)]
		block = block[len(part):]
		h.length = uint32(len(part))
		if len(block) == 0 {
			h.flags |= flagEndHeaders
		}
		dst = append(appendFrameHeader(dst, h), part...)
		if len(block) == 0 {
			return dst
		}
		h.kind, h.flags = frameContinuation, 0
	}
}
