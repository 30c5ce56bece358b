package reactor

// This file holds Conn: what it consists of, and what can be asked of it. How messages get in is in feed.go, how they get out in
// write.go and output.go, and how it ends in closing.go.

import (
	"context"
	"net"
	"sync"
	"sync/atomic"

	"github.com/seed-d69ae1b7/websocket"
)

// Conn is a connection that a loop serves. Its methods may be called by any goroutine at any time, in handlers too, and none
// of them waits, but for Ping. It has the names of websocket.Conn where it has the method.
type Conn struct {
	loop *loop

	// Owned by whoever serves the connection.
	in   *inbound // nil when nothing of the peer's is under way
	bits bits

	terms uint8 // number of what was agreed on, from opened on; 0, too, where that is in ext

	fd   int32 // until the connection is gone
	slot uint32

	heard atomic.Uint32 // the tick at which something has come last; 0: nothing since the last ping
	flags atomic.Uint32 // changed with mu held, but for serve's own; see below

	mu     sync.Mutex // guards what follows; no handler is called with it held
	out    *output    // what has been written and not been sent, or nil
	ext    *extra     // what few connections need, or only at their end; nil until then
	counts counts
}

// The flags of a connection. What leads from one to the other of those about its end stands in closing.go, of those about what is
// written in output.go, of those about reading in feed.go, and of those about workers in workers.go.
const (
	corked   = 1 << iota // whoever serves the connection sends at its end what is written
	sending              // a goroutine is in send, without mu
	edge                 // it has become writable meanwhile
	blocked              // nothing more can be sent before an event says so
	broken               // a send has failed: nothing can be sent any more
	stalled              // too much waits to be sent: the peer is not read
	paused               // PauseReading was called
	closing              // our close frame has been written: messages are discarded
	over                 // nothing is delivered any more
	gone                 // the descriptor is closed
	attended             // it is in the loop's mail
	opened               // the opening handshake is done, and Handler.Open is called before all else
	busy                 // a worker has it
	news                 // ... and the loop wants to look at it when it comes back
	hungup               // ... and set the bit sticky
)

// has reports whether one of the flags is set.
func (c *Conn) has(flags uint32) bool { return c.flags.Load()&flags != 0 }

// bits are what whoever serves a connection knows about it.
type bits uint8

const (
	ownHandler bits = 1 << iota // its handler is in ext, which is there for good
	unread                      // there may be something to read that was not, because reading is stalled or paused
	sticky                      // the peer's end has been told of, once: only reading finds it
	ended                       // reading has found it
	shut                        // the outgoing stream has been ended
	told                        // Handler.Close was called, or there is no handler to call
	queued                      // it is in the loop's list of connections to go on with
)

// extra is what few connections need. Guarded by Conn.mu, but for what the opening handshake sets for good.
type extra struct {
	handler  Handler             // of this connection alone
	agreed   websocket.Agreement // of the opening handshake, where it is not shared
	sender   *websocket.Sender   // where messages are compressed with what was sent before, or it is not shared
	value    any                 // that of SetValue
	life     *lifetime           // nil until Context asks for it
	pings    *pings              // nil until Ping asks for it
	err      *websocket.CloseError
	failed   error  // why a send has failed
	deadline uint32 // the tick by which the end has to be over
	rest     uint32 // the tick at which its compressors are to give memory back; 0: never
	pinged   uint32 // the tick at which the last ping of the keepalive was sent; 0: it was answered
}

// more returns c.ext, made on demand. mu is held, or nobody else knows the connection yet.
func (c *Conn) more() *extra {
	if c.ext == nil {
		c.ext = new(extra)
	}
	return c.ext
}

// lifetime is the context that ends with a connection.
type lifetime struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
}

// counts are those of websocket.Stats.
type counts struct{ messagesIn, messagesOut, bytesIn, bytesOut uint64 }

// handler returns the connection's handler, for whoever serves it.
func (c *Conn) handler() Handler {
	if c.bits&ownHandler != 0 {
		return c.ext.handler
	}
	return c.loop.server.Handler
}

// Subprotocol returns the subprotocol that was negotiated, or "" (RFC 6455, Section 1.9).
func (c *Conn) Subprotocol() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.agreed().Subprotocol
}

// Compression returns what was agreed on about permessage-deflate (RFC 7692); ok is false if nothing was, so that messages travel
// as they are.
func (c *Conn) Compression() (p websocket.CompressionParams, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if agreed := c.agreed(); agreed.Compression != nil {
		return *agreed.Compression, true
	}
	return p, false
}

// RemoteAddr returns the address of the other side of the transport, which may be a proxy's. It is asked for when it is wanted: nil
// once the connection is gone, which is after Handler.Close, or where the peer has reset it.
func (c *Conn) RemoteAddr() net.Addr {
	_, remote := c.addrs()
	return remote
}

// LocalAddr returns the address of this side of the transport, or nil once the connection is gone.
func (c *Conn) LocalAddr() net.Addr {
	local, _ := c.addrs()
	return local
}

func (c *Conn) addrs() (local, remote net.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.has(gone) {
		return nil, nil
	}
	return c.loop.poll.addrs(c.fd)
}

// SetValue keeps a value of the application's with the connection, such as its user. Value returns it.
func (c *Conn) SetValue(v any) {
	c.mu.Lock()
	c.more().value = v
	c.mu.Unlock()
}

// Value returns what SetValue was given, or nil.
func (c *Conn) Value() any {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ext == nil {
		return nil
	}
	return c.ext.value
}

// Stats returns the counts so far. What came in is counted when the loop has dealt with all that it has read at once. RTT is that of the
// last Ping that was answered.
func (c *Conn) Stats() websocket.Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := &c.counts
	s := websocket.Stats{MessagesIn: n.messagesIn, MessagesOut: n.messagesOut, BytesIn: n.bytesIn, BytesOut: n.bytesOut}
	if c.ext != nil && c.ext.pings != nil {
		s.RTT = c.ext.pings.rtt
	}
	return s
}

// Buffered returns how many bytes of written frames have not reached the kernel.
func (c *Conn) Buffered() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waiting()
}

// Context returns a context that is cancelled before Handler.Close is called, with the *websocket.CloseError as its cause. It is
// made when it is first asked for.
func (c *Conn) Context() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.more()
	if x.life == nil {
		x.life = new(lifetime)
		x.life.ctx, x.life.cancel = context.WithCancelCause(context.Background())
		if x.err != nil && c.has(over) {
			x.life.cancel(x.err)
		}
	}
	return x.life.ctx
}

// PauseReading has the peer not be read until ResumeReading: what it sends waits in the kernel, and then in the peer. Messages that
// have been read already are not delivered either. It does not count calls. The end of the connection is found out when reading
// goes on, unless this side ends it.
func (c *Conn) PauseReading() {
	c.mu.Lock()
	c.set(paused)
	c.mu.Unlock()
}

// ResumeReading ends PauseReading.
func (c *Conn) ResumeReading() {
	c.mu.Lock()
	if c.has(paused) {
		c.unset(paused)
		c.attend()
	}
	c.mu.Unlock()
}

// set and unset change flags. mu is held.
func (c *Conn) set(flags uint32)   { c.flags.Store(c.flags.Load() | flags) }
func (c *Conn) unset(flags uint32) { c.flags.Store(c.flags.Load() &^ flags) }

// attend has the loop look at the connection. mu is held.
func (c *Conn) attend() {
	if !c.has(attended | gone) {
		c.set(attended)
		c.loop.post(mail{conn: c})
	}
}
