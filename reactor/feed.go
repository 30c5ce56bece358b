package reactor

// This file holds what becomes of the bytes of a peer: the opening handshake, frames, messages. Of the flags of a connection, stalled
// (output.go) and paused keep it from being read, until it is closing or over. What has been read by then and not been
// delivered waits in inbound.rest, and the bit unread says that there may be more.

import (
	"os"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/compress"
)

// inbound is what a connection has while something of its peer's is under way. One that has nothing shares that of whoever serves it.
type inbound struct {
	receiver websocket.Receiver
	message  []byte // the parts of the message under way that have come
	rest     []byte // has come and not been taken: of the head of a request, or frames
	terms    *terms
	inflater *compress.Inflater // of the receiver, or nil
	own      bool               // it belongs to its connection for good, because the inflater has what that has sent
}

// newInbound returns one for connections with some terms.
func newInbound(t *terms) *inbound {
	in := &inbound{terms: t}
	if p := t.agreed.Compression; p != nil {
		in.inflater = p.ServerInflater()
	}
	return in
}

// reset makes in ready for a connection of s.
func (in *inbound) reset(s *Server) *inbound {
	in.receiver.Reset(websocket.ReceiverOptions{Limit: s.readLimit, Inflater: in.inflater})
	return in
}

// inbound returns one for the terms of a number.
func (s *Server) inbound(number uint8) *inbound {
	return s.terms.get(number).inbounds.Get().(*inbound).reset(s)
}

// drop gives in back at the end of a connection, unless an inflater may be in the middle of something.
func (in *inbound) drop() {
	if in.inflater == nil {
		in.release()
	}
}

// release gives in back.
func (in *inbound) release() {
	if cap(in.message) > keptSize {
		in.message = nil
	}
	if cap(in.rest) > keptSize {
		in.rest = nil
	}
	in.message, in.rest = in.message[:0], in.rest[:0]
	in.terms.inbounds.Put(in)
}

// idle reports whether nothing is under way.
func (in *inbound) idle() bool {
	return in.receiver.Idle() && len(in.message) == 0 && len(in.rest) == 0
}

// keep makes b what has come and not been taken. It may be the end of what was.
func (in *inbound) keep(b []byte) { in.rest = append(in.rest[:0], b...) }

// reads reports whether what the peer sends is dealt with now.
func (c *Conn) reads() bool {
	f := c.flags.Load()
	return f&(stalled|paused) == 0 || f&(closing|over) != 0
}

// serve reads from c once and deals with what has come. It reports whether there may be more at once.
func (w *worker) serve(c *Conn) (more bool) {
	if !c.reads() {
		c.bits |= unread
		return false
	}
	if c.has(over) {
		return w.discard(c)
	}
	var b []byte
	if c.in != nil && c.has(opened) && len(c.in.rest) > 0 {
		b, more = c.in.rest, true
	} else {
		n, err := w.loop.poll.recv(c.fd, w.input)
		if err != nil {
			return w.unreadable(c, err)
		}
		b, more = w.input[:n], w.mayHaveMore(c, n)
		w.bytes = uint64(n)
		w.heard(c)
	}
	w.conn = c
	w.cork(c)
	w.feed(c, b)
	w.uncork(c)
	w.conn = nil
	if c.has(over) {
		w.tell(c)
	}
	return more || c.in != nil && c.has(opened) && len(c.in.rest) > 0
}

// mayHaveMore reports whether there may be more behind n bytes that were read. What comes after a short read is told of by another
// event; the end of the stream has been told of already, perhaps together with those bytes.
func (w *worker) mayHaveMore(c *Conn, n int) bool { return n == len(w.input) || c.bits&sticky != 0 }

// heard takes note of a sign of life.
func (w *worker) heard(c *Conn) {
	if w.loop.server.pingTicks > 0 {
		c.heard.Store(w.loop.now.Load())
	}
}

// unreadable deals with an error of recv.
func (w *worker) unreadable(c *Conn, err error) (more bool) {
	switch {
	case err == errAgain:
		return false
	case !c.has(opened) && !c.has(over):
		c.bits |= ended
		w.refuse(c, err)
	default:
		c.lost(err)
		w.tell(c)
	}
	return false
}

// discard reads what nobody wants any more, to find the end of the stream.
func (w *worker) discard(c *Conn) (more bool) {
	n, err := w.loop.poll.recv(c.fd, w.input)
	if err != nil {
		if err != errAgain {
			c.bits |= ended
		}
		return false
	}
	return w.mayHaveMore(c, n)
}

// feed takes the bytes b, behind those that c has kept. What is not dealt with now is kept.
func (w *worker) feed(c *Conn, b []byte) {
	if !c.has(opened) {
		var ok bool
		if b, ok = w.open(c, b); !ok {
			return
		}
	}
	in, borrowed := c.in, false
	if in == nil {
		in, borrowed = w.lent(c.terms), true
	}
	b = w.frames(c, in, b)
	switch {
	case c.has(over):
		// What had come of a message is not held until the peer has gone: a bomb would be, in full.
		if borrowed {
			w.ins[c.terms] = nil
		} else {
			c.in = nil
		}
		in.drop()
		return
	case len(b) > 0:
		c.bits |= unread
	}
	in.keep(b)
	switch idle := in.idle(); {
	case borrowed && !idle:
		c.in, w.ins[c.terms] = in, nil
	case !borrowed && idle && !in.own:
		c.in = nil
		in.release()
	}
}

// lent returns the inbound of connections with some terms that have none.
func (w *worker) lent(number uint8) *inbound {
	for int(number) >= len(w.ins) {
		w.ins = append(w.ins, nil)
	}
	if w.ins[number] == nil {
		w.ins[number] = w.loop.server.inbound(number)
	}
	return w.ins[number]
}

// open deals with the opening handshake, to which b belongs, and returns what is behind it. ok is false if more has to come.
func (w *worker) open(c *Conn, b []byte) (rest []byte, ok bool) {
	from := websocket.RequestSource{Conn: c, Accept: w.accept}
	if c.in != nil {
		from.Scanned = len(c.in.rest)
		c.in.rest = append(c.in.rest, b...)
		b = c.in.rest
	}
	agreed, n, err := w.handshake(c, b, from)
	if err != nil {
		w.refused(c)
		return nil, false
	}
	if n == 0 {
		if c.in == nil {
			c.in = w.loop.server.inbound(0)
			c.in.keep(b)
		}
		return nil, false
	}
	if c.in != nil {
		c.in.rest = c.in.rest[:0] // b still is what was in it
	}
	w.opened(c, agreed, w.accepted)
	w.accepted = nil
	return b[n:], true
}

// handshake appends the answer to the request in b to what waits for c.
func (w *worker) handshake(c *Conn, b []byte, from websocket.RequestSource) (agreed websocket.Agreement, n int, err error) {
	w.conn, w.inHandler = c, true // there are callbacks
	w.answer, agreed, n, err = w.loop.server.up.AppendHandshake(w.answer[:0], b, from)
	w.inHandler = false
	c.mu.Lock()
	o := c.output()
	o.b = append(o.b, w.answer...)
	c.mu.Unlock()
	return agreed, n, err
}

// opened makes c a connection whose opening handshake is done.
func (w *worker) opened(c *Conn, agreed websocket.Agreement, h Handler) {
	if h != nil {
		c.bits |= ownHandler
		c.more().handler = h
	}
	if agreed != (websocket.Agreement{}) {
		w.settle(c, agreed)
	}
	c.heard.Store(c.loop.ticks())
	c.mu.Lock()
	c.set(opened)
	c.attend() // for the timer
	c.mu.Unlock()
	w.inHandler = true
	c.handler().Open(c)
	w.inHandler = false
}

// refuse answers a request that will not be whole.
func (w *worker) refuse(c *Conn, why error) {
	var b []byte
	if c.in != nil {
		b = c.in.rest
	}
	w.handshake(c, b, websocket.RequestSource{Conn: c, Accept: w.accept, Err: why})
	w.conn = nil
	w.refused(c)
}

// refused ends a connection whose opening handshake has failed, once the answer has been sent.
func (w *worker) refused(c *Conn) {
	c.bits |= told // there is nobody to tell
	c.mu.Lock()
	c.end(over, &websocket.CloseError{Code: websocket.StatusAbnormalClosure})
	c.mu.Unlock()
}

// late deals with a connection whose opening handshake takes too long.
func (w *worker) late(c *Conn) { w.refuse(c, os.ErrDeadlineExceeded) }

// frames deals with frames of the peer, up to where it may be read no more, and returns the rest of b.
func (w *worker) frames(c *Conn, in *inbound, b []byte) (rest []byte) {
	r := &in.receiver
	for len(b) > 0 || r.Pending() {
		if !c.reads() || c.has(over) {
			return b
		}
		if op, p, n := r.Whole(b); n > 0 {
			b = b[n:]
			w.message(c, op, p)
			continue
		}
		out, ev, n, err := r.Next(in.message, b)
		b = b[n:]
		if err != nil {
			c.violated(err)
			return nil
		}
		switch ev.Kind {
		case websocket.EventNone:
			in.message = out
			return b
		case websocket.EventData:
			w.part(c, in, out, ev)
		case websocket.EventPing:
			c.mu.Lock()
			c.control(websocket.OpPong, ev.Payload)
			c.mu.Unlock()
		case websocket.EventPong:
			c.ponged(ev.Payload)
		case websocket.EventClose:
			c.peerClosed(ev.Code, string(ev.Payload))
			return nil
		}
	}
	return b
}

// part deals with a part of a message. out is in.message, with the part behind it if it was inflated.
func (w *worker) part(c *Conn, in *inbound, out []byte, ev websocket.Event) {
	inflated := len(out) > len(in.message)
	switch {
	case ev.First && ev.Last && !inflated:
		w.message(c, ev.Op, ev.Payload)
		return
	case inflated:
		in.message = out
	default:
		in.message = append(doubled(in.message, len(ev.Payload)), ev.Payload...)
	}
	if ev.Last {
		w.message(c, ev.Op, in.message)
		in.message = in.message[:0]
	}
}

// doubled returns b with room for n more bytes, in an array twice as large if need be: append would take smaller steps, and leave five
// times a large message to the collector.
func doubled(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b
	}
	return append(make([]byte, 0, max(2*cap(b), len(b)+n)), b...)
}

// message delivers a message.
func (w *worker) message(c *Conn, op websocket.Opcode, p []byte) {
	if c.has(closing | over) {
		return
	}
	w.messages++
	w.inHandler = true
	c.handler().Message(c, op, p)
	w.inHandler = false
}

// tell calls Handler.Close, once.
func (w *worker) tell(c *Conn) {
	if c.bits&told != 0 {
		return
	}
	c.bits |= told
	c.mu.Lock()
	err := c.ext.err
	life := c.ext.life
	c.mu.Unlock()
	if life != nil {
		life.cancel(err)
	}
	w.conn, w.inHandler = c, true
	c.handler().Close(c, err)
	w.conn, w.inHandler = nil, false
}
