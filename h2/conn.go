package h2

// This file holds conn, a connection of HTTP/2 in either role: what it is made of, how it begins, and how it ends. What is received is in
// receive.go, what is sent in output.go, a stream in stream.go.

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// connWindow is what the peer may send on a connection before it has been told that it may send more, which it is whether anybody
	// reads or not: one stream that is not read holds up no other. It is the windows of the streams that bound what is kept.
	connWindow = 16 << 20
	// readBuffer is what a connection reads into.
	readBuffer = 8 << 10
	// writeTimeout bounds each write of a connection, and goodbyeTime its end.
	writeTimeout = 30 * time.Second
	goodbyeTime  = time.Second
	goodbyeBytes = 1 << 20
)

// past is a deadline that has passed.
var past = time.Unix(1, 0)

// conn is a connection. One goroutine reads it, in run; another writes while there is something to send, and a timer watches over it.
// Its streams have none.
type conn struct {
	nc     net.Conn
	client bool
	base   context.Context                                                  // a server's, whose values requests have
	accept func(s *stream, r *http.Request, protocol string, tooLarge bool) // what a server does with a request, without waiting

	// owned by the reader
	in      *bufio.Reader
	tls     *tls.ConnectionState // nil until a request wants it
	block   blockDecoder
	greeted bool // the peer's first SETTINGS has come

	mu      sync.Mutex // guards the rest, and the streams
	changed sync.Cond  // state, settled, writing or the number of streams has
	state   connState
	err     error // why nothing new is possible, from the state draining on
	streams map[uint32]*stream
	lastID  uint32   // of the last stream that was opened, by whichever side may
	most    int      // how many the peer may open, if this is a server
	running int      // functions of a server's streams that have not returned
	held    int      // places for streams that a client is about to open
	peer    settings // the peer's
	settled bool     // ... are known
	window  receiveWindow
	allowed allowance
	out     output
	watch   keepalive
}

// connState is how far a connection has come. It goes down this list and never up.
type connState uint8

const (
	// Streams are opened.
	stateOpen connState = iota
	// GOAWAY was sent or received: no more streams are opened, and the connection ends with the last that it has.
	stateDraining
	// Nothing is received any more, all streams have failed, and a GOAWAY that says why is the last that leaves.
	stateEnding
	// The net.Conn is closed.
	stateEnded
)

// newConn returns a connection whose peer may send heads of so many bytes. Nothing is sent yet.
func newConn(nc net.Conn, client bool, headLimit int) *conn {
	c := &conn{nc: nc, client: client, in: bufio.NewReaderSize(nc, readBuffer), streams: make(map[uint32]*stream), peer: defaultSettings}
	c.changed.L = &c.mu
	if headLimit <= 0 {
		headLimit = defaultHeadLimit
	}
	c.block.init(headLimit)
	c.window.left = connWindow
	c.out.init()
	return c
}

// start sends what comes first: the settings, and the rest of the connection's window.
func (c *conn) start(first string, ours ...pair) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ours = append(ours, pair{settingMaxHeaderList, uint32(c.block.limit)})
	c.out.buf = appendSettings(append(c.out.buf, first...), 0, ours...)
	c.out.buf = appendWindowUpdate(c.out.buf, 0, connWindow-defaultWindow)
	c.watch.start(c)
	c.send()
}

// run receives until the connection ends, and returns when it has.
func (c *conn) run() {
	err := c.receive()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail(err)
	c.sayGoodbye()
	c.watch.stop()
	c.state = stateEnded
	c.changed.Broadcast()
}

// boundRead sets a deadline for what is received, unless there is the last one already. mu is held.
func (c *conn) boundRead(t time.Time) {
	if c.state < stateEnding {
		c.nc.SetReadDeadline(t)
	}
}

// drain lets the connection end with its last stream. mu is held.
func (c *conn) drain(err error) {
	if c.state == stateOpen {
		c.state, c.err = stateDraining, err
		c.changed.Broadcast()
	}
	c.endIfDrained()
}

// endIfDrained ends a connection that has nothing left to do. mu is held.
func (c *conn) endIfDrained() {
	if c.state == stateDraining && len(c.streams) == 0 && c.held == 0 {
		c.fail(c.err)
	}
}

// fail ends the connection because of err, unless it has ended. mu is held.
func (c *conn) fail(err error) {
	if c.state >= stateEnding {
		return
	}
	var known *ConnectionError
	if !errors.As(err, &known) {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
			if len(c.streams) == 0 {
				err = errGone
			}
		}
		known = &ConnectionError{Code: ConnectError, Reason: "the connection is broken", Err: err}
	}
	c.state, c.err = stateEnding, known
	for _, s := range c.streams {
		s.lost(known)
	}
	clear(c.streams)
	c.changed.Broadcast()
	if known.Code != ConnectError { // otherwise there is nobody to be told
		c.out.buf = appendGoAway(c.out.buf, c.lastOfPeer(), goAwayCode(known))
		c.send()
	}
	// The reader gives up, if it has not, and does the rest; the writer does, with a peer that takes nothing.
	if errors.Join(c.nc.SetReadDeadline(past), c.nc.SetWriteDeadline(time.Now().Add(goodbyeTime))) != nil {
		c.nc.Close()
	}
}

// errGone is why a connection has ended that the peer has closed when it had no streams.
var errGone = errors.New("closed by the peer")

// goAwayCode is what the peer is told of a connection's end. What it has said itself is not said again.
func goAwayCode(e *ConnectionError) ErrorCode {
	if e.Remote {
		return NoError
	}
	return e.Code
}

// lastOfPeer returns the last stream of the peer's that something may have been done about. mu is held.
func (c *conn) lastOfPeer() uint32 {
	if c.client {
		return 0
	}
	return c.lastID
}

// sayGoodbye lets what is to be sent leave, and closes the net.Conn so that the peer can still read it: closing a socket with unread input
// sends a reset, which destroys that on its way. mu is held, but not while waiting.
func (c *conn) sayGoodbye() {
	for c.out.writing {
		c.changed.Wait()
	}
	c.mu.Unlock()
	defer c.mu.Lock()
	if half, can := c.nc.(interface{ CloseWrite() error }); can && c.out.err == nil && half.CloseWrite() == nil {
		c.nc.SetReadDeadline(time.Now().Add(goodbyeTime))
		io.CopyN(io.Discard, c.nc, goodbyeBytes)
	}
	c.nc.Close()
}

// cut ends the connection because of err, and does not wait for a peer that takes nothing. mu is held.
func (c *conn) cut(err error) {
	c.fail(err)
	c.nc.SetDeadline(past)
}
