package websocket

// This file tests the writing of a message as a stream.

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// message reads a message of any number of frames and returns its payload, and how many data frames it had. Control
// frames inside of it are counted.
func (p *peer) readMessage() (op Opcode, payload string, frames, control int, err error) {
	var b []byte
	for {
		h, part, err := p.next()
		switch {
		case err != nil:
			return op, string(b), frames, control, err
		case h.Opcode.IsControl():
			control++
			continue
		case frames == 0:
			op = h.Opcode
		case h.Opcode != OpContinuation:
			return op, string(b), frames, control, errors.New("a new message inside of another")
		}
		frames++
		b = append(b, part...)
		if h.Fin {
			return op, string(b), frames, control, nil
		}
	}
}

// TestWriter_5_4 protects that what is written arrives as one message, in fragments of bounded size, however it was
// written; a text may be cut inside of a character.
func TestWriter_5_4(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, step := range []int{1, 1000, fragmentSize, 100000} {
			for _, n := range []int{0, 1, fragmentSize - 1, fragmentSize, fragmentSize + 1, 2 * fragmentSize, 50001} {
				c, p := newPeer(t, client, nil)
				want := strings.Repeat("é", n/2)
				w, err := c.Writer(t.Context(), OpText)
				if err != nil {
					t.Fatal(err)
				}
				for b := []byte(want); len(b) > 0; b = b[min(step, len(b)):] {
					if k, err := w.Write(b[:min(step, len(b))]); k != min(step, len(b)) || err != nil {
						t.Fatal(k, err)
					}
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				op, got, frames, _, err := p.readMessage()
				if op != OpText || got != want || err != nil || frames != max(1, (len(want)+fragmentSize-1)/fragmentSize) {
					t.Errorf("%d bytes by %d: %v, %d bytes in %d frames, %v", len(want), step, op, len(got), frames, err)
				}
				if _, err := w.Write([]byte("x")); err != errWriterClosed {
					t.Error("write after Close:", err)
				}
				if err := w.Close(); err != errWriterClosed {
					t.Error("second Close:", err)
				}
				if s := c.Stats(); s.MessagesOut != 1 {
					t.Errorf("%d messages counted", s.MessagesOut)
				}
				c.CloseNow()
			}
		}
	})
}

// TestWriterExcludesMessages protects that other messages wait for a Writer, and fail when that takes the write
// timeout, and that this has no consequence.
func TestWriterExcludesMessages(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, &Options{WriteTimeout: time.Minute})
		w, err := c.Writer(t.Context(), OpText)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte("one"))
		for name, write := range map[string]func() error{
			"Write":       func() error { return c.Write(t.Context(), OpText, []byte("refused")) },
			"large Write": func() error { return c.Write(t.Context(), OpText, make([]byte, 1<<20)) },
			"Writer":      func() error { return second(c.Writer(t.Context(), OpText)) },
		} {
			start := time.Now()
			if err := write(); err != ErrWriteInProgress || time.Since(start) != time.Minute {
				t.Errorf("%s: %v after %v", name, err, time.Since(start))
			}
		}
		waiting := inGoroutine(func() error { return c.Write(t.Context(), OpText, []byte("two")) })
		time.Sleep(time.Second)
		w.Close()
		if err := <-waiting; err != nil {
			t.Error(err)
		}
		p.expect(OpText, "one")
		p.expect(OpText, "two")
	})
}

// TestWriterGivenUpBeforeItBegins protects that a Writer whose message has not begun can be given up: by its context, or by a
// text that is not UTF-8.
func TestWriterGivenUpBeforeItBegins(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, nil)
		for name, give := range map[string]func() error{
			"context": func() error {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				w, err := c.Writer(ctx, OpText)
				if err != nil {
					return err
				}
				w.Write([]byte("given up"))
				cancel()
				return w.Close()
			},
			"text": func() error {
				w, err := c.Writer(t.Context(), OpText)
				if err != nil {
					return err
				}
				w.Write([]byte("\xff"))
				return w.Close()
			},
		} {
			if err := give(); err != context.Canceled && err != errSendUTF8 {
				t.Errorf("%s: %v", name, err)
			}
			if err := c.Write(t.Context(), OpText, []byte(name)); err != nil {
				t.Error(err)
			}
			p.expect(OpText, name)
		}
	})
}

// TestWriterCannotFinish protects that a message that cannot be finished ends the connection, with a close frame that
// the peer can read, and says why.
func TestWriterCannotFinish(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for name, want := range map[string]error{"context": context.Canceled, "text": errSendUTF8, "end of text": errSendUTF8} {
			c, p := newPeer(t, client, nil)
			ctx, cancel := context.WithCancel(t.Context())
			w, err := c.Writer(ctx, OpText)
			if err != nil {
				t.Fatal(err)
			}
			first := strings.Repeat("x", fragmentSize)
			w.Write([]byte(first))
			w.Write([]byte("x"))
			waiting := inGoroutine(func() error { return c.Write(t.Context(), OpText, []byte("never")) })
			synctest.Wait()
			switch name {
			case "context":
				cancel()
				_, err = w.Write(make([]byte, 2*fragmentSize))
			case "text":
				_, err = w.Write(bytes.Repeat([]byte{0xff}, 2*fragmentSize))
			case "end of text":
				w.Write([]byte{0xc3})
				err = w.Close()
			}
			if !errors.Is(err, want) {
				t.Errorf("%s: %v", name, err)
			}
			if _, again := w.Write(nil); again != err {
				t.Errorf("%s: the error is not sticky: %v", name, again)
			}
			if again := w.Close(); again != err {
				t.Errorf("%s: the error is not sticky: %v", name, again)
			}
			err = <-waiting
			wantClosed(t, err, StatusInternalError, true)
			if !errors.Is(err, want) || !errors.Is(err, errUnfinished) {
				t.Errorf("%s: %v", name, err)
			}
			h, got, err := p.next()
			if h.Opcode != OpText || h.Fin || string(got) != first || err != nil {
				t.Errorf("%s: %+v %v", name, h, err)
			}
			p.expect(OpClose, closePayload(StatusInternalError, ""))
			cancel()
		}
	})
}

// TestWriterFull protects that a Writer waits for room, not longer than its context, and that a ping passes it.
func TestWriterFull(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := narrow(t, 100, client, &Options{WriteBuffer: 5 << 10})
		c.CloseRead(t.Context())
		w, err := c.Writer(t.Context(), OpBinary)
		if err != nil {
			t.Fatal(err)
		}
		wrote := inGoroutine(func() error {
			if _, err := w.Write(make([]byte, 100000)); err != nil {
				return err
			}
			return w.Close()
		})
		synctest.Wait()
		if len(wrote) > 0 {
			t.Fatal("100000 bytes fit into a buffer of 5 KiB")
		}
		p.send(OpPing, "passes")
		synctest.Wait()
		_, got, _, control, err := p.readMessage()
		if len(got) != 100000 || control != 1 || err != nil {
			t.Errorf("%d bytes, %d control frames, %v", len(got), control, err)
		}
		if err := <-wrote; err != nil {
			t.Error(err)
		}
	})
}

// TestWriterMisused protects that a Writer that several goroutines use, against its contract, spoils nothing but its
// message: what follows it arrives.
func TestWriterMisused(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := narrow(t, 100, client, &Options{WriteBuffer: 5 << 10})
		for range 20 {
			w, err := c.Writer(t.Context(), OpBinary)
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				go w.Write(make([]byte, 3*fragmentSize))
				go w.Close()
			}
			behind := inGoroutine(func() error { return c.Write(t.Context(), OpText, []byte("behind")) })
			if op, _, _, _, err := p.readMessage(); op != OpBinary || err != nil {
				t.Fatal(op, err)
			}
			p.expect(OpText, "behind")
			if err := <-behind; err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if n := c.Buffered(); n > 0 {
				t.Fatalf("%d bytes behind the last message", n)
			}
		}
	})
}
