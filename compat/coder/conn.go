package websocket

// This file holds the connection.

import (
	"context"
	"io"
	"net"
	"sync"

	ws "github.com/seed-d69ae1b7/websocket"
)

// defaultReadLimit is the most bytes of a message until SetReadLimit is called.
const defaultReadLimit = 32768

// Conn is a WebSocket connection. All methods may be called by several goroutines at once, but for Read and Reader. Somebody must
// read: see CloseRead. A context that ends during a call ends the connection.
type Conn struct {
	c *ws.Conn

	mu          sync.Mutex // guards what follows
	closed      bool       // Close or CloseNow was called
	readContext context.Context
}

// Subprotocol returns the subprotocol that the handshake has settled on, or the empty string.
func (c *Conn) Subprotocol() string { return c.c.Subprotocol() }

// SetReadLimit sets the most bytes that a message may have, after it has been inflated. -1 means no limit. It is 32768 until
// then. A read of a longer one ends the connection with StatusMessageTooBig, and its error wraps ErrMessageTooBig.
func (c *Conn) SetReadLimit(n int64) {
	if n == 0 {
		n = 1 // the library takes 0 for its default
	}
	c.c.SetReadLimit(n)
}

// Read waits for the next message.
func (c *Conn) Read(ctx context.Context) (MessageType, []byte, error) {
	m, err := c.c.Read(ctx)
	return MessageType(m.Op), m.Data, c.told(ctx, "failed to read", err)
}

// Reader waits for the next message and returns a reader of it. ctx holds for that, too.
func (c *Conn) Reader(ctx context.Context) (MessageType, io.Reader, error) {
	op, r, err := c.c.Reader(ctx)
	if err != nil {
		return 0, nil, c.told(ctx, "failed to get reader", err)
	}
	return MessageType(op), &reader{c, ctx, r}, nil
}

// reader is what Reader returns.
type reader struct {
	c   *Conn
	ctx context.Context
	r   io.Reader
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, r.c.told(r.ctx, "failed to read", err)
}

// Write sends a message. It returns when that is in the buffer, or in the kernel.
func (c *Conn) Write(ctx context.Context, typ MessageType, p []byte) error {
	err := c.c.Write(ctx, ws.Opcode(typ), p)
	return c.told(ctx, "failed to write msg", err)
}

// Writer begins a message that is streamed, and ends with its Close. Other messages wait until then.
func (c *Conn) Writer(ctx context.Context, typ MessageType) (io.WriteCloser, error) {
	w, err := c.c.Writer(ctx, ws.Opcode(typ))
	if err != nil {
		return nil, c.told(ctx, "failed to get writer", err)
	}
	return &writer{c, ctx, w}, nil
}

// writer is what Writer returns.
type writer struct {
	c   *Conn
	ctx context.Context
	w   io.WriteCloser
}

// Write implements io.Writer.
func (w *writer) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	return n, w.c.told(w.ctx, "failed to write", err)
}

// Close ends the message.
func (w *writer) Close() error {
	return w.c.told(w.ctx, "failed to close writer", w.w.Close())
}

// Ping sends a ping and waits for its pong, which needs somebody to read.
func (c *Conn) Ping(ctx context.Context) error {
	_, err := c.c.Ping(ctx)
	return c.told(ctx, "failed to ping", err)
}

// Close performs the closing handshake, for at most five seconds. Of several calls, the first counts; the others return
// net.ErrClosed.
func (c *Conn) Close(code StatusCode, reason string) error {
	if !c.close() {
		return net.ErrClosed
	}
	if !ws.StatusCode(code).OnWire() && code != StatusNoStatusRcvd || len(reason) > ws.MaxCloseReason {
		defer c.c.CloseNow()
	}
	return c.told(context.Background(), "failed to close WebSocket", c.c.Close(ws.StatusCode(code), reason))
}

// CloseNow ends the connection without a closing handshake.
func (c *Conn) CloseNow() error {
	if !c.close() {
		return net.ErrClosed
	}
	return c.told(context.Background(), "failed to immediately close WebSocket", c.c.CloseNow())
}

// close notes that the connection is closed by the application, and reports false if it has been before.
func (c *Conn) close() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := !c.closed
	c.closed = true
	return first
}

// CloseRead reads in the background, so that pings are answered and the end is noticed, and returns a context that ends with the
// connection. A message of the peer ends it with StatusPolicyViolation. Only the first call has an effect.
func (c *Conn) CloseRead(ctx context.Context) context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.readContext != nil {
		return c.readContext
	}
	ctx, cancel := context.WithCancel(ctx)
	c.readContext = ctx
	go func() {
		defer cancel()
		defer c.CloseNow()
		if _, _, err := c.Reader(ctx); err == nil {
			c.Close(StatusPolicyViolation, "unexpected data message")
		}
	}()
	return ctx
}

// NetConn returns a net.Conn that carries a stream of bytes in messages of the given type. It lasts as long as ctx. The read limit
// is taken away from c. Read returns io.EOF when the peer has closed with StatusNormalClosure or StatusGoingAway; a message of
// the other type ends the connection with StatusUnsupportedData. Close is that of c, with StatusNormalClosure.
func NetConn(ctx context.Context, c *Conn, msgType MessageType) net.Conn {
	nc := &netConn{Conn: ws.Stream(c.c, ws.Opcode(msgType)), ctx: ctx, c: c}
	nc.stop = context.AfterFunc(ctx, func() { c.CloseNow() })
	return nc
}

// netConn is what NetConn returns.
type netConn struct {
	net.Conn
	ctx  context.Context
	c    *Conn
	stop func() bool
}

// Read implements net.Conn.
func (c *netConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != io.EOF {
		err = c.c.told(c.ctx, "failed to read", err)
	}
	return n, err
}

// Write implements net.Conn.
func (c *netConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	return n, c.c.told(c.ctx, "failed to write", err)
}

// Close implements net.Conn.
func (c *netConn) Close() error {
	c.stop()
	c.c.close()
	return c.Conn.Close()
}
