package websocket

// This file holds Stream, which makes a net.Conn of a connection.

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
	"unicode/utf8"
)

// streamChunk is the most bytes of a Write that go into one message. A message must fit into the write buffer, also
// when compression makes it longer: a deadline in the middle of a larger one would end the connection.
const streamChunk = 16 << 10

// Stream returns a net.Conn that carries a stream of bytes in the messages of conn. What is written goes out as
// messages of the kind op; where they begin and end has no meaning to the reader. Read returns the payload of the
// peer's messages, of the same kind: one of the other kind ends the connection with StatusUnsupportedData.
//
// Deadlines have no consequence beyond the calls that they end: when one has passed and been moved, Read and Write go
// on where they stopped. A Write that a deadline ends returns how much it has written. For op OpText, each Write must
// be given whole characters. What is written is buffered as by Conn.Write, and Options.FailWhenFull holds.
//
// Read returns io.EOF when the peer has closed in order: with StatusNormalClosure, StatusGoingAway or no code. Close performs the
// closing handshake with StatusNormalClosure, which Options.CloseTimeout bounds. Other errors are those of Conn. From
// now on only the Stream may read from conn, and somebody must: see Conn.
func Stream(conn *Conn, op Opcode) net.Conn {
	s := &stream{conn: conn, op: op, reading: make(chan struct{}, 1), writing: make(chan struct{}, 1)}
	s.read.reset()
	s.write.reset()
	return s
}

// errKind is why a Stream ends the connection.
var errKind = errors.New("websocket: message of the kind that its Stream does not carry")

// stream is what Stream returns.
type stream struct {
	conn        *Conn
	op          Opcode
	read, write deadline

	reading chan struct{}  // holds a value while a Read is under way
	message *messageReader // nil between messages; owned by whoever has put a value into reading

	writing chan struct{} // holds a value while a Write is under way
}

// LocalAddr returns the address of this side of the transport.
func (s *stream) LocalAddr() net.Addr { return s.conn.LocalAddr() }

// RemoteAddr returns the address of the other side of the transport.
func (s *stream) RemoteAddr() net.Addr { return s.conn.RemoteAddr() }

// Read implements net.Conn.
func (s *stream) Read(p []byte) (int, error) {
	ctx := s.read.context()
	if err := take(ctx, s.reading); err != nil {
		return 0, err
	}
	defer func() { <-s.reading }()
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, err := s.readPart(ctx, p)
		if n > 0 || err != nil {
			return n, streamError(err)
		}
	}
}

// readPart reads from the message under way, or begins the next one. It may return 0 and nil.
func (s *stream) readPart(ctx context.Context, p []byte) (int, error) {
	if s.message == nil {
		op, r, err := s.conn.Reader(ctx)
		if err != nil {
			return 0, err
		}
		if op != s.op {
			s.conn.end(&CloseError{Code: StatusUnsupportedData, Reason: op.String() + " message", Local: true, Err: errKind}, endHandshake)
			return 0, s.conn.cause()
		}
		s.message = r.(*messageReader)
	}
	// Not its method Read, whose errors stay: one of the context may be followed by more.
	s.message.ctx = ctx
	n, err := s.message.read(p)
	if err == io.EOF {
		s.message, err = nil, nil // the end of the message; that of the connection is a *CloseError
	}
	return n, err
}

// Write implements net.Conn.
func (s *stream) Write(p []byte) (n int, err error) {
	ctx := s.write.context()
	if err := take(ctx, s.writing); err != nil {
		return 0, err
	}
	defer func() { <-s.writing }()
	for n < len(p) {
		chunk := s.chunk(p[n:])
		if err := s.conn.Write(ctx, s.op, chunk); err != nil {
			return n, streamError(err)
		}
		n += len(chunk)
	}
	return n, nil
}

// chunk returns the beginning of p that goes into one message.
func (s *stream) chunk(p []byte) []byte {
	most := min(streamChunk, s.conn.limit()/2)
	if len(p) <= most {
		return p
	}
	if s.op == OpText {
		for n := most; n > most-utf8.UTFMax; n-- {
			if utf8.RuneStart(p[n]) {
				return p[:n]
			}
		}
	}
	return p[:most]
}

// Close implements net.Conn.
func (s *stream) Close() error {
	err := streamError(s.conn.Close(StatusNormalClosure, ""))
	s.read.stop()
	s.write.stop()
	if err == io.EOF {
		return nil // the peer was first
	}
	return err
}

// SetDeadline implements net.Conn.
func (s *stream) SetDeadline(t time.Time) error {
	s.read.set(t)
	s.write.set(t)
	return nil
}

// SetReadDeadline implements net.Conn.
func (s *stream) SetReadDeadline(t time.Time) error { s.read.set(t); return nil }

// SetWriteDeadline implements net.Conn.
func (s *stream) SetWriteDeadline(t time.Time) error { s.write.set(t); return nil }

// take puts a value into turn, unless ctx ends before.
func take(ctx context.Context, turn chan struct{}) error {
	if ctx.Err() != nil {
		return os.ErrDeadlineExceeded
	}
	select {
	case turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return os.ErrDeadlineExceeded
	}
}

// streamError translates an error of Conn's to one of a net.Conn.
func streamError(err error) error {
	var closed *CloseError
	switch {
	case err == context.Canceled:
		return os.ErrDeadlineExceeded
	case errors.As(err, &closed) && closed.Is(io.EOF):
		return io.EOF // itself: many compare
	}
	return err
}

// deadline is a deadline of a net.Conn: a context that ends at a time that can be moved. As long as it has not
// passed, the context stays the same, so that moving it affects those who wait.
type deadline struct {
	mu     sync.Mutex
	ctx    context.Context
	cancel context.CancelFunc
	timer  *time.Timer // nil, or what calls cancel
}

// reset makes a new context. mu is held, or d not yet shared.
func (d *deadline) reset() { d.ctx, d.cancel = context.WithCancel(context.Background()) }

// context returns the context of the calls that begin now.
func (d *deadline) context() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ctx
}

// set moves the deadline; the zero time is none.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil && !d.timer.Stop() && d.ctx.Err() == nil {
		// The timer's function is about to run, and ends the context that it was made for.
		d.cancel()
	}
	d.timer = nil
	if d.ctx.Err() != nil {
		d.reset()
	}
	switch wait := time.Until(t); {
	case t.IsZero():
	case wait <= 0:
		d.cancel()
	default:
		d.timer = time.AfterFunc(wait, d.cancel)
	}
}

// stop lets go of the timer.
func (d *deadline) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
}
