package reactor

// This file holds what was agreed on in opening handshakes. Connections with the same terms share them, and the compressors of a direction
// without context takeover, which have no state between messages: so an idle one costs no more than one without compression.

import (
	"sync"
	"sync/atomic"

	"github.com/seed-d69ae1b7/websocket"
)

// maxTerms is how many different terms a server keeps. Connections with others have theirs to themselves: peers must not make it keep what
// they have thought up.
const maxTerms = 256

// terms are what was agreed on with some connections, and what lends them compressors.
type terms struct {
	agreed   websocket.Agreement
	inbounds sync.Pool // of *inbound
	senders  sync.Pool // of *websocket.Sender
}

// newTerms returns terms of connections of s.
func newTerms(s *Server, agreed websocket.Agreement) *terms {
	t := &terms{agreed: agreed}
	t.inbounds.New = func() any { return newInbound(t) }
	t.senders.New = func() any { return s.newSender(*agreed.Compression) }
	return t
}

// newSender returns what compresses messages.
func (s *Server) newSender(p websocket.CompressionParams) *websocket.Sender {
	z := new(websocket.Sender)
	z.Reset(websocket.SenderOptions{Deflater: s.up.Compression.ServerDeflater(p), MinSize: s.up.Compression.MinSize})
	return z
}

// agreements are the terms of a server, by number. Number 0 is that of nothing that was agreed on.
type agreements struct {
	list    atomic.Pointer[[]*terms] // replaced when terms are added
	mu      sync.Mutex               // guards what follows
	numbers map[termsKey]uint8
}

// termsKey is what makes terms the same.
type termsKey struct {
	subprotocol string
	compression websocket.CompressionParams // zero if there is none: its windows have bits
}

// get returns the terms of a number.
func (a *agreements) get(number uint8) *terms { return (*a.list.Load())[number] }

// number returns the number of terms, which are added if need be. It is false where there are too many.
func (a *agreements) number(s *Server, agreed websocket.Agreement) (uint8, bool) {
	key := termsKey{subprotocol: agreed.Subprotocol}
	if agreed.Compression != nil {
		key.compression = *agreed.Compression
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if n, ok := a.numbers[key]; ok {
		return n, true
	}
	var list []*terms
	if a.numbers == nil {
		a.numbers = make(map[termsKey]uint8)
	} else {
		list = *a.list.Load()
	}
	if len(list) == maxTerms {
		return 0, false
	}
	n := uint8(len(list))
	list = append(list[:n:n], newTerms(s, agreed))
	a.numbers[key] = n
	a.list.Store(&list)
	return n, true
}

// agreed returns what was agreed on. mu is held.
func (c *Conn) agreed() websocket.Agreement {
	if c.terms == 0 && c.ext != nil {
		return c.ext.agreed
	}
	return c.loop.server.terms.get(c.terms).agreed
}

// sender returns what compresses the messages of c, or nil, and the pool that it belongs to, if it is not the connection's own. mu is
// held.
func (c *Conn) sender() (*websocket.Sender, *sync.Pool) {
	switch {
	case c.ext != nil && c.ext.sender != nil:
		return c.ext.sender, nil
	case c.terms == 0:
		return nil, nil
	}
	t := c.loop.server.terms.get(c.terms)
	if t.agreed.Compression == nil {
		return nil, nil
	}
	return t.senders.Get().(*websocket.Sender), &t.senders
}

// compresses reports whether messages to the peer are compressed. mu is held.
func (c *Conn) compresses() bool { return c.agreed().Compression != nil }

// settle gives c what was agreed on, for whoever serves it. Nobody else knows the connection yet.
func (w *worker) settle(c *Conn, agreed websocket.Agreement) {
	s := w.loop.server
	number, shared := s.terms.number(s, agreed)
	c.terms = number
	if !shared {
		c.more().agreed = agreed
	}
	p := agreed.Compression
	if p == nil {
		return
	}
	if !shared || !p.ServerNoContextTakeover {
		c.more().sender = s.newSender(*p)
	}
	switch own := !shared || !p.ClientNoContextTakeover; {
	case own:
		in := newInbound(&terms{agreed: agreed})
		in.own = true
		w.replace(c, in.reset(s))
	case c.in != nil:
		w.replace(c, s.inbound(number))
	}
	if c.in != nil && c.in.own || c.ext != nil && c.ext.sender != nil {
		c.restLater()
	}
}

// replace gives c another inbound, and what the one that it has keeps.
func (w *worker) replace(c *Conn, in *inbound) {
	if was := c.in; was != nil {
		in.rest, was.rest = was.rest, nil
		was.release()
	}
	c.in = in
}
