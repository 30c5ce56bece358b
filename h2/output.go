package h2

// This file holds what is sent on a connection: the order of the streams that have something to send, flow control, and the goroutine that
// writes.

import (
	"sync"
	"time"
)

const (
	// outputRoom is how many bytes may wait for the network before streams wait, but for the last frame.
	outputRoom = 32 << 10
	// mostAnswers is how many answers to the peer's own frames may wait beside.
	mostAnswers = 1000
	// pooledOutput is the capacity of buffers that are kept for others: with that frame, and some answers.
	pooledOutput = outputRoom + maxFrame + 1<<10
)

var outputs = sync.Pool{New: func() any { return new([pooledOutput]byte) }}

// output is what waits to be sent. The connection's mutex guards it.
type output struct {
	buf     []byte     // whole frames, in order; nil while there are none
	window  sendWindow // the connection's
	blocks  blockEncoder
	first   *stream // those that have something to send and a window, in the order of their turns
	last    *stream
	answers int   // frames in buf that answer those of the peer
	writing bool  // a goroutine writes, and will look at buf again
	err     error // of a write
}

func (o *output) init() {
	o.window = defaultWindow
	o.blocks.init()
}

// push puts a stream that is in no line at the end of it.
func (o *output) push(s *stream) {
	if s.inLine {
		return
	}
	s.inLine, s.next = true, nil
	if o.first == nil {
		o.first = s
	} else {
		o.last.next = s
	}
	o.last = s
}

// pop takes the stream whose turn it is.
func (o *output) pop() *stream {
	s := o.first
	o.first, s.next, s.inLine = s.next, nil, false
	return s
}

// send lets what waits leave. It does not wait itself. mu is held.
func (c *conn) send() {
	c.fill()
	if len(c.out.buf) > 0 && !c.out.writing && c.out.err == nil {
		c.out.writing = true
		go c.write()
	}
}

// answer lets an answer leave that is in the buffer. A peer that does not read cannot have many of them kept, whatever it has sent beside. mu is
// held.
func (c *conn) answer() error {
	c.send()
	if c.out.answers++; c.out.answers > mostAnswers {
		return violation(EnhanceYourCalm, "the answers are not read (Section 10.5)")
	}
	return nil
}

// fill puts frames of streams into the buffer, one of each in turn, as long as there is room. It is the only place that takes from windows.
// mu is held.
func (c *conn) fill() {
	for c.out.first != nil && len(c.out.buf) < outputRoom {
		s := c.out.first
		if s.err == nil && len(s.pending) > 0 && s.sendWindow.room() > 0 && c.out.window.room() == 0 {
			return // until the connection's window grows
		}
		c.out.pop()
		if s.err == nil && len(s.pending) > 0 && s.sendWindow.room() > 0 {
			c.appendData(s)
		} // else until there is something to send, or its window grows
	}
}

// appendData appends the next frame of a stream. RFC 9113, Section 6.9.1: "A sender MUST NOT send a flow-controlled frame with a length that
// exceeds the space available in either of the flow-control windows". mu is held.
func (c *conn) appendData(s *stream) {
	n := min(len(s.pending), s.sendWindow.room(), c.out.window.room(), maxFrame)
	if c.out.buf == nil {
		c.out.buf = outputs.Get().(*[pooledOutput]byte)[:0]
	}
	c.out.buf = append(appendFrameHeader(c.out.buf, frameHeader{uint32(n), frameData, 0, s.id}), s.pending[:n]...)
	s.pending = s.pending[n:]
	s.sendWindow -= sendWindow(n)
	c.out.window -= sendWindow(n)
	c.allowed.earn()
	if len(s.pending) > 0 {
		c.out.push(s)
	} else {
		s.writable.Broadcast()
	}
}

// write writes until nothing is left to be sent.
func (c *conn) write() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.out.buf) > 0 && c.out.err == nil {
		b := c.out.buf
		c.out.buf, c.out.answers = nil, 0
		if c.state < stateEnding { // later there is another bound
			c.nc.SetWriteDeadline(time.Now().Add(writeTimeout))
		}
		c.mu.Unlock()
		_, err := c.nc.Write(b)
		if cap(b) == pooledOutput {
			outputs.Put((*[pooledOutput]byte)(b[:pooledOutput]))
		}
		c.mu.Lock()
		if c.out.err = err; err != nil {
			c.cut(err)
		}
		c.fill()
	}
	c.out.buf, c.out.writing = nil, false
	c.changed.Broadcast()
}
