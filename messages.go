package websocket

// This file holds Messages, the loop over a connection's messages.

import (
	"context"
	"iter"
)

// Message is a message as Messages yields it.
type Message struct {
	Op   Opcode // OpText or OpBinary
	Data []byte // valid until the body returns
}

// Messages returns the loop over the messages that come:
//
//	for msg, err := range conn.Messages(ctx) {
//		if err != nil {
//			return err
//		}
//		… msg.Op, msg.Data …
//	}
//
// It is the fastest way to read: one buffer is used again and again, and not even that is copied to where a message
// came whole. The loop ends when the body leaves it, or after one error, which is yielded with
// the zero Message: the context's, if ctx ended the wait, ErrReadInProgress, or one that wraps the *CloseError.
//
// The body may write, and may call Close, which then only sends the close frame: the loop finishes the closing
// handshake when the body returns. Other reads fail with ErrReadInProgress while the body runs.
func (c *Conn) Messages(ctx context.Context) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		err := c.beginRead(ctx)
		if err == nil {
			err = c.eachMessage(yield)
		}
		if err != nil {
			yield(Message{}, err)
		}
	}
}

// eachMessage runs the body on the messages that come, until there is an error or, without one, until the body leaves.
func (c *Conn) eachMessage(body func(Message, error) bool) error {
	returned := false
	defer func() {
		if !returned {
			// The body panicked, or ended its goroutine. Nobody knows how far it came with its message.
			c.end(&CloseError{Code: StatusAbnormalClosure, Local: true, Err: errBodyPanicked}, endAborted)
			c.endLoop()
		}
	}()
	c.dst, c.gather = nil, intoPool
	if len(c.part) > 0 {
		c.collect(c.part)
	}
	for {
		c.part = nil
		err := c.message((*Conn).findMessage)
		if err != nil || c.stopped {
			returned = true
			c.keep(c.dst)
			return firstError(c.endLoop(), err)
		}
		if c.enterBody() && !body(Message{c.op, c.part}, nil) {
			returned = true
			c.part = nil
			return c.endLoop()
		}
		c.dst = c.dst[:0]
	}
}

// findMessage looks for the end of the message under way and makes part the whole of it: where it came, if it came at
// once, or put together in dst.
func (c *Conn) findMessage() (done bool) {
	if p, ok := c.whole(); ok {
		c.part = p
		return true
	}
	for {
		ev, ok := c.next()
		if !ok {
			return c.stopped
		}
		c.part = ev.Payload
		if len(c.dst) > 0 || !ev.Last {
			c.collect(ev.Payload)
			c.part = c.dst
		}
		if ev.Last {
			return true
		}
	}
}

// enterBody notes that the body runs, and reports whether it may: not after Close.
func (c *Conn) enterBody() bool {
	set := uint32(inBody)
	if len(c.in) > 0 {
		set |= moreInput
	}
	// The bits stay from one message of a burst to the next: park clears them.
	if was := c.state.Load() & (inBody | moreInput); was != set {
		c.state.Or(set)
		c.state.And(^(was &^ set))
	}
	return c.state.Load()&ended == 0
}

// endLoop ends the read that the loop was.
func (c *Conn) endLoop() error {
	putBuffer(c.dst)
	c.dst = nil
	c.state.And(^uint32(inBody)) // Close waits again
	return c.endRead()
}
