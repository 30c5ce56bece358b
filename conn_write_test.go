package websocket

// This file tests writing: how frames of many goroutines leave, what a full buffer does, and what the end of a
// context does at every stage.

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// TestWritersCombine protects that messages of many goroutines arrive whole, each exactly once, and those of one
// goroutine in their order; small ones, and ones that are larger than the buffer; with and without a context that can
// end.
func TestWritersCombine(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		const writers, messages = 8, 100
		c, p := narrow(t, 512, client, &Options{WriteBuffer: 2 << 10})
		cancellable, cancel := context.WithCancel(t.Context())
		defer cancel()
		for id := range writers {
			ctx := context.Background()
			if id%2 == 1 {
				ctx = cancellable
			}
			go func() {
				for i := range messages {
					payload := make([]byte, 8+(i*37)%700)
					if id == 0 && i%10 == 0 {
						payload = make([]byte, 100<<10) // in chunks, on a client
					}
					binary.BigEndian.PutUint32(payload, uint32(id))
					binary.BigEndian.PutUint32(payload[4:], uint32(i))
					for j := range payload[8:] {
						payload[8+j] = byte(id + i)
					}
					if err := c.Write(ctx, OpBinary, payload); err != nil {
						t.Errorf("writer %d, message %d: %v", id, i, err)
						return
					}
				}
			}()
		}
		var next [writers]uint32
		for range writers * messages {
			h, payload, err := p.next()
			if err != nil || h.Opcode != OpBinary || !h.Fin {
				t.Fatalf("%+v %v", h, err)
			}
			id, i := binary.BigEndian.Uint32(payload), binary.BigEndian.Uint32(payload[4:])
			if next[id] != i {
				t.Fatalf("message %d of writer %d came in the place of %d", i, id, next[id])
			}
			next[id]++
			for _, b := range payload[8:] {
				if b != byte(id+i) {
					t.Fatalf("message %d of writer %d is broken", i, id)
				}
			}
		}
		synctest.Wait()
		if n := c.Buffered(); n != 0 {
			t.Errorf("%d bytes are buffered when all have come", n)
		}
		if s := c.Stats(); s.MessagesOut != writers*messages {
			t.Errorf("%d messages counted", s.MessagesOut)
		}
		c.CloseNow()
	})
}

// fill writes messages until the buffer and the network are full: the next write would wait.
func fill(t *testing.T, c *Conn) (messages int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for {
		err := c.Write(ctx, OpBinary, make([]byte, 100))
		if err != nil {
			if !errors.Is(err, context.DeadlineExceeded) && err != ErrBackpressure {
				t.Fatal(err)
			}
			return messages
		}
		messages++
	}
}

// TestWriteCancelled protects that a write that waits for room ends with its context, and then has sent nothing; that
// the buffer never holds more than its bound; and that everything before and behind arrives.
func TestWriteCancelled(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := narrow(t, 100, client, &Options{WriteBuffer: 1 << 10})
		n := fill(t, c)
		// What a goroutine has taken and the network has not, and what has collected behind it.
		if b := c.Buffered(); b > 2<<10 || b < 1<<10-110 {
			t.Errorf("%d bytes are buffered, want a full buffer of 1 KiB behind one on its way", b)
		}
		var ctx context.Context
		for name, write := range map[string]func() error{
			"small message": func() error { return c.Write(ctx, OpText, []byte(strings.Repeat("cancelled ", 10))) },
			"large message": func() error { return c.Write(ctx, OpText, make([]byte, 1<<20)) },
		} {
			var cancel context.CancelFunc
			ctx, cancel = context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			if err := write(); err != context.Canceled {
				t.Errorf("%s: %v", name, err)
			}
			if err := write(); err != context.Canceled {
				t.Errorf("%s with an ended context: %v", name, err)
			}
		}
		w, err := c.Writer(t.Context(), OpText)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		if err := c.Write(ctx, OpText, []byte("behind a Writer")); !errors.Is(err, context.DeadlineExceeded) {
			t.Error("write that waits for a Writer:", err)
		}
		if _, err := c.Writer(ctx, OpText); !errors.Is(err, context.DeadlineExceeded) {
			t.Error("Writer with an ended context:", err)
		}
		cancel()
		go func() {
			w.Write([]byte("end"))
			w.Close()
		}()
		for range n {
			p.expect(OpBinary, strings.Repeat("\x00", 100))
		}
		p.expect(OpText, "end")
		c.CloseNow()
	})
}

// TestBackpressure protects what FailWhenFull promises: no write waits, nothing of a refused one is sent, and there
// is room again when the network has taken what was buffered.
func TestBackpressure(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := narrow(t, 100, client, &Options{WriteBuffer: 1 << 10, FailWhenFull: true})
		start := time.Now()
		n := 0
		for ; ; n++ {
			if err := c.Write(t.Context(), OpBinary, make([]byte, 100)); err == ErrBackpressure {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if err := c.Write(t.Context(), OpBinary, make([]byte, 1<<20)); err != ErrBackpressure {
			t.Error("large message:", err)
		}
		if w, err := c.Writer(t.Context(), OpBinary); err != nil {
			t.Error(err)
		} else {
			w.Write(make([]byte, 10))
			w.Write(make([]byte, 1000))
			if err := w.Close(); err != ErrBackpressure {
				t.Error("streamed message:", err)
			}
		}
		if time.Since(start) != 0 {
			t.Error("somebody waited")
		}
		for range n {
			p.expect(OpBinary, strings.Repeat("\x00", 100))
		}
		synctest.Wait()
		if err := c.Write(t.Context(), OpText, []byte("room")); err != nil {
			t.Error(err)
		}
		p.expect(OpText, "room")
		c.CloseNow()
	})
}

// TestLargeMessageCut protects what happens to a large message whose context ends when a part of it is on its way:
// the connection cannot go on, and the error says so.
func TestLargeMessageCut(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, _ := narrow(t, 1000, client, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := c.Write(ctx, OpBinary, make([]byte, 1<<20))
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "cut in the middle") {
			t.Error(err)
		}
		wantClosed(t, err, StatusAbnormalClosure, true)
		wantClosed(t, c.Write(t.Context(), OpBinary, nil), StatusAbnormalClosure, true)
		_, err = c.Read(t.Context())
		wantClosed(t, err, StatusAbnormalClosure, true)
	})
}

// TestWriteTimeout protects that a peer that takes nothing loses the connection after the write timeout, for small
// messages and large ones, with a context that can end and without; and that without the timeout it does not.
func TestWriteTimeout(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, size := range []int{100, 1 << 20} {
			for _, background := range []bool{true, false} {
				c, _ := narrow(t, 1000, client, &Options{WriteTimeout: time.Minute, WriteBuffer: 1 << 10})
				start := time.Now()
				ctx, cancel := context.WithCancel(t.Context())
				if background {
					ctx = context.Background()
				}
				var err error
				for err == nil {
					err = c.Write(ctx, OpBinary, make([]byte, size))
				}
				wantClosed(t, err, StatusAbnormalClosure, true)
				var timeout net.Error
				if !errors.As(err, &timeout) || !timeout.Timeout() {
					t.Error("not a timeout:", err)
				}
				if d := time.Since(start); d != time.Minute {
					t.Errorf("message of %d, background %v: the timeout of a minute took %v", size, background, d)
				}
				cancel()
			}
		}
		c, p := narrow(t, 1000, client, &Options{WriteTimeout: -1})
		go func() {
			time.Sleep(time.Hour)
			p.next()
		}()
		if err := c.Write(context.Background(), OpBinary, make([]byte, 1<<20)); err != nil {
			t.Error("a slow peer without a timeout:", err)
		}
		c.CloseNow()
	})
}

// TestWriteErrors protects that a wrong call is an error and changes nothing.
func TestWriteErrors(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, &Options{WriteBuffer: 1 << 10})
		invalid := []byte("text \xff")
		for name, test := range map[string]struct {
			err, want error
		}{
			"opcode":              {c.Write(t.Context(), OpPing, nil), errSendOpcode},
			"opcode, large":       {c.Write(t.Context(), OpClose, make([]byte, 1<<20)), errSendOpcode},
			"not UTF-8":           {c.Write(t.Context(), OpText, invalid), errSendUTF8},
			"not UTF-8, large":    {c.Write(t.Context(), OpText, append(make([]byte, 1<<20), 0xff)), errSendUTF8},
			"context":             {c.Write(endedContext(), OpText, nil), context.Canceled},
			"opcode of a Writer":  {second(c.Writer(t.Context(), OpPong)), errSendOpcode},
			"context of a Writer": {second(c.Writer(endedContext(), OpText)), context.Canceled},
		} {
			if test.err != test.want {
				t.Errorf("%s: %v, want %v", name, test.err, test.want)
			}
		}
		if string(invalid) != "text \xff" {
			t.Error("the message was changed")
		}
		if err := c.Write(t.Context(), OpText, []byte("right")); err != nil {
			t.Fatal(err)
		}
		p.expect(OpText, "right")
		if n := c.Stats().MessagesOut; n != 1 {
			t.Errorf("%d messages counted, want 1", n)
		}
		c.CloseNow()
	})
}

// second returns the second of two values.
func second[A, B any](_ A, b B) B { return b }

// TestPayloadUnchanged protects that Write neither changes nor keeps the caller's slice.
func TestPayloadUnchanged(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := narrow(t, 100, client, nil)
		for _, n := range []int{300, 100 << 10} {
			payload := []byte(strings.Repeat("a", n))
			var wg sync.WaitGroup
			wg.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if err := c.Write(ctx, OpText, payload); err != nil {
					t.Error(err)
				}
				if string(payload) != strings.Repeat("a", n) {
					t.Error("the payload was changed")
				}
				clear(payload)
			})
			p.expect(OpText, strings.Repeat("a", n))
			wg.Wait()
		}
		c.CloseNow()
	})
}

// TestBufferedAndFlush protects that Buffered counts what has not reached the network and that Flush waits for it.
func TestBufferedAndFlush(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := narrow(t, 100, client, nil)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for range 4 {
			if err := c.Write(ctx, OpBinary, make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
		}
		header := headerSize(100, client)
		synctest.Wait()
		if n := c.Buffered(); n != 4*(header+100) {
			t.Errorf("%d bytes are buffered", n)
		}
		flushed := false
		go func() {
			if err := c.Flush(context.Background()); err != nil {
				t.Error(err)
			}
			flushed = true
		}()
		for range 3 {
			synctest.Wait()
			if flushed {
				t.Fatal("Flush returned too early")
			}
			p.expect(OpBinary, strings.Repeat("\x00", 100))
		}
		synctest.Wait()
		if n := c.Buffered(); !flushed || n != 0 {
			t.Errorf("flushed %v, %d bytes are buffered", flushed, n)
		}
		c.CloseNow()
		wantClosed(t, c.Flush(context.Background()), StatusAbnormalClosure, true)
	})
}

// deafConn is a net.Conn with a write that nothing interrupts.
type deafConn struct {
	net.Conn
	release chan struct{}
}

func (c deafConn) Write(p []byte) (int, error) {
	<-c.release
	return c.Conn.Write(p)
}

func (deafConn) SetWriteDeadline(time.Time) error { return nil }

// TestBufferedAfterEnd protects that nothing is buffered once the transport is closed, though a write has not returned.
func TestBufferedAfterEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		nc, other := netpipe.New(100)
		defer other.Close()
		deaf := deafConn{nc, make(chan struct{})}
		c := connOver(t, deaf, client, nil)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if err := c.Write(ctx, OpBinary, make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if c.Buffered() == 0 {
			t.Error("nothing is buffered while the write stands")
		}
		c.CloseNow()
		time.Sleep(time.Minute)
		if n := c.Buffered(); n != 0 {
			t.Errorf("%d bytes are buffered after the end", n)
		}
		close(deaf.release)
	})
}

// TestFlushFails protects that Flush reports the end of the connection, also one that happens while it waits.
func TestFlushFails(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, own := range []bool{true, false} {
			c, _ := narrow(t, 10, client, &Options{WriteTimeout: time.Second})
			if own {
				// Flush writes itself.
				c.mu.Lock()
				c.out, _ = c.s.AppendMessage(getBuffer(100), OpBinary, make([]byte, 100))
				c.mu.Unlock()
			} else {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				c.Write(ctx, OpBinary, make([]byte, 100))
			}
			wantClosed(t, c.Flush(context.Background()), StatusAbnormalClosure, true)
		}
	})
}

// TestLargeWriteWaits protects that a large message waits until what was written before has been sent, and ends that wait
// with its context.
func TestLargeWriteWaits(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := narrow(t, 100, client, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Write(ctx, OpBinary, make([]byte, 200)); err != nil { // less than the buffer, more than the network
			t.Fatal(err)
		}
		synctest.Wait()
		start := time.Now()
		err := c.Write(ctx, OpBinary, make([]byte, 1<<20))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Error(err, time.Since(start))
		}
		p.expect(OpBinary, strings.Repeat("\x00", 200))
		synctest.Wait()
		wrote := inGoroutine(func() error { return c.Write(t.Context(), OpBinary, make([]byte, 1<<20)) })
		p.expect(OpBinary, strings.Repeat("\x00", 1<<20))
		if err := <-wrote; err != nil {
			t.Error(err)
		}
	})
}

// TestFailWhenFullNeverWaits protects that with FailWhenFull no write waits for the network, whatever its context and its size;
// that a burst which fits into the buffer and one message more is not refused; and that what is accepted arrives in order.
func TestFailWhenFullNeverWaits(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		cancellable, cancel := context.WithCancel(t.Context())
		defer cancel()
		for _, ctx := range []context.Context{context.Background(), cancellable} {
			for _, sizes := range [][]int{{40 << 10, 40 << 10}, {100, 1 << 20}, {3 << 20}} {
				c, p := narrow(t, 100, client, &Options{FailWhenFull: true})
				for _, n := range sizes {
					if err := c.Write(ctx, OpBinary, make([]byte, n)); err != nil {
						t.Fatalf("%d of %v: %v", n, sizes, err)
					}
				}
				m, err := NewPreparedMessage(OpBinary, make([]byte, 40<<10))
				if err != nil {
					t.Fatal(err)
				}
				accepted := slices.Clone(sizes)
				for err == nil && len(accepted) < 9 {
					if len(accepted)%2 == 0 {
						err = c.WritePrepared(ctx, m)
					} else {
						err = c.Write(ctx, OpBinary, make([]byte, 40<<10))
					}
					if err == nil {
						accepted = append(accepted, 40<<10)
					}
				}
				if err != ErrBackpressure || len(accepted) > 5 {
					t.Errorf("%v were accepted, then %v", accepted, err)
				}
				for _, n := range accepted {
					if _, got, _, _, err := p.readMessage(); len(got) != n || err != nil {
						t.Errorf("%d bytes of %d, %v", len(got), n, err)
					}
				}
				c.CloseNow()
			}
		}
	})
}

// TestLargeWriteThenClose protects that the frames of others, control frames and the close frame, follow a large
// message that is on its way, whole.
func TestLargeWriteThenClose(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := narrow(t, 1000, client, nil)
		wrote := inGoroutine(func() error { return c.Write(t.Context(), OpBinary, make([]byte, 1<<20)) })
		synctest.Wait()
		if err := c.Write(t.Context(), OpText, []byte("behind it")); err != nil {
			t.Error(err)
		}
		closed := inGoroutine(func() error { return c.Close(4000, "") })
		synctest.Wait()
		p.expect(OpBinary, strings.Repeat("\x00", 1<<20))
		p.expect(OpText, "behind it")
		p.close(4000, "")
		if err := <-wrote; err != nil {
			t.Error(err)
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
	})
}
