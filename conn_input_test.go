package websocket

// This file tests what input is kept in: that replies to what arrived together leave together however it lies in the
// buffers, and what a connection holds of a message that does not go on.

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"unsafe"

	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/corpus"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// settled is a net.Conn that a Conn reads from when its flusher has done what it had to: what that writes does not depend on
// how goroutines are scheduled then.
type settled struct {
	net.Conn
	c *Conn
}

func (s *settled) Read(p []byte) (int, error) {
	for idle := false; !idle; runtime.Gosched() {
		s.c.mu.Lock()
		idle = s.c.isIdle()
		s.c.unlock()
	}
	return s.Conn.Read(p)
}

// countedSettled returns a Conn over a pipe, or over TLS over it, with a count of its writes: those of TLS are records.
func countedSettled(t testing.TB, client, overTLS bool) (*Conn, *peer, *writeCounter) {
	a, b := netpipe.New(pipeSize)
	w := &writeCounter{Conn: a}
	var here, there net.Conn = w, b
	if overTLS {
		config := &tls.Config{Certificates: []tls.Certificate{certificate()}, InsecureSkipVerify: true, Time: certificateTime,
			DynamicRecordSizingDisabled: true}
		th, tt := tls.Server(w, config), tls.Client(b, config)
		if client {
			th, tt = tls.Client(w, config), tls.Server(b, config)
		}
		done := inGoroutine(th.Handshake)
		if err := errors.Join(tt.Handshake(), <-done); err != nil {
			t.Fatal(err)
		}
		here, there = th, tt
	}
	w.sizes()
	s := &settled{Conn: here}
	s.c = connOver(t, s, client, nil)
	return s.c, peerOver(t, there, !client), w
}

// TestBurstOfAnySize protects that the replies to a burst leave in few writes whatever the size of its frames is, where the
// transport does not tell whether more is at hand: a read may end where a frame ends.
func TestBurstOfAnySize(t *testing.T) {
	const messages = 64
	inBubble(t, func(t *testing.T, client bool) {
		for _, overTLS := range []bool{false, true} {
			for name, echo := range echoes {
				for payload := range 80 {
					c, p, w := countedSettled(t, client, overTLS)
					p.write(bytes.Repeat(p.message(strings.Repeat("m", payload)), messages))
					if err := echo(context.Background(), c, messages); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
					if got := w.sizes(); len(got) > 4 {
						t.Errorf("TLS %v, %s: %d writes for %d messages of %d bytes", overTLS, name, len(got), messages, payload)
					}
					c.CloseNow()
				}
			}
		}
	})
}

// heldInput returns how many bytes a connection that waits holds of what has come, but for its Inflater.
func heldInput(c *Conn) int {
	n := cap(c.inBuf) + cap(c.dst)
	if c.r.control != nil {
		n += int(unsafe.Sizeof(*c.r.control))
	}
	return n
}

// stalledWires are the bytes of large messages, by what is special about them.
func stalledWires(t testing.TB, p *peer) map[string][]byte {
	var fragments []byte
	for i := range 100 {
		op := OpContinuation
		if i == 0 {
			op = OpText
		}
		fragments = append(fragments, p.frame(false, op, strings.Repeat("f", 3000))...)
		fragments = append(fragments, p.frame(true, OpPing, strings.Repeat("p", 100))...)
	}
	noise := fmt.Sprintf("%x", corpus.Random(1, 200<<10))
	return map[string][]byte{
		"one frame":  p.message(strings.Repeat("m", 1<<20))[:300<<10],
		"fragments":  fragments,
		"compressed": wire(t, !p.client, deflatedFrames(deflated([]byte(noise)), 5000)...),
	}
}

// TestStalledMemory protects that a connection holds at most 1 KiB and twice what has come of a message that does not go on,
// at every point of it: whatever was announced, whether large messages came before, behind which it stood or not, and in how
// many pieces it comes. Of a compressed message, what has come is what was inflated and what it was inflated from; the
// window is the Inflater's. What crypto/tls holds is its own.
func TestStalledMemory(t *testing.T) {
	points := []int{1, 2, 3, 9, 10, 11, 14, 15, 100, 500, 511, 512, 513, 526, 527, 1000, 2000, 3010, 3015, 4100, 9000, 20_000, 33_000, 70_000, 140_000, 270_000}
	inBubble(t, func(t *testing.T, client bool) {
		_, p := newPeer(t, client, nil)
		first, wires := p.message(strings.Repeat("l", 200<<10)), stalledWires(t, p)
		for transport, connect := range bubbleNetworks {
			for form, read := range untilEnd {
				for _, before := range []string{"", "behind a large one", "in one write with it"} {
					for _, what := range []string{"one frame", "fragments", "compressed"} {
						name := fmt.Sprintf("%s, %s, %s %s", transport, form, what, before)
						c, other := connect(t, client, &Options{ReadLimit: -1})
						if what == "compressed" {
							c.r.inflater = compress.NewInflater(compress.InflaterOptions{})
						}
						p := peerOver(t, other, !client)
						reads := inGoroutine(func() error { return read(c) })
						stalled, sent := wires[what], 0
						switch before {
						case "behind a large one":
							p.write(first)
						case "in one write with it":
							sent = points[0]
							p.write(first, stalled[:sent])
						}
						for _, k := range points {
							if k > len(stalled) {
								break
							}
							p.write(stalled[sent:k])
							sent = k
							synctest.Wait()
							came, bound := k, 1024
							if what == "compressed" {
								came += int(c.r.size)
								bound += 1024 // the room that the Inflater likes to have in a caller's slice
							}
							if held := heldInput(c); held > bound+2*came {
								t.Errorf("%s: %d bytes held of %d that came", name, held, came)
							}
						}
						c.CloseNow()
						other.Close()
						<-reads
					}
				}
			}
		}
	})
}

// TestStalledAppendRead protects that the caller's prefix counts for nothing of what has come of a message.
func TestStalledAppendRead(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for transport, connect := range bubbleNetworks {
			c, other := connect(t, client, nil)
			p := peerOver(t, other, !client)
			prefix := make([]byte, 256<<10, 260<<10)
			read := inGoroutine(func() error {
				_, err := c.AppendRead(context.Background(), prefix)
				return err
			})
			p.write(p.message(strings.Repeat("m", 1<<20))[:3<<10])
			synctest.Wait()
			if n := cap(c.dst); n != cap(prefix) {
				t.Errorf("%s: %d bytes for a prefix of %d and 3 KiB that came", transport, n, len(prefix))
			}
			c.CloseNow()
			other.Close()
			<-read
		}
	})
}

// readCounter is a net.Conn that counts what is read at once. It can end its stream.
type readCounter struct {
	*netpipe.Conn
	reads int
}

func (r *readCounter) Read(p []byte) (int, error) {
	r.reads++
	return r.Conn.Read(p)
}

// TestDiscardedInFewReads protects processors from peers that go on sending when the connection has ended: what is discarded is
// not read byte by byte, although an idle connection waits for one.
func TestDiscardedInFewReads(t *testing.T) {
	inBubble(t, func(t *testing.T, client bool) {
		for name, end := range map[string]func(c *Conn, p *peer){
			"CloseNow":           func(c *Conn, _ *peer) { c.CloseNow() },
			"a broken protocol":  func(_ *Conn, p *peer) { p.write([]byte{0x83}) },
			"a peer that closes": func(_ *Conn, p *peer) { p.send(OpClose, closePayload(StatusNormalClosure, "")) },
		} {
			a, b := netpipe.New(pipeSize)
			counter := &readCounter{Conn: a}
			c, p := connOver(t, counter, client, nil), peerOver(t, b, !client)
			c.CloseRead(t.Context())
			synctest.Wait()
			end(c, p)
			synctest.Wait()
			p.nc.Write(make([]byte, 512<<10)) // is refused where a client need not wait for the server to close
			p.nc.Close()
			c.Close(StatusNormalClosure, "") // waits for the transport to be closed
			if counter.reads > 50 {
				t.Errorf("%s: %d reads", name, counter.reads)
			}
		}
	})
}
