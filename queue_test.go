package websocket

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
)

// TestQueue protects that Queue and QueuePrepared send nothing, that the first of several is told so, and that all of them leave in
// one write, with Send and with whatever is written next.
func TestQueue(t *testing.T) {
	several, err := PrepareMessages(Message{OpText, []byte("one")}, Message{OpBinary, []byte("two")}, Message{OpText, nil})
	if err != nil {
		t.Fatal(err)
	}
	sends := map[string]func(c *Conn) error{
		"Send":  func(c *Conn) error { c.Send(); return nil },
		"Write": func(c *Conn) error { return c.Write(context.Background(), OpText, []byte("last")) },
		"Flush": func(c *Conn) error { return c.Flush(context.Background()) },
	}
	inBubble(t, func(t *testing.T, client bool) {
		for name, send := range sends {
			c, p, w := counted(t, client, nil)
			for i := range 3 {
				first, err := c.Queue(OpText, []byte("queued"))
				if first != (i == 0) || err != nil {
					t.Errorf("%d: first %v, %v", i, first, err)
				}
				first, err = c.QueuePrepared(several)
				if first || err != nil {
					t.Errorf("%d: first %v, %v", i, first, err)
				}
			}
			synctest.Wait()
			if n := len(w.sizes()); n != 0 {
				t.Errorf("%d writes before anything was to be sent", n)
			}
			if err := send(c); err != nil {
				t.Error(err)
			}
			synctest.Wait()
			if n := len(w.sizes()); n != 1 {
				t.Errorf("%s: %d writes", name, n)
			}
			for range 3 {
				p.expect(OpText, "queued")
				p.expect(OpText, "one")
				p.expect(OpBinary, "two")
				p.expect(OpText, "")
			}
			if s := c.Stats(); s.MessagesOut < 12 {
				t.Errorf("%d messages counted", s.MessagesOut)
			}
		}
	})
}

// TestQueueRefuses protects that one item of any size is queued where nothing waits, that what does not fit on top is refused
// without waiting, and the errors of a Writer, of arguments and of the end.
func TestQueueRefuses(t *testing.T) {
	huge, err := PrepareMessages(Message{OpBinary, make([]byte, 3<<20)}, Message{OpBinary, make([]byte, 1000)})
	if err != nil {
		t.Fatal(err)
	}
	inBubble(t, func(t *testing.T, client bool) {
		for _, prepared := range []bool{false, true} {
			c, p := narrow(t, 100, client, nil)
			queue := func() (bool, error) {
				if prepared {
					return c.QueuePrepared(huge)
				}
				return c.Queue(OpBinary, make([]byte, 3<<20))
			}
			if first, err := queue(); !first || err != nil {
				t.Fatal(first, err)
			}
			if _, err := queue(); err != ErrBackpressure {
				t.Error(err)
			}
			c.Send()
			if _, err := queue(); err != ErrBackpressure {
				t.Errorf("while the network takes nothing: %v", err)
			}
			if _, got, frames, _, err := p.readMessage(); len(got) != 3<<20 || frames != 3 || err != nil {
				t.Errorf("%d bytes in %d frames, %v", len(got), frames, err)
			}
		}
		c, p := newPeer(t, client, nil)
		if _, err := c.Queue(OpPing, nil); err != errSendOpcode {
			t.Error(err)
		}
		if _, err := c.Queue(OpText, []byte("\xff")); err != errSendUTF8 {
			t.Error(err)
		}
		w, err := c.Writer(t.Context(), OpText)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Queue(OpText, nil); err != ErrWriteInProgress {
			t.Error(err)
		}
		w.Close()
		p.expect(OpText, "")
		c.CloseNow()
		_, err = c.QueuePrepared(huge)
		wantClosed(t, err, StatusAbnormalClosure, true)
	})
}

// TestPrepareMessages protects that several prepared messages arrive at connections of every kind as if they had been written one
// by one, whatever their sizes, and that nothing comes between them.
func TestPrepareMessages(t *testing.T) {
	big := string(compressible(200_000, 3))
	texts := []string{"", "short", strings.Repeat("é", 200), big, "last"}
	var messages []Message
	for _, text := range texts {
		messages = append(messages, Message{OpText, []byte(text)})
	}
	m, err := PrepareMessages(messages...)
	if err != nil {
		t.Fatal(err)
	}
	for _, msg := range messages {
		clear(msg.Data)
	}
	for _, client := range []bool{false, true} {
		for _, takeover := range []bool{false, true} {
			for _, buffer := range []int{0, 1 << 20} {
				c, other := deflatePair(t, client, paramsOf(15, takeover), Options{WriteBuffer: buffer})
				between := inGoroutine(func() error { return c.Write(context.Background(), OpBinary, []byte("between")) })
				wrote := inGoroutine(func() error {
					return firstError(c.WritePrepared(context.Background(), m), c.WritePrepared(t.Context(), m))
				})
				var got []string
				for range 2*len(texts) + 1 {
					msg, err := other.Read(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if msg.Op == OpText {
						got = append(got, string(msg.Data))
					} else if len(got)%len(texts) != 0 {
						t.Errorf("another message came behind %d of them", len(got))
					}
				}
				for i, text := range got {
					if text != texts[i%len(texts)] {
						t.Errorf("message %d is %.20q", i, text)
					}
				}
				if err := firstError(<-between, <-wrote); err != nil {
					t.Error(err)
				}
			}
		}
	}
	if _, err := PrepareMessages(Message{OpText, nil}, Message{OpText, []byte("\xff")}); err != errSendUTF8 {
		t.Error(err)
	}
}

// TestWriteUncompressed protects that a message goes out as it is, of every size, and that the window of the others is left alone.
func TestWriteUncompressed(t *testing.T) {
	for _, client := range []bool{false, true} {
		var compressed int
		o := Options{Trace: &Trace{FrameOut: func(_ *Conn, h Header) {
			if h.RSV1 {
				compressed++
			}
		}}}
		c, other := deflatePair(t, client, paramsOf(15, true), o)
		for _, n := range []int{10, 1000, 100_000, 3 << 20} {
			text := compressible(n, 1)
			wrote := inGoroutine(func() error {
				return firstError(c.WriteUncompressed(context.Background(), OpText, text), c.Write(context.Background(), OpText, text))
			})
			for range 2 {
				m, err := other.Read(t.Context())
				wantMessage(t, m.Op, m.Data, err, string(text))
			}
			if err := <-wrote; err != nil {
				t.Error(err)
			}
		}
		if compressed != 3 { // that of 10 bytes is too short
			t.Errorf("%d compressed messages", compressed)
		}
		if err := c.WriteUncompressed(t.Context(), OpText, []byte("\xff")); err != errSendUTF8 {
			t.Error(err)
		}
		c.CloseNow()
		wantClosed(t, c.WriteUncompressed(t.Context(), OpText, nil), StatusAbnormalClosure, true)
	}
}
