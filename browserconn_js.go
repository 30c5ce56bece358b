package websocket

// This file holds what a browser's WebSocket is to the Conn above: a net.Conn that speaks frames (RFC 6455, Section 5) as the server
// at its other end would, and knows them only as far as they are messages and closes. So reading, limits, streaming, deadlines
// and the end are Conn's here as everywhere. Its receiving half is in browserinbox_js.go.
//
// What differs, because the browser is the one that speaks the protocol:
//
//   - A message is sent as a whole. The fragments of a Writer wait here for the last.
//   - Pings and pongs do not pass. The browser answers those of the server; a page cannot send any.
//   - A connection cannot be cut: what is aborted is closed, with the code that browserCode has for StatusAbnormalClosure.
//   - Nobody tells when there is room: a write waits by asking for bufferedAmount every browserPoll.

import (
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/jssocket"
)

const (
	// browserBuffer is how many bytes the browser may hold of what was sent before a write waits.
	browserBuffer = 256 << 10
	// browserPoll is how often such a write looks.
	browserPoll = 4 * time.Millisecond
	// browserKeeps is the most room for fragments that is kept from one message to the next.
	browserKeeps = 64 << 10
)

// errBrowserClosing is the error of a write when the browser takes nothing any more. How the connection ended, Read says.
var errBrowserClosing = errors.New("the browser is closing the connection")

// browserConn is the net.Conn. Any goroutine may call any method, but Read and Write only one each at a time. JavaScript is never
// called with mu held: it may call back before it returns, on the same goroutine.
type browserConn struct {
	ws     *jssocket.Socket
	remote browserAddr
	ready  chan struct{} // closed when the opening handshake has ended, either way

	// Owned by the writer.
	receiver Receiver // of what Conn writes: the rules for it are those for any client
	parts    []byte   // of a message whose end has not been written

	frame browserFrame // owned by the reader

	mu      sync.Mutex // guards the rest
	changed sync.Cond  // any of it has
	opened  bool
	in      inbox
	closing bool // the browser has been told to close, or is about to be
	closed  bool // by Close or Abort
	read    browserDeadline
	write   browserDeadline
}

// openBrowserConn begins to open a browser's WebSocket.
func openBrowserConn(u *url.URL, subprotocols []string) (*browserConn, error) {
	c := &browserConn{remote: browserAddr(u.Host), ready: make(chan struct{})}
	c.changed.L = &c.mu
	at := *u
	at.Scheme = "ws" + at.Scheme[len("http"):]
	var err error
	c.ws, err = jssocket.New(at.String(), subprotocols, c)
	return c, err
}

// Opened implements jssocket.Handler.
func (c *browserConn) Opened() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.opened && !c.in.over {
		c.opened = true
		close(c.ready)
	}
}

// Received implements jssocket.Handler.
func (c *browserConn) Received(m jssocket.Message) {
	c.mu.Lock()
	fits := c.in.add(m)
	c.changed.Broadcast()
	c.mu.Unlock()
	if !fits {
		c.closeWith(StatusMessageTooBig, errInboxFull().Text)
	}
}

// Closed implements jssocket.Handler.
func (c *browserConn) Closed(code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in.end(code, reason) && !c.opened {
		close(c.ready)
	}
	c.changed.Broadcast()
}

// closeWith tells the browser to close, once, with what stands for code there.
func (c *browserConn) closeWith(code StatusCode, reason string) error {
	c.mu.Lock()
	first := !c.closing
	c.closing = true
	c.mu.Unlock()
	switch {
	case !first:
		return nil
	case code == StatusNoStatusReceived:
		return c.ws.Close(0, "")
	}
	return c.ws.Close(int(browserCode(code)), reason)
}

// Write takes frames, and sends the messages that they make. The payloads are unmasked where they lie: Conn masks into
// buffers of its own.
func (c *browserConn) Write(p []byte) (n int, err error) {
	if err := c.awaitRoom(); err != nil {
		return 0, err
	}
	for n < len(p) {
		_, ev, took, err := c.receiver.Next(nil, p[n:])
		if err == nil {
			err = c.pass(ev)
		}
		if err != nil {
			return n, err
		}
		n += took
	}
	return n, nil
}

// pass does what a frame, or a part of one, says.
func (c *browserConn) pass(ev Event) error {
	switch {
	case ev.Kind == EventClose:
		return c.closeWith(ev.Code, string(ev.Payload))
	case ev.Kind != EventData:
		return nil // a pong, in answer to a ping that nobody sends here
	case ev.First && ev.Last:
		return c.send(ev.Op, ev.Payload)
	}
	c.parts = append(c.parts, ev.Payload...)
	if !ev.Last {
		return nil
	}
	err := c.send(ev.Op, c.parts)
	if c.parts = c.parts[:0]; cap(c.parts) > browserKeeps {
		c.parts = nil
	}
	return err
}

// send sends a message. The browser would lose it without a word where it is closing.
func (c *browserConn) send(op Opcode, p []byte) error {
	if !c.ws.Open() {
		return errBrowserClosing
	}
	return c.ws.Send(op == OpText, p)
}

// awaitRoom waits while the browser holds much. Once it is closing, that only grows, and send says so.
func (c *browserConn) awaitRoom() error {
	for {
		if n, err := c.ws.Buffered(); n <= browserBuffer || err != nil {
			return err
		}
		if over, err := c.awaitPoll(); over || err != nil {
			return err
		}
	}
}

// awaitPoll waits for the time to look again. It reports whether that is of no use any more.
func (c *browserConn) awaitPoll() (over bool, err error) {
	poll := browserDeadline{at: time.Now().Add(browserPoll)}
	poll.timer = time.AfterFunc(browserPoll, c.wake)
	defer poll.stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case c.closed:
			return false, net.ErrClosed
		case c.write.expired():
			return false, os.ErrDeadlineExceeded
		case c.closing || c.in.over:
			return true, nil
		case poll.expired():
			return false, nil
		}
		c.changed.Wait()
	}
}

// wake lets those who wait look.
func (c *browserConn) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed.Broadcast()
}

// Close ends the connection in order behind what was written: with the close frame that was, or a code that says that there was none.
func (c *browserConn) Close() error {
	c.mu.Lock()
	first := !c.closed
	c.closed = true
	c.in.drop()
	c.read.stop()
	c.write.stop()
	c.changed.Broadcast()
	c.mu.Unlock()
	if !first {
		return net.ErrClosed
	}
	c.closeWith(StatusAbnormalClosure, "") // a browser that throws here can be told nothing
	c.ws.Release()
	return nil
}

// Abort is Close: a browser has no way to cut a connection.
func (c *browserConn) Abort() { c.Close() }

// Read returns frames of what has come, and waits while there is nothing. A deadline that ends it loses nothing.
func (c *browserConn) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if some, err := c.awaitFrame(n == 0); !some {
			return n, err
		}
		k, err := c.frame.take(p[n:])
		if n += k; err != nil {
			return n, err
		}
		if !c.frame.begun() {
			c.frameRead()
		}
	}
	return n, nil
}

// frameRead notes that a frame has been read.
func (c *browserConn) frameRead() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.in.read()
	c.frame = browserFrame{}
}

// awaitFrame reports whether there is a frame to read. If it may wait and there is none, the error says why.
func (c *browserConn) awaitFrame(mayWait bool) (some bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case c.closed:
			return false, net.ErrClosed
		case c.read.expired():
			return false, os.ErrDeadlineExceeded
		case c.frame.begun() || c.in.next(&c.frame):
			return true, nil
		case !mayWait:
			return false, nil
		case c.in.full:
			return false, errInboxFull()
		case c.in.over:
			return false, io.EOF
		}
		c.changed.Wait()
	}
}

// SetDeadline sets both deadlines.
func (c *browserConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline sets when Read stops waiting.
func (c *browserConn) SetReadDeadline(t time.Time) error { return c.setDeadline(&c.read, t) }

// SetWriteDeadline sets when Write stops waiting.
func (c *browserConn) SetWriteDeadline(t time.Time) error { return c.setDeadline(&c.write, t) }

func (c *browserConn) setDeadline(d *browserDeadline, t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	d.stop()
	d.at = t
	if !t.IsZero() {
		d.timer = time.AfterFunc(time.Until(t), c.wake)
	}
	c.changed.Broadcast() // it may have passed
	return nil
}

// browserDeadline is a deadline. Those of a browserConn are guarded by its mu.
type browserDeadline struct {
	at    time.Time
	timer *time.Timer // wakes who waits then
}

func (d *browserDeadline) expired() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func (d *browserDeadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

// LocalAddr returns an address that says no more than that it is a browser's.
func (c *browserConn) LocalAddr() net.Addr { return browserAddr("browser") }

// RemoteAddr returns the host of the URL, and its port if it has one there: a browser tells no address.
func (c *browserConn) RemoteAddr() net.Addr { return c.remote }

// browserAddr is what there is of an address.
type browserAddr string

// Network returns "websocket".
func (browserAddr) Network() string { return "websocket" }

// String returns what there is.
func (a browserAddr) String() string { return string(a) }

// inBrowser reports whether c runs over a browser's WebSocket. Under js it may run over another net.Conn as well, in memory.
func (c *Conn) inBrowser() bool {
	_, is := c.t.NetConn().(*browserConn)
	return is
}
