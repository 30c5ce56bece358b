package websocket

// This file holds the receiving half of the protocol without I/O: bytes to messages. Every rule of RFC 6455 about
// incoming frames that depends on what came before stands here, once; rules about a header or a close payload by
// itself stand in frame.go and close.go.

import (
	"math/bits"
	"slices"

	"github.com/seed-d69ae1b7/websocket/compress"
)

// EventKind says what Receiver.Next found.
type EventKind uint8

// The kinds of Event.
const (
	EventNone EventKind = iota // src is used up; call Next again when more has arrived
	EventData                  // a part of a message
	EventPing                  // to be answered by a pong with the same payload
	EventPong
	EventClose // the peer sends nothing after it; to be answered by a close frame, unless one was sent
)

// Event is what Receiver.Next found in the bytes of the peer.
type Event struct {
	Kind  EventKind  // says which of the other fields mean something
	Op    Opcode     // EventData: OpText or OpBinary, on every part of a message
	First bool       // EventData: the first part of its message
	Last  bool       // EventData: the last part of its message; a part may be empty only if it is the last
	Code  StatusCode // EventClose: StatusNoStatusReceived when there was none

	// Payload is the part's bytes, unmasked and inflated; or the payload of a ping or pong; or the reason of a close.
	// It aliases src or the appended part of out and is valid until the next call of Next.
	Payload []byte
}

// ReceiverOptions say what a Receiver is to expect.
type ReceiverOptions struct {
	Client bool // this endpoint is the client, so that frames must come unmasked; otherwise they must come masked

	// Limit is the most bytes that a message may deliver, after inflation; 0 means no limit. On the wire a message may
	// take twice that and 64 KiB.
	Limit uint64

	// Inflater, if permessage-deflate was negotiated, is what the payloads of compressed messages pass through.
	Inflater *compress.Inflater

	// OnHeader, if not nil, is called with the header of every frame that breaks no rule.
	OnHeader func(Header)
}

const (
	// maxEmptyFragments is how many frames without payload a message may have besides its last.
	maxEmptyFragments = 4096
	// wireSlack is what the frames of a message may take on the wire beyond twice the limit.
	wireSlack = 64 << 10
	// inflateChunk is the most bytes that one call of Next inflates.
	inflateChunk = 32 << 10
	// inflateRoom is the least room of dst that is filled before more is allocated.
	inflateRoom = 512
	// maxLimit keeps the arithmetic on limits from overflowing.
	maxLimit = 1 << 62
)

// Receiver turns the bytes that a peer sends after the opening handshake into messages and control frames, and
// enforces every rule of RFC 6455 about them: Sections 5, 6.2, 7.4 and 8.1. It does no I/O, starts no goroutine,
// reads no clock, and holds at most a partial header, a partial control payload and its Inflater. Use it from one
// goroutine at a time. The zero value is a server's Receiver without a limit.
type Receiver struct {
	// The small fields stand together, because every connection has them.

	// of the connection
	limit    uint64
	inflater *compress.Inflater // nil without permessage-deflate
	onHeader func(Header)
	err      *ProtocolError // sticky
	client   bool
	closed   bool // a close frame has come

	// of the message under way
	inMessage  bool
	compressed bool
	nothing    bool // none of its frames has announced payload
	first      bool // no part of it has been delivered
	op         Opcode
	text       utf8Validator
	empty      uint16 // frames without payload
	size       uint64 // bytes that it delivers, those due in this frame included
	wire       uint64 // bytes that its frames take, headers included

	// of the frame under way
	h         head // with the key as it applies to what comes next, and the length of what is still due
	inFrame   bool
	headerLen uint8
	header    [MaxHeaderSize]byte // of the partial header
	control   *partialControl     // nil when there is none
}

// partialControl is a control payload of which n bytes have come.
type partialControl struct {
	n       int
	payload [MaxControlPayload]byte
}

// Reset makes r ready for a new connection.
func (r *Receiver) Reset(o ReceiverOptions) {
	*r = Receiver{client: o.Client, inflater: o.Inflater, onHeader: o.OnHeader}
	r.SetLimit(o.Limit)
}

// SetLimit changes the limit of the frames that have not begun, and of what has not been inflated; 0 means no limit.
func (r *Receiver) SetLimit(n uint64) { r.limit = min(n, maxLimit) }

// Rest is the Inflater's, if there is one: it holds the window compressed where nothing was decompressed since the last call. See
// compress.Inflater.Rest.
func (r *Receiver) Rest() {
	if r.inflater != nil {
		r.inflater.Rest()
	}
}

// Direct returns how many bytes of plain payload the data frame under way still has to come: a caller may read up to
// so many bytes straight to where they shall stand and pass that place as src. It is 0 between frames and where a
// payload has to be inflated.
func (r *Receiver) Direct() uint64 {
	if r.inFrame && !r.compressed && !r.h.opcode().IsControl() {
		return r.h.length
	}
	return 0
}

// Idle reports whether the next byte would begin a new message or a control frame between messages: nothing is under
// way.
func (r *Receiver) Idle() bool { return !r.inFrame && !r.inMessage && r.headerLen == 0 }

// arrived returns how many bytes of the message under way have come, headers included; 0 between messages.
func (r *Receiver) arrived() uint64 {
	switch {
	case !r.inMessage:
		return 0
	case r.inFrame && !r.h.opcode().IsControl():
		return r.wire - r.h.length
	}
	return r.wire
}

// Pending reports whether Next may have more to tell without another byte: a message that is being inflated stopped at
// the end of what one call delivers.
func (r *Receiver) Pending() bool { return r.inFrame && r.h.length == 0 }

// Next takes bytes from the start of src, which must continue where the last call's src[:n] ended, and returns what
// it found in them: at most one event, and n, how many bytes it took. EventNone means that all were taken and that
// no event is complete; otherwise call Next again with src[n:], also if that is empty. The parts of a message are
// delivered as they come, whether or not their frame is complete.
//
// src[:n] is unmasked in place and is the caller's again when it is done with Event.Payload. out is dst with what was
// inflated appended to it: at most 32 KiB a call, and no more than dst has room for if that is 512 bytes or more.
//
// The error is a *ProtocolError: the connection must be failed with its Code (RFC 6455, Section 7.1.7). It is
// returned again by every later call. After EventClose, Next swallows whatever it is given.
func (r *Receiver) Next(dst, src []byte) (out []byte, ev Event, n int, err error) {
	out, n, err = r.next(dst, src, &ev)
	return out, ev, n, err
}

// next is Next with the event in a place of the caller's, which is EventNone.
func (r *Receiver) next(dst, src []byte, ev *Event) (out []byte, n int, err error) {
	if r.err != nil {
		return dst, 0, r.err
	}
	if r.closed {
		// RFC 6455, Section 1.4: "after receiving a control frame indicating the connection should be closed, a peer
		// discards any further data received."
		return dst, len(src), nil
	}
	for {
		if !r.inFrame {
			k, err := r.begin(src[n:])
			n += k
			if err != nil {
				return dst, n, r.fail(err)
			}
			if !r.inFrame {
				return dst, n, nil
			}
		}
		k, out, err := 0, dst, error(nil)
		switch {
		case r.h.opcode().IsControl():
			k, err = r.controlPayload(src[n:], ev)
		case r.compressed:
			out, k, err = r.compressedPayload(dst, src[n:], ev)
		default:
			k, err = r.plainPayload(src[n:], ev)
		}
		n += k
		if err != nil {
			return dst, n, r.fail(err)
		}
		if ev.Kind != EventNone || r.inFrame {
			return out, n, nil
		}
	}
}

// Whole takes a message that stands at the start of src as one whole frame that is not compressed, as most do, and breaks no
// rule. It returns the payload, unmasked in place, and n, how many bytes it took. n is 0 for everything else: nothing has been
// taken then, and Next deals with it. It is for loops: tried before each Next, it makes small messages cheaper (BenchmarkWhole).
func (r *Receiver) Whole(src []byte) (op Opcode, p []byte, n int) {
	if r.inFrame || r.inMessage || r.headerLen > 0 || r.closed || r.err != nil || r.onHeader != nil {
		return 0, nil, 0
	}
	h, n, err := parseHead(src)
	op = Opcode(h.b0 &^ finBit) // of no message if a reserved bit is set
	if n == 0 || err != nil || h.b0&finBit == 0 || !op.isData() || h.masked == r.client {
		return 0, nil, 0
	}
	if h.length > uint64(len(src)-n) || r.limit > 0 && h.length > r.limit {
		return 0, nil, 0
	}
	end := n + int(h.length)
	p = src[n:end:end]
	if h.masked {
		maskBytes(p, p, h.key)
	}
	if op == OpText && !validText(p) {
		if h.masked {
			maskBytes(p, p, h.key) // as it came
		}
		return 0, nil, 0
	}
	return op, p, n + len(p)
}

// fail makes err sticky and lets go of the rest.
func (r *Receiver) fail(err error) error {
	r.err = err.(*ProtocolError)
	r.inFrame, r.control = false, nil
	return r.err
}

// begin takes the bytes of a frame's header and, when it is whole, begins that frame.
func (r *Receiver) begin(src []byte) (n int, err error) {
	if r.headerLen > 0 {
		return r.beginPartial(src)
	}
	h, n, err := parseHead(src)
	if err != nil {
		return 0, err
	}
	if n == 0 {
		r.headerLen = uint8(copy(r.header[:], src))
		return len(src), r.checkPartial()
	}
	return n, r.beginFrame(h, n)
}

// beginPartial continues a header of which some bytes came before.
func (r *Receiver) beginPartial(src []byte) (n int, err error) {
	had := int(r.headerLen)
	have := had + copy(r.header[had:], src)
	h, size, err := parseHead(r.header[:have])
	if err != nil {
		return 0, err
	}
	if size == 0 {
		r.headerLen = uint8(have)
		return have - had, r.checkPartial()
	}
	r.headerLen = 0
	return size - had, r.beginFrame(h, size)
}

// checkPartial applies what can be said about a header by its first two bytes, so that a peer that stops in the
// middle of a wrong header still hears of it.
func (r *Receiver) checkPartial() error {
	if r.headerLen == 0 {
		return nil
	}
	h := head{b0: r.header[0], masked: !r.client}
	if r.headerLen > 1 {
		h.masked = r.header[1]&maskBit != 0
	}
	return r.check(h)
}

// check applies the rules that depend on the role, on what was negotiated and on the fragmentation so far.
func (r *Receiver) check(h head) error {
	op := h.opcode()
	// RFC 6455, Section 5.2: RSV1, RSV2, RSV3 "MUST be 0 unless an extension is negotiated that defines meanings for
	// non-zero values". RFC 7692, Section 6: RSV1 is the "Per-Message Compressed" bit, and an endpoint "MUST NOT set"
	// it "on control frames and non-first fragments of a data message".
	allowed := byte(0)
	if r.inflater != nil && op.isData() {
		allowed = rsv1Bit
	}
	if h.b0&(rsv1Bit|rsv2Bit|rsv3Bit)&^allowed != 0 {
		return protocolError(StatusProtocolError, "5.2", "reserved bit set on a "+op.String()+" frame")
	}
	if h.masked == r.client {
		// RFC 6455, Section 5.1: "A client MUST close a connection if it detects a masked frame."
		if r.client {
			return protocolError(StatusProtocolError, "5.1", "masked frame from a server")
		}
		// RFC 6455, Section 5.1: "The server MUST close the connection upon receiving a frame that is not masked."
		return protocolError(StatusProtocolError, "5.1", "unmasked frame from a client")
	}
	// RFC 6455, Section 5.4: "The fragments of one message MUST NOT be interleaved between the fragments of another
	// message unless an extension has been negotiated that can interpret the interleaving."
	if op == OpContinuation && !r.inMessage {
		return protocolError(StatusProtocolError, "5.4", "continuation frame without a message to continue")
	}
	if op.isData() && r.inMessage {
		return protocolError(StatusProtocolError, "5.4", op.String()+" frame inside of a fragmented message")
	}
	return nil
}

// beginFrame checks a header of size bytes against what came before and makes its frame the one under way.
func (r *Receiver) beginFrame(h head, size int) error {
	if err := r.check(h); err != nil {
		return err
	}
	if op := h.opcode(); !op.IsControl() {
		if err := r.beginData(h, size); err != nil {
			return err
		}
	}
	r.inFrame, r.h = true, h
	if r.onHeader != nil {
		r.onHeader(h.header())
	}
	return nil
}

// beginData accounts for a data frame before any of its payload is taken.
func (r *Receiver) beginData(h head, size int) error {
	if op := h.opcode(); op != OpContinuation {
		r.inMessage, r.first, r.nothing = true, true, true
		r.op, r.compressed = op, h.b0&rsv1Bit != 0
		r.text.reset()
		r.empty, r.size, r.wire = 0, 0, 0
	}
	r.nothing = r.nothing && h.length == 0
	if h.length == 0 && h.b0&finBit == 0 {
		// RFC 6455, Section 10.4, leaves limits to the implementation; empty fragments would otherwise never reach one.
		if r.empty++; r.empty > maxEmptyFragments {
			return protocolError(StatusPolicyViolation, "10.4", "message with too many empty fragments")
		}
	}
	// A length is below 1<<63, and so is what has come of the frames before: these sums cannot overflow. They are kept
	// without a limit, too, because one may be set in the middle of the message.
	if !r.compressed {
		r.size += h.length
	}
	r.wire += h.length + uint64(size)
	switch {
	case r.limit == 0:
		return nil
	case r.size > r.limit:
		return tooBig(overLimit)
	case r.wire > 2*r.limit+wireSlack:
		// What a compressed one would deliver is most likely over the limit itself, and is not looked at.
		return tooBig("message that takes more than twice the read limit on the wire")
	}
	return nil
}

const overLimit = "message over the read limit"

// tooBig is the error for a message over the limit. RFC 6455, Section 7.4.1: "1009 indicates that an endpoint is terminating the
// connection because it has received a message that is too big for it to process."
func tooBig(reason string) error {
	err := protocolError(StatusMessageTooBig, "7.4.1", reason)
	err.Err = ErrMessageTooBig
	return err
}

// take unmasks what has come of the frame's payload. The frame ends with its last byte.
func (r *Receiver) take(src []byte) []byte {
	if uint64(len(src)) > r.h.length {
		src = src[:r.h.length]
	}
	if r.h.masked && len(src) > 0 {
		maskBytes(src, src, r.h.key)
		r.h.key = bits.RotateLeft32(r.h.key, -8*(len(src)&3))
	}
	r.h.length -= uint64(len(src))
	r.inFrame = r.h.length > 0
	return src
}

// plainPayload takes payload of a data frame that is delivered as it is.
func (r *Receiver) plainPayload(src []byte, ev *Event) (n int, err error) {
	p := r.take(src)
	last := !r.inFrame && r.h.b0&finBit != 0
	if len(p) == 0 && !last {
		return 0, nil
	}
	return len(p), r.deliver(ev, p, last)
}

// deliver makes ev of a part of the message.
func (r *Receiver) deliver(ev *Event, p []byte, last bool) error {
	if r.op == OpText {
		// RFC 6455, Section 8.1: "When an endpoint is to interpret a byte stream as UTF-8 but finds that the byte
		// stream is not, in fact, a valid UTF-8 stream, that endpoint MUST _Fail the WebSocket Connection_."
		if !r.text.valid(p) || last && !r.text.complete() {
			return protocolError(StatusInvalidPayload, "8.1", "text message that is not valid UTF-8")
		}
	}
	ev.Kind, ev.Op, ev.First, ev.Last, ev.Payload = EventData, r.op, r.first, last, slices.Clip(p)
	r.first = false
	r.inMessage = !last
	return nil
}

// compressedPayload takes payload of a data frame that has to be inflated (RFC 7692, Section 7.2.2). The frame stays
// the one under way until everything that it stands for has been delivered.
func (r *Receiver) compressedPayload(dst, src []byte, ev *Event) (out []byte, n int, err error) {
	if r.nothing {
		return dst, 0, r.nothingCompressed(dst, ev)
	}
	src = src[:min(uint64(len(src)), r.h.length)]
	if r.h.masked {
		maskBytes(src, src, r.h.key)
	}
	ends := r.h.b0&finBit != 0 && uint64(len(src)) == r.h.length
	most := r.inflateMax(dst)
	out, n, done, err := r.inflater.Append(dst, src, ends, most)
	if r.h.masked {
		// What was not taken is unmasked when it is given again.
		r.h.key = bits.RotateLeft32(r.h.key, -8*(n&3))
		maskBytes(src[n:], src[n:], r.h.key)
	}
	if err != nil {
		return dst, n, corrupt(err)
	}
	p := out[len(dst):]
	r.h.length -= uint64(n)
	// A frame whose last byte has been taken may stand for more than there was room for.
	r.inFrame = r.h.length > 0 || len(p) == most && !done
	r.size += uint64(len(p))
	if r.limit > 0 && r.size > r.limit {
		return dst, n, tooBig(overLimit)
	}
	if len(p) == 0 && !done {
		return out, n, nil
	}
	return out, n, r.deliver(ev, p, done)
}

// nothingCompressed takes a frame of a compressed message without any payload so far. RFC 7692, Section 7.2.3.6, makes one
// byte of an empty message; Mojolicious, cowlib 2.9 and Haskell's websockets make none, and keep their window as it is.
func (r *Receiver) nothingCompressed(dst []byte, ev *Event) error {
	r.inFrame = false
	if r.h.b0&finBit == 0 {
		return nil
	}
	return r.deliver(ev, dst[len(dst):], true)
}

// inflateMax returns how much to inflate at once: what dst has room for, and not much more than the limit leaves.
func (r *Receiver) inflateMax(dst []byte) int {
	n := inflateChunk
	if room := cap(dst) - len(dst); room >= inflateRoom {
		n = min(n, room)
	}
	if r.limit > 0 {
		left := r.limit - min(r.size, r.limit)
		n = int(min(uint64(n), left+1))
	}
	return n
}

// corrupt is the error for a payload that cannot be inflated.
func corrupt(cause error) error {
	err := protocolError(StatusInvalidPayload, "RFC 7692, Section 7.2.2", "compressed message that cannot be inflated")
	err.Err = cause
	return err
}

// controlPayload takes payload of a control frame, which is delivered whole.
func (r *Receiver) controlPayload(src []byte, ev *Event) (n int, err error) {
	p := r.take(src)
	n = len(p)
	if r.inFrame || r.control != nil {
		if r.control == nil {
			r.control = new(partialControl)
		}
		r.control.n += copy(r.control.payload[r.control.n:], p)
		if r.inFrame {
			return n, nil
		}
		p, r.control = r.control.payload[:r.control.n], nil
	}
	p = slices.Clip(p)
	ev.Payload = p
	switch r.h.opcode() {
	case OpPing:
		ev.Kind = EventPing
		return n, nil
	case OpPong:
		ev.Kind = EventPong
		return n, nil
	}
	ev.Code, ev.Payload, err = ParseClose(p)
	if err != nil {
		*ev = Event{}
		return n, err
	}
	ev.Kind = EventClose
	r.closed = true
	return n, nil
}
