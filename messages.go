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
//	for msg, err := range conn.MessagesInPlace(ctx) {
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
// handshake when the body returns. Other reads fail with ErrReadInProgress while the body runs. A body that panics, or
// ends its goroutine, ends the connection with StatusInternalError; what it wrote is sent, and the panic goes on.
func (c *Conn) Messages(ctx context.Context) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		if err := c.eachMessage(ctx, yield); err != nil {
			yield(Message{}, err) // somebody else may read already
		}
	}
}

// messageBody is the body of a Messages loop. It returns false to leave the loop.
type messageBody func(Message, error) bool

// eachMessage runs the body on the messages that come, and returns the error that ended that. However it ends, endLoop is
// what lets others read. The functions from here to the body, and those that it writes with, are cut so that they fit
// into a stack of 2 KiB: a stack that has grown once stays large for as long as the connection waits.
func (c *Conn) eachMessage(ctx context.Context, body messageBody) (err error) {
	if err := c.beginRead(ctx); err != nil {
		return err
	}
	returned := false
	defer func() { err = c.endLoop(returned, err) }()
	c.gatherIntoPool()
	c.beginLoop(body)
	if !c.deliver() {
		err = c.wait((*Conn).loopLeft)
	}
	returned = true
	return err
}

// deliver runs the body on the messages that are at hand. It reports whether the loop is over.
func (c *Conn) deliver() (over bool) {
	for {
		p, ok := c.findMessage()
		if !ok {
			return c.stopped
		}
		if !c.runBody(p) {
			return true
		}
		c.dst = c.dst[:0]
	}
}

// findMessage looks for the end of the message under way and returns the whole of it: where it came, if it came at
// once, or put together in dst. ok is false when more is needed, or when stopped is set.
func (c *Conn) findMessage() (p []byte, ok bool) {
	if p, ok := c.whole(); ok {
		return p, true
	}
	for {
		ev, ok := c.next()
		if !ok {
			return nil, false
		}
		if len(c.dst) == 0 && ev.Last {
			return ev.Payload, true
		}
		c.collect(ev.Payload)
		if ev.Last {
			return c.dst, true
		}
	}
}

// keepFromLoop gives back the loop's buffer, and keeps what has come of a message if the body may want the rest.
func (c *Conn) keepFromLoop(wanted bool) {
	dst := c.dst
	c.dst = nil
	if wanted {
		c.keep(dst)
	}
	putBuffer(dst)
}
