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

// messageBody is the body of a Messages loop. It returns false to leave the loop.
type messageBody func(Message, error) bool

// eachMessage runs the body on the messages that come, until there is an error or, without one, until the body leaves.
func (c *Conn) eachMessage(body messageBody) (err error) {
	defer c.bodyReturned()
	c.dst, c.gather = nil, intoPool
	if len(c.part) > 0 {
		c.collect(c.part)
	}
	c.body = body
	if !c.deliver() {
		err = c.wait((*Conn).bodyLeft)
	}
	if c.bodyLeft() {
		c.part = nil
		return c.endLoop()
	}
	c.body = nil
	c.keep(c.dst)
	return firstError(c.endLoop(), err)
}

// bodyLeft reports whether the body has left the loop.
func (c *Conn) bodyLeft() bool { return c.body == nil }

// bodyReturned ends the connection if the body panicked, or ended its goroutine: nobody knows how far it came with its
// message.
func (c *Conn) bodyReturned() {
	if c.body == nil {
		return
	}
	c.body = nil
	c.end(&CloseError{Code: StatusAbnormalClosure, Local: true, Err: errBodyPanicked}, endAborted)
	c.endLoop()
}

// deliver runs the body on the messages that are at hand. It reports whether the loop is over.
func (c *Conn) deliver() (over bool) {
	for c.part = nil; c.findMessage() && !c.stopped; c.part = nil {
		if c.enterBody() && !c.body(Message{c.op, c.part}, nil) {
			c.body = nil
			return true
		}
		c.dst = c.dst[:0]
	}
	return c.stopped
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
	was := c.state.Load() & (inBody | moreInput)
	if set&^was != 0 {
		c.state.Or(set)
	}
	if was&^set != 0 {
		c.state.And(^(was &^ set))
	}
	return c.state.Load()&ended == 0
}

// endLoop ends the read that the loop was.
func (c *Conn) endLoop() error {
	putBuffer(c.dst)
	c.dst = nil
	c.state.And(^uint32(inBody)) // Close waits again
	c.unpin()
	return c.endRead()
}
