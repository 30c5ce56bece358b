package websocket

// This file tests when frames leave: replies to messages that arrived together leave in one write, and never late.

import (
	"bytes"
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// writeCounter notes the sizes of the writes to a net.Conn.
type writeCounter struct {
	net.Conn
	mu     sync.Mutex
	writes []int
}

func (w *writeCounter) Write(p []byte) (int, error) {
	w.mu.Lock()
	w.writes = append(w.writes, len(p))
	w.mu.Unlock()
	return w.Conn.Write(p)
}

// sizes returns what has been noted since the last call.
func (w *writeCounter) sizes() []int {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.writes
	w.writes = nil
	return s
}

// counted is newPeer with a count of the writes of the Conn.
func counted(t testing.TB, client bool, o *Options) (*Conn, *peer, *writeCounter) {
	a, b := netpipe.New(pipeSize)
	w := &writeCounter{Conn: a}
	return connOver(t, w, client, o), peerOver(t, b, !client), w
}

// burst sends n messages of 100 bytes in one write.
func (p *peer) burst(n int) { p.write(bytes.Repeat(p.message(strings.Repeat("m", 100)), n)) }

// echoes reads n messages in one way or another and echoes each.
var echoes = map[string]func(ctx context.Context, c *Conn, n int) error{
	"Messages": func(ctx context.Context, c *Conn, n int) error {
		for m, err := range c.Messages(ctx) {
			if err == nil {
				err = c.Write(ctx, m.Op, m.Data)
			}
			if n--; err != nil || n == 0 {
				return err
			}
		}
		return nil
	},
	"MessagesInPlace": func(ctx context.Context, c *Conn, n int) error {
		for m, err := range c.MessagesInPlace(ctx) {
			if err == nil {
				err = c.Write(ctx, m.Op, m.Data)
			}
			if n--; err != nil || n == 0 {
				return err
			}
		}
		return nil
	},
	"AppendRead": func(ctx context.Context, c *Conn, n int) error {
		for range n {
			msg, err := c.AppendRead(ctx, nil)
			if err == nil {
				err = c.Write(ctx, msg.Op, msg.Data)
			}
			if err != nil {
				return err
			}
		}
		return nil
	},
}

// TestBurst protects that the replies to a burst leave in one write when its last message has been read, without any
// time passing; and one by one if batching is switched off.
func TestBurst(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for name, echo := range echoes {
			for _, batching := range []bool{true, false} {
				c, p, w := counted(t, client, &Options{NoBatching: !batching})
				p.burst(20)
				start := time.Now()
				if err := echo(context.Background(), c, 20); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				size := headerSize(100, client) + 100
				want := []int{20 * size}
				if !batching {
					want = slices.Repeat([]int{size}, 20)
				}
				if got := w.sizes(); !slices.Equal(got, want) || time.Since(start) != 0 {
					t.Errorf("%s, batching %v: writes of %v after %v", name, batching, got, time.Since(start))
				}
				c.CloseNow()
			}
		}
	})
}

// TestBurstBound protects that what is held leaves when it fills half of the buffer.
func TestBurstBound(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, echo := range echoes {
			c, p, w := counted(t, client, &Options{WriteBuffer: 1 << 10})
			p.burst(20)
			if err := echo(context.Background(), c, 20); err != nil {
				t.Fatal(err)
			}
			size := headerSize(100, client) + 100
			want := slices.Repeat([]int{5 * size}, 4) // a client's five frames are over half of 1 KiB
			if !client {
				want = []int{6 * size, 6 * size, 6 * size, 2 * size}
			}
			if got := w.sizes(); !slices.Equal(got, want) {
				t.Errorf("writes of %v, want %v", got, want)
			}
			c.CloseNow()
		}
	})
}

// TestHeldTooLong protects that replies leave after a millisecond when the application stops reading in the middle of
// a burst: between two reads, and inside the body of a loop.
func TestHeldTooLong(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		size := headerSize(100, client) + 100
		for name, stop := range map[string]func(c *Conn, busy func()){
			"between reads": func(c *Conn, busy func()) {
				echoes["AppendRead"](t.Context(), c, 2)
				busy()
			},
			"in a body": func(c *Conn, busy func()) {
				n := 0
				for m := range c.MessagesInPlace(t.Context()) {
					c.Write(context.Background(), m.Op, m.Data)
					if n++; n == 2 {
						busy()
						return
					}
				}
			},
		} {
			c, p, w := counted(t, client, nil)
			p.burst(3)
			stop(c, func() {
				time.Sleep(holdTime - 1)
				synctest.Wait()
				if got := w.sizes(); got != nil || c.Buffered() != 2*size {
					t.Errorf("%s: writes of %v before the time", name, got)
				}
				time.Sleep(time.Nanosecond)
				synctest.Wait()
				if got := w.sizes(); !slices.Equal(got, []int{2 * size}) {
					t.Errorf("%s: writes of %v after a millisecond", name, got)
				}
			})
			c.Write(context.Background(), OpBinary, nil)
			time.Sleep(holdTime)
			synctest.Wait()
			if got := w.sizes(); !slices.Equal(got, []int{headerSize(0, client)}) {
				t.Errorf("%s: the second time: writes of %v", name, got)
			}
			c.CloseNow()
		}
	})
}

// TestHeldUntilPark protects that what is held leaves when the reader is about to wait in the middle of a message, and
// when somebody calls Flush.
func TestHeldUntilPark(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p, w := counted(t, client, nil)
		half := p.frame(false, OpText, strings.Repeat("half", 10))
		p.write(p.message(strings.Repeat("m", 100)), half)
		echoes["AppendRead"](context.Background(), c, 1)
		if got := w.sizes(); got != nil {
			t.Errorf("writes of %v with input at hand", got)
		}
		start := time.Now()
		go c.Read(t.Context())
		synctest.Wait()
		if got := w.sizes(); !slices.Equal(got, []int{headerSize(100, client) + 100}) || time.Since(start) != 0 {
			t.Errorf("writes of %v when the reader waits", got)
		}
		p.write(p.frame(true, OpContinuation, ""), p.message(strings.Repeat("m", 100)), half)
		synctest.Wait()
		echoes["AppendRead"](context.Background(), c, 1)
		if got := w.sizes(); got != nil {
			t.Errorf("writes of %v with input at hand", got)
		}
		if err := c.Flush(context.Background()); err != nil {
			t.Error(err)
		}
		if got := w.sizes(); !slices.Equal(got, []int{headerSize(100, client) + 100}) {
			t.Errorf("writes of %v after Flush", got)
		}
		c.CloseNow()
	})
}
