package wire

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/seed-d69ae1b7/websocket"
)

// Checker follows the bytes that one connection sends back and says how many messages they complete. Every message
// must be the next of the cycle: same opcode, same length, same bytes. Fragments are allowed; anything else that a
// client does not expect here (a masked or reserved frame, a control frame) is an error.
type Checker struct {
	traffic *Traffic
	raw     bool // the echo is of the frames themselves, byte for byte
	next    int  // the message that comes next, or is under way
	prelude bool // ... is the prelude of that

	at         int    // bytes of it that have been checked; raw: of its frame
	partial    []byte // the start of a header that was cut
	remaining  uint64 // bytes of the frame's payload that are due
	fin        bool   // of the frame under way
	open       bool   // a fragment of the message has come
	compressed bool
	inflating  []byte // the compressed bytes of the message under way
}

// NewChecker returns a checker of the echoes of t from message first on, and of its prelude if there is one. A raw one
// expects the frames as they were sent, and no prelude.
func NewChecker(t *Traffic, raw bool, first int) *Checker {
	return &Checker{traffic: t, raw: raw, next: first, prelude: t.shape.Takeover && !raw}
}

// want is the payload that comes next, or is under way.
func (c *Checker) want() []byte {
	if c.prelude {
		return c.traffic.before(c.next)
	}
	return c.traffic.payloads[c.next]
}

// Feed checks b and returns how many messages ended in it.
func (c *Checker) Feed(b []byte) (done int, err error) {
	if c.raw {
		return c.feedRaw(b)
	}
	for len(b) > 0 {
		if c.remaining == 0 {
			if b, err = c.header(b); err != nil {
				return done, err
			}
		}
		n := int(min(c.remaining, uint64(len(b))))
		if err := c.data(b[:n]); err != nil {
			return done, err
		}
		b, c.remaining = b[n:], c.remaining-uint64(n)
		if c.open && c.fin && c.remaining == 0 {
			if err := c.end(); err != nil {
				return done, err
			}
			done++
		}
	}
	return done, nil
}

// feedRaw compares with the frames as they were sent.
func (c *Checker) feedRaw(b []byte) (done int, err error) {
	for len(b) > 0 {
		want := c.traffic.Frames(c.next, 1)[c.at:]
		n := min(len(want), len(b))
		if !bytes.Equal(b[:n], want[:n]) {
			return done, c.errorf("bytes %d to %d of the frame differ", c.at, c.at+n)
		}
		b, c.at = b[n:], c.at+n
		if n == len(want) {
			c.advance()
			done++
		}
	}
	return done, nil
}

// header reads a frame header, which may have begun in an earlier call, and returns what is behind it.
func (c *Checker) header(b []byte) ([]byte, error) {
	whole, before := b, len(c.partial)
	if before > 0 {
		whole = append(c.partial, b[:min(len(b), websocket.MaxHeaderSize)]...)
	}
	h, n, err := websocket.ParseHeader(whole)
	if err != nil {
		return nil, c.errorf("%w", err)
	}
	if n == 0 {
		c.partial = append(c.partial[:0], whole...)
		return nil, nil
	}
	c.partial = c.partial[:0]
	want := websocket.OpBinary
	if c.open {
		want = websocket.OpContinuation
	}
	switch {
	case h.Opcode == websocket.OpClose:
		return nil, c.errorf("the server closes: % x", b[n-before:])
	case h.Opcode != want:
		return nil, c.errorf("%v frame, want %v", h.Opcode, want)
	case h.Masked || h.RSV2 || h.RSV3 || h.RSV1 && (c.open || !c.traffic.shape.Deflate):
		return nil, c.errorf("header %+v", h)
	}
	if !c.open {
		c.open, c.compressed = true, h.RSV1
	}
	c.fin, c.remaining = h.Fin, h.Length
	return b[n-before:], nil
}

// data checks a part of a payload.
func (c *Checker) data(b []byte) error {
	if c.compressed {
		c.inflating = append(c.inflating, b...)
		return nil
	}
	want := c.want()
	if c.at+len(b) > len(want) {
		return c.errorf("over %d bytes, want %d", c.at+len(b)-1, len(want))
	}
	if !bytes.Equal(b, want[c.at:c.at+len(b)]) {
		return c.errorf("payload bytes %d to %d differ", c.at, c.at+len(b))
	}
	c.at += len(b)
	return nil
}

// end checks what can only be said of a whole message.
func (c *Checker) end() error {
	want := c.want()
	if c.compressed {
		if err := c.inflate(want); err != nil {
			return err
		}
	} else if c.at != len(want) {
		return c.errorf("%d bytes, want %d", c.at, len(want))
	}
	c.advance()
	return nil
}

// mostVerified is how many compressed echoes of a message are remembered. With takeover a few are right.
const mostVerified = 8

// inflate checks a compressed message. A server compresses the same message, behind the same ones, nearly always to the same
// bytes again, so that one comparison is all that most messages need.
func (c *Checker) inflate(want []byte) error {
	known := &c.traffic.verified[c.next]
	if !c.prelude && slices.ContainsFunc(*known, func(b []byte) bool { return bytes.Equal(b, c.inflating) }) {
		return nil
	}
	var window []byte
	if c.traffic.shape.Takeover && !c.prelude {
		window = c.traffic.before(c.next)
	}
	p, err := inflate(window, c.inflating)
	if err != nil {
		return c.errorf("%w", err)
	}
	if !bytes.Equal(p, want) {
		return c.errorf("inflates to %d other bytes, want %d", len(p), len(want))
	}
	if !c.prelude && len(*known) < mostVerified {
		*known = append(*known, bytes.Clone(c.inflating))
	}
	return nil
}

// advance makes the checker expect the next message.
func (c *Checker) advance() {
	if !c.prelude {
		c.next = (c.next + 1) % c.traffic.Len()
	}
	c.prelude = false
	c.at, c.open, c.compressed, c.inflating = 0, false, false, c.inflating[:0]
}

func (c *Checker) errorf(format string, args ...any) error {
	return fmt.Errorf("wire: echo of message %d: "+format, append([]any{c.next}, args...)...)
}
