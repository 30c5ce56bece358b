package websocket

// This file holds the writing of a message piece by piece.

import (
	"io"
	"sync"

	ws "github.com/seed-d69ae1b7/websocket"
)

// minFragment is how much of a message is collected, at least, before it begins to be sent. An application that asks for a larger
// buffer does so because its peer knows no fragments.
const minFragment = 32 << 10

// messageWriter is what NextWriter returns.
type messageWriter struct {
	c           *Conn
	messageType int

	mu     sync.Mutex // guards what follows
	buf    []byte     // collected for the next frame
	sender *ws.Sender // of a message that has begun to be sent; c.turn is held then
	err    error      // sticky
}

// NextWriter begins a message, of data or a control frame. What is written to it is collected and sent by its Close; what is
// too long for that goes out in fragments of 32 KiB, or of WriteBufferSize if that is more, and from then on other messages wait for the Close. If the writer of an
// earlier call has not been closed, that is done first.
func (c *Conn) NextWriter(messageType int) (io.WriteCloser, error) {
	w := &messageWriter{c: c, messageType: messageType}
	c.mu.Lock()
	earlier := c.writer
	c.writer = nil
	c.mu.Unlock()
	if earlier != nil {
		earlier.Close()
	}
	if !isData(messageType) && !isControl(messageType) {
		return nil, errMessageType
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writeErr != nil {
		return nil, c.writeErr
	}
	c.writer = w
	return w, nil
}

// Write implements io.Writer. What it has taken has not been sent yet.
func (w *messageWriter) Write(p []byte) (n int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil && isControl(w.messageType) && len(w.buf)+len(p) > ws.MaxControlPayload {
		w.err = errControlLong
	}
	for w.err == nil && len(w.buf)+len(p) > w.c.fragmentSize {
		k := w.c.fragmentSize - len(w.buf)
		w.buf = append(w.buf, p[:k]...)
		p = p[k:]
		n += k
		w.err = w.fragment(false)
	}
	if w.err != nil {
		return n, w.err
	}
	w.buf = append(w.buf, p...)
	return n + len(p), nil
}

// Close sends the rest of the message.
func (w *messageWriter) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	w.err = errWriterClosed
	w.c.forget(w)
	if w.sender == nil {
		return w.c.WriteMessage(w.messageType, w.buf)
	}
	return w.fragment(true)
}

// fragment sends what has been collected. mu is held.
func (w *messageWriter) fragment(last bool) error {
	c, deadline := w.c, w.c.deadline()
	if w.sender == nil {
		if err := c.turn.lock(deadline); err != nil {
			return err
		}
	}
	err := c.sendFragment(&w.sender, ws.Opcode(w.messageType), w.buf, last, deadline)
	w.buf = w.buf[:0]
	if last || err != nil {
		c.turn.unlock()
	}
	return err
}

// forget is called when w has been closed.
func (c *Conn) forget(w *messageWriter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writer == w {
		c.writer = nil
	}
}
