//go:build !race && !js

package websocket

// This file tests what compression allocates, in Receiver and Sender and in Conn, and what it holds. It is not built under the race
// detector, where sync.Pool drops what it is given at random.

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// TestDeflateAllocations protects the promise that a compressed message costs no allocation in steady state, in either
// layer and either role: whole, in fragments, in pieces, larger than what one call inflates, and one that does not
// shrink.
func TestDeflateAllocations(t *testing.T) {
	payloads := append(corpus.Chat(corpus.Seed, 20), corpus.Text(1, 100<<10), corpus.Random(1, 2000))
	for _, o := range deflaterOptions() {
		if o.WindowBits != 9 && o.WindowBits != 15 {
			continue
		}
		for _, client := range []bool{true, false} {
			t.Run(fmt.Sprintf("%+v/client=%v", o, client), func(t *testing.T) {
				s, r := newDeflating(client, o, 0), inflating(client, o)
				s.maskKey = nil
				var out []byte
				dst := make([]byte, 0, 4096)
				take := func(src []byte) {
					for {
						_, ev, n, err := r.Next(dst, src)
						if err != nil {
							t.Fatal(err)
						}
						if src = src[n:]; ev.Kind == EventNone {
							return
						}
					}
				}
				i := 0
				round := func() {
					p := payloads[i%len(payloads)]
					i++
					out, _ = s.AppendMessage(out[:0], OpBinary, p)
					take(out)
					out, _ = s.AppendFragment(out[:0], OpBinary, p[:100], false)
					out, _ = s.AppendControl(out, OpPing, nil)
					out, _ = s.AppendFragment(out, OpBinary, p[100:], true)
					take(out[:len(out)/2])
					take(out[len(out)/2:])
				}
				for range 3 * len(payloads) {
					round()
				}
				if n := testing.AllocsPerRun(3*len(payloads), round); n != 0 {
					t.Errorf("%v allocations a round", n)
				}
			})
		}
	}
}

// onDeflating runs f with a Conn of each role on each network, with compression of several kinds, and an echo behind it.
func onDeflating(t *testing.T, f func(t *testing.T, c *Conn)) {
	for network, pair := range allocPairs {
		for _, client := range []bool{true, false} {
			for _, p := range []compress.Params{paramsOf(15, true), paramsOf(15, false), paramsOf(9, true)} {
				t.Run(fmt.Sprintf("%s/client=%v/%+v", network, client, p), func(t *testing.T) {
					a, b := pair(t)
					o := &Options{Compression: new(compress.Options)}
					agreed := Agreement{Compression: &p}
					c := newConn(a, connConfig{agreement: agreed, client: client, options: o})
					other := newConn(b, connConfig{agreement: agreed, client: !client, options: o})
					t.Cleanup(func() { c.CloseNow(); other.CloseNow() })
					go func() {
						for m, err := range other.MessagesInPlace(context.Background()) {
							if err != nil || other.Write(context.Background(), m.Op, m.Data) != nil {
								return
							}
						}
					}()
					f(t, c)
				})
			}
		}
	}
}

// TestDeflateEchoAllocs protects that a compressed message which is written and one that is read allocate nothing: with
// AppendRead, and in the Messages loop of the other side, for messages of 1 KiB and for some that are read in parts;
// that Read allocates its result only; and that a prepared message costs nothing once it has been compressed.
func TestDeflateEchoAllocs(t *testing.T) {
	onDeflating(t, func(t *testing.T, c *Conn) {
		ctx := context.Background()
		chat, buf := append(corpus.Chat(corpus.Seed, 9), corpus.Text(1, 30_000)), make([]byte, 0, 64<<10)
		m, err := NewPreparedMessage(OpText, chat[0])
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		for what, read := range map[string]func() []byte{
			"AppendRead": func() []byte { msg, _ := c.AppendRead(ctx, buf); return msg.Data },
			"Read":       func() []byte { msg, _ := c.Read(ctx); return msg.Data },
		} {
			echo := func() {
				i++
				p := chat[i%len(chat)]
				if err := c.Write(ctx, OpText, p); err != nil {
					t.Fatal(err)
				}
				if got := read(); string(got) != string(p) {
					t.Fatalf("%d bytes came back of %d", len(got), len(p))
				}
				if err := c.WritePrepared(ctx, m); err != nil {
					t.Fatal(err)
				}
				if got := read(); string(got) != string(chat[0]) {
					t.Fatalf("%d bytes came back of %d", len(got), len(chat[0]))
				}
			}
			for range 50 {
				echo()
			}
			want := map[string]float64{"AppendRead": 0, "Read": 2}[what]
			if n := testing.AllocsPerRun(100, echo); n > want {
				t.Errorf("%s: %v allocations, want %v", what, n, want)
			}
		}
	})
}

// heapOfPairs returns the heap that pairs of connections, one of them a client, take after 40 messages of 1 KiB each
// way, in bytes a connection. p may be nil.
func heapOfPairs(t *testing.T, p *compress.Params) int {
	const pairs = 32
	chat := corpus.Chat(corpus.Seed, 40)
	heap := func() int {
		var m runtime.MemStats
		for range 3 { // pools let go of what they hold in two
			runtime.GC()
		}
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	o := &Options{Compression: new(compress.Options)}
	var conns []*Conn
	before := heap()
	for range pairs {
		a, b := tcpPair(t)
		agreed := Agreement{Compression: p}
		c := newConn(a, connConfig{agreement: agreed, client: true, options: o})
		s := newConn(b, connConfig{agreement: agreed, options: o})
		conns = append(conns, c, s)
		for _, m := range chat {
			for _, way := range [][2]*Conn{{c, s}, {s, c}} {
				if err := way[0].Write(context.Background(), OpText, m); err != nil {
					t.Fatal(err)
				}
				if msg, err := way[1].Read(context.Background()); err != nil || !bytes.Equal(msg.Data, m) {
					t.Fatal(len(msg.Data), err)
				}
			}
		}
	}
	n := heap() - before
	for _, c := range conns {
		c.CloseNow()
	}
	return n / len(conns)
}

// TestDeflateMemory protects what compression costs a connection that has carried 40 messages of 1 KiB each way, beyond
// one without: the heap, not what the parts say of themselves.
func TestDeflateMemory(t *testing.T) {
	plain := heapOfPairs(t, nil)
	for _, row := range []struct {
		bits     int
		takeover bool
		most     int
	}{{8, true, 8 << 10}, {11, true, 24 << 10}, {15, true, 128 << 10}, {15, false, 1 << 10}, {8, false, 1 << 10}} {
		p := paramsOf(row.bits, row.takeover)
		n := heapOfPairs(t, &p) - plain
		t.Logf("%d bits, takeover %v: %d bytes beyond the %d of a connection without compression", row.bits, row.takeover, n, plain)
		if n > row.most || row.takeover && n < 1<<row.bits {
			t.Errorf("%d bits, takeover %v: %d bytes, want at most %d", row.bits, row.takeover, n, row.most)
		}
	}
}
