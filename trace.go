package websocket

// This file holds Trace, and how its functions are called: outside of the locks, so that they may ask the connection.

// Trace holds functions that are called as frames pass, for logs and metrics. Each may be nil. They run on the goroutine that
// reads or writes, in its way, so they must be quick. They may call the methods of the connection that do no I/O, such as
// Stats, Context and Buffered. Those of FrameOut are called one at a time and in the order of the frames; otherwise, several
// may be called at once.
type Trace struct {
	FrameIn  func(c *Conn, h Header)        // a frame's header has been read
	FrameOut func(c *Conn, h Header)        // a frame has been put into the write buffer
	Closed   func(c *Conn, err *CloseError) // the connection has ended
}

// traceOut notes the header of a frame for Trace.FrameOut. mu is held.
func (c *Conn) traceOut(h Header) {
	x := c.more()
	x.traced = append(x.traced, h)
}

// unlock releases mu, and tells Trace.FrameOut of the frames that were appended meanwhile.
func (c *Conn) unlock() {
	if c.opts.Trace != nil {
		c.unlockTraced()
		return
	}
	c.mu.Unlock()
}

// unlockTraced is unlock where there may be somebody to tell. While one goroutine does, others leave theirs to it.
func (c *Conn) unlockTraced() {
	x := c.extra
	if x == nil || len(x.traced) == 0 || x.tracing {
		c.mu.Unlock()
		return
	}
	x.tracing = true
	defer func() {
		x.tracing = false
		c.mu.Unlock()
	}()
	for len(x.traced) > 0 {
		c.tellTraced(x)
	}
}

// tellTraced tells of the frames that were noted. mu is held, and released meanwhile.
func (c *Conn) tellTraced(x *extra) {
	headers := x.traced
	x.traced = nil
	c.mu.Unlock()
	defer c.mu.Lock() // also if the function panics
	for _, h := range headers {
		c.opts.Trace.FrameOut(c, h)
	}
}
