package websocket

// This file tests the loops, Messages and MessagesInPlace: what its body may do, and what others may do while it runs.

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// loopKind is one of the loops over messages.
type loopKind func(*Conn, context.Context) iter.Seq2[Message, error]

var loopKinds = map[string]loopKind{"Messages": (*Conn).Messages, "MessagesInPlace": (*Conn).MessagesInPlace}

// onLoops runs f in a bubble for each loop in each role.
func onLoops(t *testing.T, f func(t *testing.T, client bool, messages loopKind)) {
	for name, messages := range loopKinds {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, client bool) { f(t, client, messages) })
		})
	}
}

// TestMessagesBreakAndResume protects that a loop that was left loses nothing: the next read gets the next message,
// whether it had come with the last one or not, and a second loop goes on.
func TestMessagesBreakAndResume(t *testing.T) {
	onLoops(t, func(t *testing.T, client bool, messages loopKind) {
		for _, kind := range readKinds {
			c, p := newPeer(t, client, nil)
			var wire []byte
			for i := range 10 {
				wire = append(wire, p.message(fmt.Sprint("message ", i))...)
			}
			p.write(wire[:len(wire)-4])
			i := 0
			loop := messages(c, t.Context())
			for i < 9 {
				for m, err := range loop {
					wantMessage(t, m.Op, m.Data, err, fmt.Sprint("message ", i))
					if i++; i%2 == 0 {
						break
					}
					if i == 9 {
						break
					}
				}
				if i < 9 {
					op, got, err := kind.read(t, t.Context(), c)
					wantMessage(t, op, got, err, fmt.Sprint("message ", i))
					i++
				}
			}
			p.write(wire[len(wire)-4:])
			for m, err := range loop {
				wantMessage(t, m.Op, m.Data, err, "message 9")
				break
			}
			c.CloseNow()
		}
	})
}

// TestMessagesSizes protects the loop's one buffer: messages of all sizes, whole and in fragments, behind each other.
func TestMessagesSizes(t *testing.T) {
	onLoops(t, func(t *testing.T, client bool, messages loopKind) {
		c, p := newPeer(t, client, nil)
		var want []string
		for _, n := range []int{0, 1, 15, 16, 17, 100, 16000, 16384, 40000, 100000, 1 << 20, 3} {
			want = append(want, strings.Repeat("x", n), strings.Repeat("y", n))
		}
		go func() {
			for i, m := range want {
				if i%2 == 0 {
					p.write(p.message(m))
				} else {
					n := len(m)
					p.write(p.frame(false, OpText, m[:n/3]), p.frame(false, OpContinuation, m[n/3:n/2]), p.frame(true, OpContinuation, m[n/2:]))
				}
			}
			p.send(OpClose, closePayload(StatusNormalClosure, ""))
		}()
		i := 0
		for m, err := range messages(c, t.Context()) {
			if err != nil {
				wantClosed(t, err, StatusNormalClosure, false)
				break
			}
			wantMessage(t, m.Op, m.Data, nil, want[i])
			i++
		}
		if i != len(want) {
			t.Errorf("%d messages of %d", i, len(want))
		}
		c.Close(StatusNormalClosure, "") // waits until all has been counted
		if s := c.Stats(); s.MessagesIn != uint64(len(want)) {
			t.Errorf("%d messages counted", s.MessagesIn)
		}
	})
}

// TestMessagesAreKept protects that data of Messages is the body's: what a hub was given stays as it was, however it came,
// and is memory of its own, so that appending to one message leaves the others alone.
func TestMessagesAreKept(t *testing.T) {
	takeover := paramsOf(15, true)
	for name, agreed := range map[string]Agreement{"plain": {}, "compressed": {Compression: &takeover}} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, client bool) {
				o := connConfig{agreement: agreed, client: client, options: agreed.options(nil)}
				na, nb := netpipe.New(pipeSize)
				a := newConn(na, o)
				o.client = !client
				b := newConn(nb, o)
				defer a.CloseNow()
				hub := make(chan Message, 100)
				go func() {
					for msg, err := range a.Messages(t.Context()) {
						if err != nil {
							break
						}
						hub <- msg
					}
					close(hub)
				}()
				var want []string
				for _, n := range []int{1, 100, 100, 5000, 0, 70000, 70000, 1 << 20, 3} {
					m := strings.Repeat(fmt.Sprint(len(want)), n)
					want = append(want, m)
					if err := b.Write(t.Context(), OpText, []byte(m)); err != nil {
						t.Fatal(err)
					}
				}
				b.Close(StatusNormalClosure, "")
				i := 0
				for msg := range hub {
					wantMessage(t, msg.Op, msg.Data, nil, want[i])
					for p := msg.Data[:cap(msg.Data)]; len(p) > 0; p = p[1:] {
						p[0] = '!'
					}
					i++
				}
				if i != len(want) {
					t.Errorf("%d messages of %d", i, len(want))
				}
			})
		})
	}
}

// TestAppendToMessages protects that appending to what a read gives, or a hook is given, leaves alone what has come behind it,
// compressed or not, whole or in fragments.
func TestAppendToMessages(t *testing.T) {
	takeover := paramsOf(15, true)
	for name, agreed := range map[string]Agreement{"plain": {}, "compressed": {Compression: &takeover}} {
		for _, kind := range readKinds {
			t.Run(name+"/"+kind.name, func(t *testing.T) {
				inBubble(t, func(t *testing.T, client bool) {
					o := agreed.options(nil)
					overwrite := func(p []byte) { _ = append(p, "overwritten by whoever appends to a slice that is not his"...) }
					o.OnPing = func(_ *Conn, p []byte) bool { overwrite(p); return true }
					na, nb := netpipe.New(pipeSize)
					c := newConn(na, connConfig{agreement: agreed, client: client, options: o})
					defer c.CloseNow()
					go nb.Write(wireOf(t, client, agreed, 20))
					for i := range 20 {
						want := fmt.Sprint("message ", i, " of the last ones")
						if kind.name == "MessagesInPlace" {
							for m, err := range c.MessagesInPlace(t.Context()) {
								wantMessage(t, m.Op, m.Data, err, want)
								overwrite(m.Data)
								break
							}
							continue
						}
						op, data, err := kind.read(t, t.Context(), c)
						wantMessage(t, op, data, err, want)
						overwrite(data)
					}
					nb.Close()
				})
			})
		}
	}
	for _, client := range []bool{false, true} {
		var r Receiver
		r.Reset(ReceiverOptions{Client: client})
		wire := wireOf(t, client, Agreement{}, 3)
		for len(wire) > 0 || r.Pending() {
			_, ev, n, err := r.Next(nil, wire)
			if err != nil || cap(ev.Payload) > len(ev.Payload) {
				t.Fatalf("%+v with a payload of %d bytes, and room for %d; %v", ev.Kind, len(ev.Payload), cap(ev.Payload), err)
			}
			wire = wire[n:]
		}
	}
}

// TestMessagesError protects that the error that ends a loop is yielded once, last, and by every later loop again.
func TestMessagesError(t *testing.T) {
	onLoops(t, func(t *testing.T, client bool, messages loopKind) {
		c, p := newPeer(t, client, nil)
		p.write(p.message("one"), p.message("\xff"))
		var seen []error
		for _, err := range messages(c, t.Context()) {
			seen = append(seen, err)
		}
		if len(seen) != 2 || seen[0] != nil {
			t.Fatal(seen)
		}
		wantClosed(t, seen[1], StatusInvalidPayload, true)
		for _, err := range messages(c, t.Context()) {
			if seen = append(seen, err); err != seen[1] {
				t.Error(err)
			}
		}
		if len(seen) != 3 {
			t.Error(seen)
		}
	})
}

// TestOtherReadsInBody protects that every other read fails while a body runs, in it and elsewhere, and leaves the
// loop as it was.
func TestOtherReadsInBody(t *testing.T) {
	onLoops(t, func(t *testing.T, client bool, messages loopKind) {
		c, p := newPeer(t, client, nil)
		p.write(p.message("one"), p.message("two"))
		var got []string
		for m, err := range messages(c, t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(m.Data))
			for _, kind := range readKinds {
				if _, _, err := kind.read(t, t.Context(), c); err != ErrReadInProgress {
					t.Errorf("%s in a body: %v", kind.name, err)
				}
				go func() {
					if _, _, err := kind.read(t, t.Context(), c); err != ErrReadInProgress {
						t.Errorf("%s beside a body: %v", kind.name, err)
					}
				}()
			}
			c.SetReadLimit(1 << 10) // by anybody, at any time
			c.CloseRead(t.Context())
			synctest.Wait()
			if len(got) == 2 {
				break
			}
		}
		if fmt.Sprint(got) != "[one two]" {
			t.Error(got)
		}
	})
}

// TestReadInProgress protects that a second reader is told so, and the first not disturbed.
func TestReadInProgress(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, first := range readKinds {
			c, p := newPeer(t, client, nil)
			done := make(chan struct{})
			go func() {
				op, got, err := first.read(t, t.Context(), c)
				wantMessage(t, op, got, err, "message")
				close(done)
			}()
			synctest.Wait()
			p.write(p.frame(false, OpText, "mess"))
			synctest.Wait()
			for _, second := range readKinds {
				if _, _, err := second.read(t, t.Context(), c); err != ErrReadInProgress {
					t.Errorf("%s beside %s: %v", second.name, first.name, err)
				}
			}
			p.write(p.frame(true, OpContinuation, "age"))
			<-done
		}
	})
}

// TestCloseInBody protects that Close in a body only sends the frame, that the loop then discards what comes and
// completes the handshake, and that it yields the end once, if the body did not leave it.
func TestCloseInBody(t *testing.T) {
	onLoops(t, func(t *testing.T, client bool, messages loopKind) {
		for _, where := range []string{"inside", "outside", "inside, then leaves"} {
			c, p := newPeer(t, client, nil)
			p.write(p.message("one"), p.message("discarded"))
			go p.close(4000, "")
			bodies, start := 0, time.Now()
			var end error
			for _, err := range messages(c, t.Context()) {
				if err != nil {
					end = err
					continue
				}
				if bodies++; where == "outside" {
					if err := <-inGoroutine(func() error { return c.Close(4000, "") }); err != nil {
						t.Error(err)
					}
				} else if err := c.Close(4000, ""); err != nil {
					t.Error(err)
				}
				wantClosed(t, c.Close(4001, ""), 4000, true)
				wantClosed(t, c.Write(t.Context(), OpText, nil), 4000, true)
				if where == "inside, then leaves" {
					break
				}
			}
			if bodies != 1 || time.Since(start) > 0 {
				t.Errorf("%s: %d bodies, %v", where, bodies, time.Since(start))
			}
			if where != "inside, then leaves" {
				wantClosed(t, end, 4000, true)
			}
			wantClosed(t, c.Close(4000, ""), 4000, true)
			synctest.Wait()
			if !c.r.closed {
				t.Errorf("%s: the closing handshake was not completed", where)
			}
		}
	})
}

// TestCloseBesideBody protects that a body that takes long does not keep anybody: Close beside it returns at once, the
// close frame leaves, and at the close timeout the peer is let go.
func TestCloseBesideBody(t *testing.T) {
	onLoops(t, func(t *testing.T, client bool, messages loopKind) {
		c, p := newPeer(t, client, nil)
		p.write(p.message("one"))
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			bodies := 0
			for _, err := range messages(c, t.Context()) {
				if err != nil {
					wantClosed(t, err, 4000, true)
					break
				}
				bodies++
				time.Sleep(time.Hour)
			}
			if d := time.Since(start); bodies != 1 || d != time.Hour {
				t.Errorf("%d bodies, the loop ended after %v", bodies, d)
			}
		})
		synctest.Wait()
		if err := c.Close(4000, ""); err != nil || time.Since(start) > 0 {
			t.Error(err, time.Since(start))
		}
		p.expect(OpClose, closePayload(4000, ""))
		p.send(OpClose, closePayload(4000, ""))
		p.expectEnd()
		if d := time.Since(start); d != DefaultCloseTimeout {
			t.Errorf("the stream ended after %v", d)
		}
		wg.Wait()
	})
}

// TestCloseNowBesideBody protects that CloseNow returns at once, in a body and beside one, and that the loop yields
// the end when the body returns.
func TestCloseNowBesideBody(t *testing.T) {
	onLoops(t, func(t *testing.T, client bool, messages loopKind) {
		for _, inside := range []bool{true, false} {
			c, p := newPeer(t, client, nil)
			p.write(p.message("one"), p.message("two"))
			bodies := 0
			for _, err := range messages(c, t.Context()) {
				if bodies++; bodies == 2 {
					wantClosed(t, err, StatusAbnormalClosure, true)
					break
				}
				closeNow := c.CloseNow
				if !inside {
					closeNow = func() error { return <-inGoroutine(c.CloseNow) }
				}
				if err := closeNow(); err != nil {
					t.Error(err)
				}
				p.expectEnd()
			}
			if bodies != 2 {
				t.Errorf("%d turns", bodies)
			}
		}
	})
}

// TestBodyPanics protects that a panic, or the end of the goroutine, in a body ends the connection with 1011 behind what
// the body wrote, and leaves nothing locked.
func TestBodyPanics_7_4_1(t *testing.T) {
	onLoops(t, func(t *testing.T, client bool, messages loopKind) {
		for name, body := range map[string]func(){
			"panic":  func() { panic("in a body") },
			"Goexit": runtime.Goexit,
		} {
			c, p := newPeer(t, client, nil)
			p.write(p.message("one"), p.message("two"))
			recovered := make(chan any)
			go func() {
				defer close(recovered)
				defer func() {
					if r := recover(); r != nil {
						recovered <- r
					}
				}()
				for m, err := range messages(c, t.Context()) {
					if err != nil || c.Write(t.Context(), m.Op, m.Data) != nil {
						t.Error(err)
					}
					body()
				}
				t.Error("the loop went on")
			}()
			if r := <-recovered; name == "panic" && r != "in a body" {
				t.Errorf("recovered %v", r)
			}
			p.expect(OpText, "one")
			p.expect(OpClose, closePayload(StatusInternalError, ""))
			for _, kind := range readKinds {
				_, _, err := kind.read(t, t.Context(), c)
				if closed := wantClosed(t, err, StatusInternalError, true); closed.Err != errBodyPanicked {
					t.Errorf("%s: %v", name, err)
				}
			}
			p.expectEnd()
			wantClosed(t, c.Close(StatusNormalClosure, ""), StatusInternalError, true)
			if c.ending != endFinished {
				t.Errorf("%s: Close did not wait until the transport had been closed", name)
			}
		}
	})
}

// TestContextDuringBody protects that the end of a context while a body runs is not lost.
func TestContextDuringBody(t *testing.T) {
	onLoops(t, func(t *testing.T, client bool, messages loopKind) {
		c, p := newPeer(t, client, nil)
		p.write(p.message("one"))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		bodies := 0
		for _, err := range messages(c, ctx) {
			if err != nil {
				if err != context.Canceled {
					t.Error(err)
				}
				break
			}
			bodies++
			cancel()
			synctest.Wait()
		}
		if bodies != 1 {
			t.Error(bodies)
		}
		p.send(OpText, "two")
		m, err := c.Read(t.Context())
		wantMessage(t, m.Op, m.Data, err, "two")
	})
}

// TestMessagesCancelledInMessage protects that a loop that ends with its context hands the part of a message that it
// has to the next one.
func TestMessagesCancelledInMessage(t *testing.T) {
	onLoops(t, func(t *testing.T, client bool, messages loopKind) {
		c, p := newPeer(t, client, nil)
		m := p.message(strings.Repeat("message ", 100))
		for i := 0; i < len(m); i += 50 {
			p.write(m[i:min(i+50, len(m))])
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			for m, err := range messages(c, ctx) {
				if i+50 < len(p.message(strings.Repeat("message ", 100))) {
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Fatal(err)
					}
				} else {
					wantMessage(t, m.Op, m.Data, err, strings.Repeat("message ", 100))
				}
				break
			}
			cancel()
		}
	})
}
