package websocket

// This file tests what happens when the n-th operation on the network fails, for every n.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/faultconn"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// errFault is what the network fails with.
var errFault = errors.New("the network fails")

// script has a conversation with an echo program and returns the first error, with the name of the call. It uses a
// context that can end, so that every kind of wait is used. It ends the connection.
func script(ctx context.Context, c *Conn) (call string, err error) {
	large := bytes.Repeat([]byte("0123456789abcdef"), 2<<10) // more than the write buffer holds, and is read in place
	for i, p := range [][]byte{[]byte("Hello"), {}, bytes.Repeat([]byte{0xFF}, 1000), large} {
		op := OpBinary
		if i == 0 {
			op = OpText
		}
		if err := c.Write(ctx, op, p); err != nil {
			return "Write", err
		}
		m, err := c.Read(ctx)
		if err != nil {
			return "Read", err
		}
		if m.Op != op || !bytes.Equal(m.Data, p) {
			return "Read", fmt.Errorf("%v of %d bytes came back as %v of %d", op, len(p), m.Op, len(m.Data))
		}
	}
	pinged := make(chan error, 1)
	go func() {
		_, err := c.Ping(ctx)
		if err == nil {
			err = c.Write(ctx, OpText, []byte("over"))
		}
		pinged <- err
	}()
	m, err := c.AppendRead(ctx, nil)
	if pingErr := <-pinged; pingErr != nil {
		return "Ping", pingErr
	}
	if err != nil || string(m.Data) != "over" {
		return "AppendRead", err
	}
	w, err := c.Writer(ctx, OpText)
	if err != nil {
		return "Writer", err
	}
	for range 3 {
		if _, err := w.Write(bytes.Repeat([]byte("streamed"), 250)); err != nil {
			return "Writer.Write", err
		}
	}
	if err := w.Close(); err != nil {
		return "Writer.Close", err
	}
	for msg, err := range c.MessagesInPlace(ctx) {
		if err != nil {
			return "MessagesInPlace", err
		}
		if len(msg.Data) != 6000 {
			return "MessagesInPlace", fmt.Errorf("%d of 6000 bytes", len(msg.Data))
		}
		break
	}
	waiting, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	if _, err := c.Read(waiting); !errors.Is(err, context.DeadlineExceeded) {
		return "Read that is cancelled", err
	}
	return "Close", c.Close(StatusNormalClosure, "bye")
}

// TestFaults protects the end of every call when the network fails in it: with an error that wraps the *CloseError,
// or not at all, and nothing left running. The bubble of synctest fails if a goroutine waits for ever.
func TestFaults(t *testing.T) {
	timeout := &net.OpError{Op: "read", Net: "fault", Err: os.ErrDeadlineExceeded}
	for _, client := range []bool{true, false} {
		for _, fault := range []error{errFault, timeout} {
			for _, maxRead := range []int{0, 4000} {
				t.Run(fmt.Sprintf("client=%v/%v/reads of %d", client, fault, maxRead), func(t *testing.T) {
					passed := false
					n := int64(0)
					for !passed && !t.Failed() {
						n++
						synctest.Test(t, func(t *testing.T) { passed = runFault(t, client, fault, maxRead, n) })
					}
					// Fewer would mean that the script does not do what it says.
					if n < 40 {
						t.Errorf("the script has only %d operations", n)
					}
				})
			}
		}
	}
}

// runFault runs the script while the n-th operation fails, and reports whether there were fewer.
func runFault(t *testing.T, client bool, fault error, maxRead int, n int64) (passed bool) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	a, b := netpipe.New(16 << 10)
	faulty := &faultconn.Conn{Conn: a, FailAt: n, Err: fault, MaxRead: maxRead}
	o := &Options{WriteBuffer: 8 << 10}
	c, echo := ServerConn(faulty, o, Agreement{}, nil), ClientConn(b, nil, Agreement{}, nil)
	if client {
		c, echo = ClientConn(faulty, o, Agreement{}, nil), ServerConn(b, nil, Agreement{}, nil)
	}
	ended := make(chan error, 1)
	go func() { ended <- echoLoops["Messages"](context.Background(), echo) }()
	call, err := script(ctx, c)
	if passed = faulty.Ops() < n; passed && err != nil {
		t.Errorf("%s fails without a fault: %v", call, err)
	}
	var closed *CloseError
	ends := func(err error) bool { return errors.As(err, &closed) || errors.Is(err, ErrWriteFailed) }
	if err != nil && !ends(err) {
		t.Errorf("operation %d: %s returns %v", n, call, err)
	}
	c.CloseNow()
	if err := <-ended; !ends(err) {
		t.Errorf("operation %d: the other side returns %v", n, err)
	}
	for name, err := range map[string]error{
		"Write": c.Write(ctx, OpText, nil),
		"Read":  readError(c.Read(ctx)),
		"Close": c.Close(StatusNormalClosure, ""),
	} {
		if !errors.As(err, &closed) {
			t.Errorf("operation %d: %s returns %v after the end", n, name, err)
		}
	}
	synctest.Wait()
	return passed
}

// readError returns the error of a read.
func readError(_ Message, err error) error { return err }
