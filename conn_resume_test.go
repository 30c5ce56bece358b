package websocket

// This file tests that a context that ends a read breaks nothing: whatever the point of a message at which it ends,
// and whichever kind of read comes next, no byte is lost and none comes twice.

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// readKinds are the ways to read one message.
var readKinds = []struct {
	name string
	read func(t *testing.T, ctx context.Context, c *Conn) (Opcode, []byte, error)
}{
	{"Read", func(t *testing.T, ctx context.Context, c *Conn) (Opcode, []byte, error) { return parts(c.Read(ctx)) }},
	{"AppendRead", func(t *testing.T, ctx context.Context, c *Conn) (Opcode, []byte, error) {
		return appendRead(t, ctx, c, append(make([]byte, 0, 64<<10), "dst"...))
	}},
	{"AppendReadWithoutRoom", func(t *testing.T, ctx context.Context, c *Conn) (Opcode, []byte, error) {
		return appendRead(t, ctx, c, []byte("dst"))
	}},
	{"Reader", func(t *testing.T, ctx context.Context, c *Conn) (Opcode, []byte, error) {
		op, r, err := c.Reader(ctx)
		if err != nil {
			return 0, nil, err
		}
		p, err := io.ReadAll(r)
		return op, p, err
	}},
	{"Messages", func(t *testing.T, ctx context.Context, c *Conn) (Opcode, []byte, error) {
		for m, err := range c.Messages(ctx) {
			return m.Op, m.Data, err
		}
		return 0, nil, errors.New("a Messages loop that was not left ended without an error")
	}},
	{"MessagesInPlace", func(t *testing.T, ctx context.Context, c *Conn) (Opcode, []byte, error) {
		for m, err := range c.MessagesInPlace(ctx) {
			return m.Op, bytes.Clone(m.Data), err
		}
		return 0, nil, errors.New("a MessagesInPlace loop that was not left ended without an error")
	}},
}

// appendRead is AppendRead, without what stood in dst before, which must not be touched.
func appendRead(t *testing.T, ctx context.Context, c *Conn, dst []byte) (Opcode, []byte, error) {
	n := len(dst)
	m, err := c.AppendRead(ctx, dst)
	if string(m.Data[:n]) != "dst" || err != nil && len(m.Data) != n {
		t.Errorf("AppendRead changed its dst to %.20q with error %v", m.Data, err)
	}
	return m.Op, m.Data[n:], err
}

// parts are those of what a read returns.
func parts(m Message, err error) (Opcode, []byte, error) { return m.Op, m.Data, err }

// wireMessages are messages of the peer, as frames. want is the payload; dataAt is how many bytes of the wire the
// first byte of payload needs.
func wireMessages(p *peer) map[string]struct {
	wire   []byte
	want   string
	dataAt int
} {
	large := strings.Repeat("0123456789abcdef", 40000/16)
	plain, fragments := p.message("héllo"), [][]byte{
		p.frame(false, OpText, ""), p.frame(false, OpContinuation, "h\xc3"), p.frame(true, OpPing, "ping"),
		p.frame(false, OpContinuation, "\xa9l"), p.frame(false, OpContinuation, ""), p.frame(true, OpContinuation, "lo"),
	}
	return map[string]struct {
		wire   []byte
		want   string
		dataAt int
	}{
		"plain":      {plain, "héllo", len(plain) - len("héllo") + 1},
		"fragmented": {bytes.Join(fragments, nil), "héllo", len(fragments[0]) + len(fragments[1]) - 1},
		"large":      {p.message(large), large, len(p.message(large)) - len(large) + 1},
	}
}

// cutsOf returns where to cut a message of n bytes: everywhere, if it is small.
func cutsOf(n int) (cuts []int) {
	for k := 0; k < min(n, 40); k++ {
		cuts = append(cuts, k)
	}
	for k := 40; k < n; k += 4999 {
		cuts = append(cuts, k)
	}
	return append(cuts, n-1)
}

// TestCancelledReadResumes protects the promise for every kind of read, every kind of read after it, and every cut.
func TestCancelledReadResumes(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, first := range readKinds {
			for _, next := range readKinds {
				c, p := newPeer(t, client, nil)
				go io.Copy(io.Discard, p.nc)
				for name, m := range wireMessages(p) {
					for _, cut := range cutsOf(len(m.wire)) {
						ctx, cancel := context.WithTimeout(t.Context(), time.Second)
						p.write(m.wire[:cut])
						if _, got, err := first.read(t, ctx, c); !errors.Is(err, context.DeadlineExceeded) {
							t.Fatalf("%s of %d bytes of a %s message: %.20q, %v", first.name, cut, name, got, err)
						}
						cancel()
						p.write(m.wire[cut:], p.message("next"))
						if first.name == "Reader" && cut >= m.dataAt {
							// The Reader had begun with the message, and is discarded with it.
							op, got, err := next.read(t, t.Context(), c)
							wantMessage(t, op, got, err, "next")
							continue
						}
						op, got, err := next.read(t, t.Context(), c)
						if op != OpText || string(got) != m.want || err != nil {
							t.Fatalf("%s, cut short after %d bytes of a %s message, then %s: %v %.40q (%d bytes), %v",
								first.name, cut, name, next.name, op, got, len(got), err)
						}
						op, got, err = first.read(t, t.Context(), c)
						wantMessage(t, op, got, err, "next")
					}
				}
				c.CloseNow()
			}
		}
	})
}

// TestCancelledCompressedReadResumes protects the same for messages that are compressed with context takeover: the
// inflater has seen every byte once, also of messages that were discarded.
func TestCancelledCompressedReadResumes(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		agreed := compress.Params{}
		o := &Options{Compression: new(compress.Options)}
		for i, first := range readKinds {
			for j, next := range readKinds {
				a, b := netpipe.New(pipeSize)
				c := newConn(a, connConfig{client: client, options: o, agreement: Agreement{Compression: &agreed}})
				p := peerOver(t, b, !client)
				var s Sender
				_, deflater := compressors(o.Compression, agreed, !client)
				s.Reset(SenderOptions{Client: !client, Deflater: deflater})
				for _, cut := range []int{1, 2, 5, 6, 7, 8, 20, 100, 300} {
					want := string(compressible(5000, uint64(i*100+j*10+cut)))
					wire, err := s.AppendMessage(nil, OpText, []byte(want))
					if err != nil || len(wire) > 4000 || cut >= len(wire) {
						t.Fatal(len(wire), err)
					}
					p.write(wire[:cut])
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					_, got, err := first.read(t, ctx, c)
					cancel()
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Fatalf("%s of %d bytes: %.20q, %v", first.name, cut, got, err)
					}
					discarded := first.name == "Reader" && len(got) > 0
					p.write(wire[cut:])
					if !discarded {
						op, got, err := next.read(t, t.Context(), c)
						wantMessage(t, op, got, err, want)
					}
					wire, _ = s.AppendMessage(nil, OpText, []byte(want))
					p.write(wire)
					op, got, err := next.read(t, t.Context(), c)
					wantMessage(t, op, got, err, want)
				}
				c.CloseNow()
			}
		}
	})
}

// TestReadCancelledTwice protects a message whose reads are cut short after every byte.
func TestReadCancelledTwice(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, nil)
		defer c.CloseNow()
		wire := wireMessages(p)["fragmented"].wire
		for i := range wire {
			p.write(wire[i : i+1])
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			kind := readKinds[i%3]
			op, got, err := kind.read(t, ctx, c)
			cancel()
			if i < len(wire)-1 {
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Fatal(i, err)
				}
				continue
			}
			wantMessage(t, op, got, err, "héllo")
		}
	})
}

// TestReadWithEndedContext protects that a read whose context has ended before takes nothing, even if a message is
// at hand.
func TestReadWithEndedContext(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, nil)
		defer c.CloseNow()
		p.send(OpText, "message")
		for _, kind := range readKinds {
			if _, _, err := kind.read(t, endedContext(), c); err != context.Canceled {
				t.Errorf("%s: %v", kind.name, err)
			}
		}
		m, err := c.Read(t.Context())
		wantMessage(t, m.Op, m.Data, err, "message")
	})
}

// TestReaderLeft protects that any read skips what a Reader has left of its message, whether the rest has come or
// not, and that the Reader then says that it is of an earlier message.
func TestReaderLeft(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, kind := range readKinds {
			for _, come := range []bool{true, false} {
				c, p := newPeer(t, client, nil)
				wire := append(p.frame(false, OpText, "left"), p.frame(true, OpContinuation, "behind")...)
				if come {
					p.write(wire)
				} else {
					p.write(wire[:len(wire)-3])
				}
				op, r, err := c.Reader(t.Context())
				if op != OpText || err != nil {
					t.Fatal(op, err)
				}
				b := make([]byte, 2)
				if n, err := r.Read(b); n != 2 || string(b) != "le" || err != nil {
					t.Fatal(n, string(b), err)
				}
				if n, err := r.Read(nil); n != 0 || err != nil {
					t.Error("empty read:", n, err)
				}
				if !come {
					p.write(wire[len(wire)-3:])
				}
				p.send(OpText, "next")
				op, got, err := kind.read(t, t.Context(), c)
				wantMessage(t, op, got, err, "next")
				if n, err := r.Read(b); n != 0 || err != errStaleReader {
					t.Errorf("Reader of the message before: %d, %v", n, err)
				}
				c.CloseNow()
			}
		}
	})
}

// TestCloseReadDiscards protects that what CloseRead began to discard does not come back: neither the part that a
// cancelled read had kept, nor the rest of a message of which CloseRead has discarded the beginning.
func TestCloseReadDiscards(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, nil)
		defer c.CloseNow()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		p.write(p.frame(false, OpText, "kept by a cancelled read, "))
		if _, err := c.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		cancel()
		ctx, cancel = context.WithCancel(t.Context())
		c.CloseRead(ctx)
		p.write(p.frame(true, OpContinuation, "the rest"), p.frame(false, OpText, "discarded"), p.frame(true, OpPing, "x"))
		p.expect(OpPong, "x")
		if _, err := c.Read(t.Context()); err != ErrReadInProgress {
			t.Fatal("Read beside CloseRead:", err)
		}
		c.CloseRead(t.Context()) // the first one serves
		cancel()
		time.Sleep(time.Second)
		p.write(p.frame(true, OpContinuation, "the rest"), p.message("next"))
		m, err := c.Read(t.Context())
		wantMessage(t, m.Op, m.Data, err, "next")
	})
}
