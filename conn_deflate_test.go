package websocket

// This file tests Conn with permessage-deflate: streaming, reads that are cut short, large messages, a full buffer, and
// what a connection holds between messages.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/corpus"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// deflatePeer returns a Conn of a role that has agreed on p, and the peer at the other end of a pipe of the given size.
func deflatePeer(t testing.TB, size int, client bool, p compress.Params, o Options) (*Conn, *peer) {
	a, b := netpipe.New(size)
	if o.Compression == nil {
		o.Compression = new(compress.Options)
	}
	c := newConn(a, connConfig{agreement: Agreement{Compression: &p}, client: client, options: &o})
	t.Cleanup(func() { c.CloseNow() })
	return c, peerOver(t, b, !client)
}

// deflatedWires are compressed messages of a peer by the name of what is special about them, as frames that each stand
// behind nothing. want is the payload.
func deflatedWires(t testing.TB, client bool) map[string]struct {
	wire []byte
	want string
} {
	all := make(map[string]struct {
		wire []byte
		want string
	})
	for name, want := range map[string]string{
		"small": "héllo héllo héllo", "parts": string(compressible(9000, 1)), "bomb": strings.Repeat("0", 100_000), "noise": fmt.Sprintf("%x", corpus.Random(1, 3000)),
	} {
		payload := deflated([]byte(want))
		frames := deflatedFrames(payload, 1<<20)
		all[name] = struct {
			wire []byte
			want string
		}{wire(t, client, frames...), want}
		frames = deflatedFrames(payload, (len(payload)+2)/3)
		frames = append(frames[:1], append([]string{"8901|78", "0000|"}, frames[1:]...)...)
		all[name+" in fragments"] = struct {
			wire []byte
			want string
		}{wire(t, client, frames...), want}
	}
	return all
}

// delivers returns how many bytes of wire it takes until a Receiver delivers the first part.
func delivers(t testing.TB, client bool, wire []byte) int {
	r := newInflating(client, false, 0)
	for i := range wire {
		if _, ev, _, err := r.Next(nil, bytes.Clone(wire[i:i+1])); err != nil || ev.Kind == EventData {
			return i + 1
		}
	}
	t.Fatal("nothing is delivered")
	return 0
}

// TestCancelledDeflateReadResumes protects that a context which ends a read in the middle of a compressed message
// breaks nothing, for every kind of read, every kind of read after it, and many cuts.
func TestCancelledDeflateReadResumes(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		wires := deflatedWires(t, client)
		for _, first := range readKinds {
			for _, next := range readKinds {
				c, p := deflatePeer(t, pipeSize, client, paramsOf(15, false), Options{})
				go io.Copy(io.Discard, p.nc)
				for name, m := range wires {
					dataAt := delivers(t, client, m.wire)
					for _, cut := range []int{1, 2, 3, 7, 8, 9, dataAt - 1, dataAt, dataAt + 1, len(m.wire) / 3, len(m.wire) / 2, len(m.wire) - 2, len(m.wire) - 1} {
						ctx, cancel := context.WithTimeout(t.Context(), time.Second)
						p.write(m.wire[:cut])
						if _, got, err := first.read(t, ctx, c); !errors.Is(err, context.DeadlineExceeded) {
							t.Fatalf("%s of %d bytes of %s: %.20q, %v", first.name, cut, name, got, err)
						}
						cancel()
						p.write(m.wire[cut:], p.message("next"))
						if first.name != "Reader" || cut < dataAt {
							op, got, err := next.read(t, t.Context(), c)
							if op != OpText || string(got) != m.want || err != nil {
								t.Fatalf("%s, cut short after %d bytes of %s, then %s: %v %.40q (%d bytes), %v",
									first.name, cut, name, next.name, op, got, len(got), err)
							}
						} // otherwise the Reader had begun with the message, and is discarded with it
						op, got, err := next.read(t, t.Context(), c)
						wantMessage(t, op, got, err, "next")
					}
				}
				c.CloseNow()
			}
		}
	})
}

// TestDeflateReaderLeft protects that a message that a Reader has left is inflated all the same, so that the next one can
// refer to it.
func TestDeflateReaderLeft(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		text := string(compressible(50_000, 1))
		for _, kind := range readKinds {
			c, other := deflatePair(t, client, paramsOf(15, true), Options{})
			sent := inGoroutine(func() error {
				return errors.Join(other.Write(t.Context(), OpText, []byte(text)), other.Write(t.Context(), OpText, []byte(text[1:])))
			})
			op, r, err := c.Reader(t.Context())
			if op != OpText || err != nil {
				t.Fatal(op, err)
			}
			b := make([]byte, 10)
			if _, err := io.ReadFull(r, b); err != nil || string(b) != text[:10] {
				t.Fatal(string(b), err)
			}
			op, got, err := kind.read(t, t.Context(), c)
			wantMessage(t, op, got, err, text[1:])
			if err := <-sent; err != nil {
				t.Error(err)
			}
		}
	})
}

// TestDeflateOverLimit protects the code of a message over the read limit: it is the same whether what the message takes on the wire
// is over a limit already, so that it is not inflated, or only what it delivers.
func TestDeflateOverLimit(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, size := range []int{501, 60_000, 70_000, 500_000} {
			c, p := deflatePeer(t, 1<<12, client, compress.Params{}, Options{ReadLimit: 1000})
			payload := deflated(fmt.Appendf(nil, "%x", corpus.Random(1, size)))
			go p.nc.Write(wire(t, client, deflatedFrames(payload, len(payload))...))
			_, err := c.Read(t.Context())
			if wantClosed(t, err, StatusMessageTooBig, true); !errors.Is(err, ErrMessageTooBig) {
				t.Errorf("%d bytes, %d on the wire: %v", 2*size, len(payload), err)
			}
			p.nc.Close()
		}
	})
}

// TestDeflateStreaming protects Writer and Reader: a message that is compressed as it goes arrives as it goes, in
// fragments of which only the first has RSV1, with pings between that are answered.
func TestDeflateStreaming(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, takeover := range []bool{true, false} {
			var seen []string
			c, other := deflatePair(t, client, paramsOf(12, takeover), Options{Trace: &Trace{FrameOut: func(_ *Conn, h Header) {
				seen = append(seen, fmt.Sprintf("%v RSV1 %v FIN %v", h.Opcode, h.RSV1, h.Fin))
			}}})
			c.CloseRead(t.Context())
			for range 2 {
				text := corpus.Text(1, 3*fragmentSize)
				var got []byte
				done := inGoroutine(func() error {
					_, r, err := other.Reader(t.Context())
					for b := make([]byte, 1000); err == nil; {
						var n int
						n, err = r.Read(b)
						got = append(got, b[:n]...)
					}
					return err
				})
				w, err := c.Writer(t.Context(), OpBinary)
				if err != nil {
					t.Fatal(err)
				}
				for i := range 2 {
					// The byte more is what makes the fragment before it leave.
					if _, err := w.Write(text[len(text[:i*fragmentSize])+min(i, 1) : (i+1)*fragmentSize+1]); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
					// Seven bits of the deflater may stand for a few matches of at most 258 bytes.
					if len(got) < (i+1)*fragmentSize-7*258 || len(got) > (i+1)*fragmentSize {
						t.Errorf("%d bytes have come after %d fragments", len(got), i+1)
					}
					if _, err := c.Ping(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				w.Write(text[2*fragmentSize+1:])
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				if err := <-done; err != io.EOF || !bytes.Equal(got, text) {
					t.Errorf("%d bytes of %d, %v", len(got), len(text), err)
				}
				want := []string{"binary RSV1 true FIN false", "ping RSV1 false FIN true", "continuation RSV1 false FIN false",
					"ping RSV1 false FIN true", "continuation RSV1 false FIN true"}
				if !slices.Equal(seen, want) {
					t.Errorf("takeover %v: %q", takeover, seen)
				}
				seen = nil
			}
		}
	})
}

// TestDeflateLargeWrite protects a compressed message that is larger than the write buffer: it arrives, others wait and
// control frames pass, and a context that cuts it in the middle ends the connection and says so, while one that ends
// before leaves it as it was.
func TestDeflateLargeWrite(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		noise := corpus.Random(1, 200_000) // so that it fills the network
		for _, takeover := range []bool{true, false} {
			c, p := deflatePeer(t, 10_000, client, paramsOf(15, takeover), Options{WriteTimeout: time.Hour})
			ctx, cancel := context.WithCancel(t.Context())
			if err := c.Write(ctx, OpText, noise); err != errSendUTF8 {
				t.Error(err)
			}
			if err := c.Write(ctx, OpPing, noise); err != errSendOpcode {
				t.Error(err)
			}
			sent := inGoroutine(func() error { return c.Write(ctx, OpBinary, noise) })
			synctest.Wait()
			second, end := context.WithCancel(t.Context())
			waiting := inGoroutine(func() error { return c.Write(second, OpBinary, noise) })
			synctest.Wait()
			end()
			if err := <-waiting; err != context.Canceled {
				t.Errorf("a message that has not begun: %v", err)
			}
			r := newInflating(!client, takeover, 0)
			for got := 0; got < len(noise); {
				h, payload, err := p.next()
				if err != nil || h.RSV1 && got > 0 { // up to maxFrame bytes go as they are if compressing does not pay
					t.Fatalf("%+v, %v", h, err)
				}
				h.Masked = client
				h.MaskKey = [4]byte{}
				for b := append(AppendHeader(nil, h), payload...); len(b) > 0 || r.Pending(); {
					_, ev, n, err := r.Next(nil, b)
					if err != nil || !bytes.HasPrefix(noise[got:], ev.Payload) {
						t.Fatalf("at %d: %+v, %v", got, ev, err)
					}
					b = b[n:]
					got += len(ev.Payload)
				}
			}
			if err := <-sent; err != nil {
				t.Error(err)
			}
			sent = inGoroutine(func() error { return c.Write(ctx, OpBinary, noise) })
			synctest.Wait()
			cancel()
			err := <-sent
			wantClosed(t, err, StatusAbnormalClosure, true)
			if !errors.Is(err, context.Canceled) || !errors.Is(err, errCut) {
				t.Errorf("a message cut in the middle: %v", err)
			}
		}
	})
}

// TestDeflateFailWhenFull protects FailWhenFull: a compressed message for which the buffer has no room is refused before
// it has changed the window, so that the next one is read.
func TestDeflateFailWhenFull(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, size := range []int{5000, 100_000} {
			c, p := deflatePeer(t, 1000, client, paramsOf(15, true), Options{FailWhenFull: true, WriteBuffer: 12 << 10, WriteTimeout: time.Hour})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			written := 0
			var err error
			for ; err == nil && written < 100; written++ {
				err = c.Write(ctx, OpBinary, corpus.Random(uint64(written), 5000))
			}
			if err != ErrBackpressure {
				t.Fatal(err)
			}
			written--
			if err := c.Write(ctx, OpBinary, corpus.Random(100, size)); err != ErrBackpressure {
				t.Errorf("%d bytes: %v", size, err)
			}
			r := newInflating(!client, true, 0)
			next := func() (whole []byte) {
				h, payload, err := p.next()
				if err != nil {
					t.Fatal(err)
				}
				h.Masked, h.MaskKey = client, [4]byte{}
				_, ev, _, err := r.Next(make([]byte, 0, 32<<10), append(AppendHeader(nil, h), payload...))
				if err != nil || !ev.Last {
					t.Fatalf("%+v, %v", ev, err)
				}
				return ev.Payload
			}
			for i := range written {
				if !bytes.Equal(next(), corpus.Random(uint64(i), 5000)) {
					t.Fatalf("message %d is another", i)
				}
			}
			for range 2 {
				if err := c.Write(ctx, OpText, corpus.Text(1, 1000)); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(next(), corpus.Text(1, 1000)) {
					t.Error("another message")
				}
			}
		}
	})
}
