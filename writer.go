package websocket

// This file holds the writing of a message as a stream.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// fragmentSize is how much payload a Writer collects for a fragment.
const fragmentSize = size32K - 2*MaxHeaderSize

var (
	errWriterClosed                = errors.New("websocket: write to a message that has been closed")
	errUnfinished                  = errors.New("websocket: streamed message cannot be finished")
	_               io.WriteCloser = (*messageWriter)(nil)
)

// messageWriter is what Conn.Writer returns. Its fields are guarded by Conn.mu.
type messageWriter struct {
	c       *Conn
	ctx     context.Context
	op      Opcode
	buf     []byte // collected for the next fragment; pooled
	started bool   // a fragment has been sent
	err     error  // sticky

	began time.Time   // when the first fragment was sent
	timer *time.Timer // releases the control frames that the message holds up; nil if none ever waited
}

// Writer begins a message that is streamed: what is written to the result goes out in fragments as it collects, and
// Close ends the message. Until then, other messages wait, for at most the write timeout, and then fail with
// ErrWriteInProgress, or at once with Options.FailWhenFull; control frames pass, but for automatic pings and pongs while the
// message is being compressed: some peers would lose it, so these wait for its end, for at most five seconds.
//
// ctx holds for the whole message: if it ends, or a write fails because a text is not UTF-8, after a fragment has been sent,
// the message cannot be finished and the connection ends with StatusInternalError.
//
// Errors of Writer itself are those of Write.
func (c *Conn) Writer(ctx context.Context, op Opcode) (io.WriteCloser, error) {
	if !op.isData() {
		return nil, errSendOpcode
	}
	if ctx.Err() != nil {
		return nil, c.contextError(ctx)
	}
	c.mu.Lock()
	defer c.unlock()
	if err := c.reserve(ctx, 0, forMessage); err != nil {
		return nil, err
	}
	if c.line() != nil || !c.nobodyPasses() {
		if err := c.queue(ctx, idle, c.nobodyPasses); err != nil {
			return nil, err
		}
	}
	c.writer = &messageWriter{c: c, ctx: ctx, op: op}
	return c.writer, nil
}

// Write implements io.Writer. n counts what has been taken, which may not have been sent.
func (w *messageWriter) Write(p []byte) (n int, err error) {
	w.c.mu.Lock()
	defer w.c.unlock()
	for w.err == nil && len(p) > 0 {
		if w.buf == nil {
			w.buf = getBuffer(fragmentSize)
		}
		k := min(len(p), fragmentSize-len(w.buf))
		w.buf = append(w.buf, p[:k]...)
		p = p[k:]
		n += k
		if len(w.buf) == fragmentSize && len(p) > 0 {
			if err := w.fragment(false); err != nil {
				return n, err
			}
		}
	}
	return n, w.err
}

// Close ends the message.
func (w *messageWriter) Close() error {
	w.c.mu.Lock()
	defer w.c.unlock()
	if w.err != nil {
		return w.err
	}
	return w.fragment(true)
}

// fragment sends what has been collected. c.mu is held.
func (w *messageWriter) fragment(last bool) error {
	c := w.c
	why := forFirst
	if w.started {
		why = forFragment
	}
	err := c.reserve(w.ctx, c.s.Bound(len(w.buf)), why)
	if w.err != nil {
		return w.err // another goroutine has ended the message meanwhile
	}
	if err == nil {
		err = w.ctx.Err()
	}
	if err == nil {
		var out []byte
		if !w.started {
			w.began = time.Now()
		}
		out, err = c.s.AppendFragment(growBuffer(c.out, c.s.Bound(len(w.buf))), w.op, w.buf, last)
		c.keepOut(out)
	}
	if err != nil {
		return w.fail(err)
	}
	w.started = true
	w.buf = w.buf[:0]
	if last {
		c.counts.messagesOut++
		w.end(errWriterClosed)
	}
	return c.appended(w.ctx)
}

// fail gives the message up because of err, and returns what to tell of it: how the connection ended, if it has. c.mu
// is held, and released meanwhile.
func (w *messageWriter) fail(err error) error {
	w.err = err
	if w.started && w.c.refused() == nil {
		w.c.unlock()
		w.c.end(&CloseError{Code: StatusInternalError, Local: true, Err: fmt.Errorf("%w: %w", errUnfinished, err)}, endLinger)
		w.c.mu.Lock()
		err = w.c.err
	}
	w.end(err)
	return err
}

// end lets other messages pass. c.mu is held.
func (w *messageWriter) end(err error) {
	w.err = err
	putBuffer(w.buf)
	w.buf = nil
	if w.c.writer == w {
		w.c.writer = nil
		w.c.letOthersPass() // its last fragments, which may not have left
		if w.timer != nil {
			w.timer.Stop()
			w.c.appendDue()
		}
		w.c.notify()
	}
}
