package websocket

// This file tests what Options set and what can be asked of a connection.

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestTrace protects that the hooks see every frame of both directions and the one end, in order.
func TestTrace(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		var mu sync.Mutex
		var events []string
		note := func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			events = append(events, fmt.Sprintf(format, args...))
		}
		var ofConn *Conn
		c, p := newPeer(t, client, &Options{NoBatching: true, Trace: &Trace{
			FrameIn:  func(c *Conn, h Header) { ofConn = c; note("in %v %v %d %v", h.Opcode, h.Fin, h.Length, h.Masked) },
			FrameOut: func(c *Conn, h Header) { note("out %v %v %d %v", h.Opcode, h.Fin, h.Length, h.Masked) },
			Closed:   func(c *Conn, err *CloseError) { note("closed %v", err.Code) },
		}})
		p.write(p.frame(false, OpText, "mess"), p.frame(true, OpPing, "x"), p.frame(true, OpContinuation, "age"))
		m, err := c.Read(t.Context())
		wantMessage(t, m.Op, m.Data, err, "message")
		c.Write(t.Context(), OpBinary, make([]byte, 200))
		w, err := c.Writer(t.Context(), OpText)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(make([]byte, fragmentSize+1))
		w.Close()
		large := 1 << 20
		go c.Write(context.Background(), OpBinary, make([]byte, large))
		for range 5 {
			p.next()
		}
		p.send(OpClose, closePayload(4000, ""))
		c.Read(t.Context())
		c.Close(StatusNormalClosure, "")
		want := []string{
			"in text false 4 C", "in ping true 1 C", "out pong true 1 S", "in continuation true 3 C", "out binary true 200 S",
			fmt.Sprintf("out text false %d S", fragmentSize), "out continuation true 1 S",
			fmt.Sprintf("out binary true %d S", large), "in close true 2 C", "out close true 2 S", "closed 4000",
		}
		for i, w := range want {
			w = strings.Replace(w, " C", fmt.Sprint(" ", !client), 1)
			w = strings.Replace(w, " S", fmt.Sprint(" ", client), 1)
			if i >= len(events) || events[i] != w {
				t.Fatalf("events are %q, want the %d-th to be %q", events, i, w)
			}
		}
		if len(events) != len(want) || ofConn != c {
			t.Errorf("events are %q", events)
		}
	})
}

// TestStats protects the counts, those of bytes against the bytes that passed.
func TestStats(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, nil)
		wire := append(p.message("message"), p.frame(false, OpText, "half ")...)
		wire = append(wire, p.frame(true, OpContinuation, "and half")...)
		p.write(wire)
		c.Read(t.Context())
		c.Read(t.Context())
		for range 3 {
			c.Write(t.Context(), OpBinary, make([]byte, 100))
		}
		c.Flush(context.Background())
		go c.Read(t.Context())
		synctest.Wait()
		want := Stats{MessagesIn: 2, MessagesOut: 3, BytesIn: uint64(len(wire)), BytesOut: uint64(3 * (headerSize(100, client) + 100))}
		if got := c.Stats(); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	})
}

// TestReadLimit protects the limit, its default, its absence, and that it can be changed while a read waits.
func TestReadLimit_7_4_1(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		read := func(c *Conn, p *peer, n int) error {
			go p.nc.Write(p.message(strings.Repeat("x", n)))
			return second(c.Read(t.Context()))
		}
		for _, test := range []struct {
			limit int64
			most  int
		}{{0, DefaultReadLimit}, {1000, 1000}} {
			c, p := newPeer(t, client, &Options{ReadLimit: test.limit})
			if err := read(c, p, test.most); err != nil {
				t.Error(err)
			}
			err := read(c, p, test.most+1)
			wantClosed(t, err, StatusMessageTooBig, true)
			if !errors.Is(err, ErrMessageTooBig) {
				t.Error(err)
			}
			p.nc.Close()
		}
		c, p := newPeer(t, client, &Options{ReadLimit: -1})
		if err := read(c, p, 3*DefaultReadLimit); err != nil {
			t.Error(err)
		}
		waiting := inGoroutine(func() error { return second(c.Read(t.Context())) })
		synctest.Wait()
		p.send(OpText, "x")
		if err := <-waiting; err != nil {
			t.Error(err)
		}
		c.SetReadLimit(10)
		if err := read(c, p, 10); err != nil {
			t.Error(err)
		}
		wantClosed(t, read(c, p, 11), StatusMessageTooBig, true)
	})
}

// TestBufferedByHandshake protects that what came right behind the peer's handshake is read first, and counted.
func TestBufferedByHandshake(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		_, p := newPeer(t, client, nil)
		q := &peer{client: client}
		buffered := append(q.message("one"), q.message("two")[:4]...)
		c := newConn(p.nc, connConfig{client: !client, options: new(Options), buffered: buffered})
		defer c.CloseNow()
		clear(buffered[:3]) // the Conn has a copy
		m, err := c.Read(t.Context())
		wantMessage(t, m.Op, m.Data, err, "one")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if n := c.Stats().BytesIn; n != uint64(len(buffered)) {
			t.Errorf("%d bytes counted, want %d", n, len(buffered))
		}
	})
}

// TestLargeMessageGrowsWithWhatComes protects that memory follows what has arrived, and not what a header announces.
func TestLargeMessageGrowsWithWhatComes(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, announced := range []uint64{1 << 40, 1<<62 - 1} {
			for _, kind := range readKinds {
				c, p := newPeer(t, client, &Options{ReadLimit: -1})
				p.write(AppendHeader(nil, Header{Fin: true, Opcode: OpText, Masked: p.client, Length: announced}))
				p.write(make([]byte, 100000))
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				if _, _, err := kind.read(t, ctx, c); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s: %v", kind.name, err)
				}
				cancel()
				if n := cap(c.dst); n > 110000 {
					t.Errorf("%s keeps %d bytes of 100000", kind.name, n)
				}
			}
		}
	})
}

// TestZeroOptions protects that nil options, and the zero ones, work.
func TestZeroOptions(t *testing.T) {
	for _, o := range []*Options{nil, {}} {
		synctest.Test(t, func(t *testing.T) {
			c, p := newPeer(t, true, o)
			s := connOver(t, p.nc, false, o)
			c.Write(t.Context(), OpText, []byte("message"))
			m, err := s.Read(t.Context())
			wantMessage(t, m.Op, m.Data, err, "message")
			if c.Subprotocol() != "" || c.LocalAddr() != s.RemoteAddr() || c.RemoteAddr() != s.LocalAddr() {
				t.Error(c.Subprotocol(), c.LocalAddr(), s.RemoteAddr())
			}
			s.CloseRead(t.Context())
			if err := c.Close(StatusNormalClosure, ""); err != nil {
				t.Error(err)
			}
		})
	}
}
