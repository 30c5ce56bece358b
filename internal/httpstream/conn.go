// Package httpstream makes a net.Conn of the two halves of a request that net/http serves over HTTP/2: its body and the
// body of its response (RFC 8441, Section 5).
package httpstream

// This file holds Conn and its sending half; the receiving one is in receive.go. What net/http is like decides their form:
//
//   - A stream can be used only until its handler returns: writing panics afterwards, and setting a deadline does, too.
//     So Wait is what ends a handler, and nothing of net/http's is called once it has returned.
//   - A read deadline of net/http's ends the body for good. So a goroutine reads the body, only when asked, and it is the
//     asking that has a deadline.
//   - A write that waits for the peer's window can be ended by a write deadline alone, and that resets the stream.
//   - The outgoing half ends when the handler returns, and not before.

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"
)

// Conn is the stream. Any goroutine may call any method, but Read and Write only one each at a time.
type Conn struct {
	w             http.ResponseWriter
	control       *http.ResponseController
	local, remote net.Addr

	mu      sync.Mutex // guards the rest
	changed sync.Cond  // any of it has
	in      receiver
	writing bool      // a Write is inside of net/http
	writeBy time.Time // the write deadline
	closed  bool      // by Close or Abort
	over    bool      // the handler may return, and net/http's part is not to be touched any more
}

// New returns the stream of a request whose response is still to be written. It fails if w does not let the response
// leave when that is asked for, or has no deadlines, as a wrapper without Unwrap. Deadlines that the server has set for
// requests in general are lifted: a connection lasts longer than those are made for.
func New(w http.ResponseWriter, r *http.Request) (*Conn, error) {
	c := &Conn{w: w, control: http.NewResponseController(w), remote: address(r.RemoteAddr)}
	c.local, _ = r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if c.local == nil {
		c.local = address("")
	}
	c.changed.L = &c.mu
	c.in.body = r.Body
	if err := flushes(w); err != nil {
		return nil, err
	}
	if err := errors.Join(c.control.SetReadDeadline(time.Time{}), c.control.SetWriteDeadline(time.Time{})); err != nil {
		return nil, fmt.Errorf("%T has no deadlines, or no Unwrap() http.ResponseWriter: %w", w, err)
	}
	return c, nil
}

// flushes returns an error unless w, or what it wraps, can let a response leave.
func flushes(w http.ResponseWriter) error {
	for inner := w; ; {
		switch t := inner.(type) {
		case http.Flusher, interface{ FlushError() error }:
			return nil
		case interface{ Unwrap() http.ResponseWriter }:
			inner = t.Unwrap()
		default:
			return fmt.Errorf("%T implements neither http.Flusher nor Unwrap() http.ResponseWriter: %w", inner, http.ErrNotSupported)
		}
	}
}

// Flush lets the head of the response leave.
func (c *Conn) Flush() error { return c.control.Flush() }

// Write sends p, and waits while the peer's window is full.
func (c *Conn) Write(p []byte) (n int, err error) {
	if !c.beginWrite() {
		return 0, net.ErrClosed
	}
	defer c.endWrite()
	if n, err = c.w.Write(p); err == nil {
		err = c.control.Flush()
	}
	return n, c.writeError(err)
}

// beginWrite reports whether net/http may be called.
func (c *Conn) beginWrite() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writing = !c.closed
	return c.writing
}

func (c *Conn) endWrite() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writing = false
	c.changed.Broadcast()
}

// writeError returns an error of net/http's, which does not say why it has reset a stream, as a net.Conn's.
func (c *Conn) writeError(err error) error {
	if err == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return net.ErrClosed
	case expired(c.writeBy):
		return fmt.Errorf("%w: %w", os.ErrDeadlineExceeded, err)
	}
	return err
}

// expired reports whether a deadline has passed.
func expired(deadline time.Time) bool { return !deadline.IsZero() && !time.Now().Before(deadline) }

// Close ends the stream in order once what has been written has left. A Write under way cannot be waited for: it is
// ended, and the stream reset.
func (c *Conn) Close() error { return c.close(false) }

// Abort resets the stream (RFC 8441, Section 5: what a reset is over TCP, RST_STREAM is here).
func (c *Conn) Abort() { c.close(true) }

func (c *Conn) close(reset bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	c.closed = true
	if (reset || c.writing) && !c.over {
		c.control.SetWriteDeadline(time.Unix(1, 0))
	}
	c.in.body.Close() // ends a Read of the pump; it does not wait
	c.in.stopTimer()
	c.changed.Broadcast()
	return nil
}

// Wait returns when the stream has been closed and nothing of net/http's is in use any more. The handler must not return
// before that, and should then.
func (c *Conn) Wait() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.closed || c.writing || c.in.pumping {
		c.changed.Wait()
	}
	c.over = true
}

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetWriteDeadline sets when Write stops waiting. That resets the stream.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	if t.Equal(c.writeBy) {
		return nil
	}
	c.writeBy = t
	return c.control.SetWriteDeadline(t)
}

// LocalAddr returns the server's address.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the peer's address, as http.Request.RemoteAddr has it.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// address returns what net/http has as a string.
func address(s string) net.Addr {
	if a, err := netip.ParseAddrPort(s); err == nil {
		return net.TCPAddrFromAddrPort(a)
	}
	return text(s)
}

// text is an address that is no IP address and port, which middleware may have put there.
type text string

func (text) Network() string  { return "tcp" }
func (t text) String() string { return string(t) }
