package websocket

// This file holds messages that are encoded once and sent to many connections, one or several at a time.

import (
	"bytes"
	"context"
	"sync"

	"github.com/seed-d69ae1b7/websocket/compress"
)

// PreparedMessage is a message, or several behind one another, that is to be sent to many connections: what all of them need
// is done once. Any number of goroutines may use one at the same time.
//
// Where compression without context takeover was negotiated, each message is compressed once for all connections with the
// same window and level, and the result is kept. With context takeover no two connections can be sent the same: then it is
// compressed for each, as by Write.
type PreparedMessage struct {
	parts []preparedPart
	one   [1]preparedPart // what parts is where there is one

	mu sync.Mutex // guards the compressed frames
}

// preparedPart is one message.
type preparedPart struct {
	Message
	plain    []preparedFrame
	one      [1]preparedFrame // what plain is where there is one
	deflated map[compress.DeflaterOptions][]preparedFrame
}

// preparedFrame is a frame as a server sends it.
type preparedFrame struct {
	frame   []byte
	payload []byte // the end of frame
}

// NewPreparedMessage returns a message of p, which is copied: text, which must be UTF-8, or binary, by op. The error
// is that of a wrong opcode or of a text that is not UTF-8.
func NewPreparedMessage(op Opcode, p []byte) (*PreparedMessage, error) {
	m := new(PreparedMessage)
	m.parts = m.one[:]
	size, err := preparedSize(op, p)
	if err != nil {
		return nil, err
	}
	m.parts[0].prepare(make([]byte, 0, size), Message{op, p})
	return m, nil
}

// PrepareMessages is NewPreparedMessage for several messages, which are sent behind one another with nothing between them: one
// call of WritePrepared or QueuePrepared sends all or, if it fails, none, and costs about as much as one of them.
func PrepareMessages(messages ...Message) (*PreparedMessage, error) {
	m := &PreparedMessage{parts: make([]preparedPart, len(messages))}
	total := 0
	for _, msg := range messages {
		size, err := preparedSize(msg.Op, msg.Data)
		if err != nil {
			return nil, err
		}
		total += size
	}
	wire := make([]byte, 0, total)
	for i, msg := range messages {
		wire = m.parts[i].prepare(wire, msg)
	}
	return m, nil
}

// preparedSize returns how many bytes the plain frames of a message take, at most.
func preparedSize(op Opcode, p []byte) (int, error) {
	return len(p) + fragments(len(p))*MaxHeaderSize, checkPayload(op, p)
}

// prepare appends the plain frames of msg to wire, which has the room, and notes where they are.
func (part *preparedPart) prepare(wire []byte, msg Message) []byte {
	var s Sender
	part.Op, part.plain = msg.Op, part.one[:0]
	for rest, first := msg.Data, true; first || len(rest) > 0; first = false {
		p := rest[:min(len(rest), maxFrame)]
		rest = rest[len(p):]
		start := len(wire)
		wire = s.appendFrame(wire, fragmentByte(msg.Op, first, len(rest) == 0), p)
		part.plain = append(part.plain, preparedFrame{wire[start:len(wire):len(wire)], wire[len(wire)-len(p) : len(wire) : len(wire)]})
	}
	part.Data = part.plain[0].payload
	if len(part.plain) > 1 {
		part.Data = bytes.Clone(msg.Data) // to be compressed
	}
	return wire
}

// Len returns how many messages m has.
func (m *PreparedMessage) Len() int { return len(m.parts) }

// Size returns how many bytes the frames of m take where a server sends them without compression.
func (m *PreparedMessage) Size() (n int) {
	for i := range m.parts {
		for _, f := range m.parts[i].plain {
			n += len(f.frame)
		}
	}
	return n
}

// AppendPrepared appends all messages of m, as AppendMessage would one by one but for the cost: a server's frames are encoded, and
// compressed where that is without context takeover, once for all Senders.
func (s *Sender) AppendPrepared(dst []byte, m *PreparedMessage) ([]byte, error) {
	if s.closed || s.inMessage {
		return dst, s.refusal()
	}
	for i := range m.parts {
		dst = s.appendPart(dst, m, &m.parts[i])
	}
	return dst, nil
}

// appendPart appends one message of m.
func (s *Sender) appendPart(dst []byte, m *PreparedMessage, part *preparedPart) []byte {
	if s.compressesItself(part) {
		return s.appendCompressed(dst, finBit|byte(part.Op), part.Data)
	}
	for _, f := range s.sharedFrames(m, part) {
		dst = s.appendPreparedFrame(dst, f)
	}
	return dst
}

// compressesItself reports whether a message has to be compressed for this connection by itself.
func (s *Sender) compressesItself(part *preparedPart) bool {
	return s.compresses(len(part.Data)) && s.deflater.Options().Takeover
}

// sharedFrames returns the frames of a message that may be the same for many connections.
func (s *Sender) sharedFrames(m *PreparedMessage, part *preparedPart) []preparedFrame {
	if s.compresses(len(part.Data)) {
		return m.deflate(part, s.deflater.Options())
	}
	return part.plain
}

// WritePrepared sends m. It is Write in all respects but its cost, and that a message which is shared compressed is one
// frame whatever its size.
func (c *Conn) WritePrepared(ctx context.Context, m *PreparedMessage) error {
	if ctx.Done() != nil && ctx.Err() != nil {
		return c.contextError(ctx)
	}
	need, how := c.preparedNeed(m)
	if need > c.limit() && !c.opts.FailWhenFull {
		return c.writeBeside(ctx, how, uint64(len(m.parts)), func() (int64, error) { return c.sendPrepared(ctx, m) })
	}
	c.mu.Lock()
	defer c.unlock()
	if err := c.reserve(ctx, need, forMessage); err != nil {
		return err
	}
	c.appendPrepared(m, need)
	return c.appended(ctx)
}

// preparedNeed returns how many bytes m takes at most in the buffer, and what it is past it.
func (c *Conn) preparedNeed(m *PreparedMessage) (need int, how writing) {
	how = large
	for i := range m.parts {
		part := &m.parts[i]
		need += c.writeNeed(len(part.Data))
		if c.s.compressesItself(part) {
			how = deflating
		}
	}
	return need, how
}

// appendPrepared appends m to out, which has room for need bytes. mu is held.
func (c *Conn) appendPrepared(m *PreparedMessage, need int) {
	out := growBuffer(c.out, need)
	for i := range m.parts {
		part := &m.parts[i]
		if c.s.compressesItself(part) {
			out, _ = c.appendMessage(out, part.Op, part.Data) // it was checked when it was prepared; see there who has the deflater
			continue
		}
		out = c.s.appendPart(out, m, part)
	}
	c.out = out
	c.counts.messagesOut += uint64(len(m.parts))
}

// sendPrepared sends m past the buffer.
func (c *Conn) sendPrepared(ctx context.Context, m *PreparedMessage) (sent int64, err error) {
	for i := 0; i < len(m.parts) && err == nil; i++ {
		var n int64
		if part := &m.parts[i]; c.s.compressesItself(part) {
			n, err = c.sendCompressed(ctx, part.Op, part.Data)
		} else {
			n, err = c.sendShared(ctx, c.s.sharedFrames(m, part), len(part.Data))
		}
		sent += n
	}
	return sent, err
}

// sendShared sends the frames of one message, whose payload has left bytes.
func (c *Conn) sendShared(ctx context.Context, frames []preparedFrame, left int) (sent int64, err error) {
	for _, f := range frames {
		n, err := c.sendFrame(ctx, f.frame[0], f.payload, left)
		if sent += n; err != nil {
			return sent, err
		}
		left -= len(f.payload)
	}
	return sent, nil
}

// deflate returns the compressed frame of a message, or the plain ones if compression does not pay. It is made when it is
// first asked for, while others who ask for it wait.
func (m *PreparedMessage) deflate(part *preparedPart, o compress.DeflaterOptions) []preparedFrame {
	m.mu.Lock()
	defer m.mu.Unlock()
	frames := part.deflated[o]
	if frames != nil {
		return frames
	}
	s := Sender{deflater: compress.NewDeflater(o)}
	frames = part.plain
	if frame := s.appendCompressed(nil, finBit|byte(part.Op), part.Data); frame[0]&rsv1Bit != 0 {
		frame = exactly(frame)
		_, n, _ := parseHead(frame)
		frames = []preparedFrame{{frame, frame[n:]}}
	}
	if part.deflated == nil {
		part.deflated = make(map[compress.DeflaterOptions][]preparedFrame)
	}
	part.deflated[o] = frames
	return frames
}

// appendPreparedFrame appends f.
func (s *Sender) appendPreparedFrame(dst []byte, f preparedFrame) []byte {
	if s.client || s.onHeader != nil {
		// RFC 6455, Section 5.3: a client "MUST pick a fresh masking key from the set of allowed 32-bit values".
		return s.appendFrame(dst, f.frame[0], f.payload)
	}
	return append(dst, f.frame...)
}
