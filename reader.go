package websocket

// This file holds the reading of a message as a stream.

import (
	"context"
	"errors"
	"io"
)

// errStaleReader is returned by a Reader whose message another read has gone past.
var errStaleReader = errors.New("websocket: reader of an earlier message")

// messageReader is what Conn.Reader returns.
type messageReader struct {
	c      *Conn
	ctx    context.Context
	stream uint32 // the value of Conn.streams that it is for
	err    error  // sticky
}

// Reader waits for the beginning of the next message and returns its opcode and a reader of its payload, which
// returns io.EOF behind the last byte. ctx also holds for the reader. Any later read of the connection skips what
// the reader has left of the message, and so it does when the reader's context has ended.
//
// Errors are those of AppendRead. Use the reader from one goroutine at a time.
func (c *Conn) Reader(ctx context.Context) (Opcode, io.Reader, error) {
	if err := c.beginRead(ctx); err != nil {
		return 0, nil, err
	}
	if len(c.part) > 0 {
		c.cur, c.curLast, c.part = c.part, false, nil
	} else if err := c.message((*Conn).nextPart); err != nil || c.stopped {
		return 0, nil, firstError(c.endRead(), err)
	}
	c.streaming = true
	c.streams++
	op, stream := c.op, c.streams
	if err := c.endRead(); err != nil {
		return 0, nil, err
	}
	return op, &messageReader{c: c, ctx: ctx, stream: stream}, nil
}

// nextPart gets the next part of the message under way as cur.
func (c *Conn) nextPart() (done bool) {
	ev, ok := c.next()
	if !ok {
		return c.stopped
	}
	c.cur, c.curLast = ev.Payload, ev.Last
	return true
}

// Read implements io.Reader.
func (r *messageReader) Read(p []byte) (int, error) {
	if r.err != nil || len(p) == 0 {
		return 0, r.err
	}
	n, err := r.read(p)
	r.err = err
	if n > 0 {
		err = nil
	}
	return n, err
}

func (r *messageReader) read(p []byte) (int, error) {
	c := r.c
	if err := c.acquire(); err != nil {
		return 0, err
	}
	if !c.streaming || c.streams != r.stream {
		c.release()
		return 0, errStaleReader
	}
	c.ctx = r.ctx
	for len(c.cur) == 0 && !c.curLast {
		if err := c.message((*Conn).nextPart); err != nil || c.stopped {
			return 0, firstError(c.endRead(), err)
		}
	}
	n := copy(p, c.cur)
	c.cur = c.cur[n:]
	var err error
	if len(c.cur) == 0 && c.curLast {
		c.streaming, c.cur = false, nil
		err = io.EOF
	}
	return n, firstError(c.endRead(), err)
}
