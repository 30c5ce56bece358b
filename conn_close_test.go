package websocket

// This file tests how a connection ends (RFC 6455, Section 7): who sends what, who waits for whom and how long, and
// what every call returns during and after it.

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// inGoroutine runs f and returns where its result will be.
func inGoroutine[T any](f func() T) <-chan T {
	ch := make(chan T, 1)
	go func() { ch <- f() }()
	return ch
}

// TestCloseHandshake_7_1_2 protects the closing handshake that this side begins, whoever reads meanwhile: the close
// frame goes out, messages that cross it are discarded, Close returns nil when the peer's close frame has come and the
// stream has ended, and reads end with this side's code.
func TestCloseHandshake_7_1_2(t *testing.T) {
	readers := map[string]func(c *Conn) error{
		"nobody": nil,
		"Read": func(c *Conn) error {
			return second(c.Read(context.Background()))
		},
		"Read with a context": func(c *Conn) error {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			return second(c.Read(ctx))
		},
		"Reader":          func(c *Conn) error { return third(c.Reader(context.Background())) },
		"Messages":        loopUntilEnd((*Conn).Messages),
		"MessagesInPlace": loopUntilEnd((*Conn).MessagesInPlace),
	}
	inBubble(t, func(t *testing.T, client bool) {
		for name, read := range readers {
			c, p := newPeer(t, client, nil)
			var readErr <-chan error
			if read != nil {
				readErr = inGoroutine(func() error { return read(c) })
			}
			synctest.Wait()
			closeErr := inGoroutine(func() error { return c.Close(4000, "enough") })
			p.expect(OpClose, closePayload(4000, "enough"))
			p.write(p.message("crossing"), p.frame(true, OpPing, "x"), p.frame(false, OpText, "half"))
			synctest.Wait()
			if len(closeErr) != 0 {
				t.Fatalf("%s: Close did not wait for the peer: %v", name, <-closeErr)
			}
			if err := c.Write(t.Context(), OpText, nil); wantClosed(t, err, 4000, true).Reason != "enough" {
				t.Errorf("%s: write after Close: %v", name, err)
			}
			p.send(OpClose, closePayload(4000, ""))
			if !client {
				p.expectEnd() // RFC 6455, Section 7.1.1: the server closes the TCP connection first
			}
			p.nc.Close()
			if err := <-closeErr; err != nil {
				t.Errorf("%s: Close: %v", name, err)
			}
			if read != nil {
				wantClosed(t, <-readErr, 4000, true)
			}
			wantClosed(t, c.Close(4001, "again"), 4000, true)
			wantClosed(t, c.CloseNow(), 4000, true)
		}
	})
}

// third returns the third of three values.
func third[A, B, C any](_ A, _ B, c C) C { return c }

// TestPeerCloses_5_5_1 protects the closing handshake that the peer begins: its code comes back without the reason,
// reads end with code and reason, and messages before it are delivered.
func TestPeerCloses_5_5_1(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, test := range []struct {
			code   StatusCode
			reason string
		}{
			{StatusNormalClosure, "bye"}, {StatusGoingAway, ""}, {4999, strings.Repeat("r", MaxCloseReason)},
			{StatusNoStatusReceived, ""},
		} {
			c, p := newPeer(t, client, nil)
			p.write(p.message("first"), p.frame(true, OpClose, closePayload(test.code, test.reason)), p.message("nobody"))
			m, err := c.Read(t.Context())
			wantMessage(t, m.Op, m.Data, err, "first")
			_, err = c.Read(t.Context())
			if closed := wantClosed(t, err, test.code, false); closed.Reason != test.reason || closed.Err != nil {
				t.Error(closed)
			}
			p.expect(OpClose, closePayload(test.code, ""))
			if !client {
				p.expectEnd()
			}
			p.nc.Close()
			wantClosed(t, c.Close(StatusNormalClosure, ""), test.code, false)
		}
	})
}

// TestCloseSimultaneously protects the case in which both sides begin: the frames cross, neither answers the other's,
// and each Close is successful.
func TestCloseSimultaneously(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, nil)
		p.send(OpClose, closePayload(StatusGoingAway, "me"))
		closed := inGoroutine(func() error { return c.Close(StatusNormalClosure, "me") })
		p.expect(OpClose, closePayload(StatusNormalClosure, "me"))
		p.nc.(interface{ CloseWrite() error }).CloseWrite()
		p.expectEnd()
		if err := <-closed; err != nil {
			t.Error(err)
		}
		c, s := newPair(t)
		other := inGoroutine(func() error { return s.Close(4001, "") })
		if err := c.Close(4000, ""); err != nil {
			wantClosed(t, err, 4001, false)
		}
		if err := <-other; err != nil {
			wantClosed(t, err, 4000, false)
		}
	})
}

// newPair returns both sides of a connection over a pipe.
func newPair(t testing.TB) (client, server *Conn) {
	c, p := newPeer(t, true, nil)
	return c, connOver(t, p.nc, false, nil)
}

// TestCloseTimeout protects that a peer that does not answer, or does not take the close frame, costs the close
// timeout and no more, and that Close then says that the handshake was not completed.
func TestCloseTimeout(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for name, size := range map[string]int{"does not answer": 1000, "takes nothing": 1} {
			for _, read := range []bool{false, true} {
				c, _ := narrow(t, size, client, &Options{CloseTimeout: 3 * time.Second})
				var readErr <-chan error
				if read {
					readErr = inGoroutine(func() error { return second(c.Read(t.Context())) })
				}
				start := time.Now()
				err := c.Close(StatusNormalClosure, "")
				if closed := wantClosed(t, err, StatusNormalClosure, true); closed.Err != errCloseTimeout {
					t.Error(err)
				}
				if d := time.Since(start); d != 3*time.Second {
					t.Errorf("a peer that %s: %v", name, d)
				}
				if read {
					wantClosed(t, <-readErr, StatusNormalClosure, true)
				}
			}
		}
		c, _ := newPeer(t, client, &Options{CloseTimeout: -1})
		start := time.Now()
		c.Close(StatusNormalClosure, "")
		if d := time.Since(start); d != DefaultCloseTimeout {
			t.Errorf("with a negative CloseTimeout: %v", d)
		}
	})
}

// TestPeerDropsDuringHandshake protects that Close notices a peer that goes away instead of answering.
func TestPeerDropsDuringHandshake(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, nil)
		start := time.Now()
		closed := inGoroutine(func() error { return c.Close(StatusNormalClosure, "") })
		p.expect(OpClose, closePayload(StatusNormalClosure, ""))
		p.nc.Close()
		if err := <-closed; !errors.Is(err, errCloseTimeout) || time.Since(start) > 0 {
			t.Error(err, time.Since(start))
		}
	})
}

// TestClientWaitsForTheServer protects RFC 6455, Section 7.1.1: the client leaves closing the TCP connection to the
// server, and closes itself when that takes too long.
func TestClientWaitsForTheServer_7_1_1(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, wait := range []time.Duration{lingerTime / 2, time.Hour} {
			c, p := newPeer(t, client, nil)
			p.send(OpClose, "")
			start := time.Now()
			c.Read(t.Context())
			p.expect(OpClose, "")
			time.AfterFunc(wait, func() { p.nc.(interface{ CloseWrite() error }).CloseWrite() })
			p.nc.SetReadDeadline(start.Add(10 * time.Second))
			p.expectEnd()
			want := min(wait, lingerTime)
			if !client {
				want = 0
			}
			if d := time.Since(start); d != want {
				t.Errorf("the stream ended after %v, want %v", d, want)
			}
			c.Close(StatusNormalClosure, "")
			if d := time.Since(start); d != min(wait, lingerTime) {
				t.Errorf("the transport was closed after %v", d)
			}
		}
	})
}

// TestViolation protects that a violation is answered with its code and text, that the peer can read them although it
// has sent more, and that the error says what the peer did.
func TestViolation_7_1_7(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for name, test := range map[string]struct {
			wire func(p *peer) []byte
			code StatusCode
		}{
			"reserved bit":       {func(p *peer) []byte { b := p.message("x"); b[0] |= 0x40; return b }, StatusProtocolError},
			"continuation":       {func(p *peer) []byte { return p.frame(true, OpContinuation, "x") }, StatusProtocolError},
			"text inside":        {func(p *peer) []byte { return append(p.frame(false, OpText, "x"), p.message("x")...) }, StatusProtocolError},
			"not UTF-8":          {func(p *peer) []byte { return p.message("\xff") }, StatusInvalidPayload},
			"too big":            {func(p *peer) []byte { return p.message(strings.Repeat("x", 1001))[:14] }, StatusMessageTooBig},
			"masking":            {func(p *peer) []byte { return (&peer{client: !p.client}).message("x") }, StatusProtocolError},
			"close with 1 byte":  {func(p *peer) []byte { return p.frame(true, OpClose, "x") }, StatusProtocolError},
			"close with no code": {func(p *peer) []byte { return p.frame(true, OpClose, "\x03\xed") }, StatusProtocolError},
			"empty fragments": {func(p *peer) (b []byte) {
				b = p.frame(false, OpText, "")
				for range maxEmptyFragments {
					b = append(b, p.frame(false, OpContinuation, "")...)
				}
				return b
			}, StatusPolicyViolation},
		} {
			c, p := newPeer(t, client, &Options{ReadLimit: 1000})
			p.write(test.wire(p), make([]byte, 10000))
			_, err := c.Read(t.Context())
			closed := wantClosed(t, err, test.code, true)
			var violation *ProtocolError
			if !errors.As(err, &violation) || violation.Code != test.code || violation.Section == "" {
				t.Errorf("%s: %v", name, err)
			}
			if errors.Is(err, ErrMessageTooBig) != (name == "too big") {
				t.Errorf("%s: Is(ErrMessageTooBig)", name)
			}
			p.expect(OpClose, closePayload(test.code, closed.Reason))
			if closed.Reason == "" {
				t.Errorf("%s: the close frame does not say why", name)
			}
			p.expectEnd()
			p.nc.Close()
			wantClosed(t, c.Close(StatusNormalClosure, ""), test.code, true)
		}
	})
}

// TestViolationLingers protects the bounds of discarding input after a violation: a second, and a mebibyte.
func TestViolationLingers(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, nil)
		p.write(p.message("\xff"))
		c.Read(t.Context())
		start := time.Now()
		c.Close(StatusNormalClosure, "")
		if d := time.Since(start); d != lingerTime {
			t.Errorf("a peer that does nothing is waited for %v", d)
		}
		c, p = narrow(t, 1000, client, nil)
		p.write(p.message("\xff"))
		c.Read(t.Context())
		var sent int
		for n, err := 0, error(nil); err == nil; sent += n {
			n, err = p.nc.Write(make([]byte, 100))
		}
		if sent < lingerBytes || sent > lingerBytes+lingerBytes/4 {
			t.Errorf("%d bytes were discarded", sent)
		}
	})
}

// TestViolationDuringHandshake protects that a violation after this side's close frame only ends the waiting.
func TestViolationDuringHandshake(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, nil)
		closed := inGoroutine(func() error { return c.Close(StatusNormalClosure, "") })
		p.expect(OpClose, closePayload(StatusNormalClosure, ""))
		p.write(p.message("\xff"))
		p.expectEnd()
		p.nc.Close()
		if err := <-closed; !errors.Is(err, errCloseTimeout) {
			t.Error(err)
		}
	})
}

// TestCloseArguments protects that what may not travel is refused and changes nothing, and that a long reason is cut
// between characters.
func TestCloseArguments_7_4(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, nil)
		for _, code := range []StatusCode{0, 999, 1004, StatusAbnormalClosure, StatusTLSHandshake, 1016, 2999, 5000, 65535} {
			if err := c.Close(code, ""); err != errCloseCode {
				t.Errorf("code %v: %v", code, err)
			}
		}
		if err := c.Close(StatusNoStatusReceived, "reason"); err != errCloseCode {
			t.Error(err)
		}
		if err := c.Close(StatusNormalClosure, "\xff"); err != errCloseReason {
			t.Error(err)
		}
		if err := c.Write(t.Context(), OpText, []byte("alive")); err != nil {
			t.Error(err)
		}
		p.expect(OpText, "alive")
		go c.Close(StatusNormalClosure, strings.Repeat("é", 100))
		p.close(StatusNormalClosure, strings.Repeat("é", 61))
		_, err := c.Read(t.Context())
		if closed := wantClosed(t, err, StatusNormalClosure, true); closed.Reason != strings.Repeat("é", 61) {
			t.Errorf("the reason is %q, and not what was sent", closed.Reason)
		}
		c, p = newPeer(t, client, nil)
		go p.close(StatusNoStatusReceived, "")
		if err := c.Close(StatusNoStatusReceived, ""); err != nil {
			t.Error(err)
		}
		synctest.Wait()
	})
}

// TestCloseNow protects that CloseNow ends everything that waits, at once, and that what had been accepted leaves behind it, as
// far as the peer takes it.
func TestCloseNow(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := narrow(t, 100, client, &Options{WriteBuffer: 1 << 10})
		accepted := fill(t, c)
		start := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		waiting := map[string]<-chan error{
			"Read":   inGoroutine(func() error { return second(c.Read(ctx)) }),
			"Write":  inGoroutine(func() error { return c.Write(ctx, OpBinary, make([]byte, 200)) }),
			"large":  inGoroutine(func() error { return c.Write(ctx, OpBinary, make([]byte, 1<<20)) }),
			"Ping":   inGoroutine(func() error { return second(c.Ping(ctx)) }),
			"Flush":  inGoroutine(func() error { return c.Flush(context.Background()) }),
			"Writer": inGoroutine(func() error { return streams(c, make([]byte, 200)) }),
		}
		synctest.Wait()
		if err := c.CloseNow(); err != nil {
			t.Error(err)
		}
		for name, err := range waiting {
			if wantClosed(t, <-err, StatusAbnormalClosure, true); time.Since(start) > 0 {
				t.Errorf("%s took %v", name, time.Since(start))
			}
		}
		for range accepted {
			p.expect(OpBinary, strings.Repeat("\x00", 100))
		}
		for h, _, err := p.next(); err == nil; h, _, err = p.next() {
			if h.Opcode != OpPing { // the buffer may have had room for that
				t.Errorf("%+v was sent after CloseNow", h)
			}
		}
		wantClosed(t, c.CloseNow(), StatusAbnormalClosure, true)
		wantClosed(t, c.Close(StatusNormalClosure, ""), StatusAbnormalClosure, true)
	})
}

// TestCloseNowLastChance protects that what was accepted has a second to leave after CloseNow, and no more, whatever the
// context that it was written with.
func TestCloseNowLastChance(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		cancellable, cancel := context.WithCancel(t.Context())
		defer cancel()
		for _, ctx := range []context.Context{context.Background(), cancellable} {
			for _, wait := range []time.Duration{0, lingerTime / 2, lingerTime + 1} {
				c, p := narrow(t, 10, client, nil)
				wrote := inGoroutine(func() error { return c.Write(ctx, OpText, []byte(strings.Repeat("accepted", 3))) })
				synctest.Wait()
				accepted := len(wrote) > 0
				start := time.Now()
				c.CloseNow()
				time.Sleep(wait)
				h, payload, err := p.next()
				if arrived := err == nil && h.Opcode == OpText && len(payload) == 24; arrived != (wait < lingerTime) {
					t.Errorf("after %v: %+v %q %v", wait, h, payload, err)
				}
				p.nc.Close()
				c.Close(StatusNormalClosure, "")
				if d := time.Since(start); d > max(wait, lingerTime) {
					t.Errorf("the transport was closed after %v", d)
				}
				if err := <-wrote; accepted && err != nil {
					t.Error(err)
				}
			}
		}
	})
}

// TestCloseNowCutsClose protects that CloseNow cuts a closing handshake short that Close waits for.
func TestCloseNowCutsClose(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, _ := newPeer(t, client, nil)
		start := time.Now()
		closed := inGoroutine(func() error { return c.Close(4000, "") })
		synctest.Wait()
		wantClosed(t, c.CloseNow(), 4000, true)
		if err := <-closed; !errors.Is(err, errCloseTimeout) || time.Since(start) != lingerTime {
			t.Error(err, time.Since(start))
		}
	})
}

// TestUseAfterClose protects that every method of a connection that has ended, however it ended, returns its error.
func TestUseAfterClose(t *testing.T) {
	ends := map[string]func(c *Conn, p *peer){
		"CloseNow": func(c *Conn, p *peer) { c.CloseNow() },
		"Close":    func(c *Conn, p *peer) { go p.close(4000, ""); c.Close(4000, ""); synctest.Wait() },
		"peer":     func(c *Conn, p *peer) { p.send(OpClose, ""); c.Read(context.Background()) },
		"broken":   func(c *Conn, p *peer) { p.nc.Close(); c.Read(context.Background()) },
		"half a message": func(c *Conn, p *peer) {
			p.write(p.message("message")[:5])
			p.nc.Close()
			c.Read(context.Background())
		},
	}
	inBubble(t, func(t *testing.T, client bool) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for name, end := range ends {
			c, p := newPeer(t, client, nil)
			w, err := c.Writer(ctx, OpText)
			if err != nil {
				t.Fatal(err)
			}
			end(c, p)
			want := c.cause()
			calls := map[string]error{
				"Write":        c.Write(ctx, OpText, nil),
				"large Write":  c.Write(ctx, OpText, make([]byte, 1<<20)),
				"Writer":       second(c.Writer(ctx, OpText)),
				"Writer.Close": w.Close(),
				"Ping":         second(c.Ping(ctx)),
				"Close":        c.Close(StatusNormalClosure, ""),
				"CloseNow":     c.CloseNow(),
				"Flush":        c.Flush(context.Background()),
				"cause":        context.Cause(c.Context()),
			}
			for _, kind := range readKinds {
				_, _, calls[kind.name] = kind.read(t, ctx, c)
			}
			c.CloseRead(ctx)
			c.Buffered()
			c.Stats()
			for call, err := range calls {
				if err != want {
					t.Errorf("%s after %s: %v, want %v", call, name, err, want)
				}
			}
			p.nc.Close()
		}
	})
}

// TestLost protects that the end of the stream without a close frame is an error, and not one that an ordinary close
// is; also inside of a message.
func TestLost(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, nil)
		m := p.message("message")
		for cut := range m {
			c, p = newPeer(t, client, nil)
			p.write(m[:cut])
			p.nc.Close()
			_, err := c.Read(t.Context())
			wantClosed(t, err, StatusAbnormalClosure, false)
			if !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
				t.Error(err)
			}
		}
		c.CloseNow()
	})
}

// TestReadContextEndsDuringClose protects that a reader that goes away during the closing handshake leaves it to
// others, who complete it.
func TestReadContextEndsDuringClose(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		read := inGoroutine(func() error { return second(c.Read(ctx)) })
		synctest.Wait()
		closed := inGoroutine(func() error { return c.Close(4000, "") })
		wantClosed(t, <-read, 4000, true)
		time.Sleep(time.Second)
		p.close(4000, "")
		if err := <-closed; err != nil {
			t.Error(err)
		}
	})
}

// TestContext protects that Context has the values of the request's context and not its end, and ends with the
// connection, with the reason as its cause, whether it was asked for before or after.
func TestContext(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		type key struct{}
		base, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
		_, p := newPeer(t, client, nil)
		c := newConn(p.nc, connConfig{client: !client, options: new(Options), base: base})
		ctx := c.Context()
		cancel()
		if ctx.Err() != nil || ctx.Value(key{}) != "value" || c.Context() != ctx {
			t.Error(ctx.Err(), ctx.Value(key{}))
		}
		c.CloseNow()
		if context.Cause(ctx) != c.cause() || ctx.Err() != context.Canceled {
			t.Error(context.Cause(ctx), ctx.Err())
		}
	})
}

// failingRead is a net.Conn whose reads fail, first with err and then with io.EOF.
type failingRead struct {
	net.Conn
	err error
}

func (f *failingRead) Read([]byte) (int, error) {
	err := f.err
	f.err = io.EOF
	return 0, err
}

// TestKernelTimeout protects that the kernel's own timeout, by which TCP gives a peer up, ends the connection and is
// not taken for a deadline.
func TestKernelTimeout(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, o := range []*Options{nil, {PingInterval: time.Minute}} {
			a, _ := netpipe.New(0)
			timeout := &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ETIMEDOUT)}
			c := connOver(t, &failingRead{a, timeout}, client, o)
			_, err := c.Read(t.Context())
			wantClosed(t, err, StatusAbnormalClosure, false)
			if !errors.Is(err, syscall.ETIMEDOUT) {
				t.Error(err)
			}
		}
	})
}

// TestCloseNowTLS protects that nothing waits longer than CloseNow allows for TLS to say goodbye to a peer that takes nothing.
func TestCloseNowTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := netpipe.New(4 << 10)
		client := tls.Client(a, &tls.Config{InsecureSkipVerify: true})
		server := tls.Server(b, &tls.Config{Certificates: []tls.Certificate{certificate()}, Time: time.Now})
		done := inGoroutine(server.Handshake)
		if err := errors.Join(client.Handshake(), <-done); err != nil {
			t.Fatal(err)
		}
		c := connOver(t, client, true, nil)
		read := inGoroutine(func() error { return second(c.Read(t.Context())) })
		a.SetWriteDeadline(time.Now().Add(time.Second))
		a.Write(make([]byte, 5<<10)) // the network is full
		a.SetWriteDeadline(time.Time{})
		start := time.Now()
		if err := c.CloseNow(); err != nil {
			t.Error(err)
		}
		wantClosed(t, <-read, StatusAbnormalClosure, true)
		c.Close(StatusNormalClosure, "")
		if d := time.Since(start); d != lingerTime {
			t.Errorf("it took %v", d)
		}
	})
}
