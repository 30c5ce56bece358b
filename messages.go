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

// messageLoop is a Messages loop under way.
type messageLoop struct {
	yield func(Message, error) bool
	left  bool // the body has left the loop
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
// It is the fastest way to read: one buffer is used again and again, and on a plain socket the body runs where the
// goroutine would otherwise wait. The loop ends when the body leaves it, or after one error, which is yielded with
// the zero Message: the context's, if ctx ended the wait, ErrReadInProgress, or one that wraps the *CloseError.
//
// The body may write, and may call Close, which then only sends the close frame: the loop finishes the closing
// handshake when the body returns. Other reads fail with ErrReadInProgress while the body runs.
func (c *Conn) Messages(ctx context.Context) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		if err := c.beginRead(ctx); err != nil {
			yield(Message{}, err)
			return
		}
		loop := &messageLoop{yield: yield}
		returned := false
		defer func() {
			if !returned {
				// The body panicked, or ended its goroutine. Nobody knows how far it came with its message.
				c.end(&CloseError{Code: StatusAbnormalClosure, Local: true, Err: errBodyPanicked}, endAborted)
				c.endLoop()
			}
		}()
		c.loop = loop
		c.dst, c.gather = nil, intoPool
		if len(c.part) > 0 {
			c.collect(c.part)
			c.part = nil
		}
		err := c.message((*Conn).eachMessage)
		returned = true
		if err != nil {
			c.keep(c.dst)
		}
		if err = firstError(c.endLoop(), err); err != nil && !loop.left {
			yield(Message{}, err)
		}
	}
}

// endLoop ends the read that the loop was.
func (c *Conn) endLoop() error {
	putBuffer(c.dst)
	c.dst, c.loop = nil, nil
	c.state.And(^uint32(inBody)) // Close waits again
	return c.endRead()
}

// eachMessage runs the body on every message that has come.
func (c *Conn) eachMessage() (done bool) {
	for {
		ev, ok := c.next()
		if !ok {
			return c.stopped
		}
		p := ev.Payload
		if len(c.dst) > 0 || !ev.Last {
			c.collect(p)
			p = c.dst
		}
		if ev.Last && !c.body(Message{ev.Op, p}) {
			return true
		}
	}
}

// body runs the body on one message and reports whether the loop goes on.
func (c *Conn) body(m Message) bool {
	set := uint32(inBody)
	if len(c.in) > 0 {
		set |= moreInput
	}
	// The bits stay from one message of a burst to the next: park clears them.
	if was := c.state.Load() & (inBody | moreInput); was != set {
		c.state.Or(set)
		c.state.And(^(was &^ set))
	}
	if c.state.Load()&ended != 0 {
		return true // the message came after Close: go on to the end of the closing handshake
	}
	more := c.loop.yield(m, nil)
	c.dst = c.dst[:0]
	c.loop.left = !more
	return more
}
