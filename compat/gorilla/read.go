package websocket

// This file holds reading: bytes from the net.Conn through the Receiver to messages, and to the handlers.

import (
	"bytes"
	"errors"
	"io"
	"time"

	ws "github.com/seed-d69ae1b7/websocket"
)

const (
	defaultReadBuffer = 4096
	inflateRoom       = 4096
	maxEmptyReads     = 100
)

// SetReadDeadline sets the deadline of the net.Conn. A read that it ends has failed for good. The zero time is none.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.nc.SetReadDeadline(t) }

// SetReadLimit sets the most bytes that a message may have, after it has been inflated; 0 and less mean no limit. A read of a
// longer one sends a close frame with CloseMessageTooBig and returns ErrReadLimit.
func (c *Conn) SetReadLimit(limit int64) { c.receiver.SetLimit(uint64(max(limit, 0))) }

// NextReader waits for the next message and returns its type, TextMessage or BinaryMessage, and a reader of it, which returns
// io.EOF behind its last byte. What an earlier reader has left is skipped, and that reader returns io.EOF from then on.
//
// Control frames that come meanwhile go to their handlers. The error is a *CloseError once the peer has closed, and that of a
// handler, of the net.Conn, or ErrReadLimit otherwise. It is returned again by every later read.
func (c *Conn) NextReader() (messageType int, r io.Reader, err error) {
	c.reader = nil
	for {
		ev, err := c.advance()
		if err != nil {
			return noMessage, nil, err
		}
		if ev.First {
			c.reader = &messageReader{c: c, part: ev.Payload, last: ev.Last}
			return int(ev.Op), c.reader, nil
		}
	}
}

// ReadMessage waits for the next message and returns it whole. The errors are those of NextReader; p has what had come.
func (c *Conn) ReadMessage() (messageType int, p []byte, err error) {
	messageType, r, err := c.NextReader()
	if err != nil {
		return messageType, nil, err
	}
	if c.reader.last {
		p, c.reader = append([]byte{}, c.reader.part...), nil
		return messageType, p, nil
	}
	// What has come is at least a sign of how much is to come.
	buf := bytes.NewBuffer(make([]byte, 0, len(c.reader.part)+bytes.MinRead))
	_, err = buf.ReadFrom(r)
	return messageType, buf.Bytes(), err
}

// messageReader is what NextReader returns. It is Conn.reader until its message has been read or another read begins.
type messageReader struct {
	c    *Conn
	part []byte // has come and has not been read
	last bool   // nothing comes behind part
}

// Read implements io.Reader.
func (r *messageReader) Read(p []byte) (n int, err error) {
	c := r.c
	if c.reader != r {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	for len(r.part) == 0 {
		if r.last {
			c.reader = nil
			return 0, io.EOF
		}
		c.readInto(p)
		ev, err := c.advance()
		if err != nil {
			return 0, err
		}
		r.part, r.last = ev.Payload, ev.Last
	}
	n = copy(p, r.part) // which is p itself where readInto has read
	r.part = r.part[n:]
	return n, nil
}

// readInto reads what comes of a large payload to where it is wanted. An error comes again.
func (c *Conn) readInto(p []byte) {
	due := min(c.receiver.Direct(), uint64(len(p)))
	if c.readErr == nil && len(c.in) == 0 && due > uint64(c.inSize) {
		n, _ := c.nc.Read(p[:due])
		c.in = p[:n]
	}
}

// advance returns the next part of a message, having given the control frames before it to the handlers.
func (c *Conn) advance() (ws.Event, error) {
	for c.readErr == nil {
		ev, err := c.next()
		switch {
		case err != nil:
			c.readErr = err
		case ev.Kind == ws.EventData:
			return ev, nil
		default:
			c.readErr = c.handle(&ev)
		}
	}
	return ws.Event{}, c.readErr
}

// next returns what comes next.
func (c *Conn) next() (ws.Event, error) {
	for {
		_, ev, n, err := c.receiver.Next(c.inflated, c.in)
		c.in = c.in[n:]
		switch {
		case err != nil:
			return ev, c.violated(err)
		case ev.Kind != ws.EventNone:
			return ev, nil
		}
		if err := c.fill(); err != nil {
			return ev, err
		}
	}
}

// fill reads from the net.Conn.
func (c *Conn) fill() error {
	if c.inBuf == nil {
		c.inBuf = make([]byte, c.inSize)
	}
	for range maxEmptyReads {
		n, err := c.nc.Read(c.inBuf)
		switch {
		case n > 0:
			c.in = c.inBuf[:n] // an error that came with bytes comes again
			return nil
		case err == io.EOF:
			return errUnexpectedEOF
		case err != nil:
			return final(err)
		}
	}
	return io.ErrNoProgress
}

// violated tells the peer what it did wrong, and returns the error of the read.
func (c *Conn) violated(err error) error {
	deadline := time.Now().Add(controlTimeout)
	if errors.Is(err, ws.ErrMessageTooBig) {
		c.writeClose(ws.StatusMessageTooBig, "", deadline)
		return ErrReadLimit
	}
	if pe := (*ws.ProtocolError)(nil); errors.As(err, &pe) {
		c.writeClose(pe.Code, pe.Text, deadline)
	}
	return err
}

// handle gives a control frame to its handler.
func (c *Conn) handle(ev *ws.Event) error {
	data := string(ev.Payload)
	switch ev.Kind {
	case ws.EventPing:
		return c.pingHandler(data)
	case ws.EventPong:
		return c.pongHandler(data)
	}
	if err := c.closeHandler(int(ev.Code), data); err != nil {
		return err
	}
	return &CloseError{Code: int(ev.Code), Text: data}
}
