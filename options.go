package websocket

// This file holds what an Upgrader and a Dialer have in common: the options of the connections that they make.

import (
	"time"

	"github.com/seed-d69ae1b7/websocket/compress"
)

// The values that a zero in Options stands for.
const (
	DefaultReadLimit        = 1 << 20          // bytes
	DefaultWriteBuffer      = 64 << 10         // bytes
	DefaultWriteTimeout     = 30 * time.Second // of one write to the network
	DefaultCloseTimeout     = 5 * time.Second  // of the closing handshake
	DefaultHandshakeTimeout = 10 * time.Second // of the opening handshake
	DefaultPongTimeout      = 20 * time.Second // from a ping to any sign of life
)

// CompressionOptions, CompressionDirection and CompressionParams are what package compress calls Options, Direction and
// Params: what one side wants of permessage-deflate (RFC 7692), and what was agreed upon.
type (
	CompressionOptions   = compress.Options
	CompressionDirection = compress.Direction
	CompressionParams    = compress.Params
)

// The levels of CompressionOptions, as package compress describes them. The zero value is CompressBalanced.
const (
	CompressBalanced = compress.Balanced
	CompressFastest  = compress.Fastest
	CompressSmallest = compress.Smallest
)

// Options configure connections. The zero value is right for most: it limits messages and waits, and sends no
// pings. Options are read when a connection is made; do not change them while that may be happening.
type Options struct {
	// ReadLimit is the most bytes that a message of the peer may deliver, after inflation. A longer one ends the
	// connection with StatusMessageTooBig, and so does one that takes more than twice that and 64 KiB on the wire. 0 means
	// DefaultReadLimit, negative no limit. See also Conn.SetReadLimit.
	ReadLimit int64

	// WriteBuffer bounds the bytes of written frames that wait for the network. When it is full, Write waits. 0
	// means DefaultWriteBuffer; less than 1 KiB means 1 KiB. The buffer is borrowed from a pool, a little at first,
	// and only while something waits.
	WriteBuffer int

	// FailWhenFull makes a write return ErrBackpressure instead of waiting when the buffer has no room for it.
	FailWhenFull bool

	// NoBatching sends every frame at once. Without it, what is written while messages that arrived together are
	// still being read is held until the last of them has been read, the buffer has filled, or a millisecond has
	// passed.
	NoBatching bool

	// WriteTimeout bounds each write to the network, and a Write's wait for a Writer to be closed. A peer that
	// takes nothing for that long loses the connection. 0 means DefaultWriteTimeout, negative no bound.
	WriteTimeout time.Duration

	// CloseTimeout bounds the closing handshake. 0 means DefaultCloseTimeout; there is no way to wait for ever.
	CloseTimeout time.Duration

	// HandshakeTimeout bounds the opening handshake, beside the context. 0 means DefaultHandshakeTimeout, negative no
	// bound. An Upgrade behind net/http reads nothing and is bounded by the server's own timeouts; there it bounds
	// the sending of the response.
	HandshakeTimeout time.Duration

	// PingInterval is how long a connection may be silent before it is sent a ping. 0 means that no pings are sent.
	// Life is noticed only while something reads: see Conn.CloseRead.
	PingInterval time.Duration

	// PongTimeout is how long a ping may go unanswered, by a pong or any other byte, before the connection is
	// closed. It begins when the ping has reached the kernel, and again as long as a write waits for the network and the
	// peer goes on taking bytes. It also bounds Conn.Ping, there from the call on. 0 means DefaultPongTimeout, negative no bound.
	PongTimeout time.Duration

	// OnPing, if not nil, is called for each ping of the peer, with its payload, which is valid until it returns. If it returns
	// true, no pong is sent: it has called Conn.SendPong or leaves that to somebody. OnPong is called for each pong. A proxy
	// passes both on so.
	//
	// They are called by the goroutine that reads, in its way, which is also that of CloseRead. They may write; reading fails
	// with ErrReadInProgress, and Close only sends the close frame, as in the body of a loop. They must not panic.
	OnPing func(c *Conn, payload []byte) (answered bool)
	OnPong func(c *Conn, payload []byte)

	// Compression is what this side wants of permessage-deflate (RFC 7692). nil means no compression;
	// &CompressionOptions{} is a good choice for the rest, and says what each of its own costs per connection.
	Compression *CompressionOptions

	// Trace, if not nil, is called on the events it names.
	Trace *Trace
}

// orDefault returns d, or what a zero d stands for; 0 stands for "no bound" in the result.
func orDefault(d, zero time.Duration) time.Duration {
	switch {
	case d == 0:
		return zero
	case d < 0:
		return 0
	}
	return d
}
