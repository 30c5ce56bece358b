package websocket

// This file tests prepared messages on connections that have negotiated compression.

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// deflatePair returns a Conn of a role and its opposite, over a pipe, that have agreed on p.
func deflatePair(t testing.TB, client bool, p compress.Params, o Options) (c, other *Conn) {
	a, b := netpipe.New(pipeSize)
	if o.Compression == nil {
		o.Compression = new(compress.Options)
	}
	agreed := Agreement{Compression: &p}
	c = newConn(a, connConfig{agreement: agreed, client: client, options: &o})
	other = newConn(b, connConfig{agreement: agreed, client: !client, options: &Options{Compression: o.Compression, ReadLimit: -1}})
	t.Cleanup(func() { c.CloseNow(); other.CloseNow() })
	return c, other
}

// paramsOf returns what both roles have agreed on when a direction's window and takeover are given for both.
func paramsOf(bits int, takeover bool) compress.Params {
	return compress.Params{ServerMaxWindowBits: bits, ClientMaxWindowBits: bits, ServerNoContextTakeover: !takeover, ClientNoContextTakeover: !takeover}
}

// TestPreparedDeflate protects that one prepared message arrives at connections of every kind, with other messages
// around it, so that windows must be right; compressed where compression was negotiated and pays.
func TestPreparedDeflate(t *testing.T) {
	for _, text := range []string{"", "short", strings.Repeat("é", 32), string(compressible(1000, 1)), string(compressible(100_000, 2))} {
		m, err := NewPreparedMessage(OpText, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []compress.Params{paramsOf(15, true), paramsOf(15, false), paramsOf(8, true), paramsOf(8, false), paramsOf(11, false)} {
			for _, client := range []bool{true, false} {
				for _, traced := range []bool{true, false} {
					t.Run(fmt.Sprintf("%d bytes/%+v/client=%v/traced=%v", len(text), p, client, traced), func(t *testing.T) {
						var o Options
						var headers []Header
						if traced {
							o.WriteBuffer = 1 << 10 // less than the frame
							o.Trace = &Trace{FrameOut: func(_ *Conn, h Header) { headers = append(headers, h) }}
						}
						c, other := deflatePair(t, client, p, o)
						sent := inGoroutine(func() error {
							for range 2 {
								if err := c.Write(t.Context(), OpText, []byte(strings.Repeat("between ", 20))); err != nil {
									return err
								}
								if err := c.WritePrepared(context.Background(), m); err != nil {
									return err
								}
							}
							return c.Flush(context.Background())
						})
						for range 2 {
							msg, err := other.Read(t.Context())
							wantMessage(t, msg.Op, msg.Data, err, strings.Repeat("between ", 20))
							msg, err = other.Read(t.Context())
							wantMessage(t, msg.Op, msg.Data, err, text)
						}
						if err := <-sent; err != nil {
							t.Error(err)
						}
						if s := c.Stats(); s.MessagesOut != 4 || len(text) >= 64 && s.BytesOut > uint64(len(text)) {
							t.Errorf("%+v for twice %d bytes", s, len(text))
						}
						if traced && (headers[1].RSV1 != (len(text) >= 64) || headers[1].Masked != client) {
							t.Errorf("traced %+v", headers)
						}
					})
				}
			}
		}
	}
}

// TestPreparedDeflateOnce protects that connections which can share compressed bytes do: they are made once for each kind of
// connections, by however many goroutines at the same time.
func TestPreparedDeflateOnce(t *testing.T) {
	m, err := NewPreparedMessage(OpText, compressible(5000, 1))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	shared := make(chan *compress.SharedMessage, 100)
	for i := range cap(shared) {
		wg.Go(func() { shared <- m.sharedBy(kind{compress.DeflaterOptions{WindowBits: 8 + i%4}, 64})[0] })
	}
	wg.Wait()
	close(shared)
	different := make(map[*compress.SharedMessage]bool)
	for s := range shared {
		different[s] = true
	}
	if len(different) != 4 || len(m.shared) != 4 {
		t.Errorf("%d were made, and %d are kept, want 4", len(different), len(m.shared))
	}

	for _, row := range []struct {
		p      compress.Params
		client bool
		o      compress.Options
		more   int
	}{
		{paramsOf(8, false), false, compress.Options{}, 0},
		{paramsOf(8, false), true, compress.Options{}, 0},
		{paramsOf(8, false), false, compress.Options{Level: compress.Smallest}, 1},
		{paramsOf(15, false), true, compress.Options{}, 1},
		{paramsOf(15, false), false, compress.Options{MinSize: 5001}, 0}, // nothing to compress
		{paramsOf(14, true), false, compress.Options{}, 1},
		{paramsOf(14, true), true, compress.Options{}, 0},
		{compress.Params{ServerMaxWindowBits: 14, ClientMaxWindowBits: 13, ServerNoContextTakeover: true}, false, compress.Options{}, 1},
		{compress.Params{ServerMaxWindowBits: 14, ClientMaxWindowBits: 13, ServerNoContextTakeover: true}, true, compress.Options{}, 1},
		{compress.Params{ServerMaxWindowBits: 14, ClientMaxWindowBits: 13, ClientNoContextTakeover: true}, true, compress.Options{}, 1},
	} {
		had := len(m.shared)
		c, _ := deflatePair(t, row.client, row.p, Options{Compression: &row.o})
		for range 2 {
			if err := c.WritePrepared(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(m.shared) - had; n != row.more {
			t.Errorf("%+v, client %v, %+v: made for %d kinds, want %d", row.p, row.client, row.o, n, row.more)
		}
	}
}

// TestPreparedDeflateConcurrently protects that one message may be written to many connections at once.
func TestPreparedDeflateConcurrently(t *testing.T) {
	text := string(compressible(3000, 1))
	m, err := NewPreparedMessage(OpText, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 32 {
		c, other := deflatePair(t, i%4 == 3, paramsOf(8+i%8, i%3 == 0), Options{})
		for range 2 {
			wg.Go(func() {
				if err := c.WritePrepared(t.Context(), m); err != nil {
					t.Error(err)
				}
			})
		}
		for range 2 {
			msg, err := other.Read(t.Context())
			wantMessage(t, msg.Op, msg.Data, err, text)
		}
	}
	wg.Wait()
}

// TestPreparedBesideLarge protects that a prepared message which is written while a large one is being deflated is not compressed: the
// deflater is that one's, and messages leave in the order in which they were deflated.
func TestPreparedBesideLarge(t *testing.T) {
	noise := noiseOf(3 << 20) // becomes several frames
	again := noise[maxFrame-8000 : maxFrame-6000]
	m, err := NewPreparedMessage(OpBinary, again)
	if err != nil {
		t.Fatal(err)
	}
	inBubble(t, func(t *testing.T, client bool) {
		c, other := deflatePair(t, client, paramsOf(15, true), Options{})
		wrote := inGoroutine(func() error { return c.Write(t.Context(), OpBinary, noise) })
		synctest.Wait() // until the first frame, which is as much as has been deflated, does not fit into the network
		if err := c.WritePrepared(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		for _, want := range [][]byte{noise, again} {
			if m, err := other.Read(t.Context()); !bytes.Equal(m.Data, want) || err != nil {
				t.Fatalf("not the message of %d bytes: %d, %v", len(want), len(m.Data), err)
			}
		}
		if err := <-wrote; err != nil {
			t.Error(err)
		}
	})
}
