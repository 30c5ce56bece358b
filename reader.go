package websocket

// This file holds the reading of a message as a stream.

import (
	"context"
	"errors"
	"io"
)

// errStaleReader is returned by a Reader whose message another read has gone past.
var errStaleReader = errors.New("websocket: reader of an earlier message")

// messageReader is what Conn.Reader returns. It is the connection's stream until its message has been read, or another
// read begins.
type messageReader struct {
	c    *Conn
	ctx  context.Context
	part []byte // of the payload: has come and has not been read
	last bool   // nothing comes behind part
	err  error  // sticky
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
	r := &messageReader{c: c, ctx: ctx, part: c.dst}
	c.stream, c.dst = r, nil
	if len(r.part) == 0 {
		if err := c.message((*Conn).nextPart); err != nil || c.stopped {
			c.stream = nil
			return 0, nil, firstError(c.endRead(), err)
		}
	}
	op := c.op
	return op, r, c.endRead()
}

// nextPart gets the stream the next part of its message.
func (c *Conn) nextPart() (done bool) {
	ev, ok := c.next()
	if !ok {
		return c.stopped
	}
	c.stream.part, c.stream.last = ev.Payload, ev.Last
	return true
}

// Read implements io.Reader.
func (r *messageReader) Read(p []byte) (n int, err error) {
	if r.err != nil || len(p) == 0 {
		return 0, r.err
	}
	n, err = r.read(p)
	if err != ErrReadInProgress {
		r.err = err
	}
	if n > 0 {
		err = nil // it comes with the next call
	}
	return n, err
}

func (r *messageReader) read(p []byte) (int, error) {
	c := r.c
	if err := c.acquire(); err != nil {
		return 0, err
	}
	if c.stream != r {
		c.release()
		return 0, errStaleReader
	}
	c.ctx = r.ctx
	for len(r.part) == 0 && !r.last {
		if err := c.message((*Conn).nextPart); err != nil || c.stopped {
			return 0, firstError(c.endRead(), err)
		}
	}
	n := copy(p, r.part)
	r.part = r.part[n:]
	var err error
	if len(r.part) == 0 && r.last {
		c.stream = nil
		err = io.EOF
	}
	return n, firstError(c.endRead(), err)
}
