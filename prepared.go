package websocket

// This file holds messages that are encoded once and sent to many connections.

import (
	"context"
	"sync"

	"github.com/seed-d69ae1b7/websocket/compress"
)

// PreparedMessage is a message that is to be sent to many connections: what all of them need is done once. Any number
// of goroutines may use one at the same time.
//
// Where compression without context takeover was negotiated, it is compressed once for all connections with the same
// window and level, and keeps the result. With context takeover no two connections can be sent the same: then it is
// compressed for each, as by Write.
type PreparedMessage struct {
	op    Opcode
	plain preparedFrame

	mu       sync.Mutex
	deflated map[compress.DeflaterOptions]*preparedFrame // guarded by mu
}

// preparedFrame is a frame as a server sends it.
type preparedFrame struct {
	frame   []byte
	payload []byte // the end of frame
}

// NewPreparedMessage returns a message of p, which is copied: text, which must be UTF-8, or binary, by op. The error
// is that of a wrong opcode or of a text that is not UTF-8.
func NewPreparedMessage(op Opcode, p []byte) (*PreparedMessage, error) {
	var s Sender
	frame, err := s.AppendMessage(make([]byte, 0, s.Bound(len(p))), op, p)
	if err != nil {
		return nil, err
	}
	return &PreparedMessage{op: op, plain: preparedFrame{frame, frame[len(frame)-len(p):]}}, nil
}

// WritePrepared sends m. It is Write in all respects but its cost, and that a message which is shared compressed is one
// frame whatever its size.
func (c *Conn) WritePrepared(ctx context.Context, m *PreparedMessage) error {
	if ctx.Done() != nil && ctx.Err() != nil {
		return c.contextError(ctx)
	}
	f := &m.plain
	if c.s.deflater != nil && len(f.payload) >= c.s.minSize {
		o := c.deflaterOptions()
		if o.Takeover {
			return c.Write(ctx, m.op, f.payload)
		}
		f = m.deflate(o)
	}
	oneFrame := f.frame[0]&rsv1Bit != 0 || len(f.payload) <= maxFrame
	need := len(f.payload) + (1+len(f.payload)/maxFrame)*MaxHeaderSize
	switch {
	case need <= c.limit() || c.opts.FailWhenFull:
	case oneFrame:
		return c.writeShared(ctx, f.frame[0], f.payload)
	default:
		return c.writePlain(ctx, m.op, f.payload)
	}
	c.mu.Lock()
	defer c.unlock()
	if err := c.reserve(ctx, need, forMessage); err != nil {
		return err
	}
	if out := growBuffer(c.out, need); oneFrame {
		c.out = c.s.appendPrepared(out, f)
	} else {
		c.out, _ = c.s.appendPlain(out, m.op, f.payload) // it was checked when it was prepared
	}
	c.counts.messagesOut++
	return c.appended(ctx)
}

// deflaterOptions returns those of the connection's deflater. There must be one.
func (c *Conn) deflaterOptions() compress.DeflaterOptions {
	p, level := c.agreement.Compression, c.opts.Compression.Level
	if c.s.client {
		return compress.DeflaterOptions{WindowBits: p.ClientMaxWindowBits, Takeover: !p.ClientNoContextTakeover, Level: level}
	}
	return compress.DeflaterOptions{WindowBits: p.ServerMaxWindowBits, Takeover: !p.ServerNoContextTakeover, Level: level}
}

// deflate returns the compressed frame, or the plain one if compression does not pay. It is made when it is first
// asked for, while others who ask for it wait.
func (m *PreparedMessage) deflate(o compress.DeflaterOptions) *preparedFrame {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.deflated[o]
	if f != nil {
		return f
	}
	s := Sender{deflater: compress.NewDeflater(o)}
	f = &m.plain
	if frame := s.appendCompressed(nil, finBit|byte(m.op), f.payload); frame[0]&rsv1Bit != 0 {
		frame = exactly(frame)
		_, n, _ := parseHead(frame)
		f = &preparedFrame{frame, frame[n:]}
	}
	if m.deflated == nil {
		m.deflated = make(map[compress.DeflaterOptions]*preparedFrame)
	}
	m.deflated[o] = f
	return f
}

// appendPrepared appends f.
func (s *Sender) appendPrepared(dst []byte, f *preparedFrame) []byte {
	if s.client || s.onHeader != nil {
		// RFC 6455, Section 5.3: a client "MUST pick a fresh masking key from the set of allowed 32-bit values".
		return s.appendFrame(dst, f.frame[0], f.payload)
	}
	return append(dst, f.frame...)
}
