package websocket

// This file tests what a connection does with the contexts of its reads: how often it registers them, and that the
// end of one is never lost and never hits another read.

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/transport"
)

// countingContext counts what is asked of it. It cannot be compared: the == of two such values panics.
type countingContext struct {
	context.Context
	registered, unregistered *atomic.Int32
	_                        []int
}

func newCounting(ctx context.Context) countingContext {
	return countingContext{Context: ctx, registered: new(atomic.Int32), unregistered: new(atomic.Int32)}
}

// Value hides that the context inside is one of the standard library's, which would register itself.
func (c countingContext) Value(any) any { return nil }

// AfterFunc is what context.AfterFunc uses where a context has it.
func (c countingContext) AfterFunc(f func()) (stop func() bool) {
	c.registered.Add(1)
	stopIt := context.AfterFunc(c.Context, f)
	return func() bool {
		c.unregistered.Add(1)
		return stopIt()
	}
}

// TestContextRegisteredOnce protects that the same context in many reads, of all kinds, is registered once, and only
// when a read has to wait; and that it is let go when another one comes.
func TestContextRegisteredOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, nil)
		go io.Copy(io.Discard, p.nc)
		base, cancel := context.WithCancel(t.Context())
		defer cancel()
		ctx := newCounting(base)
		p.write(p.message("one that is longer than what waits"), p.message("two"), p.message("three"))
		c.Read(t.Context()) // waits, and leaves two behind
		for range 2 {
			if _, err := c.Read(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if n := ctx.registered.Load(); n != 0 {
			t.Errorf("registered %d times by reads that had all at hand", n)
		}
		for range 10 {
			for _, kind := range readKinds {
				go func() {
					time.Sleep(time.Second)
					p.send(OpText, "message")
				}()
				op, got, err := kind.read(t, ctx, c)
				wantMessage(t, op, got, err, "message")
			}
		}
		if n := ctx.registered.Load(); n != 1 {
			t.Errorf("registered %d times by 50 reads, want 1", n)
		}
		for _, other := range []context.Context{context.Background(), newCounting(base)} {
			before, registered := ctx.unregistered.Load(), ctx.registered.Load()
			go func() {
				time.Sleep(time.Second)
				p.send(OpText, "message")
			}()
			c.Read(other)
			if c, isCounting := other.(countingContext); isCounting {
				// It has the same Done channel, and so is the same to a connection.
				if c.registered.Load() != 1 || ctx.registered.Load() != registered {
					t.Error("registered", c.registered.Load(), ctx.registered.Load())
				}
			} else if ctx.unregistered.Load() != before+1 {
				t.Error("not unregistered when another context came")
			}
		}
		c.CloseNow()
	})
}

// TestContextOfEarlierRead protects that the end of a context only ends reads that were given it.
func TestContextOfEarlierRead(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for _, at := range []time.Duration{time.Millisecond, time.Second, 2 * time.Second} {
			c, p := newPeer(t, client, nil)
			first, cancelFirst := context.WithCancel(t.Context())
			p.send(OpText, "one")
			time.AfterFunc(at, cancelFirst)
			go func() {
				time.Sleep(time.Second)
				p.send(OpText, "two")
			}()
			if _, err := c.Read(first); err != nil {
				t.Fatal(err)
			}
			second, cancelSecond := context.WithTimeout(t.Context(), time.Hour)
			m, err := c.Read(second)
			wantMessage(t, m.Op, m.Data, err, "two")
			if _, err := c.Read(first); at <= time.Second && !errors.Is(err, context.Canceled) {
				t.Error("context that had ended:", err)
			} else if err == nil {
				t.Error("read of nothing")
			}
			if _, err := c.Read(second); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			cancelSecond()
			c.CloseNow()
		}
	})
}

// floodTransport always has the same messages to read, and never makes anybody wait.
type floodTransport struct {
	transport.Transport
	flood []byte
}

func (f *floodTransport) Run(r transport.Reader, _ bool) error {
	for !r.Readable() {
	}
	return nil
}

func (f *floodTransport) Polls() bool  { return true }
func (f *floodTransport) Room() []byte { return nil }
func (f *floodTransport) Recv(p []byte, _ bool) (int, bool, error) {
	return copy(p, f.flood), false, nil
}

// TestContextEndsMessagesUnderFlood protects that a Messages loop notices the end of its context also when there is
// always something to read, so that it never waits.
func TestContextEndsMessagesUnderFlood(t *testing.T) {
	c, p := newPeer(t, false, nil)
	flood := bytes.Repeat(p.message("message"), 10)
	c.t = &floodTransport{c.t, flood}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range c.MessagesInPlace(ctx) {
		if err != nil {
			if err != context.Canceled || n != 20 {
				t.Errorf("ended with %v after %d messages, want the cancelled context after 20", err, n)
			}
			break
		}
		if n++; n == 15 {
			cancel()
		}
		if n == 1000 {
			t.Error("the loop goes on and on")
			break
		}
	}
	c.CloseNow()
}

// TestReadWithOwnContext protects that a read with the connection's own context ends with it, before the peer has
// answered the close frame, although nothing is registered with the context for that: neither what is derived from it
// with a value, nor a change of contexts, makes a difference.
func TestReadWithOwnContext(t *testing.T) {
	type key struct{}
	inBubble(t, func(t *testing.T, client bool) {
		for _, derived := range []bool{false, true} {
			c, p := newPeer(t, client, nil)
			ctx := c.Context()
			if derived {
				ctx = context.WithValue(ctx, key{}, "value")
			}
			for _, ctx := range []context.Context{ctx, context.Background(), t.Context(), ctx} {
				go func() {
					time.Sleep(time.Second)
					p.send(OpText, "message")
				}()
				m, err := c.Read(ctx)
				wantMessage(t, m.Op, m.Data, err, "message")
			}
			if c.deadline.watched != ctx.Done() || c.deadline.stop != nil {
				t.Error("the context was registered")
			}
			read := inGoroutine(func() error { return second(c.Read(ctx)) })
			synctest.Wait()
			closed := inGoroutine(func() error { return c.Close(4000, "") })
			wantClosed(t, <-read, 4000, true)
			p.close(4000, "")
			if err := <-closed; err != nil {
				t.Error(err)
			}
		}
	})
}

// TestOwnContextEndsBeforeWait protects a read with the connection's own context from an end that comes when it has
// begun and does not wait yet.
func TestOwnContextEndsBeforeWait(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		c, p := newPeer(t, client, nil)
		if err := c.beginRead(c.Context()); err != nil {
			t.Fatal(err)
		}
		closed := inGoroutine(func() error { return c.Close(4000, "") })
		synctest.Wait()
		c.watch()
		synctest.Wait()
		c.deadline.mu.Lock()
		if !c.deadline.cancelled {
			t.Error("the read would wait")
		}
		c.deadline.mu.Unlock()
		c.endRead()
		p.close(4000, "")
		if err := <-closed; err != nil {
			t.Error(err)
		}
	})
}

// lateEnd is one end of a net.Pipe whose reads return a second after the peer has closed the other.
type lateEnd struct{ net.Conn }

func (l lateEnd) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if err != nil {
		time.Sleep(time.Second)
	}
	return n, err
}

// TestContextBehindClosedPipe protects that a context that ends just after the peer has closed its end of a net.Pipe, which has
// no deadlines from then on, is not taken for what ended the connection.
func TestContextBehindClosedPipe(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for name, read := range map[string]func(c *Conn, ctx context.Context) error{
			"Read": func(c *Conn, ctx context.Context) error { _, err := c.Read(ctx); return err },
			"MessagesInPlace": func(c *Conn, ctx context.Context) (last error) {
				for _, err := range c.MessagesInPlace(ctx) {
					last = err
				}
				return last
			},
		} {
			a, b := net.Pipe()
			c := connOver(t, lateEnd{a}, client, nil)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			time.AfterFunc(time.Second/2, func() { b.Close() })
			err := read(c, ctx)
			cancel()
			t.Log(name)
			wantClosed(t, err, StatusAbnormalClosure, false)
			c.Close(StatusNormalClosure, "") // waits until the transport has been closed
			time.Sleep(time.Minute)          // of the bubble: whatever was late has come
		}
	})
}

// TestCancelledBehindRead protects that a context which ends when its read has returned, or while the body of a loop runs, does
// nothing to the connection, on a transport without deadlines either: only a read that waits cannot be ended there.
func TestCancelledBehindRead(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for transport, connect := range bubbleNetworks {
			c, other := connect(t, client, nil)
			p := peerOver(t, other, !client)
			for name, read := range map[string]func(ctx context.Context, cancel func()) error{
				"Read": func(ctx context.Context, cancel func()) error {
					_, err := c.Read(ctx)
					cancel()
					return err
				},
				"a body": func(ctx context.Context, cancel func()) error {
					for _, err := range c.MessagesInPlace(ctx) {
						cancel()
						synctest.Wait()
						return err
					}
					return nil
				},
				"a body that goes on": func(ctx context.Context, cancel func()) (end error) {
					for _, err := range c.MessagesInPlace(ctx) {
						cancel()
						synctest.Wait()
						end = err
					}
					if end == context.Canceled {
						return nil
					}
					return end
				},
			} {
				ctx, cancel := context.WithCancel(t.Context())
				go func() {
					time.Sleep(time.Second) // of the bubble: when the read waits
					p.send(OpText, "Hello")
				}()
				err := read(ctx, cancel)
				synctest.Wait()
				if err != nil {
					t.Errorf("%s, %s: %v", transport, name, err)
				}
				if err := c.Write(t.Context(), OpText, nil); err != nil {
					t.Errorf("%s, behind %s: %v", transport, name, err)
				}
			}
			c.CloseNow()
		}
	})
}
