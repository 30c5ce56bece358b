package websocket

// This file tests PreparedMessage.

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/compress"
)

// TestPrepared protects that a prepared message arrives at connections of both roles as any other, whatever its size,
// and that the caller's slice may change once it has been prepared.
func TestPrepared(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, n := range []int{0, 1, 125, 126, 65535, 65536, 3 << 20} {
			p := []byte(strings.Repeat("é", n))
			m, err := NewPreparedMessage(OpText, p)
			if err != nil {
				t.Fatal(err)
			}
			clear(p)
			for _, trace := range []*Trace{nil, {FrameOut: func(_ *Conn, h Header) {
				if h.Masked != client || h.Length != uint64(min(2*n, maxFrame)) {
					t.Errorf("traced %+v", h)
				}
			}}} {
				c, peer := newPeer(t, client, &Options{Trace: trace})
				sent := inGoroutine(func() error {
					return errors.Join(c.WritePrepared(t.Context(), m), c.WritePrepared(context.Background(), m))
				})
				for range 2 {
					op, got, frames, _, err := peer.readMessage()
					if err != nil || op != OpText || got != strings.Repeat("é", n) || frames != max(1, 2*n/maxFrame) {
						t.Errorf("%v message of %d bytes in %d frames, %v", op, len(got), frames, err)
					}
				}
				if err := <-sent; err != nil {
					t.Error(err)
				}
				if s := c.Stats(); s.MessagesOut != 2 {
					t.Errorf("%d messages counted", s.MessagesOut)
				}
			}
		}
	})
}

// TestPreparedErrors protects that preparing says what is wrong, and that WritePrepared obeys contexts, Writers and
// the end of the connection.
func TestPreparedErrors(t *testing.T) {
	if _, err := NewPreparedMessage(OpPing, nil); err != errSendOpcode {
		t.Error(err)
	}
	if _, err := NewPreparedMessage(OpText, []byte("\xff")); err != errSendUTF8 {
		t.Error(err)
	}
	inBubble(t, func(t *testing.T, client bool) {
		for _, n := range []int{1, 1 << 20} {
			m, err := NewPreparedMessage(OpBinary, make([]byte, n))
			if err != nil {
				t.Fatal(err)
			}
			c, _ := newPeer(t, client, &Options{WriteTimeout: time.Second})
			if err := c.WritePrepared(endedContext(), m); err != context.Canceled {
				t.Error(err)
			}
			w, err := c.Writer(t.Context(), OpText)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.WritePrepared(t.Context(), m); err != ErrWriteInProgress {
				t.Error(err)
			}
			w.Close()
			c.CloseNow()
			wantClosed(t, c.WritePrepared(t.Context(), m), StatusAbnormalClosure, true)
		}
	})
}

// TestSenderPrepared protects that a Sender of either role, with compression of every kind and without, sends of a prepared message
// what a Receiver takes for its messages, in the size that Size says where a server sends them as they are.
func TestSenderPrepared(t *testing.T) {
	messages := []Message{{OpText, []byte("short")}, {OpBinary, nil}, {OpText, compressible(1000, 1)}, {OpBinary, make([]byte, 3<<20)}}
	m, err := PrepareMessages(messages...)
	if err != nil {
		t.Fatal(err)
	}
	if m.Len() != len(messages) {
		t.Errorf("%d messages", m.Len())
	}
	for _, client := range []bool{false, true} {
		for _, bits := range []int{0, 15, 8} {
			for _, takeover := range []bool{false, true} {
				so, ro := SenderOptions{Client: client}, ReceiverOptions{Client: !client}
				if bits > 0 {
					so.Deflater = compress.NewDeflater(compress.DeflaterOptions{WindowBits: bits, Takeover: takeover})
					ro.Inflater = compress.NewInflater(compress.InflaterOptions{WindowBits: bits, Takeover: takeover})
				}
				var s Sender
				var r Receiver
				s.Reset(so)
				r.Reset(ro)
				for range 2 {
					out, err := s.AppendPrepared([]byte("dst"), m)
					if err != nil {
						t.Fatal(err)
					}
					if !client && bits == 0 && len(out)-3 != m.Size() {
						t.Errorf("%d bytes, Size says %d", len(out)-3, m.Size())
					}
					var want []string
					for _, msg := range messages {
						want = append(want, item(msg.Op, string(msg.Data)))
					}
					if v := receive(t, &r, out[3:]); !slices.Equal(v.items, want) || v.code != 0 {
						t.Errorf("client %v, window %d, takeover %v: received %.100v", client, bits, takeover, v)
					}
				}
				if _, err := s.AppendFragment(nil, OpText, nil, false); err != nil {
					t.Fatal(err)
				}
				if out, err := s.AppendPrepared([]byte("dst"), m); string(out) != "dst" || err != errSendInside {
					t.Errorf("inside of a message: %.10q, %v", out, err)
				}
			}
		}
	}
}
