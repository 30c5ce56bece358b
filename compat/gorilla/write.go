package websocket

// This file holds writing: messages through a Sender to the net.Conn.

import (
	"errors"
	"sync"
	"time"
	"unicode/utf8"

	ws "github.com/seed-d69ae1b7/websocket"
)

const (
	maxFrame  = 1 << 20  // of payload; what is longer goes out in fragments, and control frames between them
	keptSpace = 64 << 10 // the largest buffer that is kept for the next frame
)

var errText = errors.New("websocket: text message is not valid UTF-8")

// buffers are what frames are made in.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// SetWriteDeadline sets the deadline of the writes that begin from now on, but for WriteControl, which has its own. A write
// that it cuts has failed for good, and so have all later ones. The zero time is none.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writeDeadline = t
	return nil
}

// deadline returns that of a write which begins now.
func (c *Conn) deadline() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writeDeadline
}

// failure returns why nothing can be written any more, or nil.
func (c *Conn) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writeErr
}

// failWrites makes all later writes fail, with the error of the first call.
func (c *Conn) failWrites(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writeErr == nil {
		c.writeErr = err
	}
}

// WriteMessage sends a message, or a control frame, and returns when the kernel has taken it. Several goroutines may call it at
// once. While a message of NextWriter is being sent that is too long for its buffer, it waits for that message's Close.
func (c *Conn) WriteMessage(messageType int, data []byte) error {
	switch {
	case isControl(messageType):
		return c.WriteControl(messageType, data, c.deadline())
	case !isData(messageType):
		return errMessageType
	case messageType == TextMessage && !utf8.Valid(data):
		// RFC 6455, Section 5.6: "The "Payload data" is text data encoded as UTF-8."
		return errText
	}
	deadline := c.deadline()
	if err := c.turn.lock(deadline); err != nil {
		return err
	}
	defer c.turn.unlock()
	if len(data) <= maxFrame {
		return c.send(deadline, func(dst []byte) ([]byte, error) {
			return c.choose().AppendMessage(dst, ws.Opcode(messageType), data)
		})
	}
	return c.sendFragments(ws.Opcode(messageType), data, deadline)
}

// sendFragments sends a message in fragments. c.turn is held.
func (c *Conn) sendFragments(op ws.Opcode, data []byte, deadline time.Time) error {
	var sender *ws.Sender
	for {
		part := data[:min(len(data), maxFrame)]
		data = data[len(part):]
		if err := c.sendFragment(&sender, op, part, len(data) == 0, deadline); err != nil || len(data) == 0 {
			return err
		}
	}
}

// sendFragment sends a fragment through *sender, which the first one chooses. A message that cannot go on is the last: the peer
// would take what follows for its end. c.turn is held.
func (c *Conn) sendFragment(sender **ws.Sender, op ws.Opcode, part []byte, last bool, deadline time.Time) error {
	first := *sender == nil
	err := c.send(deadline, func(dst []byte) ([]byte, error) {
		if first {
			*sender = c.choose()
		}
		return (*sender).AppendFragment(dst, op, part, last)
	})
	if err != nil && !first {
		c.writeClose(ws.StatusInternalError, "", time.Now().Add(controlTimeout))
	}
	return err
}

// send sends what build appends.
func (c *Conn) send(deadline time.Time, build func(dst []byte) ([]byte, error)) error {
	if err := c.wire.lock(deadline); err != nil {
		return err
	}
	defer c.wire.unlock()
	if err := c.failure(); err != nil {
		return err
	}
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	out, err := build((*buf)[:0])
	if cap(out) <= keptSpace {
		*buf = out
	}
	if err != nil {
		return err
	}
	return c.writeWire(out, deadline)
}

// writeWire writes frames to the net.Conn. c.wire is held.
func (c *Conn) writeWire(frames []byte, deadline time.Time) error {
	err := c.nc.SetWriteDeadline(deadline)
	if err == nil {
		_, err = c.nc.Write(frames)
	}
	switch {
	case err != nil:
		err = final(err)
		c.failWrites(err)
	case c.closing:
		// RFC 6455, Section 5.5.1: "The application MUST NOT send any more data frames after sending a Close frame."
		c.failWrites(ErrCloseSent)
	}
	return err
}
