package websocket

// This file holds the type Conn: its fields and who owns them, how it is made, and what can be asked of it. What it
// does stands in read.go, messages.go, write.go, writer.go, closing.go and keepalive.go.

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/transport"
)

// Conn is a WebSocket connection (RFC 6455). One goroutine at a time may read: a second gets ErrReadInProgress.
// Everything else may be called by any goroutine at any time.
//
// A context that ends a wait leaves the connection as it was: the call can be repeated. Once the connection has
// ended, every call returns an error that wraps the same *CloseError.
//
// A Conn that is not read answers no pings, notices no close and measures no silence: read until there is an error,
// or call CloseRead. Every Conn must be ended, by either side; Close and CloseNow are how this side does it.
type Conn struct {
	t         transport.Transport
	opts      *Options
	agreement Agreement
	base      context.Context // nil, or the context whose values Context shows
	tracker   tracker         // its place in the Upgrader's list, whose lock guards it

	readLimit atomic.Uint64 // what r's limit is to be

	// Owned by whoever holds the reading bit.
	r        Receiver
	ctx      context.Context // of the read under way
	input    []byte          // input.go has this one: has come and has not been given to r
	inBuf    []byte          // input.go, too: the pooled buffer that input is part of, or nil
	dst      []byte          // where the message under way is put together; between reads, what a cancelled one had of it
	stream   *messageReader  // the Reader of the message under way, or nil
	messages uint32          // how many have come since counts was brought up to date
	state    atomic.Uint32   // reading, inBody, moreInput, ended; for everybody, but here it fills a word
	bytes    uint64          // of the transport that have come
	gather   gathering       // input.go, too: what kind of slice dst is
	op       Opcode          // of the message under way
	skip     bool            // the rest of the message under way is not wanted
	stopped  bool            // nothing more will be read for the application
	known    knowledge       // of the socket; reading.go has this one
	wide     bool            // input.go, too: messages are larger than readBufferSize
	filled   uint8           // input.go, too: how many reads in a row have filled their room, on a transport that cannot poll
	recvErr  error           // of the transport, seen inside of Readable
	loopBody messageBody     // reading.go, too: that of the Messages loop under way, or nil
	deadline readDeadline    // has a lock of its own

	// Guarded by mu.
	mu      sync.Mutex
	s       Sender
	out     []byte         // frames that wait for the network; pooled
	sending int            // writing.go has this one: bytes that are on their way from a buffer to the network
	taken   uint32         // ... this
	flushed uint32         // ... this
	writes  writing        // ... and this: who writes to the transport
	offered bool           // descriptor.go has this one
	lent    bool           // ... this
	reply   reply          // ... and this
	ending  ending         // how far the end has come
	timed   bool           // held will be called
	writer  *messageWriter // nil, or the message that is being streamed out
	changed chan struct{}  // closed and forgotten when a writer may go on; nil when nobody waits
	pings   *pings         // nil until a ping is sent
	err     *CloseError    // how the connection ended
	life    *lifetime      // nil until Context asks for it
	timer   *time.Timer    // bounds the end; set when it begins
	extra   *extra         // nil until something in it is needed

	counts counts
}

// extra is what few connections need, or only at their end. Guarded by Conn.mu.
type extra struct {
	done      chan struct{} // closed when the transport has been closed; nil until somebody waits for it
	hold      *time.Timer   // calls held, but for sockets; made when first needed
	failed    error         // why nothing can be written any more; set when a write has failed
	giveUp    time.Time     // after which the end of the peer's stream is not awaited any more; set then, too
	heard     uint64        // how many bytes had come when giveUp was set
	expecting *time.Timer   // calls noEndCame, on a transport without deadlines
	turns     *turn         // the large messages that wait for the transport
	passing   int           // how many messages wait for the end of a streamed one, or have and are not in yet: see afterStreamed
	controls  []byte        // control frames that pass what waits in out; pooled
	traced    []Header      // frames that Trace.FrameOut has not been told of
	tracing   bool          // a goroutine is telling it
	timeout   time.Duration // what SetWriteTimeout was given; 0 before
	restAt    time.Time     // rest.go has this one: when to rest next; zero: never
	value     any           // that of SetValue
}

// more returns c.extra, made on demand. mu is held.
func (c *Conn) more() *extra {
	if c.extra == nil {
		c.extra = new(extra)
	}
	return c.extra
}

// The bits of Conn.state.
const (
	reading   = 1 << iota // a goroutine reads
	inBody                // ... and runs the body of a Messages loop
	moreInput             // messages that arrived together are still being read: input lies behind the last one
	ended                 // Conn.err is set
	inWait                // a read with a context that can end waits in a transport that cannot poll
	discards              // Close was called after a write that failed: reading passes to finish, as if ended was set

	over = ended | discards // nothing is delivered any more
)

// connConfig is what the opening handshake hands to newConn.
type connConfig struct {
	agreement Agreement
	client    bool
	options   *Options        // shared by the connections of one Upgrader or Dialer, read only
	buffered  []byte          // what the peer sent right behind its half of the handshake; newConn copies it
	base      context.Context // nil, or the context whose values Conn.Context shows
}

// newConn returns the connection over nc, whose opening handshake is done and whose deadlines are not set.
func newConn(nc net.Conn, cfg connConfig) *Conn {
	c := &Conn{
		opts:      cfg.options,
		agreement: cfg.agreement,
		base:      cfg.base,
	}
	c.t = transport.New(nc)
	c.readLimit.Store(readLimit(c.opts.ReadLimit))
	ro := ReceiverOptions{Client: cfg.client, Limit: c.readLimit.Load()}
	so := SenderOptions{Client: cfg.client}
	if p := cfg.agreement.Compression; p != nil {
		ro.Inflater, so.Deflater = compressors(c.opts.Compression, *p, cfg.client)
		so.MinSize = c.opts.Compression.MinSize
	}
	if trace := c.opts.Trace; trace != nil {
		if trace.FrameIn != nil {
			ro.OnHeader = func(h Header) { trace.FrameIn(c, h) }
		}
		if trace.FrameOut != nil {
			so.OnHeader = c.traceOut
		}
	}
	c.r.Reset(ro)
	c.s.Reset(so)
	c.beginInput(cfg.buffered)
	if c.opts.PingInterval > 0 {
		c.deadline.alive = new(keepalive)
	}
	c.beginRests()
	return c
}

// ServerConn returns the server's side of a connection whose opening handshake was done elsewhere, such as over a
// transport of the caller's own. o may be nil. nc's deadlines must not be set; nc belongs to the Conn from now on.
//
// agreed is what the handshake has settled; where messages are compressed, o.Compression says how hard to try. buffered
// is what was read from nc behind the head of the handshake, and is copied; it may be nil.
func ServerConn(nc net.Conn, o *Options, agreed Agreement, buffered []byte) *Conn {
	return newConn(nc, connConfig{options: agreed.options(o), agreement: agreed, buffered: buffered})
}

// ClientConn is ServerConn for the client's side.
func ClientConn(nc net.Conn, o *Options, agreed Agreement, buffered []byte) *Conn {
	return newConn(nc, connConfig{client: true, options: agreed.options(o), agreement: agreed, buffered: buffered})
}

// options returns o, or what it stands for where it is nil or does not say how to compress.
func (a Agreement) options(o *Options) *Options {
	if o == nil {
		o = new(Options)
	}
	if a.Compression != nil && o.Compression == nil {
		with := *o
		with.Compression = new(compress.Options)
		o = &with
	}
	return o
}

// readLimit translates a limit of Options into one of ReceiverOptions.
func readLimit(n int64) uint64 {
	switch {
	case n == 0:
		return DefaultReadLimit
	case n < 0:
		return 0
	}
	return uint64(n)
}

// Subprotocol returns the subprotocol that was negotiated, or "" (RFC 6455, Section 1.9).
func (c *Conn) Subprotocol() string { return c.agreement.Subprotocol }

// Compression returns what was agreed on about permessage-deflate (RFC 7692); ok is false if nothing was, so that
// messages travel as they are.
func (c *Conn) Compression() (p CompressionParams, ok bool) {
	if c.agreement.Compression == nil {
		return compress.Params{}, false
	}
	return *c.agreement.Compression, true
}

// LocalAddr returns the address of this side of the transport, also when the connection has ended.
func (c *Conn) LocalAddr() net.Addr { return c.t.NetConn().LocalAddr() }

// RemoteAddr returns the address of the other side of the transport, which may be a proxy's.
func (c *Conn) RemoteAddr() net.Addr { return c.t.NetConn().RemoteAddr() }

// SetReadLimit changes the most bytes that a message of the peer may deliver; 0 means DefaultReadLimit, negative no
// limit. It holds from the next bytes on that are read from the network.
func (c *Conn) SetReadLimit(n int64) { c.readLimit.Store(readLimit(n)) }

// SetWriteTimeout changes what Options.WriteTimeout says, for this connection: 0 means DefaultWriteTimeout, negative no bound. It
// holds from the next write to the network on.
func (c *Conn) SetWriteTimeout(d time.Duration) {
	if d == 0 {
		d = DefaultWriteTimeout
	}
	c.mu.Lock()
	c.more().timeout = d
	c.mu.Unlock()
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
	if c.extra == nil {
		return nil
	}
	return c.extra.value
}

// Stats are counts of what a connection has carried. A message counts when it has been read, or when it has been put
// into the write buffer as a whole; bytes are those of the transport, headers included. What came in is counted when
// the reader next waits for the network. The keepalive pings a peer that has been silent for Options.PingInterval, and no other: without
// such a silence RTT is that of Ping alone.
type Stats struct {
	MessagesIn, MessagesOut uint64        // received and sent
	BytesIn, BytesOut       uint64        // received and sent
	RTT                     time.Duration // of the newest ping that was answered; 0 before
}

// counts are those of Stats.
type counts struct{ messagesIn, messagesOut, bytesIn, bytesOut uint64 }

// countInput brings counts up to date, for the reader. mu is held.
func (c *Conn) countInput() {
	c.counts.messagesIn += uint64(c.messages)
	c.messages = 0
	c.counts.bytesIn = c.bytes
}

// Stats returns the counts so far.
func (c *Conn) Stats() Stats {
	c.mu.Lock()
	defer c.unlock()
	n := &c.counts
	s := Stats{MessagesIn: n.messagesIn, MessagesOut: n.messagesOut, BytesIn: n.bytesIn, BytesOut: n.bytesOut}
	if c.pings != nil {
		s.RTT = c.pings.rtt
	}
	return s
}

// lifetime is the context that ends with a connection.
type lifetime struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	reads  bool   // reads have waited with ctx: see watchOwn
	turn   uint32 // of the last that has
}

// Context returns a context that has the values of the request's and is cancelled when the connection ends, with the
// *CloseError as its cause. It is made when it is first asked for.
func (c *Conn) Context() context.Context {
	c.mu.Lock()
	defer c.unlock()
	if c.life == nil {
		c.life = new(lifetime)
		c.life.ctx, c.life.cancel = context.WithCancelCause(context.WithoutCancel(c.values()))
		if c.err != nil {
			c.life.cancel(c.err)
		}
	}
	return c.life.ctx
}
