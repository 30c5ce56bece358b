package websocket

// This file tests Stream. The suite that golang.org/x/net has for a net.Conn runs in bench/nettest.

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// streamPair returns two streams that are connected over a pipe in memory.
func streamPair(t testing.TB, op Opcode, o *Options) (a, b net.Conn) {
	c, p := newPeer(t, true, o)
	return Stream(c, op), Stream(connOver(t, p.nc, false, o), op)
}

// TestStreamCopies protects that the bytes of a stream arrive as they are, however they are written and read, and
// that io.EOF stands behind them when the other side has closed.
func TestStreamCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, op := range []Opcode{OpText, OpBinary} {
			for _, step := range []int{1, 7, streamChunk + 1, 100000} {
				a, b := streamPair(t, op, &Options{WriteBuffer: 2 << 10})
				want := []byte(strings.Repeat("日é", 20000))
				if step < 5 {
					want = []byte(strings.Repeat("x", 5000))
				}
				closed := inGoroutine(func() error {
					for p := want; len(p) > 0; p = p[min(step, len(p)):] {
						if n, err := a.Write(p[:min(step, len(p))]); n != min(step, len(p)) || err != nil {
							return err
						}
					}
					return a.Close()
				})
				got, err := io.ReadAll(b)
				if !bytes.Equal(got, want) || err != nil {
					t.Errorf("%v in writes of %d: %d bytes, %v", op, step, len(got), err)
				}
				if n, err := b.Read(make([]byte, 1)); n != 0 || err != io.EOF {
					t.Error("behind the end:", n, err)
				}
				if err := <-closed; err != nil {
					t.Error(err)
				}
				if err := b.Close(); err != nil {
					t.Error("Close behind the other side's:", err)
				}
				if _, err := a.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
					t.Error("read of a closed stream:", err)
				}
				if _, err := a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
					t.Error("write to a closed stream:", err)
				}
				if err := a.Close(); !errors.Is(err, net.ErrClosed) {
					t.Error("second Close:", err)
				}
			}
		}
	})
}

// TestStreamReadDeadline protects that a read deadline ends reads, also one that waits already, and that nothing is
// lost: at every byte of a message.
func TestStreamReadDeadline(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, nil)
		s := Stream(c, OpText)
		var got []byte
		m := wireMessages(p)["fragmented"]
		for i := range m.wire {
			p.write(m.wire[i : i+1])
			s.SetReadDeadline(time.Now().Add(time.Second))
			for {
				b := make([]byte, 2)
				n, err := s.Read(b)
				got = append(got, b[:n]...)
				if err != nil {
					var timeout net.Error
					if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
						t.Fatal(err)
					}
					break
				}
			}
			if _, err := s.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal("read behind the deadline:", err)
			}
			if i%2 == 0 {
				s.SetDeadline(time.Time{})
			}
		}
		if string(got) != m.want {
			t.Errorf("%q, want %q", got, m.want)
		}
	})
}

// TestStreamDeadlineMoves protects that moving a deadline affects a read that waits: to later, to earlier, to now and
// to never.
func TestStreamDeadlineMoves(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, first := range []time.Duration{0, time.Minute} {
			for name, test := range map[string]struct{ to, want time.Duration }{
				"later": {time.Hour, time.Hour + time.Second}, "earlier": {time.Second, 2 * time.Second}, "now": {0, time.Second},
			} {
				c, p := newPeer(t, client, nil)
				s := Stream(c, OpBinary)
				start := time.Now()
				if first > 0 {
					s.SetReadDeadline(start.Add(first))
				}
				ended := inGoroutine(func() error { return second(s.Read(make([]byte, 1))) })
				time.Sleep(time.Second)
				s.SetReadDeadline(time.Now().Add(test.to))
				if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != test.want {
					t.Errorf("moved %s: %v after %v, want %v", name, err, time.Since(start), test.want)
				}
				s.SetReadDeadline(time.Now().Add(time.Minute))
				read := inGoroutine(func() error { return second(s.Read(make([]byte, 1))) })
				time.Sleep(time.Second)
				s.SetReadDeadline(time.Time{})
				time.Sleep(time.Hour)
				p.send(OpBinary, "x")
				if err := <-read; err != nil {
					t.Errorf("a deadline that was taken back ended a read: %v", err)
				}
			}
		}
	})
}

// TestStreamWriteDeadline protects that a write deadline ends a write that waits, which says how much it has written,
// and that exactly so much arrives, followed by what is written later.
func TestStreamWriteDeadline(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := narrow(t, 100, client, &Options{WriteBuffer: 2 << 10})
		s := Stream(c, OpBinary)
		payload := make([]byte, 50000)
		for i := range payload {
			payload[i] = byte(i / 100)
		}
		s.SetWriteDeadline(time.Now().Add(time.Second))
		n, err := s.Write(payload)
		if n == 0 || n == len(payload) || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(n, err)
		}
		if n, err := s.Write([]byte("x")); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(n, err)
		}
		s.SetWriteDeadline(time.Time{})
		wrote := inGoroutine(func() error { return second(s.Write(payload[n:])) })
		var got []byte
		for len(got) < len(payload) {
			_, part, err := p.next()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, part...)
		}
		if err := <-wrote; err != nil || !bytes.Equal(got, payload) {
			t.Errorf("%d bytes of %d arrived, %v", len(got), len(payload), err)
		}
	})
}

// TestStreamKind protects that a message of the other kind ends the connection with the code for it.
func TestStreamKind_7_4_1(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, nil)
		s := Stream(c, OpBinary)
		p.send(OpText, "text")
		_, err := s.Read(make([]byte, 1))
		wantClosed(t, err, StatusUnsupportedData, true)
		p.close(StatusUnsupportedData, "text message")
	})
}

// TestStreamEnds protects that ends other than an ordinary close are not io.EOF.
func TestStreamEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, nil)
		p.send(OpClose, closePayload(StatusInternalError, ""))
		_, err := Stream(c, OpBinary).Read(make([]byte, 1))
		wantClosed(t, err, StatusInternalError, false)
		c, p = newPeer(t, client, nil)
		p.nc.Close()
		_, err = Stream(c, OpBinary).Read(make([]byte, 1))
		wantClosed(t, err, StatusAbnormalClosure, false)
	})
}

// TestStreamConcurrently protects that several goroutines may read, write and move deadlines at the same time, as
// net.Conn promises: every byte arrives once, and reads that wait for their turn obey the deadline.
func TestStreamConcurrently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := streamPair(t, OpBinary, nil)
		var writers, readers sync.WaitGroup
		var mu sync.Mutex
		counts := make(map[byte]int)
		for i := range 4 {
			writers.Go(func() {
				for range 100 {
					if _, err := a.Write(bytes.Repeat([]byte{byte(i)}, 100)); err != nil {
						t.Error(err)
					}
				}
			})
			readers.Go(func() {
				p := make([]byte, 77)
				for {
					n, err := b.Read(p)
					mu.Lock()
					for _, c := range p[:n] {
						counts[c]++
					}
					mu.Unlock()
					if err == io.EOF {
						return
					}
					if err != nil {
						b.SetReadDeadline(time.Now().Add(time.Millisecond))
					}
				}
			})
		}
		writers.Wait()
		synctest.Wait()
		b.SetReadDeadline(time.Now().Add(time.Millisecond))
		time.Sleep(time.Second)
		b.SetReadDeadline(time.Time{})
		a.Close()
		readers.Wait()
		for i := range byte(4) {
			if counts[i] != 10000 {
				t.Errorf("%d bytes of writer %d", counts[i], i)
			}
		}
	})
}

// TestStreamTurns protects that a Read or Write that waits for another one's end is ended by its deadline, and that
// an empty Read returns at once.
func TestStreamTurns(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, _ := narrow(t, 10, client, &Options{WriteBuffer: 1 << 10, WriteTimeout: -1})
		s := Stream(c, OpBinary)
		if n, err := s.Read(nil); n != 0 || err != nil {
			t.Error(n, err)
		}
		var errs []<-chan error
		for range 2 {
			errs = append(errs,
				inGoroutine(func() error { return second(s.Read(make([]byte, 1))) }),
				inGoroutine(func() error { return second(s.Write(make([]byte, 10000))) }))
		}
		synctest.Wait()
		start := time.Now()
		s.SetDeadline(start.Add(time.Second))
		for _, err := range errs {
			if err := <-err; !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Second {
				t.Error(err, time.Since(start))
			}
		}
		if err := c.Write(context.Background(), OpPing, nil); err != errSendOpcode {
			t.Error(err)
		}
		if s.LocalAddr() != c.LocalAddr() || s.RemoteAddr() != c.RemoteAddr() || s.LocalAddr() == s.RemoteAddr() {
			t.Error(s.LocalAddr(), s.RemoteAddr())
		}
	})
}

// TestStreamText_5_6 protects that a Write may end in the middle of a character: its beginning goes out with the next
// one, every message is text by itself, and a Write that fails has taken nothing of its own.
func TestStreamText_5_6(t *testing.T) {
	const text = "x日é😀日x"
	inBubble(t, func(t *testing.T, client bool) {
		for step := 1; step <= len(text); step++ {
			c, p := newPeer(t, client, nil)
			s := Stream(c, OpText)
			got, sent := "", 0
			for rest := text; rest != ""; rest = rest[min(step, len(rest)):] {
				part := rest[:min(step, len(rest))]
				if n, err := s.Write([]byte(part)); n != len(part) || err != nil {
					t.Fatal(n, err)
				}
				sent += len(part)
				whole := strings.ToValidUTF8(text[:sent], "")
				for len(got) < len(whole) {
					h, payload, err := p.next()
					if err != nil || h.Opcode != OpText || !h.Fin || !utf8.Valid(payload) {
						t.Fatalf("%+v %q %v", h, payload, err)
					}
					got += string(payload)
				}
				synctest.Wait()
				if got != whole || c.Buffered() != 0 {
					t.Errorf("writes of %d: %q has come of %q", step, got, whole)
				}
			}
			if n := c.Stats().MessagesOut; n == 0 || n > uint64(sent) {
				t.Errorf("%d messages", n)
			}
		}
		c, p := narrow(t, 100, client, &Options{WriteBuffer: 1 << 10, WriteTimeout: -1})
		s := Stream(c, OpText)
		s.Write([]byte("\xe6\x97"))
		if n, err := s.Write([]byte("x")); n != 0 || err != errSendUTF8 {
			t.Error("another character inside of one:", n, err)
		}
		n := fill(t, c)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for c.Write(ctx, OpText, nil) == nil {
			n++
		}
		s.SetWriteDeadline(time.Now())
		if n, err := s.Write([]byte("\xa5x")); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("write without time:", n, err)
		}
		s.SetWriteDeadline(time.Now().Add(time.Second))
		if n, err := s.Write([]byte("\xa5x")); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("write to a full connection:", n, err)
		}
		s.SetWriteDeadline(time.Time{})
		wrote := inGoroutine(func() error { return second(s.Write([]byte("\xa5x\xc3"))) })
		for range n {
			p.next()
		}
		p.expect(OpText, "日")
		p.expect(OpText, "x")
		if err := <-wrote; err != nil {
			t.Error(err)
		}
		closed := inGoroutine(s.Close)
		p.close(StatusNormalClosure, "")
		if err := <-closed; err != errPartOfCharacter {
			t.Error("Close in the middle of a character:", err)
		}
	})
}

// TestStreamReadLimit protects that a Stream has none: what comes is passed on as it comes, also what came with the
// opening handshake, and compressed. The limit of messages holds for the Conn as before.
func TestStreamReadLimit(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		o := Options{ReadLimit: 10}
		for _, want := range []string{strings.Repeat("0123456789", 3), strings.Repeat("0123456789", 30_000)} {
			for _, buffered := range []int{0, 1, 20, len(want)} {
				a, b := netpipe.New(pipeSize)
				p := peerOver(t, b, !client)
				plain := p.message(want)
				c := newConn(a, connConfig{client: client, options: &o, buffered: plain[:buffered]})
				t.Cleanup(func() { c.CloseNow() })
				s := Stream(c, OpText)
				p.write(plain[buffered:])
				got := make([]byte, len(want))
				if _, err := io.ReadFull(s, got); err != nil || string(got) != want {
					t.Errorf("%d bytes, %d of them with the handshake: %v", len(want), buffered, err)
				}
			}
			c, p := deflatePeer(t, pipeSize, client, compress.Params{}, o)
			s := Stream(c, OpText)
			p.write(wire(t, client, deflatedFrames(deflated([]byte(want)), 100)...))
			got := make([]byte, len(want))
			if _, err := io.ReadFull(s, got); err != nil || string(got) != want {
				t.Errorf("%d bytes, compressed: %v", len(want), err)
			}
		}
		c, p := newPeer(t, client, &o)
		p.send(OpText, "more than 10 bytes")
		wantClosed(t, second(c.Read(t.Context())), StatusMessageTooBig, true)
	})
}
