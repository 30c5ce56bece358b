package websocket

// This file holds reading: how bytes get from the transport to the Receiver, and the reads that deliver a whole message.
// Who may read, and what is known meanwhile, is in reading.go, where what has come is kept and gathered in input.go, streaming in
// reader.go, the loop in messages.go.

import (
	"context"
	"os"

	"github.com/seed-d69ae1b7/websocket/internal/transport"
)

// cause returns how the connection ended. It must have.
func (c *Conn) cause() error {
	c.mu.Lock()
	defer c.unlock()
	return c.err
}

// endedBy returns how the connection ended, or why it is about to.
func (c *Conn) endedBy() error {
	c.mu.Lock()
	defer c.unlock()
	return c.refused()
}

// contextError returns the error of a call whose context has ended: the connection's if that has ended as well. The
// context may be that of Context, which ends because of it.
func (c *Conn) contextError(ctx context.Context) error {
	if c.state.Load()&ended != 0 {
		return c.cause()
	}
	return ctx.Err()
}

// beginRead begins a read of the application's.
func (c *Conn) beginRead(ctx context.Context) error {
	if ctx.Done() != nil {
		if ctx.Err() != nil {
			return c.contextError(ctx)
		}
	}
	if err := c.acquire(); err != nil {
		return err
	}
	c.ctx = ctx
	if c.stream != nil {
		// The Reader of this message was left, or its context ended.
		c.skip = !c.stream.last
		c.stream = nil
	}
	return nil
}

// endRead ends it and returns the error that ended the connection, if it has.
func (c *Conn) endRead() error {
	stopped := c.stopped
	c.ctx = nil
	c.gatherNothing()
	c.dropInput()
	c.release()
	if stopped {
		return c.cause()
	}
	return nil
}

// AppendRead waits for the next message and appends its payload to dst: Data is the extended slice. It does not allocate
// when dst has room. On error Data is dst as it was; what has come of the message is kept, and the next read goes on with
// it, whichever it is.
//
// The error is the context's if ctx ended the wait, ErrReadInProgress, or wraps the *CloseError.
func (c *Conn) AppendRead(ctx context.Context, dst []byte) (Message, error) {
	if err := c.beginRead(ctx); err != nil {
		return Message{Data: dst}, err
	}
	c.gatherInto(dst)
	err := c.message((*Conn).gatherMessage)
	m := Message{c.op, c.dst}
	c.dst = nil
	if err != nil {
		c.keep(m.Data[len(dst):])
	}
	if err := firstError(c.endRead(), err); err != nil {
		return Message{Data: dst}, err
	}
	return m, nil
}

// Read waits for the next message. Its data is the caller's to keep; that is the one allocation. Errors are those of
// AppendRead, with the zero Message.
func (c *Conn) Read(ctx context.Context) (Message, error) {
	if err := c.beginRead(ctx); err != nil {
		return Message{}, err
	}
	m, err := c.ownMessage()
	if err := firstError(c.endRead(), err); err != nil {
		return Message{}, err
	}
	return m, nil
}

// ownMessage waits for the next message, for a read that gives its data away. The error is that of the context, and what
// has come is kept then; when the connection ended, it is nil and stopped is set.
func (c *Conn) ownMessage() (Message, error) {
	c.gatherIntoPool()
	if err := c.message((*Conn).readMessage); err != nil {
		c.keepGathered(true)
		return Message{}, err
	}
	m := Message{c.op, c.dst}
	c.dst = nil
	return m, nil
}

// firstError returns the first error that is not nil.
func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// message runs consume on what is at hand and then on what comes, until it is done. The error is that of the
// context; when the connection ended, it is nil and stopped is set.
func (c *Conn) message(consume func(c *Conn) bool) error {
	if (c.hasInput() || c.r.Pending()) && consume(c) {
		return nil
	}
	return c.wait(consume)
}

// gatherMessage puts the message under way together in dst, as far as it has come.
func (c *Conn) gatherMessage() (done bool) {
	if p, ok := c.whole(); ok {
		c.collect(p)
		return true
	}
	for {
		ev, ok := c.next()
		if !ok {
			return c.stopped
		}
		c.collect(ev.Payload)
		if ev.Last {
			return true
		}
	}
}

// readMessage is gatherMessage for Read: a message that comes as one part is copied to a slice of its size, any other
// is put together in a pooled buffer first.
func (c *Conn) readMessage() (done bool) {
	if p, ok := c.whole(); ok {
		putBuffer(c.dst)
		c.dst = exactly(p)
		return true
	}
	for {
		ev, ok := c.next()
		if !ok {
			return c.stopped
		}
		if len(c.dst) == 0 && ev.Last {
			p := exactly(ev.Payload)
			putBuffer(c.dst) // where it was inflated
			c.dst = p
			return true
		}
		c.collect(ev.Payload)
		if !ev.Last {
			continue
		}
		if cap(c.dst) <= size1M {
			p := exactly(c.dst)
			putBuffer(c.dst)
			c.dst = p
		}
		return true
	}
}

// wait waits for input until consume is done. The error is that of the context; when the connection ended, it is nil
// and stopped is set.
func (c *Conn) wait(consume func(c *Conn) bool) error {
	c.unwatchOther()
	for !c.stopped {
		c.look()
		err := c.t.Run((*connReader)(c), c.inLoop())
		if err == nil {
			err, c.recvErr = c.recvErr, nil
		}
		switch {
		case err == nil:
			// Not inside of Readable: what is deep in the stack makes it grow, for good.
			if consume(c) {
				return nil
			}
		case err == transport.ErrWouldBlock:
			c.watch()
		case !isTimeout(err):
			c.lost(err)
		default:
			if err := c.timedOut(err); err != nil {
				return err
			}
		}
	}
	return nil
}

// connReader is a Conn as its transport sees it: what that calls is not for users.
type connReader Conn

// Readable is called by the transport when there may be something to read. It reports false when it has to wait. The
// body of a MessagesInPlace loop runs inside of it, so that the wait goes on where it was.
func (r *connReader) Readable() (done bool) {
	for c := (*Conn)(r); c.receive(); {
		if !c.inLoop() || c.recvErr != nil || c.deliver() {
			return true
		}
	}
	return false
}

// Leave is called by the transport before it lets go of the descriptor, if the body of a loop ran.
func (r *connReader) Leave() { (*Conn)(r).recall() }

// receive gets bytes, or an error, from the transport. It reports false when it has to wait for them. The error is
// ErrWouldBlock if it would have to and the context is not registered: deep in the stack, registering would make that grow,
// for good.
func (c *Conn) receive() (some bool) {
	polls := c.t.Polls()
	switch {
	case !polls && c.unwatched():
		c.recvErr = transport.ErrWouldBlock
		return true
	case !polls:
		c.park()
	case c.ctx.Done() != nil && c.ctx.Err() != nil:
		// A peer that sends without a pause would keep a loop from ever waiting.
		c.recvErr = os.ErrDeadlineExceeded
		return true
	case !c.stopped && c.state.Load()&ended != 0 && c.phase() >= endLastChance:
		c.recvErr = os.ErrDeadlineExceeded // the same holds for the end
		return true
	case c.nothingIsLeft() && c.park():
		// What came up to the transport's last wake-up has been read, the end of the stream included, and as a write has
		// succeeded since then, no reset was there either. What comes later wakes it again.
		return false
	}
	p := c.place()
	n, drained, err := 0, false, error(nil)
	if polls {
		n, drained, err = c.t.Recv(p, c.isOffered())
	} else {
		n, err = c.recvWaiting(p)
	}
	switch {
	case err == transport.ErrWouldBlock && !c.unwatched():
		c.park()
		return false
	case n == 0:
		c.recvErr = err
		return true
	}
	// An error that came with bytes will come again with the next ones.
	c.took(p, n)
	c.found(drained)
	c.r.SetLimit(c.readLimit.Load())
	if c.deadline.alive != nil {
		c.deadline.alive.heard()
	}
	return true
}

// recvWaiting reads from a transport that cannot poll.
func (c *Conn) recvWaiting(p []byte) (n int, err error) {
	if c.ctx.Done() != nil {
		c.beginWait()
		defer c.endWait()
		if c.ctx.Err() != nil {
			return 0, os.ErrDeadlineExceeded
		}
	}
	n, _, err = c.t.Recv(p, false)
	return n, err
}

// park does what is due before waiting for the network. It reports whether a write has succeeded that began after the
// last bytes came.
func (c *Conn) park() (replied bool) {
	c.leaveBody()
	c.dropInput()
	replied = c.flushHeld()
	if c.deadline.alive != nil {
		c.arm()
	}
	c.waits()
	return replied
}

// CloseRead is for those who only write: it starts a goroutine that reads and discards messages, and so answers pings
// and notices the end, until ctx or the connection ends. It returns at once. If another read is in progress, that
// one serves as well and nothing is started.
func (c *Conn) CloseRead(ctx context.Context) {
	if c.beginRead(ctx) != nil {
		return
	}
	c.dst = nil
	go func() {
		c.message((*Conn).discardMessages)
		c.skip = c.r.inMessage // the beginning has been discarded
		c.endRead()
	}()
}

// discardMessages discards the messages that have come.
func (c *Conn) discardMessages() (done bool) {
	for {
		if _, ok := c.next(); !ok {
			return c.stopped
		}
	}
}
