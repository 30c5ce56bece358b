package websocket

// This file holds the connection itself: what it is made of, and what it tells of itself. How it reads and writes stands in
// read.go and write.go.

import (
	"net"
	"sync"
	"time"

	ws "github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/compress"
)

// The types of messages (RFC 6455, Section 11.8).
const (
	TextMessage   = 1  // UTF-8, which is checked in both directions
	BinaryMessage = 2  // any bytes
	CloseMessage  = 8  // a payload of FormatCloseMessage, or none
	PingMessage   = 9  // at most 125 bytes
	PongMessage   = 10 // at most 125 bytes
)

// noMessage is the type that comes with an error.
const noMessage = -1

// Conn is a WebSocket connection. One goroutine at a time reads, and sets what concerns reading: the handlers, the limit, the
// read deadline. Everything else may be called by any goroutine at any time.
//
// It is a Receiver, two Senders and the net.Conn between which they stand: gorilla's deadlines, its handlers for close frames, and
// its UnderlyingConn are those of a connection that reads and writes only while it is called, which the library's Conn is not.
type Conn struct {
	nc          net.Conn
	client      bool
	subprotocol string
	agreed      *compress.Params // nil without compression

	// Owned by the reader.
	receiver     ws.Receiver
	in           []byte // has come and has not been taken by the receiver
	inBuf        []byte // what in is a part of; made when it is first needed
	inSize       int
	inflated     []byte // room for what the receiver inflates; nil without compression
	reader       *messageReader
	readErr      error // sticky
	closeHandler func(code int, text string) error
	pingHandler  func(appData string) error
	pongHandler  func(appData string) error

	fragmentSize int // how much of a message of NextWriter is collected before it begins to be sent

	turn mutex // held by whoever sends a message of data, from its first frame to its last
	wire mutex // held by whoever writes to nc; guards the senders and closing

	plain, packed ws.Sender // packed is for what is compressed
	packedLevel   int       // that packed was made for
	closing       bool      // the close frame has been made

	mu            sync.Mutex // guards what follows, and is never held across I/O
	writer        *messageWriter
	writeErr      error // sticky
	writeDeadline time.Time
	level         int
	compresses    bool
}

// sizes are those of the buffers that an application asks for, in bytes.
type sizes struct{ read, write int }

// newConn returns a connection over nc, whose handshake has been made. early is what has come behind it.
func newConn(nc net.Conn, client bool, agreed ws.Agreement, early []byte, buffers sizes) *Conn {
	c := &Conn{
		nc: nc, client: client, subprotocol: agreed.Subprotocol, agreed: agreed.Compression,
		in: early, inSize: buffers.read, turn: newMutex(), wire: newMutex(), compresses: true, level: defaultLevel,
		fragmentSize: max(buffers.write, minFragment),
	}
	if c.inSize <= 0 {
		c.inSize = defaultReadBuffer
	}
	received := ws.ReceiverOptions{Client: client}
	if c.agreed != nil {
		received.Inflater = c.inflater()
		c.inflated = make([]byte, 0, inflateRoom)
		c.resetPacked(c.level)
	}
	c.receiver.Reset(received)
	c.plain.Reset(ws.SenderOptions{Client: client})
	c.SetCloseHandler(nil)
	c.SetPingHandler(nil)
	c.SetPongHandler(nil)
	return c
}

// Subprotocol returns the subprotocol that the handshake has settled on, or the empty string.
func (c *Conn) Subprotocol() string { return c.subprotocol }

// Close closes the net.Conn, without a close frame and without waiting: see WriteControl for one. A read or a write that is
// under way ends with an error. The second call returns the error of the net.Conn.
func (c *Conn) Close() error { return c.nc.Close() }

// LocalAddr returns the address of this side of the net.Conn.
func (c *Conn) LocalAddr() net.Addr { return c.nc.LocalAddr() }

// RemoteAddr returns the address of the other side of the net.Conn, which may be a proxy's.
func (c *Conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// UnderlyingConn returns the net.Conn.
//
// Deprecated: as in gorilla, NetConn is its name.
func (c *Conn) UnderlyingConn() net.Conn { return c.nc }

// NetConn returns the net.Conn that the connection runs over: what was dialed or taken over, or the *tls.Conn over it. Reading
// from it or writing to it breaks the connection.
func (c *Conn) NetConn() net.Conn { return c.nc }
