package websocket

// This file tests what connections without messages give back.

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// resting is a connection in a bubble that rests when it is idle, and one at its other end that never does and echoes nothing.
type resting struct {
	t     *testing.T
	c     *Conn
	far   *Conn
	got   chan []byte  // what far reads
	ended <-chan error // of c's reading
}

const idleAfter = 5 * time.Minute

// newResting returns one over a network, read by the given form. p is what was agreed on.
func newResting(t *testing.T, network string, client bool, o *Options, p compress.Params, read func(*Conn) error) *resting {
	compressing := *o
	compressing.Compression = &compress.Options{IdleAfter: idleAfter, MinSize: -1}
	c, nc := bubbleNetworks[network](t, client, &compressing)
	agreed := Agreement{Compression: &p}
	c.agreement = agreed
	f, d := compressors(compressing.Compression, p, client)
	c.r.Reset(ReceiverOptions{Client: client, Inflater: f})
	c.s.Reset(SenderOptions{Client: client, Deflater: d, MinSize: -1})
	c.beginRests()
	x := &resting{t: t, c: c, got: make(chan []byte, 1), ended: inGoroutine(func() error { return read(c) })}
	x.far = ServerConn(nc, &Options{NoBatching: true}, agreed, nil)
	if !client {
		x.far = ClientConn(nc, &Options{NoBatching: true}, agreed, nil)
	}
	t.Cleanup(func() { x.far.CloseNow() })
	go func() {
		for m, err := range x.far.Messages(context.Background()) {
			if err != nil {
				close(x.got)
				return
			}
			x.got <- m.Data
		}
	}()
	return x
}

// send sends messages, which must arrive.
func (x *resting) send(messages [][]byte) {
	x.t.Helper()
	for i, m := range messages {
		if err := x.c.Write(context.Background(), OpText, m); err != nil {
			x.t.Fatal(err)
		}
		if err := x.c.Flush(context.Background()); err != nil {
			x.t.Fatal(err)
		}
		if got := <-x.got; !bytes.Equal(got, m) {
			x.t.Fatalf("message %d arrives as %d bytes, want %d", i, len(got), len(m))
		}
	}
}

// receive is send for the other direction.
func (x *resting) receive(messages [][]byte) {
	x.t.Helper()
	for _, m := range messages {
		if err := x.far.Write(context.Background(), OpText, m); err != nil {
			x.t.Fatal(err)
		}
	}
	if err := x.far.Flush(context.Background()); err != nil {
		x.t.Fatal(err)
	}
}

// holds returns what compression holds for each direction. Nothing must be under way.
func (x *resting) holds() (out, in int) {
	synctest.Wait()
	x.c.mu.Lock() // the reader takes it before it rests
	defer x.c.mu.Unlock()
	return x.c.s.deflater.Size(), x.c.r.inflater.Size()
}

// end ends the connection and wants its reading to end for that.
func (x *resting) end() {
	x.t.Helper()
	if err := x.far.Close(StatusNormalClosure, ""); err != nil {
		x.t.Error(err)
	}
	<-x.ended
	wantClosed(x.t, x.c.cause(), StatusNormalClosure, false)
}

// TestRest protects that a connection which has said nothing for IdleAfter to twice as long gives back what it sent by, and most of
// what it received by, in every form of reading and over every network, beside the keepalive or without it; that what follows
// arrives; and that after it as much is held as before. Without deadlines nothing is given back.
func TestRest(t *testing.T) {
	chat := corpus.Chat(corpus.Seed, 12)
	for network := range bubbleNetworks {
		for form, read := range untilEnd {
			if network == "without deadlines" && form == "cancelled reads" {
				continue // a context that ends a read ends the connection there
			}
			for _, ping := range []time.Duration{0, 7 * time.Second} {
				t.Run(fmt.Sprint(network, "/", form, "/", ping), func(t *testing.T) {
					inBubble(t, func(t *testing.T, client bool) {
						x := newResting(t, network, client, &Options{PingInterval: ping}, paramsOf(13, true), read)
						x.send(chat)
						x.receive(chat)
						out, in := x.holds()
						time.Sleep(2*idleAfter + time.Second)
						switch restOut, restIn := x.holds(); {
						case network == "without deadlines":
							if restOut != out || restIn != in {
								t.Errorf("%d and %d bytes are held, %d and %d before", restOut, restIn, out, in)
							}
						case restOut != 0 || restIn > in/2 || restIn == 0:
							t.Errorf("%d and %d bytes are held, %d and %d before", restOut, restIn, out, in)
						}
						x.receive(chat)
						x.send(chat)
						if nowOut, nowIn := x.holds(); nowOut != out || nowIn != in {
							t.Errorf("%d and %d bytes are held, %d and %d before", nowOut, nowIn, out, in)
						}
						x.end()
					})
				})
			}
		}
	}
}

// TestRestBusy protects that a direction with a message now and then keeps what it has, by itself: the other rests, with 12 KiB
// at most on chat.
func TestRestBusy(t *testing.T) {
	chat := corpus.Chat(corpus.Seed, 90)
	for _, sends := range []bool{true, false} {
		inBubble(t, func(t *testing.T, client bool) {
			x := newResting(t, "pipe", client, new(Options), paramsOf(15, true), untilEnd["MessagesInPlace"])
			x.send(chat[:60])
			x.receive(chat[:60])
			out, in := x.holds()
			for i := range chat[60:] {
				time.Sleep(idleAfter - time.Second)
				if m := chat[60+i:][:1]; sends {
					x.send(m)
				} else {
					x.receive(m)
				}
			}
			switch restOut, restIn := x.holds(); {
			case sends && (restOut != out || restIn > 12<<10):
				t.Errorf("%d and %d bytes are held, %d and %d before", restOut, restIn, out, in)
			case !sends && (restOut != 0 || restIn != in):
				t.Errorf("%d and %d bytes are held, %d and %d before", restOut, restIn, out, in)
			}
			x.end()
		})
	}
}

// TestRestTimes protects when memory is given back: not before IdleAfter has passed since the last message, and not later than
// twice that; and that a connection without takeover, or without IdleAfter, is not woken for it.
func TestRestTimes(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		x := newResting(t, "pipe", client, new(Options), paramsOf(15, true), untilEnd["Read"])
		time.Sleep(idleAfter / 2)
		x.send(corpus.Chat(corpus.Seed, 2))
		for _, row := range []struct {
			after time.Duration
			holds bool
		}{{idleAfter, true}, {idleAfter/2 - time.Second, true}, {2 * time.Second, false}} {
			time.Sleep(row.after)
			if out, _ := x.holds(); out > 0 != row.holds {
				t.Errorf("%d bytes are held after %v more", out, row.after)
			}
		}
		x.end()

		if x := newResting(t, "pipe", client, new(Options), paramsOf(15, false), untilEnd["Read"]); !x.c.restDue().IsZero() {
			t.Error("a connection without takeover rests")
		} else {
			x.end()
		}
	})
}

// TestRestSockets protects that a plain socket's connection gives memory back, and takes messages after it.
func TestRestSockets(t *testing.T) {
	onSockets(t, func(t *testing.T, cn, sn net.Conn) {
		p := paramsOf(15, true)
		o := &Options{Compression: &compress.Options{IdleAfter: time.Millisecond, MinSize: -1}}
		c, s := ClientConn(cn, nil, Agreement{Compression: &p}, nil), ServerConn(sn, o, Agreement{Compression: &p}, nil)
		defer c.CloseNow()
		defer s.CloseNow()
		for range 2 {
			for _, m := range corpus.Chat(corpus.Seed, 60) {
				if err := c.Write(t.Context(), OpText, m); err != nil {
					t.Fatal(err)
				}
				got, err := s.Read(t.Context())
				wantMessage(t, got.Op, got.Data, err, string(m))
			}
			if n := s.r.inflater.Size(); n != 1<<15 {
				t.Fatalf("%d bytes are held", n)
			}
			for s.r.inflater.Size() > 12<<10 { // a connection that is not read does not rest
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
				if _, err := s.Read(ctx); ctx.Err() == nil {
					t.Fatal(err)
				}
				cancel()
			}
		}
	})
}
