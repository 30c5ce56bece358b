package websocket

// This file tests what follows a write that failed: what the peer has sent is still read, up to the end of its stream.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// untilEndCounting are forms of reading: the number of messages up to the error that ended the connection, and that.
var untilEndCounting = map[string]func(c *Conn) (n int, end error){
	"Messages":        func(c *Conn) (int, error) { return countLoop(c.Messages(context.Background())) },
	"MessagesInPlace": func(c *Conn) (int, error) { return countLoop(c.MessagesInPlace(context.Background())) },
	"Reader": func(c *Conn) (n int, err error) {
		for ; ; n++ {
			_, r, err := c.Reader(context.Background())
			if err == nil {
				_, err = io.Copy(io.Discard, r)
			}
			if err != nil {
				return n, err
			}
		}
	},
	"Read": func(c *Conn) (n int, err error) {
		for ; err == nil; n++ {
			_, err = c.Read(context.Background())
		}
		return n - 1, err
	},
	"AppendRead, cancelled now and then": func(c *Conn) (n int, err error) {
		for ; err == nil; n++ {
			ctx, cancel := context.WithTimeout(context.Background(), time.Microsecond)
			if _, err = c.AppendRead(ctx, nil); errors.Is(err, context.DeadlineExceeded) {
				n, err = n-1, nil
			}
			cancel()
		}
		return n - 1, err
	},
}

func countLoop(loop func(func(Message, error) bool)) (n int, end error) {
	for _, err := range loop {
		if end = err; err == nil {
			n++
		}
	}
	return n, end
}

// wireOf returns frames as a peer of c sends them that compresses where c does.
func wireOf(t *testing.T, client bool, agreed Agreement, messages int) []byte {
	var s Sender
	o := SenderOptions{Client: !client}
	if p := agreed.Compression; p != nil {
		_, o.Deflater = compressors(agreed.options(nil).Compression, *p, !client)
	}
	s.Reset(o)
	var b []byte
	for i := range messages {
		var err error
		if i == messages/2 {
			b, _ = s.AppendControl(b, OpPing, []byte("in between"))
		}
		if b, err = s.AppendMessage(b, OpText, []byte(fmt.Sprint("message ", i, " of the last ones"))); err != nil {
			t.Fatal(err)
		}
	}
	b, err := s.AppendClose(b, 4001, "token expired")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestSocketsWriteFails_7_1_5 protects that a write that fails loses nothing of what the peer had sent: not its messages, and not
// the code of its close frame, whatever form reading has, on every transport.
func TestSocketsWriteFails_7_1_5(t *testing.T) {
	takeover := paramsOf(15, true)
	for how, agreed := range map[string]Agreement{"plain": {}, "compressed": {Compression: &takeover}} {
		for form, read := range untilEndCounting {
			for _, client := range []bool{false, true} {
				t.Run(fmt.Sprint(how, "/", form, "/client=", client), func(t *testing.T) {
					onSockets(t, func(t *testing.T, cn, sn net.Conn) {
						c := newConn(cn, connConfig{agreement: agreed, client: client, options: agreed.options(nil)})
						defer c.CloseNow()
						const messages = 20
						if _, err := sn.Write(wireOf(t, client, agreed, messages)); err != nil {
							t.Fatal(err)
						}
						sn.Close()
						wantWriteFailed(t, c)
						n, err := read(c)
						if closed := wantClosed(t, err, 4001, false); closed.Reason != "token expired" || n != messages {
							t.Errorf("%d messages of %d, then %v", n, messages, err)
						}
						wantClosed(t, context.Cause(c.Context()), 4001, false)
						wantClosed(t, c.Write(context.Background(), OpText, nil), 4001, false)
						wantClosed(t, c.Close(StatusNormalClosure, ""), 4001, false)
					})
				})
			}
		}
	}
}

// wantWriteFailed writes until that fails, and then wants every writer to get the same error, which is not the end: that is not
// known yet.
func wantWriteFailed(t *testing.T, c *Conn) {
	t.Helper()
	ctx := c.Context()
	var err error
	for err == nil {
		err = c.Write(context.Background(), OpBinary, make([]byte, 1000))
	}
	w, openErr := c.Writer(context.Background(), OpText)
	m, prepareErr := NewPreparedMessage(OpText, nil)
	if prepareErr != nil || w != nil {
		t.Errorf("%v, %v", w, prepareErr)
	}
	for form, err := range map[string]error{
		"the first":     err,
		"Write":         c.Write(context.Background(), OpText, nil),
		"a large Write": c.Write(context.Background(), OpBinary, make([]byte, 1<<20)),
		"Writer":        openErr,
		"WritePrepared": c.WritePrepared(context.Background(), m),
		"Ping":          second(c.Ping(context.Background())),
		"Flush":         c.Flush(context.Background()),
	} {
		var closed *CloseError
		if !errors.Is(err, ErrWriteFailed) || errors.As(err, &closed) || errors.Is(err, net.ErrClosed) {
			t.Errorf("%s returns %v", form, err)
		}
	}
	if ctx.Err() != nil || c.Buffered() != 0 {
		t.Errorf("the context says %v, %d bytes are buffered", context.Cause(ctx), c.Buffered())
	}
}

// TestSocketsWriteFailsThenClose protects that Close after a write that failed discards what the peer had sent and reports its
// code, and that one who only writes learns it as well.
func TestSocketsWriteFailsThenClose(t *testing.T) {
	for how, end := range map[string]func(c *Conn) error{
		"Close": func(c *Conn) error { return c.Close(StatusNormalClosure, "") },
		"CloseRead": func(c *Conn) error {
			c.CloseRead(context.Background())
			<-c.Context().Done()
			return context.Cause(c.Context())
		},
	} {
		t.Run(how, func(t *testing.T) {
			onSockets(t, func(t *testing.T, cn, sn net.Conn) {
				c := connOver(t, cn, true, nil)
				if _, err := sn.Write(wireOf(t, true, Agreement{}, 20)); err != nil {
					t.Fatal(err)
				}
				sn.Close()
				wantWriteFailed(t, c)
				wantClosed(t, end(c), 4001, false)
			})
		})
	}
}

// TestSocketsOverLimit protects that a client that writes more than its server takes learns 1009, and no broken pipe, wherever
// its writes fail.
func TestSocketsOverLimit(t *testing.T) {
	onSockets(t, func(t *testing.T, cn, sn net.Conn) {
		c, s := connOver(t, cn, true, nil), connOver(t, sn, false, &Options{ReadLimit: 1000})
		go s.Read(context.Background())
		var err error
		for err == nil {
			err = c.Write(context.Background(), OpBinary, make([]byte, 4<<20))
		}
		wantClosed(t, second(c.Read(context.Background())), StatusMessageTooBig, false)
	})
}

// unwritable is a net.Conn whose writes fail once it is told.
type unwritable struct {
	net.Conn
	fails       atomic.Bool
	noDeadlines bool
}

var errUnwritable = errors.New("the network fails")

func (u *unwritable) Write(p []byte) (int, error) {
	if u.fails.Load() {
		return 0, errUnwritable
	}
	return u.Conn.Write(p)
}

func (u *unwritable) SetReadDeadline(t time.Time) error {
	if u.noDeadlines {
		return os.ErrNoDeadline
	}
	return u.Conn.SetReadDeadline(t)
}

// TestWriteFailsWithoutEnd protects that a peer that ends nothing is waited for as long as its bytes come and for the close
// timeout behind them, by whoever reads, with and without a keepalive, and on transports without deadlines; and that the
// failed write is the cause then. Time in which nobody reads does not count.
func TestWriteFailsWithoutEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for form, read := range untilEnd {
			for _, interval := range []time.Duration{0, time.Second, time.Hour} {
				for _, noDeadlines := range []bool{false, true} {
					if form == "cancelled reads" && noDeadlines {
						continue // that ends the connection
					}
					a, b := netpipe.New(pipeSize)
					u := &unwritable{Conn: a, noDeadlines: noDeadlines}
					c, p := connOver(t, u, client, &Options{PingInterval: interval}), peerOver(t, b, !client)
					name := fmt.Sprintf("%s, interval %v, no deadlines: %v", form, interval, noDeadlines)
					ended := inGoroutine(func() error { return read(c) })
					synctest.Wait()
					u.fails.Store(true)
					if err := c.Write(context.Background(), OpText, nil); !errors.Is(err, errUnwritable) {
						t.Fatal(err)
					}
					start := time.Now()
					go func() {
						for range 3 {
							time.Sleep(DefaultCloseTimeout - 1)
							p.send(OpText, "more")
						}
					}()
					err := <-ended
					closed := wantClosed(t, err, StatusAbnormalClosure, false)
					if want := 4*DefaultCloseTimeout - 3; !errors.Is(closed, ErrWriteFailed) || !errors.Is(closed, errUnwritable) || time.Since(start) != want {
						t.Errorf("%s: %v after %v, want %v", name, err, time.Since(start), want)
					}
					b.Close()
				}
			}
		}
	})
}

// TestWriteFailsInBody protects that a body that takes longer than the close timeout after its write has failed still gets what
// has come.
func TestWriteFailsInBody(t *testing.T) {
	onLoops(t, func(t *testing.T, client bool, messages loopKind) {
		a, b := netpipe.New(pipeSize)
		u := &unwritable{Conn: a}
		u.fails.Store(true)
		c, p := connOver(t, u, client, nil), peerOver(t, b, !client)
		p.write(p.message("one"))
		bodies := 0
		var end error
		for _, err := range messages(c, t.Context()) {
			if end = err; err != nil {
				break
			}
			if bodies++; bodies == 1 {
				if err := c.Write(context.Background(), OpText, nil); !errors.Is(err, ErrWriteFailed) {
					t.Error(err)
				}
				p.write(p.message("two"), p.frame(true, OpClose, closePayload(4001, "")))
				time.Sleep(time.Hour)
			}
		}
		wantClosed(t, end, 4001, false)
		if bodies != 2 {
			t.Errorf("%d messages", bodies)
		}
	})
}

// TestWriteTimeoutEnds protects that a write that timed out is the end at once, and this side's: a peer that is stuck sends no end.
func TestWriteTimeoutEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, _ := narrow(t, 10, client, &Options{WriteTimeout: time.Second})
		start := time.Now()
		err := c.Write(context.Background(), OpBinary, make([]byte, 1<<20))
		if wantClosed(t, err, StatusAbnormalClosure, true); time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		wantClosed(t, second(c.Read(context.Background())), StatusAbnormalClosure, true)
	})
}

// TestWriterFails protects that a message that cannot be finished because a write has failed is not the end: the peer's close
// frame is.
func TestWriterFails(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		a, b := netpipe.New(pipeSize)
		u := &unwritable{Conn: a}
		c, p := connOver(t, u, client, nil), peerOver(t, b, !client)
		w, err := c.Writer(context.Background(), OpBinary)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, 2*fragmentSize)); err != nil {
			t.Fatal(err)
		}
		u.fails.Store(true)
		for err == nil {
			_, err = w.Write(make([]byte, 2*fragmentSize))
		}
		if closeErr := w.Close(); !errors.Is(err, ErrWriteFailed) || !errors.Is(closeErr, ErrWriteFailed) {
			t.Errorf("%v, %v", err, closeErr)
		}
		p.send(OpClose, closePayload(4001, ""))
		wantClosed(t, second(c.Read(context.Background())), 4001, false)
	})
}
