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
// Where compression was negotiated, each message is compressed once for all connections with the same window, level and
// takeover, and the result is kept. It refers to nothing before the message, whose bytes a connection with context takeover remembers for
// messages of its own. To refer to earlier messages that went to the same connections, and take half the bytes, prepare it with a Broadcaster.
type PreparedMessage struct {
	parts       []preparedPart
	one         [1]preparedPart // what parts is where there is one
	broadcaster *Broadcaster    // whose it is, or nil

	mu     sync.Mutex                         // guards shared
	shared map[kind][]*compress.SharedMessage // of each part, or nil where it is not to be compressed
}

// preparedPart is one message.
type preparedPart struct {
	Message
	plain []preparedFrame
	one   [1]preparedFrame // what plain is where there is one
}

// preparedFrame is a frame as a server sends it.
type preparedFrame struct {
	frame   []byte
	payload []byte // the end of frame
}

// kind is what connections have in common that can be sent the same compressed bytes.
type kind struct {
	deflater compress.DeflaterOptions
	minSize  int
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

// AppendPrepared appends all messages of m, as AppendMessage would one by one but for the cost: frames are encoded and messages
// compressed once for all Senders.
func (s *Sender) AppendPrepared(dst []byte, m *PreparedMessage) ([]byte, error) {
	if s.closed || s.inMessage {
		return dst, s.refusal()
	}
	return s.appendParts(dst, m, s.sharedParts(m)), nil
}

// sharedParts returns the messages of m as they are compressed for connections of this kind, or nil where none of them is.
func (s *Sender) sharedParts(m *PreparedMessage) []*compress.SharedMessage {
	if !s.compressesAny(m) {
		return nil
	}
	return m.sharedBy(kind{s.deflater.Options(), s.minSize})
}

// compressesAny reports whether a message of m is to be compressed.
func (s *Sender) compressesAny(m *PreparedMessage) bool {
	for i := range m.parts {
		if s.compresses(len(m.parts[i].Data)) {
			return true
		}
	}
	return false
}

// remembers reports whether the deflater, if there is one, is changed by what is sent.
func (s *Sender) remembers() bool { return s.deflater != nil && s.deflater.Options().Takeover }

// sharedPart returns the payload of the part i, if it is sent compressed.
func (s *Sender) sharedPart(shared []*compress.SharedMessage, i int) (payload []byte, compressed bool) {
	if shared == nil || shared[i] == nil {
		return nil, false
	}
	return s.deflater.Share(shared[i])
}

// appendParts appends the messages of m, of which those in shared are compressed.
func (s *Sender) appendParts(dst []byte, m *PreparedMessage, shared []*compress.SharedMessage) []byte {
	for i := range m.parts {
		part := &m.parts[i]
		if payload, compressed := s.sharedPart(shared, i); compressed {
			// RFC 7692, Section 6: "the "Per-Message Compressed" bit" is RSV1.
			dst = s.appendFrame(dst, finBit|rsv1Bit|byte(part.Op), payload)
			continue
		}
		for _, f := range part.plain {
			dst = s.appendPreparedFrame(dst, f)
		}
	}
	return dst
}

// WritePrepared sends m. It is Write in all respects but its cost, and that a message which is compressed is one
// frame whatever its size.
func (c *Conn) WritePrepared(ctx context.Context, m *PreparedMessage) error {
	if ctx.Done() != nil && ctx.Err() != nil {
		return c.contextError(ctx)
	}
	need := c.preparedNeed(m)
	if need > c.limit() && !c.opts.FailWhenFull {
		return c.writePreparedLarge(ctx, m)
	}
	c.mu.Lock()
	defer c.unlock()
	if err := c.reserve(ctx, need, forMessage); err != nil {
		return err
	}
	c.appendPrepared(m, need)
	return c.appended(ctx)
}

// preparedNeed returns how many bytes m takes at most in the buffer.
func (c *Conn) preparedNeed(m *PreparedMessage) (need int) {
	for i := range m.parts {
		need += c.writeNeed(len(m.parts[i].Data))
	}
	return need
}

// appendPrepared appends m to out, which has room for need bytes. mu is held.
func (c *Conn) appendPrepared(m *PreparedMessage, need int) {
	var shared []*compress.SharedMessage
	if !c.s.remembers() || !c.deflaterIsAwaited() {
		shared = c.s.sharedParts(m)
	}
	c.out = c.s.appendParts(growBuffer(c.out, need), m, shared)
	c.counts.messagesOut += uint64(len(m.parts))
}

// writePreparedLarge is WritePrepared past the buffer.
func (c *Conn) writePreparedLarge(ctx context.Context, m *PreparedMessage) error {
	how := large
	if c.s.compressesAny(m) && c.s.remembers() {
		how = deflating
	}
	return c.writeBeside(ctx, how, uint64(len(m.parts)), func() (sent int64, err error) {
		shared := c.s.sharedParts(m)
		for i := 0; i < len(m.parts) && err == nil; i++ {
			var n int64
			part := &m.parts[i]
			if payload, compressed := c.s.sharedPart(shared, i); compressed {
				n, err = c.sendFrame(ctx, finBit|rsv1Bit|byte(part.Op), payload, len(payload))
				if how == deflating {
					n = max(n, 1) // it cannot be taken back
				}
			} else {
				n, err = c.sendPlainParts(ctx, part.plain, len(part.Data))
			}
			sent += n
		}
		return sent, err
	})
}

// sendPlainParts sends the frames of one message, whose payload has left bytes.
func (c *Conn) sendPlainParts(ctx context.Context, frames []preparedFrame, left int) (sent int64, err error) {
	for _, f := range frames {
		n, err := c.sendFrame(ctx, f.frame[0], f.payload, left)
		if sent += n; err != nil {
			return sent, err
		}
		left -= len(f.payload)
	}
	return sent, nil
}

// sharedBy returns the messages of m as they are compressed for connections of a kind. Those of a Broadcaster become the next of its
// stream when they are first asked for.
func (m *PreparedMessage) sharedBy(k kind) []*compress.SharedMessage {
	m.mu.Lock()
	defer m.mu.Unlock()
	shared := m.shared[k]
	if shared != nil {
		return shared
	}
	var stream *compress.SharedStream
	if m.broadcaster != nil && k.deflater.Takeover {
		stream = m.broadcaster.stream(k)
	}
	shared = make([]*compress.SharedMessage, len(m.parts))
	for i := range m.parts {
		switch p := m.parts[i].Data; {
		case len(p) < k.minSize:
		case stream != nil:
			shared[i] = stream.Compress(p)
		default:
			shared[i] = compress.NewSharedMessage(k.deflater, p)
		}
	}
	if m.shared == nil {
		m.shared = make(map[kind][]*compress.SharedMessage)
	}
	m.shared[k] = shared
	return shared
}

// appendPreparedFrame appends f.
func (s *Sender) appendPreparedFrame(dst []byte, f preparedFrame) []byte {
	if s.client || s.onHeader != nil {
		// RFC 6455, Section 5.3: a client "MUST pick a fresh masking key from the set of allowed 32-bit values".
		return s.appendFrame(dst, f.frame[0], f.payload)
	}
	return append(dst, f.frame...)
}
