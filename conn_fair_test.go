package websocket

// This file tests that messages which are streamed and others take turns.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// otherWrites are the ways to write a message, and behind how many streamed ones it may go: the one that it found, and one more
// where it then has to stand in line.
var otherWrites = map[string]struct {
	write  func(c *Conn, p []byte) error
	size   int
	behind int
}{
	"Write":                   {writesBinary, 5, 1},
	"Write, with a context":   {writesWithin, 5, 1},
	"Write, larger":           {writesBinary, 100 << 10, 2},
	"... with a context":      {writesWithin, 100 << 10, 2},
	"WriteUncompressed":       {writesUncompressed, 5, 1},
	"... larger":              {writesUncompressed, 100 << 10, 2},
	"WritePrepared":           {writesPrepared, 5, 1},
	"WritePrepared of larger": {writesPrepared, 100 << 10, 2},
	"Writer":                  {streams, 100 << 10, 2},
}

func writesBinary(c *Conn, p []byte) error { return c.Write(context.Background(), OpBinary, p) }

func writesWithin(c *Conn, p []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	return c.Write(ctx, OpBinary, p)
}

func writesUncompressed(c *Conn, p []byte) error {
	return c.WriteUncompressed(context.Background(), OpBinary, p)
}

func writesPrepared(c *Conn, p []byte) error {
	m, err := NewPreparedMessage(OpBinary, p)
	if err != nil {
		return err
	}
	return c.WritePrepared(context.Background(), m)
}

// TestWritersLetOthersPass protects who writes, in any way, from Writers that follow one another without a pause: it gets between
// them.
func TestWritersLetOthersPass(t *testing.T) {
	for network, dial := range bubbleNetworks {
		for name, other := range otherWrites {
			t.Run(fmt.Sprint(network, "/", name), func(t *testing.T) {
				inBubble(t, func(t *testing.T, client bool) {
					c, nc := dial(t, client, nil)
					p := peerOver(t, nc, !client)
					var wrote <-chan error
					for i := range 4 {
						w, err := c.Writer(t.Context(), OpText)
						if err == nil {
							_, err = fmt.Fprint(w, i)
						}
						if i == 0 {
							wrote = inGoroutine(func() error { return other.write(c, make([]byte, other.size)) })
							synctest.Wait()
						}
						if err := errors.Join(err, w.Close()); err != nil {
							t.Fatal(err)
						}
					}
					got := messagesAt(p, 5)
					if before, after, ok := strings.Cut(got, "b"); !ok || len(before) > other.behind || before+after != "0123" {
						t.Errorf("the peer got %s", got)
					}
					if err := <-wrote; err != nil {
						t.Error(err)
					}
					c.CloseNow()
					nc.Close()
				})
			})
		}
	}
}

// messagesAt reads n messages and returns the first byte of each text, and "b" for each other.
func messagesAt(p *peer, n int) (got string) {
	for strings.Count(got, "") <= n {
		h, payload, err := p.next()
		switch {
		case err != nil:
			return got + err.Error()
		case h.Opcode == OpText:
			got += string(payload[:1])
		case h.Opcode == OpBinary:
			got += "b"
		}
	}
	return got
}

// TestWriterInLineGivesUp protects a streamed message from a large one that stands in line behind a Writer that gives up: its last
// fragments have not left, and go first.
func TestWriterInLineGivesUp_5_4(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := narrow(t, 100, client, nil)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		const largeSize = 100 << 10
		var calls []<-chan error
		waits := func(call func() error) {
			calls = append(calls, inGoroutine(call))
			synctest.Wait()
		}
		var w io.WriteCloser
		writesLarge := func() error { return writesBinary(c, make([]byte, largeSize)) }
		waits(writesLarge)
		waits(writesLarge)
		waits(func() (err error) { w, err = c.Writer(t.Context(), OpText); return err })
		waits(func() error { return second(c.Writer(ctx, OpText)) })
		waits(writesLarge)
		expect := func(frames ...Header) {
			t.Helper()
			for _, want := range frames {
				h, _, err := p.next()
				h.Masked, h.MaskKey = false, [4]byte{}
				if h != want || err != nil {
					t.Fatalf("the peer got %+v, %v; want %+v", h, err, want)
				}
			}
		}
		wholeLarge := Header{Fin: true, Opcode: OpBinary, Length: largeSize}
		expect(wholeLarge, wholeLarge)
		synctest.Wait()
		waits(func() error { return writesBinary(c, make([]byte, 60<<10)) }) // for the end of the stream, and then for room
		if _, err := w.Write(make([]byte, 3*fragmentSize)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		cancel() // of the Writer that waits for the one that waits for room
		synctest.Wait()
		expect(Header{Opcode: OpText, Length: fragmentSize}, Header{Opcode: OpContinuation, Length: fragmentSize},
			Header{Fin: true, Opcode: OpContinuation, Length: fragmentSize})
		for range 2 { // in whichever order
			if _, _, err := p.next(); err != nil {
				t.Fatal(err)
			}
		}
		for i, call := range calls {
			if err := <-call; (err != nil) != (i == 3) {
				t.Errorf("call %d: %v", i, err)
			}
		}
	})
}
