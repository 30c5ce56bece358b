package websocket

// This file holds reading: how bytes get from the transport to the Receiver, and the reads that deliver a whole message.
// Who may read, and what is known meanwhile, is in reading.go, streaming in reader.go, the loop in messages.go.

import (
	"context"
	"os"
	"slices"
)

const (
	// readBufferSize is how much a read takes from the network at once, and wideBufferSize how much where the messages
	// before were too large for that and not for this: a message that comes as one whole is not copied together.
	readBufferSize = size32K
	wideBufferSize = size128K
	// directSize is how many bytes of a message must have come, and how many of its frame must be due, until the rest is read
	// straight to its destination.
	directSize = size16K
	// waitBufferSize is how much a read takes where it may have to wait for it, and directSize there.
	waitBufferSize = size512
	// maxFilled is the Conn.filled at which waitBufferSize has become readBufferSize.
	maxFilled = 7
)

// gathering says where a read puts a message together.
type gathering uint8

const (
	notGathering gathering = iota // it does not
	intoSlice                     // in Conn.dst, which is the caller's
	intoPool                      // in Conn.dst, which is a pooled buffer or nil
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
	c.ctx, c.gather = nil, notGathering
	c.dropInput()
	c.release()
	if stopped {
		return c.cause()
	}
	return nil
}

// dropInput gives back the buffers that nothing is left in.
func (c *Conn) dropInput() {
	if len(c.in) > 0 || c.stream != nil && len(c.stream.part) > 0 {
		return
	}
	if c.inBuf != nil {
		putBuffer(c.inBuf)
		c.in, c.inBuf = nil, nil
	}
	if c.dst != nil && len(c.dst) == 0 && c.gather != intoSlice {
		putBuffer(c.dst)
		c.dst = nil
	}
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
	c.dst, c.gather = append(dst, c.dst...), intoSlice
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
	err := c.message((*Conn).readMessage)
	m := Message{c.op, c.dst}
	c.dst = nil
	if err != nil {
		c.keep(m.Data)
		putBuffer(m.Data)
		return Message{}, err
	}
	return m, nil
}

// firstError returns the first error that is not nil.
func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// keep remembers what a read that failed had of its message. dst is nil.
func (c *Conn) keep(p []byte) {
	if len(p) > 0 && !c.stopped {
		c.dst = append([]byte(nil), p...)
	}
}

// gatherIntoPool begins to put a message together in a pooled buffer, with what keep remembered.
func (c *Conn) gatherIntoPool() {
	kept := c.dst
	c.dst, c.gather = nil, intoPool
	if len(kept) > 0 {
		c.collect(kept)
	}
}

// message runs consume on what is at hand and then on what comes, until it is done. The error is that of the
// context; when the connection ended, it is nil and stopped is set.
func (c *Conn) message(consume func(c *Conn) bool) error {
	if (len(c.in) > 0 || c.r.Pending()) && consume(c) {
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

// exactly returns a copy of p.
func exactly(p []byte) []byte { return append([]byte{}, p...) } // does not clear it first, as make would

// collect appends a part of a message to dst, unless it was read or inflated straight to its place there.
func (c *Conn) collect(p []byte) {
	n := len(c.dst)
	if len(p) == 0 {
		return
	}
	if cap(c.dst)-n >= len(p) && &c.dst[:n+1][n] == &p[0] {
		c.dst = c.dst[:n+len(p)]
		return
	}
	if c.gather == intoPool {
		c.dst = growBuffer(c.dst, len(p))
	}
	c.dst = append(c.dst, p...)
}

// whole returns the next message if the input begins with the whole of it in one frame. Otherwise next has to look at it.
func (c *Conn) whole() (p []byte, ok bool) {
	if c.skip {
		return nil, false
	}
	op, p, n := c.r.whole(c.in)
	if n == 0 {
		return nil, false
	}
	c.in = c.in[n:]
	c.messages++
	c.op = op
	return p, c.state.Load()&over == 0
}

// next returns the next part of a message that the input holds, having dealt with all else that stands before it.
// ok is false when more is needed, or when stopped is set.
func (c *Conn) next() (ev Event, ok bool) {
	for (len(c.in) > 0 || c.r.Pending()) && !c.stopped {
		ev = Event{}
		if c.r.inflater != nil {
			c.makeRoom()
		}
		out, n, err := c.r.next(c.dst, c.in, &ev)
		c.in = c.in[n:]
		if c.r.inflater != nil {
			c.dst = out[:len(c.dst)] // what was inflated stands behind: see collect
		}
		if err != nil {
			c.violated(err)
			return Event{}, false
		}
		switch ev.Kind {
		case EventData:
			if c.wanted(&ev) {
				return ev, true
			}
		case EventPing:
			c.pinged(ev.Payload)
		case EventPong:
			c.ponged(ev.Payload)
		case EventClose:
			c.peerClosed(ev.Code, string(ev.Payload))
		}
	}
	return Event{}, false
}

// makeRoom gives dst the room that inflation needs, so that it allocates nothing.
func (c *Conn) makeRoom() {
	switch {
	case c.gather == intoSlice:
		// What grows it is the caller's: see AppendRead.
	case c.gather == intoPool:
		c.dst = growBuffer(c.dst, inflateRoom)
	case c.dst == nil:
		c.dst = getBuffer(size4K) // it is not held when the connection waits
	}
}

// wanted reports whether a part of a message is for the application, and counts messages.
func (c *Conn) wanted(ev *Event) bool {
	if ev.Last {
		c.messages++
	}
	if c.skip {
		c.skip = !ev.Last
		return false
	}
	c.op = ev.Op
	// RFC 6455, Section 1.4: "a peer discards any further data received" once it has sent a close frame, too: nobody
	// is left to take it.
	return c.state.Load()&over == 0
}

// wait waits for input until consume is done. The error is that of the context; when the connection ended, it is nil
// and stopped is set.
func (c *Conn) wait(consume func(c *Conn) bool) error {
	c.unwatchOther()
	for !c.stopped {
		c.look()
		err := c.t.run(c, c.inLoop())
		if err == nil {
			err, c.recvErr = c.recvErr, nil
		}
		switch {
		case err == nil:
			// Not inside of readable: what is deep in the stack makes it grow, for good.
			if consume(c) {
				return nil
			}
		case err == errWouldBlock:
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

// readable is called by the transport when there may be something to read. It reports false when it has to wait. The
// body of a Messages loop runs inside of it, so that the wait goes on where it was.
func (c *Conn) readable() (done bool) {
	for c.receive() {
		if !c.inLoop() || c.recvErr != nil || c.deliver() {
			return true
		}
	}
	return false
}

// leave is called by the transport before it lets go of the descriptor, if the body of a loop ran.
func (c *Conn) leave() { c.recall() }

// receive gets bytes, or an error, from the transport. It reports false when it has to wait for them. The error is
// errWouldBlock if it would have to and the context is not registered: deep in the stack, registering would make that
// grow, for good.
func (c *Conn) receive() (some bool) {
	polls := c.t.polls()
	switch {
	case !polls && c.unwatched():
		c.recvErr = errWouldBlock
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
		n, drained, err = c.t.recv(p, c.isOffered())
	} else {
		n, err = c.recvWaiting(p)
	}
	switch {
	case err == errWouldBlock && !c.unwatched():
		c.park()
		return false
	case n == 0:
		c.recvErr = err
		return true
	}
	if !polls {
		c.noteFilled(n == len(p))
	}
	if c.r.Idle() {
		c.wide = n >= readBufferSize && n < wideBufferSize
	}
	// An error that came with bytes will come again with the next ones.
	c.in = p[:n]
	c.bytes += uint64(n)
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
	n, _, err = c.t.recv(p, false)
	return n, err
}

// place returns where the next bytes are to be read to. What is held of a message grows with what has come of it, and not
// with what was announced.
func (c *Conn) place() []byte {
	if p := c.directPlace(); p != nil {
		return p
	}
	if c.inBuf == nil {
		size := readBufferSize
		switch {
		case !c.t.polls() && c.r.Idle():
			return c.t.room() // an idle connection holds no buffer
		case !c.t.polls():
			size = c.waitSize()
		case c.wide && c.gather != notGathering:
			size = wideBufferSize
		}
		c.inBuf = getBuffer(size)
	}
	if c.t.polls() {
		return c.inBuf[:cap(c.inBuf)]
	}
	// Rooms of one size would be filled by frames of one size again and again: see restIsComing.
	return c.inBuf[:cap(c.inBuf)-int(c.bytes%13)]
}

// waitSize returns the size of the buffer in which a transport that cannot poll waits for more of a message: a small one that
// is doubled when reads fill it one after the other, and as much as has come where nothing puts the message together. (What puts it together
// takes as much already, and reads most of it directly.)
func (c *Conn) waitSize() int {
	size := waitBufferSize << (max(c.filled, 1) - 1)
	if c.gather == notGathering || c.r.compressed {
		size = max(size, int(min(c.r.arrived(), readBufferSize)))
	}
	return size
}

// directPlace returns where the rest of a large payload is read to, if that is directly to where the message is put together:
// the room there, which is doubled when it has been filled. On a transport that cannot poll the last byte is left to the
// next read, which then shows whether more is at hand: see restIsComing.
func (c *Conn) directPlace() []byte {
	due, least := c.r.Direct(), uint64(directSize)
	if !c.t.polls() {
		due, least = max(due, 1)-1, waitBufferSize
	}
	if c.gather == notGathering || c.skip || due < least || c.r.arrived() < least {
		return nil
	}
	room := cap(c.dst) - len(c.dst)
	switch {
	case room >= waitBufferSize:
	case c.gather == intoPool:
		c.dst = growBuffer(c.dst, room+1)
	default:
		c.dst = slices.Grow(c.dst, int(min(due, c.r.arrived()*3/4))) // which rounds up; and dst may have held more before
	}
	room = int(min(due, uint64(cap(c.dst)-len(c.dst))))
	return c.dst[len(c.dst) : len(c.dst)+room]
}

// restIsComing reports whether more has most likely come than the last read got, on a transport that cannot tell: the read
// filled the room that it had, and ended in the middle of a message. Where a message ended with it, nothing can be said.
func (c *Conn) restIsComing() bool { return c.filled > 0 && !c.r.Idle() }

// noteFilled notes whether a read that may have waited has filled its room.
func (c *Conn) noteFilled(did bool) {
	switch {
	case !did:
		c.filled = 0
	case c.inBuf == nil:
		c.filled = 1
	default:
		c.filled = min(c.filled+1, maxFilled)
	}
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
