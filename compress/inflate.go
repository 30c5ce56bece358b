package compress

// This file holds Inflater: payloads in pieces of any size in, messages out, and which memory is kept between
// messages. What the bits mean is in inflate_block.go.

import (
	"errors"
	"math"
	"sync"
)

// ErrCorrupt is wrapped by all errors of an Inflater: the payload is not what RFC 7692, Section 7.2.1 describes. The
// connection cannot go on. Its close code is 1007.
var ErrCorrupt = errors.New("compress: corrupt message")

// InflaterOptions configure an Inflater.
type InflaterOptions struct {
	// WindowBits is the base-2 logarithm of the window: how far back, in bytes, the peer may refer. 8 to 15; others
	// are taken for the nearest of these, and 0 for 15.
	WindowBits int

	// Takeover lets the peer refer to earlier messages. The Inflater then holds the window between messages; without
	// it, nothing.
	Takeover bool
}

// Inflater decompresses the messages of one direction of one connection. It must not be used by two goroutines at
// once.
type Inflater struct {
	window   ring // with takeover
	takeover bool
	used     bool     // since the last Rest
	decoder  *decoder // while a message is under way
	err      error    // the first, for good
}

var decoders = sync.Pool{New: func() any { return new(decoder) }}

// NewInflater returns an Inflater that holds no window yet; one is grown as messages pass.
func NewInflater(o InflaterOptions) *Inflater {
	return &Inflater{window: ring{size: 1 << windowBits(o.WindowBits)}, takeover: o.Takeover}
}

// Size returns the bytes that the Inflater holds between messages, beside itself.
func (f *Inflater) Size() int { return cap(f.window.buf) }

// syncTail is what the sender took away.
//
// RFC 7692, Section 7.2.2: "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message."
var syncTail = []byte{0x00, 0x00, 0xFF, 0xFF}

// Append decompresses what it can of src, the next piece of a message's payload, and appends at most max bytes to
// dst. n is how many bytes of src it took. last says that the payload ends with src.
//
// When done is set, the message is complete: all of src was taken, everything has been delivered, and the next call
// begins the next message. When n < len(src), or last is set and done is not, max bytes were appended and there may be
// more: call again with src[n:], also if that is empty. Otherwise the next piece is due.
//
// Room in dst for some hundred bytes more than come out is made use of: the end of it is filled more slowly.
//
// An error wraps ErrCorrupt, comes with what was decompressed before it, and is returned by every later call. Append
// keeps neither dst nor src.
func (f *Inflater) Append(dst, src []byte, last bool, max int) (out []byte, n int, done bool, err error) {
	if f.err != nil {
		return dst, 0, false, f.err
	}
	d := f.decoder
	if d == nil {
		d = decoders.Get().(*decoder)
		f.begin(d, len(src))
	}
	d.out, d.base, d.at = dst[:cap(dst)], len(dst), len(dst)
	d.limit = len(dst) + min(max, math.MaxInt-len(dst))
	n, err = d.run(src)
	if last && err == nil && d.starved {
		done, err = d.runTail()
	}
	out = d.out[:d.at]
	d.out = nil
	if done || err != nil {
		f.err = err
		f.decoder = nil
	}
	if err == nil && (f.takeover || !done) {
		d.window.append(out[len(dst):])
	}
	if f.decoder == nil {
		d.window = nil
		decoders.Put(d)
	}
	return out, n, done, err
}

// begin prepares d for a message, of whose payload n bytes are there.
func (f *Inflater) begin(d *decoder, n int) {
	f.decoder, f.used = d, true
	d.hold, d.count, d.state, d.final, d.tail = 0, 0, stateBlock, false, 0
	d.window = &f.window
	if !f.takeover {
		d.window = &d.lone
		d.lone = ring{buf: d.lone.buf[:0], size: f.window.size}
		return
	}
	f.window.unpack()
	if n >= touchPayload {
		touch(f.window.buf, cacheLine)
	}
}

// ring holds the last bytes that were delivered, at most size. It is a slice until it is full, then a ring.
type ring struct {
	buf    []byte
	head   int // where the next byte goes
	size   int // a power of two
	packed int // 0, or how many bytes buf stands for: see pack
}

// append adds p to the window.
func (r *ring) append(p []byte) {
	if len(p) > r.size {
		p = p[len(p)-r.size:]
	}
	if free := r.size - len(r.buf); free > 0 {
		n := min(free, len(p))
		r.reserve(len(r.buf) + n)
		r.buf = append(r.buf, p[:n]...)
		r.head = len(r.buf) & (r.size - 1)
		p = p[n:]
	}
	n := copy(r.buf[r.head:], p)
	copy(r.buf, p[n:])
	r.head = (r.head + len(p)) & (r.size - 1)
}

// reserve makes room for n bytes in all, at most size.
func (r *ring) reserve(n int) {
	if n <= cap(r.buf) {
		return
	}
	grown := min(256, r.size)
	for grown < n {
		grown *= 2
	}
	r.buf = append(make([]byte, 0, grown), r.buf...)
}

// copyTo fills p with what begins back bytes before the end, if there is so much, and returns how many bytes that was.
func (r *ring) copyTo(p []byte, back int) int {
	at := (r.head - back) & (r.size - 1)
	p = p[:min(len(p), back)]
	n := copy(p, r.buf[at:])
	return n + copy(p[n:], r.buf)
}
