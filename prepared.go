package websocket

// This file holds messages that are encoded once and sent to many connections.

import "context"

// PreparedMessage is a message that is to be sent to many connections: what all of them need is done once. Any number
// of goroutines may use one at the same time.
//
// The frame is not compressed, whatever a connection has negotiated.
type PreparedMessage struct {
	op      Opcode
	payload []byte
	frame   []byte // the server's, of which payload is the end
}

// NewPreparedMessage returns a message of p, which is copied: text, which must be UTF-8, or binary, by op. The error
// is that of a wrong opcode or of a text that is not UTF-8.
func NewPreparedMessage(op Opcode, p []byte) (*PreparedMessage, error) {
	var s Sender
	frame, err := s.AppendMessage(make([]byte, 0, s.Bound(len(p))), op, p)
	if err != nil {
		return nil, err
	}
	return &PreparedMessage{op: op, payload: frame[len(frame)-len(p):], frame: frame}, nil
}

// WritePrepared sends m. It is Write in all respects but its cost.
func (c *Conn) WritePrepared(ctx context.Context, m *PreparedMessage) error {
	if ctx.Done() != nil {
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	need := headerSize(len(m.payload), c.s.client) + len(m.payload)
	if need > c.limit {
		return c.writeFrame(ctx, m.op, m.payload, true)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.reserve(ctx, need, forMessage); err != nil {
		return err
	}
	c.out = c.s.appendPrepared(growBuffer(c.out, need), m)
	c.stats.MessagesOut++
	return c.appended(ctx)
}

// appendPrepared appends the frame of m.
func (s *Sender) appendPrepared(dst []byte, m *PreparedMessage) []byte {
	if s.client || s.onHeader != nil {
		// RFC 6455, Section 5.3: a client "MUST pick a fresh masking key from the set of allowed 32-bit values".
		return s.appendFrame(dst, finBit|byte(m.op), m.payload)
	}
	return append(dst, m.frame...)
}
