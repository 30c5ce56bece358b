package reactor

// This file tests what waits to be sent, with a simulated poller.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
)

// TestUnreadEcho protects an echo to a peer that does not read: what waits is bounded, nothing is refused, the peer is not read any more
// in the middle of what has come at once; and when it reads, all arrives in order, with its pongs.
func TestUnreadEcho(t *testing.T) {
	for _, size := range []int{100, 1000, 20_000, 200_000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			h := echoing(t)
			m := newSim(t, &Server{Handler: h})
			fd, s := m.connect(nil)
			m.arrive(fd, []byte(request))
			s.room = 100
			c := newClient()
			var want []string
			for n := 0; n < 10*inputSize; {
				var burst []byte
				for len(burst) < inputSize {
					text := fmt.Sprintf("%d:%s", len(want), strings.Repeat("x", size))
					burst = append(burst, c.message(websocket.OpText, text)...)
					want = append(want, fmt.Sprintf("text %d %.20q", len(text), text))
					burst, _ = c.AppendControl(burst, websocket.OpPing, []byte(text[:5]))
					want = append(want, fmt.Sprintf("pong %q", text[:5]))
				}
				n += len(burst)
				m.arrive(fd, burst)
			}
			conn := m.conn(fd)
			if most := websocket.DefaultWriteBuffer/2 + size + 100; conn.Buffered() > most {
				t.Errorf("%d bytes wait, want at most %d", conn.Buffered(), most)
			}
			if rest := cap(conn.in.rest); rest > 2*inputSize {
				t.Errorf("%d bytes are kept", rest)
			}
			recvs := s.recvs
			m.settle()
			if !conn.has(stalled) || len(s.in) == 0 || s.recvs != recvs {
				t.Errorf("stalled: %v, %d bursts not read, %d reads while stalled", conn.has(stalled), len(s.in), s.recvs-recvs)
			}
			for i := 0; len(s.in) > 0 || conn.Buffered() > 0; i++ {
				s.room = 1000 * (1 + i%100)
				m.happens(fd, writable)
				m.settle()
			}
			if got := received(t, s.out, nil); !slices.Equal(got, want) {
				t.Errorf("the peer got %d messages and pongs, want %d", len(got), len(want))
			}
			m.end(fd)
		})
	}
}

// TestBackpressure protects what writes from elsewhere are told: they are taken up to the bound, refused without harm beyond, and taken
// again when there is room; control frames pass.
func TestBackpressure(t *testing.T) {
	h := new(recorder)
	m := newSim(t, &Server{Handler: h})
	fd, s := m.connect(nil)
	m.arrive(fd, []byte(request))
	s.out, s.room = nil, 0
	c, ctx := m.conn(fd), context.Background()
	message, err := websocket.NewPreparedMessage(websocket.OpBinary, make([]byte, 1000))
	if err != nil {
		t.Fatal(err)
	}
	writes := []func() error{
		func() error { return c.Write(ctx, websocket.OpBinary, make([]byte, 1000)) },
		func() error { return c.WritePrepared(ctx, message) },
		func() error { _, err := c.Queue(websocket.OpBinary, make([]byte, 1000)); return err },
		func() error { _, err := c.QueuePrepared(message); return err },
	}
	taken := 0
	for ; err == nil; taken++ {
		err = writes[taken%len(writes)]()
	}
	taken--
	if err != websocket.ErrBackpressure || c.Buffered() > websocket.DefaultWriteBuffer || c.Buffered() < websocket.DefaultWriteBuffer/2 {
		t.Errorf("%v with %d bytes waiting", err, c.Buffered())
	}
	for i, write := range writes {
		if err := write(); err != websocket.ErrBackpressure {
			t.Errorf("%d: %v", i, err)
		}
	}
	if err := c.SendPing(ctx, []byte("passes")); err != nil {
		t.Error(err)
	}
	s.room = -1
	m.happens(fd, writable)
	m.settle()
	for i, write := range writes {
		if err := write(); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	c.Send()
	got := received(t, s.out, nil)
	if len(got) != taken+1+len(writes) || got[taken] != `ping "passes"` || c.Buffered() != 0 {
		t.Errorf("%d arrived, want %d; %d bytes wait", len(got), taken+1+len(writes), c.Buffered())
	}
	if n := c.Stats().MessagesOut; n != uint64(taken+len(writes)) {
		t.Errorf("%d messages counted", n)
	}
	m.end(fd)
}

// TestWrongWrites protects that a write that is wrong leaves nothing behind.
func TestWrongWrites(t *testing.T) {
	h := new(recorder)
	m := newSim(t, &Server{Handler: h})
	fd, s := m.connect(nil)
	m.arrive(fd, []byte(request))
	s.out = nil
	c := m.conn(fd)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for i, err := range []error{
		c.Write(ended, websocket.OpText, nil), c.SendPing(ended, nil), c.Write(context.Background(), websocket.OpPing, nil),
		c.Write(context.Background(), websocket.OpText, []byte("\xff")), c.Write(context.Background(), websocket.OpText, bytes.Repeat([]byte("\xff"), largeSize)),
		c.SendPong(context.Background(), make([]byte, 126)), c.Close(1005, "reason"), c.Close(1000, "\xff"),
	} {
		if err == nil {
			t.Errorf("%d: no error", i)
		}
	}
	if c.out != nil || len(s.out) > 0 || c.has(closing|over) {
		t.Errorf("%v, sent %q", c.out, s.out)
	}
	m.end(fd)
}

// TestBatches protects how many system calls writes take: all of a handler's for what has come at once leave in one, and a large message
// leaves from where it lies, together with what is before it.
func TestBatches(t *testing.T) {
	h := echoing(t)
	m := newSim(t, &Server{Handler: h})
	fd, s := m.connect(nil)
	m.arrive(fd, []byte(request))
	c := newClient()
	var burst []byte
	for range 16 {
		burst = append(burst, c.message(websocket.OpBinary, strings.Repeat("x", 1000))...)
	}
	s.sends, s.recvs = 0, 0
	m.arrive(fd, burst)
	if s.sends != 1 || s.recvs != 1 {
		t.Errorf("%d sends and %d reads for 16 messages at once", s.sends, s.recvs)
	}
	s.sends = 0
	m.arrive(fd, append(c.message(websocket.OpText, "small"), c.message(websocket.OpBinary, strings.Repeat("x", largeSize))...))
	if s.sends != 1 || cap(m.loop.worker.corked.b) > corkSize {
		t.Errorf("%d sends for a large message; a cork of %d bytes", s.sends, cap(m.loop.worker.corked.b))
	}
	m.end(fd)
}

// TestWritableWhileSending protects that an event that a connection is writable is not lost where it comes while somebody else is sending,
// after the kernel has told that one to wait: nothing would be sent for ever.
func TestWritableWhileSending(t *testing.T) {
	for _, size := range []int{10, largeSize} {
		h := new(recorder)
		m := newSim(t, &Server{Handler: h})
		fd, s := m.connect(nil)
		m.arrive(fd, []byte(request))
		s.out, s.room = nil, 0
		c := m.conn(fd)
		done := make(chan struct{})
		m.onSend = func(int32) {
			m.onSend = func(int32) { s.room = -1 }
			go func() { // the loop, which may have to wait for mu
				c.writable()
				close(done)
			}()
			if size < largeSize {
				<-done
			}
		}
		if err := c.Write(context.Background(), websocket.OpBinary, make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		<-done
		m.settle()
		if c.Buffered() > 0 {
			// The goroutine above may have looked before the write began, as the loop does; then this is not the case that is tested.
			if size < largeSize {
				t.Errorf("%d bytes: %d wait for ever", size, c.Buffered())
			}
			m.happens(fd, writable)
			m.settle()
		}
		m.onSend = nil
		m.end(fd)
	}
}

// TestBrokenWrite protects a connection whose sending has failed: writes say so, and what has arrived is delivered, with the peer's close
// code.
func TestBrokenWrite(t *testing.T) {
	h := new(recorder)
	m := newSim(t, &Server{Handler: h})
	fd, _ := m.connect(nil)
	m.arrive(fd, []byte(request))
	c := m.conn(fd)
	cause := errors.New("broken")
	c.mu.Lock()
	c.unwritable(cause)
	c.mu.Unlock()
	if err := c.Write(context.Background(), websocket.OpText, nil); !errors.Is(err, websocket.ErrWriteFailed) || !errors.Is(err, cause) {
		t.Error(err)
	}
	peer := newClient()
	stream := peer.message(websocket.OpText, "still")
	stream, _ = peer.AppendClose(stream, 4000, "why")
	m.arrive(fd, stream)
	if want := []string{"open", `text 5 "still"`, "close 4000"}; !slices.Equal(h.told, want) || h.err.Local || h.err.Reason != "why" {
		t.Errorf("told %q, %v", h.told, h.err)
	}
	if !m.socks[fd].closed {
		t.Error("not closed")
	}
}

// BenchmarkBurst measures what is not the kernel's: a burst of messages of 125 bytes, each echoed, by the message.
func BenchmarkBurst(b *testing.B) {
	for _, messages := range []int{1, 16} {
		b.Run(fmt.Sprint(messages), func(b *testing.B) {
			m := newSim(b, &Server{Handler: echo})
			fd, s := m.connect(nil)
			m.arrive(fd, []byte(request))
			burst := bytes.Repeat(newClient().message(websocket.OpBinary, strings.Repeat("x", 125)), messages)
			conn := m.conn(fd)
			b.ResetTimer()
			for range b.N/messages + 1 {
				s.in, s.out = append(s.in[:0], burst...), s.out[:0]
				m.loop.worker.serve(conn)
			}
			b.StopTimer()
			m.end(fd)
		})
	}
}
