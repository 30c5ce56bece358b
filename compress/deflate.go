package compress

// This file holds Deflater: messages in, the payloads that RFC 7692, Section 7.2.1 makes of them out, and which
// memory is kept between messages and which is borrowed.

import (
	"math/bits"
	"sync"
)

// Level says how hard a Deflater looks for repeats, and what table over the window it holds for that. Any Inflater reads
// what any level makes.
type Level uint8

const (
	// Balanced looks at three earlier places for each string, and comes to about the size of zlib's level 6. It is the
	// default.
	Balanced Level = iota
	// Fastest looks at one earlier place for each string, and comes to about the size of zlib's level 1. With the largest
	// window it holds 40 KiB less than Balanced.
	Fastest
	// Smallest looks at up to sixteen, and comes to about the size of zlib's level 9. With the largest window it holds
	// 48 KiB more than Balanced.
	Smallest
)

// DeflaterOptions configure a Deflater.
type DeflaterOptions struct {
	// WindowBits is the base-2 logarithm of the window: how far back, in bytes, a message may refer. 8 to 15; others
	// are taken for the nearest of these, and 0 for 15.
	WindowBits int

	// Takeover lets a message refer to those before it (RFC 7692, Section 7.1.1). The Deflater then holds the window
	// and a table over it between messages; without it, nothing.
	Takeover bool

	// Level says how hard to look for repeats, and how much memory that takes.
	Level Level
}

// Deflater compresses the messages of one direction of one connection. It must not be used by two goroutines at once.
type Deflater struct {
	history  history // with takeover, the window
	takeover bool
	used     bool   // since the last Rest
	stream   stream // the message that AppendPart is writing
	tail     tail   // with takeover, what is known of the end of the peer's window: see shared.go
}

// stream is the state of a message between its parts.
type stream struct {
	encoder *encoder // nil when there is no such message
	history *history
	before  window
}

// NewDeflater returns a Deflater that holds no window yet; one is grown as messages pass.
func NewDeflater(o DeflaterOptions) *Deflater {
	d := &Deflater{takeover: o.Takeover}
	d.history.lay(min(o.Level, Smallest), 1<<windowBits(o.WindowBits))
	d.history.bias = emptyBias
	return d
}

// Options returns what d was made with, as it was understood.
func (d *Deflater) Options() DeflaterOptions {
	return DeflaterOptions{WindowBits: bits.Len(uint(d.history.maxDistance)) - 1, Takeover: d.takeover, Level: d.history.level}
}

// windowBits returns the nearest number of bits that a window can have.
func windowBits(n int) int {
	if n == 0 {
		return 15
	}
	return min(max(n, 8), 15)
}

// An encoder is what a Deflater needs only while it works.
type encoder struct {
	blockWriter
	history history // without takeover, the window of one message
	work    []byte  // room for the window, and what is being compressed, of a large message
}

var encoders = sync.Pool{New: func() any { return new(encoder) }}

// chunk is how much of a large message is searched at a time. Each makes one block.
const chunk = 48 << 10

// Size returns the bytes that the Deflater holds between messages, beside itself.
func (d *Deflater) Size() int { return d.history.size() }

// Bound returns how many bytes at most Append and AppendPart append for a message or part of n bytes. With so much
// room in dst neither has to allocate it.
func (d *Deflater) Bound(n int) int { return n + (n/chunk+1)*8 + 16 }

// Append compresses one whole message and appends its payload to dst: DEFLATE blocks that end with an empty stored
// block, of which the last four bytes are left away (RFC 7692, Section 7.2.1). When that is not shorter than msg by a
// useful amount, compressed is false, dst is returned as it was, and msg must be sent as it is: it will not be in the
// peer's window, and nothing later refers to it. Append does not keep msg.
//
// When AppendPart has begun a message, Append is AppendPart of its last part.
func (d *Deflater) Append(dst, msg []byte) (out []byte, compressed bool) {
	if d.stream.encoder != nil {
		return d.AppendPart(dst, msg, true), true
	}
	if len(msg) == 0 {
		return dst, false
	}
	e := encoders.Get().(*encoder)
	before := d.history.window
	if d.takeover {
		var h *history
		h, before = d.open(e, len(msg))
		out, compressed = e.compress(dst, h, msg), true
	} else {
		out, compressed = e.compressAlone(dst, &d.history, msg)
	}
	out = e.finish(out)
	compressed = compressed && worthIt(len(out)-len(dst), len(msg))
	if compressed {
		d.keep(before)
	} else {
		d.history.window = before
		out = dst
	}
	encoders.Put(e)
	return out, compressed
}

// worthIt reports whether a payload is shorter than its message by a useful amount.
func worthIt(payload, message int) bool { return payload < message-message>>5 }

// AppendPart compresses the next part of a message and appends what it makes of it to dst; up to seven bits are held
// back until the next part. After the last part the message is complete and ends as one written by Append does. The
// parts may be of any size, also empty, and what the calls append may be cut into fragments anywhere. Every part makes
// a DEFLATE block of its own: parts of less than some hundred bytes cost size. Until the last part, memory for a
// large message is borrowed.
func (d *Deflater) AppendPart(dst, part []byte, last bool) []byte {
	s := &d.stream
	if s.encoder == nil {
		s.encoder = encoders.Get().(*encoder)
		n := len(part)
		if !last {
			n = max(n, chunk)
		}
		s.history, s.before = d.open(s.encoder, n)
	}
	dst = s.encoder.compress(dst, s.history, part)
	if last {
		dst = s.encoder.finish(dst)
		d.keep(s.before)
		encoders.Put(s.encoder)
		*s = stream{}
	}
	return dst
}

// open prepares a window, and e, for a message of n bytes. It also returns the window as it was.
func (d *Deflater) open(e *encoder, n int) (*history, window) {
	e.bitWriter = bitWriter{}
	h := &d.history
	d.used = true
	if d.takeover && n >= touchMessage {
		h.touch()
	}
	if d.takeover && n <= h.slack {
		h.reserve(n)
		return h, h.window
	}
	before := h.window
	if d.takeover {
		h.fitTable(len(h.buf) + n)
		h.slideTo(e.room(), h.recent())
		return h, before
	}
	e.history.begin(h, n)
	e.history.buf = e.room()
	return &e.history, before
}

// room returns room for a window and a chunk.
func (e *encoder) room() []byte {
	if e.work == nil {
		e.work = make([]byte, 0, 1<<15+chunk)
	}
	return e.work
}

// keep makes what the message left in the window the window, in memory of the Deflater's own. before is the window as
// it was before the message.
func (d *Deflater) keep(before window) {
	d.tail = tail{}
	h := &d.history
	if cap(h.buf) != cap(before.buf) { // borrowed
		recent := h.recent()
		h.slideTo(h.grow(before.buf, len(recent)), recent)
	}
}

// compressAlone appends blocks that hold a message that refers to nothing before it, or reports that it would not shrink.
// The message is its own window. Stored blocks wait for one that is worth it.
func (e *encoder) compressAlone(dst []byte, like *history, msg []byte) (out []byte, worth bool) {
	e.bitWriter = bitWriter{}
	h := &e.history
	h.begin(like, len(msg))
	done := 0
	for from := 0; from < len(msg); {
		h.buf = msg[:min(from+chunk, len(msg))]
		e.sequences = h.find(e.sequences[:0], from)
		if raw := h.buf[from:]; !e.noise(raw) {
			dst = e.appendStored(dst, msg[done:from])
			dst = e.appendBlock(dst, raw)
			done = len(h.buf)
		}
		from = len(h.buf)
	}
	h.buf = nil
	if done == 0 {
		return dst, false
	}
	return e.appendStored(dst, msg[done:]), true
}

// compress appends blocks that hold p, which is left in h.
func (e *encoder) compress(dst []byte, h *history, p []byte) []byte {
	for len(p) > 0 {
		n := min(len(p), chunk)
		h.reserve(n)
		from := len(h.buf)
		h.buf = append(h.buf, p[:n]...)
		e.sequences = h.find(e.sequences[:0], from)
		if e.noise(p[:n]) {
			dst = e.appendStored(dst, p[:n])
		} else {
			dst = e.appendBlock(dst, p[:n])
		}
		p = p[n:]
	}
	return dst
}

// finish appends the empty stored block without its last four bytes: three zero bits, and zeros up to the next byte.
//
// RFC 7692, Section 7.2.1: "Remove 4 octets (that are 0x00 0x00 0xff 0xff) from the tail end."
func (e *encoder) finish(dst []byte) []byte {
	e.add(0b000, 3)
	e.align()
	dst, at := room(dst, 16)
	at = e.flush(dst, at)
	return dst[:at]
}
