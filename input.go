package websocket

// This file holds where bytes that have come are kept, and how the parts of a message are gathered: the place that the next bytes
// are read to, what the input holds next, and where it is collected. How bytes get here is in read.go. Nobody else names its fields:
// TestFieldOwners.

import "slices"

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

// beginInput keeps a copy of what came before there was a connection.
func (c *Conn) beginInput(buffered []byte) {
	if len(buffered) > 0 {
		c.inBuf = append(getBuffer(len(buffered)), buffered...)
		c.input = c.inBuf
		c.bytes = uint64(len(c.input))
	}
}

// hasInput reports whether bytes have come that have not been given to the Receiver.
func (c *Conn) hasInput() bool { return len(c.input) > 0 }

// took notes that n bytes have come, to the place p.
func (c *Conn) took(p []byte, n int) {
	if !c.t.Polls() {
		c.noteFilled(n == len(p))
	}
	if c.r.Idle() {
		c.wide = n >= readBufferSize && n < wideBufferSize
	}
	c.input = p[:n]
	c.bytes += uint64(n)
}

// discardInput forgets what has come, and returns how many bytes that was.
func (c *Conn) discardInput() (n int) {
	n = len(c.input)
	c.input = nil
	return n
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
		case !c.t.Polls() && c.r.Idle() && !(c.stopped && c.filled > 0): // what is discarded never begins a message
			return c.t.Room() // an idle connection holds no buffer
		case !c.t.Polls():
			size = c.waitSize()
		case c.wide && c.gather != notGathering:
			size = wideBufferSize
		}
		c.inBuf = getBuffer(size)
	}
	if c.t.Polls() {
		return c.inBuf[:cap(c.inBuf)]
	}
	// Rooms of one size would be filled by frames of one size again and again: see restIsComing.
	return c.inBuf[:cap(c.inBuf)-int(c.bytes%13)]
}

// directPlace returns where the rest of a large payload is read to, if that is directly to where the message is put together:
// the room there, which is doubled when it has been filled. On a transport that cannot poll the last byte is left to the
// next read, which then shows whether more is at hand: see restIsComing.
func (c *Conn) directPlace() []byte {
	due, least := c.r.Direct(), uint64(directSize)
	if !c.t.Polls() {
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

// whole returns the next message if the input begins with the whole of it in one frame. Otherwise next has to look at it.
func (c *Conn) whole() (p []byte, ok bool) {
	if c.skip {
		return nil, false
	}
	op, p, n := c.r.Whole(c.input)
	if n == 0 {
		return nil, false
	}
	c.input = c.input[n:]
	c.messages++
	c.op = op
	return p, c.state.Load()&over == 0
}

// next returns the next part of a message that the input holds, having dealt with all else that stands before it.
// ok is false when more is needed, or when stopped is set.
func (c *Conn) next() (ev Event, ok bool) {
	for (c.hasInput() || c.r.Pending()) && !c.stopped {
		ev = Event{}
		if c.r.inflater != nil {
			c.makeRoom()
		}
		out, n, err := c.r.next(c.dst, c.input, &ev)
		c.input = c.input[n:]
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

// gatherNothing is for those who do not put messages together.
func (c *Conn) gatherNothing() { c.gather = notGathering }

// gatherInto begins to put a message together behind dst, with what keep remembered.
func (c *Conn) gatherInto(dst []byte) { c.dst, c.gather = append(dst, c.dst...), intoSlice }

// gatherIntoPool begins to put a message together in a pooled buffer, with what keep remembered.
func (c *Conn) gatherIntoPool() {
	kept := c.dst
	c.dst, c.gather = nil, intoPool
	if len(kept) > 0 {
		c.collect(kept)
	}
}

// keep remembers what a read that failed had of its message. dst is nil.
func (c *Conn) keep(p []byte) {
	if len(p) > 0 && !c.stopped {
		c.dst = append([]byte(nil), p...)
	}
}

// keepGathered gives back the buffer that a read has put a message together in, and keeps what has come of it if that is
// wanted.
func (c *Conn) keepGathered(wanted bool) {
	dst := c.dst
	c.dst = nil
	if wanted {
		c.keep(dst)
	}
	putBuffer(dst)
}

// exactly returns a copy of p.
func exactly(p []byte) []byte { return append([]byte{}, p...) } // does not clear it first, as make would

// dropInput gives back the buffers that nothing is left in.
func (c *Conn) dropInput() {
	if c.hasInput() || c.stream != nil && len(c.stream.part) > 0 {
		return
	}
	if c.inBuf != nil {
		putBuffer(c.inBuf)
		c.input, c.inBuf = nil, nil
	}
	if c.dst != nil && len(c.dst) == 0 && c.gather != intoSlice {
		putBuffer(c.dst)
		c.dst = nil
	}
}
