package websocket

// This file holds where control frames go (RFC 6455, Section 5.5): into the buffer as a rule, and past it where much waits.

import "time"

// controlRoom is how many bytes of control frames wait in the queue of their own.
const controlRoom = 4 << 10

// holdControls is how long the library's own pings and pongs wait for the end of a compressed message that is being streamed.
const holdControls = 5 * time.Second

// controls returns the control frames that pass what waits in out. mu is held.
func (c *Conn) controls() []byte {
	if c.extra == nil {
		return nil
	}
	return c.extra.controls
}

// takeControls takes them to be sent, or returns nil. mu is held.
func (c *Conn) takeControls() []byte {
	b := c.controls()
	if b != nil {
		c.extra.controls = nil
	}
	return b
}

// controlsPass reports whether a control frame would wait behind so much that it goes past that. mu is held.
func (c *Conn) controlsPass() bool { return c.pending() > maxFrame }

// hasRoomForControl reports whether there is room for a control frame of need bytes. mu is held.
func (c *Conn) hasRoomForControl(need int) bool {
	if c.controlsPass() {
		return len(c.controls())+need <= controlRoom
	}
	return len(c.out)+need <= c.limit() // not as hasRoom: what a peer makes us answer stays within twice the buffer
}

// appendControl puts a control frame where it leaves soon. It must be right, and there must be room. mu is held.
func (c *Conn) appendControl(op Opcode, payload []byte) {
	dst := &c.out
	if c.controlsPass() {
		dst = &c.more().controls
	}
	// It cannot fail: no close frame has been sent while Conn.err is nil.
	*dst, _ = c.s.AppendControl(growBuffer(*dst, controlSize(payload)), op, payload)
}

// controlSize is the most bytes that the frame of a control payload takes.
func controlSize(payload []byte) int { return headerSize(len(payload), true) + len(payload) }

// holdsControls reports whether the library's own pings and pongs have to wait: a compressed message is being streamed, and some
// peers lose what they have inflated of it when a control frame comes between its fragments (Tornado, wsproto, cowlib,
// aiohttp). mu is held.
func (c *Conn) holdsControls() bool {
	w := c.writer
	return w != nil && w.started && c.s.deflater != nil && time.Since(w.began) < holdControls
}

// appendPong puts a pong into the buffer, and reports false if it has to wait. mu is held.
func (c *Conn) appendPong(payload []byte) (done bool) {
	if c.refused() != nil {
		return true // it cannot be sent any more
	}
	if c.holdsControls() || !c.hasRoomForControl(controlSize(payload)) {
		return false
	}
	c.appendControl(OpPong, payload)
	return true
}

// appendPongDue puts the pong that had to wait into the buffer. mu is held.
func (c *Conn) appendPongDue() {
	if ps := c.pings; ps != nil && ps.pongDue && c.appendPong(ps.pong) {
		ps.pong, ps.pongDue = nil, false
	}
}

// releaseLater sees to it that a pong which waits for the end of a compressed message leaves in time. mu is held.
func (c *Conn) releaseLater() {
	if c.holdsControls() && c.writer.timer == nil {
		c.writer.timer = time.AfterFunc(holdControls-time.Since(c.writer.began), c.releaseControls)
	}
}

// releaseControls sends a pong that has waited for holdControls. It is called by a timer of the writer's.
func (c *Conn) releaseControls() {
	c.mu.Lock()
	c.appendPongDue()
	c.flushByReader()
	c.unlock()
}
