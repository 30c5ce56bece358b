package websocket

// This file holds the loops over a connection's messages.

import (
	"context"
	"iter"
	"slices"
)

// Message is a message of a connection (RFC 6455, Section 5.6), as every form of reading returns it.
type Message struct {
	Op   Opcode // OpText or OpBinary
	Data []byte // the receiver's to keep and to change, but for MessagesInPlace
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
// The data is the body's to keep: each message is one allocation of its size. The loop ends when the body leaves it, or
// after one error, which is yielded with the zero Message: the context's, if ctx ended the wait, ErrReadInProgress, or one
// that wraps the *CloseError.
//
// The body may write, and may call Close, which then only sends the close frame: the loop finishes the closing
// handshake when the body returns. Other reads fail with ErrReadInProgress while the body runs. A body that panics, or
// ends its goroutine, ends the connection with StatusInternalError; what it wrote is sent, and the panic goes on.
func (c *Conn) Messages(ctx context.Context) iter.Seq2[Message, error] {
	return c.loop(ctx, (*Conn).eachOwn)
}

// MessagesInPlace is Messages over data that is valid only until the body returns: it lies in a buffer that the next
// message is read into, so whoever keeps it, or gives it to another goroutine, copies it first (bytes.Clone). The body may
// change it.
//
// It is the fastest way to read: nothing is allocated, and a message that came whole is not copied.
func (c *Conn) MessagesInPlace(ctx context.Context) iter.Seq2[Message, error] {
	return c.loop(ctx, (*Conn).eachInPlace)
}

// messageBody is the body of a loop. It returns false to leave the loop.
type messageBody func(Message, error) bool

// loop returns the loop in which each runs the body on the messages that come, and returns the error that ended that.
func (c *Conn) loop(ctx context.Context, each func(*Conn, context.Context, messageBody) error) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		if err := each(c, ctx, yield); err != nil {
			yield(Message{}, err) // somebody else may read already
		}
	}
}

// eachOwn is the loop of Messages. Neither the allocation nor the body are inside of the transport's wait: a stack that
// has grown once stays large for as long as the connection waits. However the loop ends, endLoop is what lets others read.
func (c *Conn) eachOwn(ctx context.Context, body messageBody) (err error) {
	if err := c.beginRead(ctx); err != nil {
		return err
	}
	returned := false
	defer func() { err = c.endLoop(returned, err) }()
	for goesOn := true; goesOn; {
		m, waitErr := c.ownMessage()
		if waitErr != nil || c.stopped {
			err = waitErr
			break
		}
		goesOn = c.give(body, m)
	}
	returned = true
	return err
}

// eachInPlace is the loop of MessagesInPlace. The functions from here to the body, and those that it writes with, are cut
// so that they fit into a stack of 2 KiB, since the body runs inside of the transport's wait. However the loop ends,
// endLoop is what lets others read.
func (c *Conn) eachInPlace(ctx context.Context, body messageBody) (err error) {
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
			return slices.Clip(c.dst), true
		}
	}
}
