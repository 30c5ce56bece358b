package reactor

// This file holds what waits to be sent, and the sending. Of the flags of a connection, these are about it:
//
//	corked   Set by whoever serves the connection, while it does. What is written then collects in its cork, and is sent at the
//	         end, or when it is half of WriteBuffer. Everybody else sends at once.
//	sending  A goroutine is in a system call, for everybody: mu is not held meanwhile, and what is written is put behind.
//	edge     Set while sending: the connection has become writable, perhaps after that system call has seen that it is not.
//	blocked  A send took less than all. Only an event clears it, upon which the loop sends.
//	broken   A send has failed. What waits is dropped, and nothing is written any more.
//	stalled  More waits than half of WriteBuffer, and corking is not why. The peer is not read until that has changed.

import "sync"

const (
	corkSize  = 64 << 10  // the room of a cork at first
	largeSize = 16 << 10  // from here on messages are sent from where they lie
	keptSize  = 128 << 10 // buffers of more are left to the collector
)

// output is what has been written to one connection: b[off:] waits to be sent.
type output struct {
	b     []byte
	off   int
	since uint32 // the tick at which the last byte was sent, while blocked
	cork  bool   // it is that of a worker, which takes it back
}

var outputs = sync.Pool{New: func() any { return new(output) }}

// reset makes o empty.
func (o *output) reset() { o.b, o.off, o.since = o.b[:0], 0, 0 }

// release gives o back.
func (o *output) release() {
	if o.cork || cap(o.b) > keptSize {
		return
	}
	o.reset()
	outputs.Put(o)
}

// waiting returns how many bytes wait to be sent. mu is held.
func (c *Conn) waiting() int {
	if c.out == nil {
		return 0
	}
	return len(c.out.b) - c.out.off
}

// output returns c.out, made on demand. mu is held.
func (c *Conn) output() *output {
	if c.out == nil {
		c.out = outputs.Get().(*output)
	}
	return c.out
}

// cork has what is written collect with w. mu is not held.
func (w *worker) cork(c *Conn) {
	c.mu.Lock()
	if c.out == nil {
		c.out = w.corked
	}
	c.set(corked)
	c.mu.Unlock()
}

// uncork sends what has collected, and takes the cork back.
func (w *worker) uncork(c *Conn) {
	c.mu.Lock()
	c.unset(corked)
	c.counts.messagesIn += w.messages
	c.counts.bytesIn += w.bytes
	w.messages, w.bytes = 0, 0
	c.flush()
	if c.out == w.corked {
		w.takeCork(c)
	}
	c.mu.Unlock()
	if cap(w.corked.b) > 2*keptSize {
		w.corked = newCork()
	}
}

// takeCork takes the cork back from c. mu is held.
func (w *worker) takeCork(c *Conn) {
	if c.has(sending) { // somebody is reading it
		w.corked.cork = false
		w.corked = newCork()
		return
	}
	left := w.corked.b[w.corked.off:]
	c.out = nil
	if len(left) > 0 {
		o := c.output()
		o.b, o.since = append(o.b, left...), w.corked.since
	}
	w.corked.reset()
}

func newCork() *output { return &output{b: make([]byte, 0, corkSize), cork: true} }

// written deals with what has been put into c.out: it is sent, unless somebody will. mu is held, but not throughout.
func (c *Conn) written() {
	// Never more than half of what may wait: should the kernel take nothing of it, there still is room for what one more message makes
	// a handler write.
	half := c.loop.server.writeBuffer / 2
	if c.has(corked) && !c.has(blocked|sending) && c.waiting() <= half {
		return
	}
	c.flush()
	if c.waiting() > half {
		c.set(stalled)
	}
}

// flush sends what waits, unless somebody else does or nothing can be. mu is held, but not during the system call.
func (c *Conn) flush() {
	for o := c.out; o != nil && len(o.b) > o.off && !c.has(sending|blocked|broken|gone); o = c.out {
		p := o.b[o.off:]
		c.set(sending)
		c.unset(edge)
		c.mu.Unlock()
		n, err := c.loop.poll.send(c.fd, p, nil)
		c.mu.Lock()
		c.unset(sending)
		c.sent(n, len(p), err)
	}
}

// sent deals with a send of n of size bytes. mu is held.
func (c *Conn) sent(n, size int, err error) {
	o := c.out
	o.off += n
	if c.has(over) {
		c.attend()
	}
	c.counts.bytesOut += uint64(n)
	if err != nil && err != errAgain {
		c.unwritable(err)
		return
	}
	if n < size && !c.has(edge) {
		c.set(blocked)
		if n > 0 || o.since == 0 {
			o.since = c.loop.ticks()
		}
		c.attend() // for the timer
	}
	if o.off == len(o.b) {
		c.emptied()
	} else if o.off > keptSize {
		o.b, o.off = o.b[:copy(o.b, o.b[o.off:])], 0
	}
	c.relieved()
}

// emptied lets go of the buffer and what is in it. mu is held.
func (c *Conn) emptied() {
	o := c.out
	if o == nil {
		return
	}
	o.reset()
	if !c.has(corked) {
		c.out = nil
		o.release()
	}
}

// relieved has the loop go on where something was waiting for what waits. mu is held.
func (c *Conn) relieved() {
	left := c.waiting()
	if c.has(stalled) && left <= c.loop.server.writeBuffer/2 {
		c.unset(stalled)
		c.attend()
	}
}

// writable deals with an event that says so, for the loop. It looks at the flags with mu only: a sender that has been told to wait
// is neither sending nor blocked for a moment, with mu held, and the event would be lost (TestSoak).
func (c *Conn) writable() {
	c.mu.Lock()
	switch {
	case c.has(sending):
		c.set(edge)
	case c.has(blocked):
		c.unset(blocked)
		c.flush()
	}
	c.mu.Unlock()
}
