package websocket

// This file tests what goes before what when much is written: nobody starves, control frames pass large messages, and none
// stands where peers cannot bear it.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// TestNobodyStarves protects that Flush and a write of each kind return within the write timeout while others, a thousand of them
// where their messages are small, write all the time to a peer that is slow: each waits for what was written before it, and for
// little else.
func TestNobodyStarves(t *testing.T) {
	for name, busy := range map[string]struct {
		writers int
		write   func(c *Conn, ctx context.Context) error
	}{
		"Write":         {1000, func(c *Conn, ctx context.Context) error { return c.Write(ctx, OpBinary, make([]byte, 100)) }},
		"Write, larger": {4, func(c *Conn, ctx context.Context) error { return c.Write(ctx, OpBinary, make([]byte, 100<<10)) }},
		"Writer":        {4, func(c *Conn, ctx context.Context) error { return streams(c, make([]byte, 100<<10)) }},
	} {
		t.Run(name, func(t *testing.T) { nobodyStarves(t, busy.writers, busy.write) })
	}
}

func nobodyStarves(t *testing.T, writers int, write func(*Conn, context.Context) error) {
	inBubble(t, func(t *testing.T, client bool) {
		a, b := netpipe.New(4 << 10)
		c, p := connOver(t, a, client, nil), peerOver(t, b, !client)
		ctx, cancel := context.WithCancel(t.Context())
		for range writers {
			go func() {
				for ctx.Err() == nil && write(c, ctx) == nil {
				}
			}()
		}
		taken := make(chan struct{})
		go func() { // 400 KB/s
			defer close(taken)
			for buf := make([]byte, 4000); ; time.Sleep(10 * time.Millisecond) {
				if _, err := p.br.Read(buf); err != nil {
					return
				}
			}
		}()
		synctest.Wait()
		large := make([]byte, 100<<10)
		m, err := NewPreparedMessage(OpBinary, large)
		if err != nil {
			t.Fatal(err)
		}
		for name, call := range map[string]func() error{
			"Flush":                      func() error { return c.Flush(context.Background()) },
			"Flush with a context":       func() error { return c.Flush(ctx) },
			"a small Write":              func() error { return c.Write(ctx, OpBinary, nil) },
			"a large Write":              func() error { return c.Write(context.Background(), OpBinary, large) },
			"... with a context":         func() error { return c.Write(ctx, OpBinary, large) },
			"a large WritePrepared":      func() error { return c.WritePrepared(ctx, m) },
			"a Writer of many fragments": func() error { return streams(c, large) },
		} {
			start := time.Now()
			if err := call(); err != nil || time.Since(start) > DefaultWriteTimeout {
				t.Errorf("%s: %v after %v", name, err, time.Since(start))
			}
		}
		cancel()
		c.CloseNow()
		b.Close()
		<-taken
	})
}

// streams sends p through a Writer.
func streams(c *Conn, p []byte) error {
	w, err := c.Writer(context.Background(), OpBinary)
	if err != nil {
		return err
	}
	_, err = w.Write(p)
	return errors.Join(err, w.Close())
}

// TestWritersSeeTheEnd protects that no wait of a writer outlives the connection, however that ends.
func TestWritersSeeTheEnd(t *testing.T) {
	large := make([]byte, 1<<20)
	prepared, err := NewPreparedMessage(OpBinary, large)
	if err != nil {
		t.Fatal(err)
	}
	waits := map[string]func(c *Conn, ctx context.Context) error{
		"Write":               func(c *Conn, ctx context.Context) error { return c.Write(ctx, OpBinary, large[:1000]) },
		"a large Write":       func(c *Conn, ctx context.Context) error { return c.Write(ctx, OpBinary, large) },
		"WritePrepared":       func(c *Conn, ctx context.Context) error { return c.WritePrepared(ctx, prepared) },
		"Writer":              func(c *Conn, ctx context.Context) error { return streams(c, large) },
		"Flush":               func(c *Conn, ctx context.Context) error { return c.Flush(ctx) },
		"Ping":                func(c *Conn, ctx context.Context) error { return second(c.Ping(ctx)) },
		"Write behind Writer": nil, // begun below
	}
	ends := map[string]func(c *Conn, p *peer){
		"CloseNow":           func(c *Conn, p *peer) { c.CloseNow() },
		"Close":              func(c *Conn, p *peer) { go c.Close(4000, "") },
		"close frame":        func(c *Conn, p *peer) { p.send(OpClose, closePayload(4000, "")) },
		"violation":          func(c *Conn, p *peer) { p.send(OpContinuation, "") },
		"end of the stream":  func(c *Conn, p *peer) { p.nc.Close() },
		"nothing is taken":   func(c *Conn, p *peer) {},
		"Close and CloseNow": func(c *Conn, p *peer) { go c.Close(4000, ""); synctest.Wait(); c.CloseNow() },
	}
	inBubble(t, func(t *testing.T, client bool) {
		for name, end := range ends {
			a, b := netpipe.New(100)
			c, p := connOver(t, a, client, &Options{WriteBuffer: 1 << 10}), peerOver(t, b, !client)
			c.CloseRead(context.Background())
			fill(t, c)
			ctx, cancel := context.WithCancel(t.Context())
			waiting := make(map[string]<-chan error)
			for form, wait := range waits {
				if wait != nil {
					waiting[form] = inGoroutine(func() error { return wait(c, ctx) })
					waiting[form+" for ever"] = inGoroutine(func() error { return wait(c, context.Background()) })
				}
			}
			synctest.Wait()
			start := time.Now()
			end(c, p)
			for form, err := range waiting {
				err := <-err
				var closed *CloseError
				if !errors.As(err, &closed) && !errors.Is(err, ErrWriteFailed) && form[:4] != "Ping" || err == nil {
					t.Errorf("%s, %s: %v", name, form, err)
				}
			}
			if d := time.Since(start); d > DefaultWriteTimeout {
				t.Errorf("%s: the last of them waited %v", name, d)
			}
			cancel()
			p.nc.Close()
		}
	})
}

// TestControlsPassLargeMessages_5_4 protects that a message of more than a mebibyte goes out in fragments, and that pings and
// pongs go between them.
func TestControlsPassLargeMessages_5_4(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, ctx := range []context.Context{context.Background(), t.Context()} {
			c, p := narrow(t, 64<<10, client, nil)
			c.CloseRead(context.Background())
			large := make([]byte, 8<<20)
			wrote := inGoroutine(func() error { return c.Write(ctx, OpBinary, large) })
			h, _, err := p.next()
			if err != nil || h.Fin || h.Opcode != OpBinary || h.Length != maxFrame {
				t.Fatalf("%+v, %v", h, err)
			}
			p.send(OpPing, "answer me")
			pinged := inGoroutine(func() error { return second(c.Ping(ctx)) })
			synctest.Wait()
			small := inGoroutine(func() error { return c.Write(ctx, OpText, []byte("behind")) })
			got, before, controls := int(h.Length), 0, ""
			for !h.Fin || h.Opcode.IsControl() {
				var payload []byte
				if h, payload, err = p.next(); err != nil {
					t.Fatal(err)
				}
				switch h.Opcode {
				case OpContinuation:
					if got += len(payload); controls == "" {
						before++
					}
				case OpPong:
					controls += string(payload)
				case OpPing:
					controls += "ping"
					p.send(OpPong, string(payload))
				}
			}
			if err := errors.Join(<-wrote, <-pinged, <-small); err != nil {
				t.Error(err)
			}
			if got != len(large) || before > 1 || controls != "answer meping" && controls != "pinganswer me" {
				t.Errorf("%d bytes, %d fragments before the control frames %q", got, before, controls)
			}
			p.expect(OpText, "behind")
		}
	})
}

// TestControlsAreFlushed protects that whoever waits for control frames that went amid something large gets to know: a Flush and
// a large write, which let them leave before, and one for whose control frame there was no room.
func TestControlsAreFlushed(t *testing.T) {
	large := make([]byte, 8<<20)
	waits := map[string]func(c *Conn, ctx context.Context) error{
		"Flush":         func(c *Conn, ctx context.Context) error { return c.Flush(ctx) },
		"a large Write": func(c *Conn, ctx context.Context) error { return c.Write(ctx, OpBinary, large[:1<<17]) },
		"SendPing": func(c *Conn, ctx context.Context) (err error) {
			for range controlRoom/MaxControlPayload + 1 { // more than there is room for
				err = errors.Join(err, c.SendPing(ctx, large[:MaxControlPayload]))
			}
			return err
		},
	}
	for how, o := range map[string]Options{"large": {}, "buffered": {WriteBuffer: 16 << 20}} {
		for form, wait := range waits {
			t.Run(how+"/"+form, func(t *testing.T) {
				inBubble(t, func(t *testing.T, client bool) {
					c, p := narrow(t, 64<<10, client, &o)
					wrote := inGoroutine(func() error { return c.Write(t.Context(), OpBinary, large) })
					synctest.Wait()
					if err := c.SendPing(context.Background(), nil); err != nil {
						t.Fatal(err)
					}
					ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
					defer cancel()
					waited := inGoroutine(func() error { return wait(c, ctx) })
					synctest.Wait()
					for pings := 0; pings == 0; synctest.Wait() {
						h, _, err := p.next()
						if err != nil {
							t.Fatal(err)
						}
						if h.Opcode == OpPing {
							pings++
						}
					}
					p.next() // ends the frame behind the ping, so that it is known to have left
					synctest.Wait()
					if form != "a large Write" && how == "large" && len(waited) == 0 {
						t.Error("the control frames have left, and it waits for the message")
					}
					drained := inGoroutine(func() error { _, err := io.Copy(io.Discard, p.br); return err })
					if err := errors.Join(<-wrote, <-waited); err != nil {
						t.Error(err)
					}
					c.CloseNow()
					<-drained
				})
			})
		}
	}
}

// TestNoControlsInCompressed protects that no control frame stands between the fragments of a compressed message that is wholly
// at hand, and that those which came meanwhile follow it: Tornado, wsproto, cowlib and aiohttp lose the message otherwise.
func TestNoControlsInCompressed(t *testing.T) {
	large := bytes.Repeat(compressible(100_000, 1), 60)
	inBubble(t, func(t *testing.T, client bool) {
		for name, write := range map[string]func(c *Conn) error{
			"Write": func(c *Conn) error { return c.Write(context.Background(), OpText, large) },
			"noise": func(c *Conn) error { return c.Write(context.Background(), OpBinary, noiseOf(3<<20)) },
		} {
			c, p := deflatePeer(t, 4<<10, client, paramsOf(15, true), Options{PingInterval: time.Second, ReadLimit: -1})
			c.CloseRead(context.Background())
			wrote := inGoroutine(func() error { return write(c) })
			open, controls := false, 0
			for done := false; !done; {
				h, payload, err := p.next()
				if err != nil {
					t.Fatal(err)
				}
				switch {
				case h.Opcode == OpPing:
					p.send(OpPong, string(payload))
					fallthrough
				case h.Opcode.IsControl():
					if controls++; open {
						t.Errorf("%s: a %v inside of the message", name, h.Opcode)
					}
				default:
					open = !h.Fin
					done = h.Fin
				}
				p.send(OpPing, fmt.Sprint(controls))
				time.Sleep(time.Second / 10)
			}
			if err := <-wrote; err != nil {
				t.Error(err)
			}
			if h, _, err := p.next(); err != nil || !h.Opcode.IsControl() {
				t.Errorf("%s: behind the message comes %+v, %v", name, h, err)
			}
		}
	})
}

// noiseOf returns n bytes that do not compress.
func noiseOf(n int) []byte {
	p := make([]byte, n)
	x := uint32(1)
	for i := range p {
		x = x*1664525 + 1013904223
		p[i] = byte(x >> 24)
	}
	return p
}

// TestCompressedWriterHoldsControls protects that automatic pings and pongs wait while a compressed message is being streamed,
// for its end or five seconds, and that an uncompressed one holds nothing up.
func TestCompressedWriterHoldsControls(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, open := range []time.Duration{time.Second, time.Hour} {
			c, p := deflatePeer(t, pipeSize, client, paramsOf(15, true), Options{PingInterval: 3 * time.Second, PongTimeout: -1})
			c.CloseRead(context.Background())
			w, err := c.Writer(t.Context(), OpText)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte(strings.Repeat("text", fragmentSize))); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			p.send(OpPing, "x")
			closed := inGoroutine(func() error { time.Sleep(open); return w.Close() })
			fin := false
			for {
				h, _, err := p.next()
				if err != nil {
					t.Fatal(err)
				}
				if h.Opcode.IsControl() {
					break
				}
				fin = h.Fin
			}
			if d := time.Since(start); d != min(open, holdControls) || fin != (open < holdControls) {
				t.Errorf("open for %v: the first control frame came after %v, behind the end: %v", open, d, fin)
			}
			c.CloseNow()
			<-closed
		}
	})
}

// TestOrderOfMessages protects that messages of all kinds which wait for the transport at the same time arrive whole, each once:
// nothing goes between the fragments of a streamed one, and compressed ones leave in the order in which they were deflated.
func TestOrderOfMessages(t *testing.T) {
	takeover := paramsOf(15, true)
	var feed Broadcaster
	prepared := func(c *Conn, m *PreparedMessage, err error) error {
		return errors.Join(err, c.WritePrepared(context.Background(), m))
	}
	kinds := map[byte]func(c *Conn, p []byte) error{
		'l': func(c *Conn, p []byte) error { return c.Write(context.Background(), OpText, p) }, // large
		's': func(c *Conn, p []byte) error { return c.Write(context.Background(), OpText, p) }, // small
		'w': func(c *Conn, p []byte) error { return streamsSlowly(c, p) },
		'p': func(c *Conn, p []byte) error { // large
			m, err := NewPreparedMessage(OpText, p)
			return prepared(c, m, err)
		},
		'q': func(c *Conn, p []byte) error { // small
			m, err := NewPreparedMessage(OpText, p)
			return prepared(c, m, err)
		},
		'b': func(c *Conn, p []byte) error {
			m, err := feed.Prepare(Message{OpText, p})
			return prepared(c, m, err)
		},
		'u': func(c *Conn, p []byte) error { return c.WriteUncompressed(context.Background(), OpText, p) },
	}
	sizes := map[byte]int{'l': 100_000, 's': 1000, 'w': 80_000, 'p': 90_000, 'q': 1000, 'b': 1000, 'u': 2000}
	for how, agreed := range map[string]Agreement{"plain": {}, "compressed": {Compression: &takeover}} {
		for _, order := range []string{"lwl", "lslsl", "wlwlw", "slwslws", "lwlwswlsl", "plpwlup", "swwlwwl", "llsswwss", "lqlbqb", "bpbbsbb", "wlqwbls"} {
			t.Run(how+"/"+order, func(t *testing.T) {
				inBubble(t, func(t *testing.T, client bool) {
					na, nb := netpipe.New(1000)
					c := newConn(na, connConfig{agreement: agreed, client: client, options: agreed.options(nil)})
					other := newConn(nb, connConfig{agreement: agreed, client: !client, options: agreed.options(nil)})
					defer c.CloseNow()
					defer other.CloseNow()
					want := make(map[string]int)
					var wrote []<-chan error
					for i := range order {
						kind := order[i]
						text := fmt.Sprint(i, string(kind), string(compressible(sizes[kind], uint64(i))))
						want[text]++
						wrote = append(wrote, inGoroutine(func() error { return kinds[kind](c, []byte(text)) }))
						synctest.Wait()
					}
					for range order {
						m, err := other.Read(t.Context())
						if err != nil {
							t.Fatal(err)
						}
						if want[string(m.Data)]--; want[string(m.Data)] < 0 {
							t.Fatalf("a message of %d bytes that was not sent: %.20q", len(m.Data), m.Data)
						}
						synctest.Wait()
					}
					for _, err := range wrote {
						if err := <-err; err != nil {
							t.Error(err)
						}
					}
				})
			})
		}
	}
}

// streamsSlowly sends p through a Writer, a fragment at a time.
func streamsSlowly(c *Conn, p []byte) error {
	w, err := c.Writer(context.Background(), OpText)
	for n := 0; err == nil && n < len(p); n += fragmentSize {
		time.Sleep(time.Millisecond)
		_, err = w.Write(p[n:min(n+fragmentSize, len(p))])
	}
	if err != nil {
		return err
	}
	time.Sleep(time.Millisecond)
	return w.Close()
}
