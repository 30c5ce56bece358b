package websocket

// This file tests pings and pongs of both sides, and the keepalive.

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pingPayload is the payload of our n-th ping.
func pingPayload(n int) string { return string(binary.BigEndian.AppendUint64(nil, uint64(n))) }

// TestEveryPingIsAnswered protects RFC 6455, Section 5.5.2: every ping is answered, in order, with its payload,
// between messages and inside of one, in one write when they came together.
func TestEveryPingIsAnswered_5_5_2(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p, w := counted(t, client, nil)
		// The few bytes that a reader waits for end inside of this message, so that the rest comes in one read.
		wire := p.message("a message before the pings")
		for i := range 10 {
			wire = append(wire, p.frame(true, OpPing, strings.Repeat("p", i*10))...)
		}
		wire = append(wire, p.frame(false, OpText, "mess")...)
		wire = append(wire, p.frame(true, OpPing, "inside")...)
		wire = append(wire, p.frame(true, OpContinuation, "age")...)
		p.write(wire)
		for _, want := range []string{"a message before the pings", "message"} {
			m, err := c.Read(t.Context())
			wantMessage(t, m.Op, m.Data, err, want)
		}
		go c.Read(t.Context())
		for i := range 10 {
			p.expect(OpPong, strings.Repeat("p", i*10))
		}
		p.expect(OpPong, "inside")
		if n := len(w.sizes()); n != 1 {
			t.Errorf("the pongs left in %d writes", n)
		}
		c.CloseNow()
	})
}

// TestPongsAreNotHeldTooLong protects that a pong leaves after a millisecond when the application stops reading in
// the middle of what came, and at once without batching.
func TestPongsAreNotHeldTooLong(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, batching := range []bool{true, false} {
			c, p := newPeer(t, client, &Options{NoBatching: !batching})
			p.write(p.frame(true, OpPing, "a ping that is longer than 16 bytes"), p.message("one"), p.message("two"))
			start := time.Now()
			c.Read(t.Context())
			p.expect(OpPong, "a ping that is longer than 16 bytes")
			if d := time.Since(start); d > holdTime || !batching && d > 0 {
				t.Errorf("batching %v: the pong took %v", batching, d)
			}
			c.CloseNow()
		}
	})
}

// TestReadingNeverBlocksOnWriting protects that a peer that sends pings and messages and takes nothing cannot stop
// the reader, nor make it keep more than the buffer; that what was buffered is answered in order; and that the newest
// of the other pings is answered behind it.
func TestReadingNeverBlocksOnWriting(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := narrow(t, 1000, client, &Options{WriteBuffer: 1 << 10})
		go func() {
			for i := range 1000 {
				p.send(OpPing, fmt.Sprint("ping ", i))
			}
			p.send(OpText, "behind the pings")
		}()
		start := time.Now()
		m, err := c.Read(t.Context())
		wantMessage(t, m.Op, m.Data, err, "behind the pings")
		if d := time.Since(start); d > 0 {
			t.Errorf("the reader waited for %v", d)
		}
		if n := c.Buffered(); n > 2<<10 {
			t.Errorf("%d bytes are buffered", n)
		}
		last := -1
		for last < 999 {
			_, payload, err := p.next()
			if err != nil {
				t.Fatal(err)
			}
			var i int
			if _, err := fmt.Sscanf(string(payload), "ping %d", &i); err != nil || i <= last {
				t.Fatalf("pong %q behind that of ping %d", payload, last)
			}
			last = i
		}
		c.CloseNow()
	})
}

// TestNewestPingIsAnswered_5_5_3 protects that the newest ping is answered, and answered last, although there was no room for
// its pong, when nothing is written any more: behind a large message, amid whose fragments the pongs went that came before; and
// while a compressed message stays open, whose first fragment made the room.
func TestNewestPingIsAnswered_5_5_3(t *testing.T) {
	writes := map[string]func(t *testing.T, client bool) (*peer, func() error){
		"large": func(t *testing.T, client bool) (*peer, func() error) {
			c, p := narrow(t, 64<<10, client, nil)
			c.CloseRead(t.Context())
			wrote := inGoroutine(func() error { return c.Write(context.Background(), OpBinary, make([]byte, 8<<20)) })
			return p, func() error { return <-wrote }
		},
		"buffered": func(t *testing.T, client bool) (*peer, func() error) {
			c, p := narrow(t, 64<<10, client, &Options{WriteBuffer: 16 << 20})
			c.CloseRead(t.Context())
			err := c.Write(t.Context(), OpBinary, make([]byte, 8<<20))
			return p, func() error { return err }
		},
		"compressed": func(t *testing.T, client bool) (*peer, func() error) {
			c, p := deflatePeer(t, 100, client, paramsOf(15, true), Options{WriteBuffer: 1 << 10})
			c.CloseRead(t.Context())
			fill(t, c)
			return p, func() error {
				w, err := c.Writer(context.Background(), OpText)
				if err != nil {
					return err
				}
				_, err = w.Write(bytes.Repeat([]byte("text"), fragmentSize)) // and is left open
				return err
			}
		},
	}
	for how, write := range writes {
		for _, newest := range []string{"newest", strings.Repeat("newest!", 17)} {
			t.Run(fmt.Sprint(how, "/", len(newest)), func(t *testing.T) {
				inBubble(t, func(t *testing.T, client bool) {
					p, rest := write(t, client)
					synctest.Wait()
					for i := range 100 {
						p.send(OpPing, fmt.Sprintf("%125d", i))
					}
					p.send(OpPing, newest)
					synctest.Wait()
					wrote := inGoroutine(rest)
					if got := lastPong(p); got != newest {
						t.Errorf("the last pong is %q", got)
					}
					if err := <-wrote; err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}

// lastPong returns the payload of the last pong that comes within the next hour.
func lastPong(p *peer) (payload string) {
	p.nc.SetReadDeadline(time.Now().Add(time.Hour))
	for {
		h, b, err := p.next()
		switch {
		case isTimeout(err):
			return payload
		case err != nil:
			p.t.Fatal(err)
		case h.Opcode == OpPong:
			payload = string(b)
		}
	}
}

// TestPongIsNotStarved protects that a pong that found the buffer full leaves soon, although writers fill the buffer
// again whenever there is room.
func TestPongIsNotStarved(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := narrow(t, 100, client, &Options{WriteBuffer: 1 << 10})
		for range 20 {
			go func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				for c.Write(ctx, OpBinary, make([]byte, 100)) == nil {
				}
			}()
		}
		go c.CloseRead(t.Context())
		synctest.Wait()
		p.send(OpPing, strings.Repeat("p", 120))
		synctest.Wait()
		for n := 0; ; n++ {
			h, payload, err := p.next()
			if err != nil || n > 100 {
				t.Fatal("no pong among so many messages:", n, err)
			}
			if h.Opcode == OpPong {
				if string(payload) != strings.Repeat("p", 120) {
					t.Errorf("pong %q", payload)
				}
				break
			}
			synctest.Wait()
		}
		c.CloseNow()
	})
}

// TestPing protects that Ping returns the time until its pong, that a pong answers all pings before its own, and that
// pongs nobody asked for are ignored.
func TestPing_5_5_3(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, nil)
		c.CloseRead(t.Context())
		rtts := make(chan time.Duration, 3)
		for range 3 {
			go func() {
				rtt, err := c.Ping(t.Context())
				if err != nil {
					t.Error(err)
				}
				rtts <- rtt
			}()
			synctest.Wait()
			time.Sleep(time.Second)
		}
		for i := range 3 {
			p.expect(OpPing, pingPayload(i+1))
		}
		for _, unsolicited := range []string{"", "unasked", pingPayload(0), pingPayload(4), pingPayload(-1)} {
			p.send(OpPong, unsolicited)
		}
		synctest.Wait()
		if len(rtts) != 0 {
			t.Fatal("an unsolicited pong answered a ping")
		}
		p.send(OpPong, pingPayload(2))
		synctest.Wait()
		if len(rtts) != 2 || <-rtts+<-rtts != 5*time.Second {
			t.Error("the pong of the second ping did not answer the first two, after 3 and 2 seconds")
		}
		if rtt := c.Stats().RTT; rtt != 2*time.Second {
			t.Errorf("RTT of %v in Stats, want that of the newest ping", rtt)
		}
		p.send(OpPong, pingPayload(2))
		p.send(OpPong, pingPayload(3))
		if rtt := <-rtts; rtt != time.Second {
			t.Error(rtt)
		}
		c.CloseNow()
	})
}

// TestPingEnds protects how a Ping ends that is not answered: by the pong timeout, by its context, with the
// connection; and that only the last is the end of the connection.
func TestPingEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, &Options{PongTimeout: time.Minute})
		c.CloseRead(t.Context())
		start := time.Now()
		if _, err := c.Ping(t.Context()); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Minute {
			t.Error(err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if _, err := c.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if n := len(c.pings.waiting); n != 0 {
			t.Errorf("%d pings are waited for that nobody waits for", n)
		}
		go func() {
			for i := range 3 { // none by the context that had ended
				p.expect(OpPing, pingPayload(i+1))
			}
			p.send(OpPong, pingPayload(3))
			p.expect(OpPing, pingPayload(4))
			p.send(OpClose, "")
			p.expect(OpClose, "")
		}()
		if _, err := c.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		_, err := c.Ping(t.Context())
		wantClosed(t, err, StatusNoStatusReceived, false)
		_, err = c.Ping(t.Context())
		wantClosed(t, err, StatusNoStatusReceived, false)
		c.Close(StatusNormalClosure, "")
		synctest.Wait()
	})
}

// TestPingFullBuffer protects that a ping for which there is no room is refused where writes are.
func TestPingFullBuffer(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, _ := narrow(t, 10, client, &Options{WriteBuffer: 1 << 10, FailWhenFull: true})
		for {
			if c.Write(t.Context(), OpBinary, make([]byte, 1)) == ErrBackpressure {
				break
			}
			synctest.Wait()
		}
		if _, err := c.Ping(t.Context()); err != ErrBackpressure {
			t.Error(err)
		}
		c.CloseNow()
	})
}

// TestKeepalive protects the keepalive's times: a ping after every silent interval, of which any byte is the end, and
// the end of the connection when a ping has been followed by nothing.
func TestKeepalive(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, &Options{PingInterval: time.Minute, PongTimeout: 10 * time.Second})
		start := time.Now()
		ended := make(chan error, 1)
		go func() {
			for {
				if _, err := c.Read(t.Context()); err != nil {
					ended <- err
					return
				}
			}
		}()
		at := func(want time.Duration, event string) {
			t.Helper()
			if got := time.Since(start); got != want {
				t.Errorf("%s at %v, want %v", event, got, want)
			}
		}
		p.expect(OpPing, pingPayload(1))
		at(60*time.Second, "first ping")
		time.Sleep(2 * time.Second)
		p.send(OpPong, pingPayload(1))
		synctest.Wait()
		if rtt := c.Stats().RTT; rtt != 2*time.Second {
			t.Errorf("RTT is %v", rtt)
		}
		p.expect(OpPing, pingPayload(2))
		at(122*time.Second, "ping after a minute of silence")
		time.Sleep(9 * time.Second)
		half := p.message("message")
		p.write(half[:3]) // no pong, not even a message, but life
		p.expect(OpPing, pingPayload(3))
		at(191*time.Second, "ping after half a message")
		time.Sleep(9 * time.Second)
		p.write(half[3:])
		for range 5 {
			time.Sleep(50 * time.Second)
			p.send(OpText, "life")
		}
		p.expect(OpPing, pingPayload(4))
		at(510*time.Second, "ping after a minute behind the last message")
		err := <-ended
		at(520*time.Second, "end")
		closed := wantClosed(t, err, StatusAbnormalClosure, true)
		if !errors.Is(err, os.ErrDeadlineExceeded) || closed.Err != errPongTimeout {
			t.Error(err)
		}
		p.expectEnd()
	})
}

// TestKeepaliveContext protects that the keepalive and the contexts of reads do not disturb each other.
func TestKeepaliveContext(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, &Options{PingInterval: time.Minute})
		go func() {
			for i := range 10 {
				p.expect(OpPing, pingPayload(i+1))
				p.send(OpPong, pingPayload(i+1))
			}
			p.send(OpText, "message")
		}()
		start := time.Now()
		for i := 0; ; i++ {
			ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
			began := time.Now()
			_, err := c.Read(ctx)
			cancel()
			if err == nil {
				break
			}
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 7*time.Second {
				t.Fatal(err, time.Since(began))
			}
		}
		if d := time.Since(start); d != 10*time.Minute {
			t.Errorf("ten pings in %v, want ten minutes", d)
		}
		c.CloseNow()
	})
}

// TestKeepaliveBusyApplication protects that pings are sent although the application reads only now and then, so that
// no deadline passes while it does.
func TestKeepaliveBusyApplication(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, &Options{PingInterval: time.Minute})
		pings := 0
		go func() {
			for {
				h, payload, err := p.next()
				if err != nil {
					return
				}
				if h.Opcode == OpPing {
					pings++
					p.nc.Write(p.frame(true, OpPong, string(payload)))
				}
			}
		}()
		for range 100 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			if _, err := c.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			cancel()
			time.Sleep(59 * time.Second)
		}
		if pings < 40 {
			t.Errorf("%d pings in 98 minutes, want one at every second read", pings)
		}
	})
}

// TestKeepaliveSlowApplication protects that an application that does not read for long does not lose a peer that
// answers.
func TestKeepaliveSlowApplication(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, &Options{PingInterval: 10 * time.Second, PongTimeout: 10 * time.Second})
		go func() {
			for {
				h, payload, err := p.next()
				if err != nil {
					return
				}
				if h.Opcode == OpPing {
					p.nc.Write(p.frame(true, OpPong, string(payload)))
				}
			}
		}()
		for _, busy := range []time.Duration{1, 5, 9, 10, 11, 15, 19, 20, 21, 60, 3600} {
			ctx, cancel := context.WithTimeout(t.Context(), 11*time.Second) // long enough for a ping
			if _, err := c.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(busy, err)
			}
			cancel()
			time.Sleep(busy * time.Second)
		}
		n := 0
		for range 10 {
			p.write(p.message("message"))
		}
		for _, err := range c.MessagesInPlace(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(25 * time.Second)
			if n++; n == 10 {
				break
			}
		}
		c.CloseNow()
	})
}

// TestKeepaliveWithoutPongTimeout protects that a negative PongTimeout means pings without a consequence.
func TestKeepaliveWithoutPongTimeout(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, &Options{PingInterval: time.Minute, PongTimeout: -1})
		c.CloseRead(t.Context())
		start := time.Now()
		for i := range 10 {
			p.expect(OpPing, pingPayload(i+1))
		}
		if d := time.Since(start); d != 10*time.Minute {
			t.Errorf("ten pings in %v", d)
		}
		c.CloseNow()
	})
}

// TestKeepaliveFullBuffer protects that a peer that takes nothing and sends nothing is found dead, although there is
// no room for a ping.
func TestKeepaliveFullBuffer(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, _ := narrow(t, 10, client, &Options{
			WriteBuffer: 1 << 10, FailWhenFull: true, WriteTimeout: -1, PingInterval: time.Minute, PongTimeout: time.Second,
		})
		for c.Write(t.Context(), OpBinary, make([]byte, 1)) == nil {
			synctest.Wait()
		}
		start := time.Now()
		_, err := c.Read(t.Context())
		wantClosed(t, err, StatusAbnormalClosure, true)
		if d := time.Since(start); d != 61*time.Second {
			t.Errorf("found dead after %v", d)
		}
	})
}

// TestPingBetweenFragments protects that control frames pass a message that is being streamed out, and a large one
// that is on its way.
func TestPingBetweenFragments(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, nil)
		c.CloseRead(t.Context())
		w, err := c.Writer(t.Context(), OpText)
		if err != nil {
			t.Fatal(err)
		}
		part := bytes.Repeat([]byte("x"), fragmentSize)
		w.Write(part)
		w.Write(part)
		p.send(OpPing, "x")
		go c.Ping(t.Context())
		synctest.Wait()
		time.Sleep(holdTime)
		w.Close()
		var ops []Opcode
		for range 4 {
			h, _, err := p.next()
			if err != nil {
				t.Fatal(err)
			}
			ops = append(ops, h.Opcode)
		}
		if fmt.Sprint(ops) != "[text pong ping continuation]" && fmt.Sprint(ops) != "[text ping pong continuation]" {
			t.Error(ops)
		}
		c.CloseNow()
	})
}
