package websocket

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/faultconn"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// TestFaults protects a whole exchange, in both roles, against a transport that fails at its n-th operation, for every
// n: no call hangs or panics, each returns nil or an error that says how the connection ended, and no goroutine
// stays.
func TestFaults(t *testing.T) {
	errBroken := errors.New("broken")
	for _, client := range []bool{false, true} {
		ops := int64(1)
		for n := int64(1); n <= ops; n++ {
			synctest.Test(t, func(t *testing.T) {
				a, b := netpipe.New(1000)
				fc := &faultconn.Conn{Conn: a, FailAt: n, Err: errBroken, MaxRead: 300}
				c := connOver(t, fc, client, &Options{PingInterval: time.Second, WriteBuffer: 2 << 10})
				other := connOver(t, b, !client, nil)
				go echoes["Messages"](context.Background(), other, 1000)
				for i, err := range useOnce(t, c) {
					var closed *CloseError
					if err != nil && (!errors.As(err, &closed) || !errors.Is(err, errBroken) && closed.Err != errCloseTimeout) {
						t.Fatalf("fault %d, step %d: %v", n, i, err)
					}
				}
				ops = max(ops, fc.Ops())
				other.CloseNow()
			})
		}
		if ops < 50 {
			t.Errorf("only %d operations", ops)
		}
		t.Logf("%d operations", ops)
	}
}

// useOnce uses c for one of everything, against an echo, and returns the errors.
func useOnce(t *testing.T, c *Conn) (errs []error) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	step := func(err error) { errs = append(errs, err) }
	step(c.Write(ctx, OpText, []byte("one")))
	step(third(c.Read(ctx)))
	large := inGoroutine(func() error { return c.Write(ctx, OpText, []byte(strings.Repeat("x", 5000))) })
	step(third(c.AppendRead(context.Background(), nil)))
	step(<-large)
	w, err := c.Writer(context.Background(), OpText)
	if step(err); err == nil {
		_, err := w.Write(make([]byte, fragmentSize+1))
		step(err)
		streamed := inGoroutine(w.Close)
		step(readOne(ctx, c))
		if err := <-streamed; err != errWriterClosed {
			step(err)
		}
	}
	c.CloseRead(ctx)
	step(second(c.Ping(ctx)))
	time.Sleep(3 * time.Second) // for the keepalive
	step(c.Flush())
	step(c.Close(StatusNormalClosure, "bye"))
	return errs
}

// readOne reads a message through a Messages loop.
func readOne(ctx context.Context, c *Conn) error {
	for _, err := range c.Messages(ctx) {
		return err
	}
	return nil
}
