//go:build !race && !js

package websocket

// This file asserts what a connection allocates. Under the race detector pools drop buffers at random, so that these
// numbers only hold without it.

import (
	"context"
	"io"
	"net"
	"testing"
	"unsafe"

	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// allocPairs are the networks on which allocations are counted.
var allocPairs = map[string]func(t testing.TB) (a, b net.Conn){
	"TCP":  tcpPair,
	"pipe": func(testing.TB) (a, b net.Conn) { return netpipe.New(pipeSize) },
}

// onNetworks runs f for both roles, on both networks, with context.Background and with a context that can end, which
// is the same in all calls.
func onNetworks(t *testing.T, f func(t *testing.T, ctx context.Context, c, other *Conn)) {
	for network, pair := range allocPairs {
		for _, client := range []bool{true, false} {
			for _, background := range []bool{true, false} {
				name := network
				if client {
					name += " client"
				} else {
					name += " server"
				}
				ctx := context.Background()
				if !background {
					name += " with a context"
					ctx = t.Context()
				}
				t.Run(name, func(t *testing.T) {
					a, b := pair(t)
					c, other := connOver(t, a, client, nil), connOver(t, b, !client, nil)
					go func() {
						for m, err := range other.MessagesInPlace(context.Background()) {
							if err != nil {
								return
							}
							other.Write(context.Background(), m.Op, m.Data)
						}
					}()
					f(t, ctx, c, other)
				})
			}
		}
	}
}

// wantAllocs wants f to allocate n times a run.
func wantAllocs(t *testing.T, n float64, f func()) {
	t.Helper()
	for range 10 {
		f()
	}
	if got := testing.AllocsPerRun(1000, f); got > n {
		t.Errorf("%v allocations, want %v", got, n)
	}
}

// TestEchoAllocs protects that a message that is written and one that is read into a slice with room allocate
// nothing: neither here nor in the loop on the other side.
func TestEchoAllocs(t *testing.T) {
	onNetworks(t, func(t *testing.T, ctx context.Context, c, _ *Conn) {
		p, buf := make([]byte, 125), make([]byte, 0, 1000)
		wantAllocs(t, 0, func() {
			if err := c.Write(ctx, OpBinary, p); err != nil {
				t.Fatal(err)
			}
			m, err := c.AppendRead(ctx, buf)
			if err != nil || len(m.Data) != 125 {
				t.Fatal(len(m.Data), err)
			}
		})
	})
}

// TestReadAllocs protects that Read allocates its result and nothing else.
func TestReadAllocs(t *testing.T) {
	onNetworks(t, func(t *testing.T, ctx context.Context, c, _ *Conn) {
		p := make([]byte, 125)
		wantAllocs(t, 1, func() {
			if err := c.Write(ctx, OpBinary, p); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Read(ctx); err != nil {
				t.Fatal(err)
			}
		})
	})
}

// TestMessagesAllocs protects that a turn of MessagesInPlace, with a reply, allocates nothing, and one of Messages the data.
func TestMessagesAllocs(t *testing.T) {
	t.Run("Messages", func(t *testing.T) { loopAllocs(t, (*Conn).Messages, 1) })
	t.Run("MessagesInPlace", func(t *testing.T) { loopAllocs(t, (*Conn).MessagesInPlace, 0) })
}

func loopAllocs(t *testing.T, messages loopKind, want float64) {
	onNetworks(t, func(t *testing.T, ctx context.Context, c, _ *Conn) {
		next, done, payload := make(chan struct{}), make(chan struct{}), make([]byte, 125)
		go func() {
			for range next {
				if err := c.Write(ctx, OpBinary, payload); err != nil {
					t.Error(err)
				}
			}
			c.CloseNow()
		}()
		go func() {
			for _, err := range messages(c, ctx) {
				if err != nil {
					return
				}
				done <- struct{}{}
			}
		}()
		wantAllocs(t, want, func() {
			next <- struct{}{}
			<-done
		})
		close(next)
	})
}

// TestWriteAllocs protects that writing alone allocates nothing, and that a message that was prepared does not
// either.
func TestWriteAllocs(t *testing.T) {
	for network, pair := range allocPairs {
		for _, client := range []bool{true, false} {
			a, b := pair(t)
			c := connOver(t, a, client, nil)
			go io.Copy(io.Discard, b)
			p := make([]byte, 125)
			m, err := NewPreparedMessage(OpBinary, p)
			if err != nil {
				t.Fatal(err)
			}
			t.Run(network, func(t *testing.T) {
				wantAllocs(t, 0, func() {
					if err := c.Write(context.Background(), OpBinary, p); err != nil {
						t.Fatal(err)
					}
				})
				wantAllocs(t, 0, func() {
					if err := c.WritePrepared(context.Background(), m); err != nil {
						t.Fatal(err)
					}
				})
			})
			b.Close()
		}
	}
}

// TestPongAllocs protects that answering a ping allocates nothing.
func TestPongAllocs(t *testing.T) {
	onNetworks(t, func(t *testing.T, ctx context.Context, c, other *Conn) {
		p, buf := make([]byte, 10), make([]byte, 0, 1000)
		wantAllocs(t, 0, func() {
			other.mu.Lock()
			other.out, _ = other.s.AppendControl(growBuffer(other.out, 200), OpPing, p)
			other.mu.Unlock()
			if err := c.Write(ctx, OpBinary, p); err != nil {
				t.Fatal(err)
			}
			if _, err := c.AppendRead(ctx, buf); err != nil {
				t.Fatal(err)
			}
		})
	})
}

// TestConnSize protects what an idle connection costs beside its goroutine: 576 bytes, of which the allocator takes 8
// for itself. One byte more, and it takes 640.
func TestConnSize(t *testing.T) {
	if n := unsafe.Sizeof(Conn{}); n > 568 {
		t.Errorf("a Conn takes %d bytes, want at most 568", n)
	}
}

// TestIdleHoldsNoBuffers protects that a connection that waits has given back its buffers, also after it has carried
// messages.
func TestIdleHoldsNoBuffers(t *testing.T) {
	onNetworks(t, func(t *testing.T, ctx context.Context, c, other *Conn) {
		for _, n := range []int{10, 100000} {
			if err := c.Write(ctx, OpBinary, make([]byte, n)); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Read(ctx); err != nil {
				t.Fatal(err)
			}
			if err := c.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
			c.acquire()
			if c.inBuf != nil || c.dst != nil || c.out != nil {
				t.Errorf("after a message of %d: %d bytes in, %d of a message, %d out", n, cap(c.inBuf), cap(c.dst), cap(c.out))
			}
			c.release()
		}
	})
}
