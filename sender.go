package websocket

// This file holds the sending half of the protocol without I/O: messages to bytes. Every rule of RFC 6455 about
// outgoing frames stands here, once.

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/seed-d69ae1b7/websocket/compress"
)

// SenderOptions say how a Sender is to write.
type SenderOptions struct {
	Client bool // this endpoint is the client, so that frames are masked

	// Deflater, if permessage-deflate was negotiated, is what messages of at least MinSize bytes pass through, and so
	// do all that begin with a fragment. MinSize means what it means in compress.Options.
	Deflater *compress.Deflater
	MinSize  int

	// MaskKey returns the key of the next frame of a client. RFC 6455, Section 10.3, wants it from a source that the
	// peer's applications cannot predict. nil means keys from crypto/rand.
	MaskKey func() [4]byte

	// OnHeader, if not nil, is called with the header of every frame.
	OnHeader func(Header)
}

var (
	errSendOpcode  = errors.New("websocket: opcode is not of a message: want OpText or OpBinary")
	errSendControl = errors.New("websocket: opcode is not OpPing or OpPong")
	errSendLong    = errors.New("websocket: control payload is over 125 bytes")
	errSendUTF8    = errors.New("websocket: text message is not valid UTF-8")
	errSendInside  = errors.New("websocket: another message is under way")
	errSendMasked  = errors.New("websocket: a client has to mask its payloads")
	errSendClosed  = errors.New("websocket: a close frame has been sent")
)

// Sender turns messages and control frames into the bytes that go to a peer after the opening handshake, by the
// rules of RFC 6455, Sections 5 and 6.1. It does no I/O, starts no goroutine and reads no clock. Use it from one
// goroutine at a time. The zero value is a server's Sender.
//
// A method that fails returns dst as it was and leaves the Sender as it was. What a method has appended is committed:
// it must reach the peer, in order.
type Sender struct {
	deflater  *compress.Deflater // nil without permessage-deflate
	minSize   int
	maskKey   func() [4]byte
	onHeader  func(Header)
	client    bool
	closed    bool          // a close frame has been appended
	inMessage bool          // fragments have been appended, and the last has not
	op        Opcode        // of the message under way
	text      utf8Validator // of the message under way
}

// Reset makes s ready for a new connection.
func (s *Sender) Reset(o SenderOptions) {
	*s = Sender{client: o.Client, deflater: o.Deflater, minSize: o.MinSize, maskKey: o.MaskKey, onHeader: o.OnHeader}
	if s.minSize == 0 {
		s.minSize = compress.DefaultMinSize
	}
}

// Rest is the Deflater's, if there is one: it gives memory back where nothing was compressed since the last call. See
// compress.Deflater.Rest.
func (s *Sender) Rest() {
	if s.deflater != nil {
		s.deflater.Rest()
	}
}

// Bound returns the most bytes that AppendMessage or AppendFragment appends for n bytes of payload.
func (s *Sender) Bound(n int) int {
	if s.deflater != nil {
		n = s.deflater.Bound(n)
	}
	return n + headerSize(n, s.client)
}

// AppendMessage appends the frame of a whole message. op is OpText, whose p must be UTF-8, or OpBinary. p is not
// changed; it must not overlap the free part of dst.
func (s *Sender) AppendMessage(dst []byte, op Opcode, p []byte) ([]byte, error) {
	if err := checkPayload(op, p); err != nil {
		return dst, err
	}
	if s.closed || s.inMessage {
		return dst, s.refusal()
	}
	if s.compresses(len(p)) {
		return s.appendCompressed(dst, finBit|byte(op), p), nil
	}
	return s.appendFrame(dst, finBit|byte(op), p), nil
}

// AppendMessageHeader appends the header of the frame of a whole message that is not compressed, whose payload p is then sent from
// where it lies: it must follow at once. A client has to mask p, and gets an error. Otherwise it is AppendMessage.
func (s *Sender) AppendMessageHeader(dst []byte, op Opcode, p []byte) ([]byte, error) {
	if err := checkPayload(op, p); err != nil {
		return dst, err
	}
	if s.closed || s.inMessage {
		return dst, s.refusal()
	}
	if s.client {
		return dst, errSendMasked
	}
	return appendHead(dst, s.newHead(head{b0: finBit | byte(op), length: uint64(len(p))})), nil
}

// compresses reports whether a message of n bytes is to be compressed.
func (s *Sender) compresses(n int) bool { return s.deflater != nil && n >= s.minSize }

// appendPlain appends a whole message that is not compressed, in frames of at most maxFrame bytes.
func (s *Sender) appendPlain(dst []byte, op Opcode, p []byte) ([]byte, error) {
	if err := checkPayload(op, p); err != nil {
		return dst, err
	}
	if s.closed || s.inMessage {
		return dst, s.refusal()
	}
	for first := true; ; first = false {
		part := p[:min(len(p), maxFrame)]
		p = p[len(part):]
		dst = s.appendFrame(dst, fragmentByte(op, first, len(p) == 0), part)
		if len(p) == 0 {
			return dst, nil
		}
	}
}

// refusal says why no message can begin.
func (s *Sender) refusal() error {
	if s.closed {
		// RFC 6455, Section 5.5.1: "The application MUST NOT send any more data frames after sending a Close frame."
		return errSendClosed
	}
	// RFC 6455, Section 5.4: "The fragments of one message MUST NOT be interleaved".
	return errSendInside
}

// checkPayload applies the rules for a whole message by itself.
func checkPayload(op Opcode, p []byte) error {
	switch {
	case !op.isData():
		return errSendOpcode
	case op == OpText && !validText(p):
		// RFC 6455, Section 5.6: "The "Payload data" is text data encoded as UTF-8."
		return errSendUTF8
	}
	return nil
}

// validText reports whether p is UTF-8.
func validText(p []byte) bool {
	var text utf8Validator
	return text.valid(p) && text.complete()
}

// AppendFragment appends the frame of a message's next fragment. op is the message's on every fragment of it; last
// ends the message. Control frames may be appended between fragments. The fragments of a text may cut a character. Of a
// compressed message, the peer may need the next fragment to inflate the end of this one.
func (s *Sender) AppendFragment(dst []byte, op Opcode, p []byte, last bool) ([]byte, error) {
	switch {
	case !op.isData():
		return dst, errSendOpcode
	case s.closed:
		return dst, errSendClosed
	case s.inMessage && op != s.op:
		return dst, errSendInside
	}
	if op == OpText {
		text := s.text
		if !text.valid(p) || last && !text.complete() {
			return dst, errSendUTF8
		}
		s.text = text
	}
	b0 := fragmentByte(op, !s.inMessage, last)
	s.op = op
	if s.deflater != nil {
		return s.appendCompressedFragment(dst, b0, p, last), nil
	}
	s.inMessage = !last
	return s.appendFrame(dst, b0, p), nil
}

// fragmentByte returns the first byte of the frame of a message's fragment.
func fragmentByte(op Opcode, first, last bool) byte {
	// RFC 6455, Section 5.4: "A fragmented message consists of a single frame with the FIN bit clear and an opcode
	// other than 0, followed by zero or more frames with the FIN bit clear and the opcode set to 0, and terminated by
	// a single frame with the FIN bit set and an opcode of 0."
	b0 := byte(op)
	if !first {
		b0 = byte(OpContinuation)
	}
	if last {
		b0 |= finBit
	}
	return b0
}

// AppendControl appends a ping or a pong with a payload of at most MaxControlPayload bytes.
func (s *Sender) AppendControl(dst []byte, op Opcode, p []byte) ([]byte, error) {
	switch {
	case op != OpPing && op != OpPong:
		return dst, errSendControl
	case len(p) > MaxControlPayload:
		// RFC 6455, Section 5.5: "All control frames MUST have a payload length of 125 bytes or less".
		return dst, errSendLong
	case s.closed:
		return dst, errSendClosed
	}
	return s.appendFrame(dst, finBit|byte(op), p), nil
}

// AppendClose appends the close frame, the last that s appends. Its payload is that of the function AppendClose.
func (s *Sender) AppendClose(dst []byte, code StatusCode, reason string) ([]byte, error) {
	if s.closed {
		return dst, errSendClosed
	}
	var payload [MaxControlPayload]byte
	p, err := AppendClose(payload[:0], code, reason)
	if err != nil {
		return dst, err
	}
	s.closed = true
	return s.appendFrame(dst, finBit|byte(OpClose), p), nil
}

// appendFrame appends a frame that begins with the byte b0 and has the payload p, masked if this is a client.
func (s *Sender) appendFrame(dst []byte, b0 byte, p []byte) []byte {
	h := s.newHead(head{b0: b0, length: uint64(len(p))})
	dst = appendHead(dst, h)
	if !h.masked {
		return append(dst, p...)
	}
	return appendMasked(dst, p, h.key)
}

// appendMasked appends p, masked.
func appendMasked(dst, p []byte, key uint32) []byte {
	n := len(dst)
	dst = slices.Grow(dst, len(p))[:n+len(p)]
	maskBytes(dst[n:], p, key)
	return dst
}

// appendCompressed appends the frame of a whole message, compressed unless that does not pay.
func (s *Sender) appendCompressed(dst []byte, b0 byte, p []byte) []byte {
	start := len(dst)
	room := headerSize(len(p), s.client)
	out, pays := s.deflater.Append(slices.Grow(dst, room)[:start+room], p)
	if !pays {
		return s.appendFrame(dst, b0, p)
	}
	// RFC 7692, Section 6: "the "Per-Message Compressed" bit" is RSV1.
	return s.frame(out, start, room, b0|rsv1Bit)
}

// appendCompressedFragment appends the frame of a fragment.
func (s *Sender) appendCompressedFragment(dst []byte, b0 byte, p []byte, last bool) []byte {
	start := len(dst)
	room := headerSize(s.deflater.Bound(len(p)), s.client)
	out := s.deflater.AppendPart(slices.Grow(dst, room)[:start+room], p, last)
	if !s.inMessage {
		// RFC 7692, Section 6: RSV1 of its first fragment says of a whole message that it is compressed.
		b0 |= rsv1Bit
	}
	s.inMessage = !last
	return s.frame(out, start, room, b0)
}

// frame makes a frame of what stands in out behind start and room bytes for its header.
func (s *Sender) frame(out []byte, start, room int, b0 byte) []byte {
	p := out[start+room:]
	h := s.newHead(head{b0: b0, length: uint64(len(p))})
	if size := headerSize(len(p), s.client); size != room {
		p = out[start+size : start+size+copy(out[start+size:], p)]
	}
	appendHead(out[:start], h)
	if h.masked {
		maskBytes(p, p, h.key)
	}
	return out[:cap(out)-cap(p)+len(p)]
}

// newHead returns h as the header of a new frame. What a server without hooks does without is apart, so that this is
// inlined.
func (s *Sender) newHead(h head) head {
	if s.client || s.onHeader != nil {
		return s.completeHead(h)
	}
	return h
}

// completeHead is newHead for a client, and for whoever wants to see the header.
func (s *Sender) completeHead(h head) head {
	if s.client {
		// RFC 6455, Section 5.1: "a client MUST mask all frames that it sends to the server".
		h.masked, h.key = true, s.nextKey()
	}
	if s.onHeader != nil {
		s.onHeader(h.header())
	}
	return h
}

// nextKey returns the key of a new frame.
func (s *Sender) nextKey() uint32 {
	if s.maskKey != nil {
		key := s.maskKey()
		return binary.LittleEndian.Uint32(key[:])
	}
	return randomMaskKey()
}
