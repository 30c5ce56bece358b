//go:build !js

package websocket

// This file holds the hostile peers that try to take memory or time: announcements without bodies, and floods. Their
// tests measure the heap and so do not run beside others.

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"
)

// heapBytes returns the bytes of objects on the heap, garbage that has not been swept included.
func heapBytes() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// liveBytes returns the bytes of live objects. Two collections empty the pools.
func liveBytes() uint64 {
	runtime.GC()
	runtime.GC()
	return heapBytes()
}

// eachFlood runs f for every way to open a connection, and checks that the heap is bounded
// while it calls sample, and back where it was afterwards. One way to read that takes messages where they lie, and one
// that copies them, are enough.
func eachFlood(t *testing.T, o Options, bound uint64, f func(t *testing.T, peer *hostilePeer, prog *program, sample func())) {
	for how, meet := range meetings("MessagesInPlace", "Read") {
		t.Run(how, func(t *testing.T) {
			before := liveBytes()
			sample := func() {
				if now := heapBytes(); now > before+bound {
					t.Errorf("the heap has grown by %d KiB, want at most %d", (now-before)>>10, bound>>10)
				}
			}
			peer, prog := meet(t, o)
			peer.SetDeadline(time.Now().Add(30 * time.Second)) // so that a test fails, and does not hang
			f(t, peer, prog, sample)
			peer.Close()
			prog.gone()
			// What remains is a listener, and what package testing keeps of this test.
			const rest = 256 << 10
			if after := liveBytes(); after > before+rest {
				t.Errorf("%d KiB stay on the heap, want at most %d", (after-before)>>10, rest>>10)
			}
		})
	}
}

// TestHostileAnnouncements protects memory from lengths that are only announced: without a limit, what is allocated
// grows with what has come.
func TestHostileAnnouncements(t *testing.T) {
	for name, length := range map[string]uint64{"8 GiB": 8 << 30, "2^63-1 bytes": math.MaxInt64} {
		t.Run(name, func(t *testing.T) {
			eachFlood(t, Options{ReadLimit: -1}, 8<<20, func(t *testing.T, peer *hostilePeer, prog *program, sample func()) {
				const body = 256 << 10
				h := Header{Fin: true, Opcode: OpBinary, Masked: !peer.server, Length: length}
				peer.Write(append(AppendHeader(nil, h), make([]byte, body)...))
				for prog.conn.Stats().BytesIn < body {
					sample()
					runtime.Gosched()
				}
				sample()
				peer.CloseWrite()
				if err := prog.wait(t); !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Error(err)
				}
			})
		})
	}
}

// TestHostileEmptyFragments protects the end of a message that never ends: 1008, while the peer goes on.
func TestHostileEmptyFragments(t *testing.T) {
	eachFlood(t, Options{ReadLimit: -1}, 8<<20, func(t *testing.T, peer *hostilePeer, prog *program, sample func()) {
		flood := bytes.Repeat(wire(t, peer.server, "0000|"), 1000)
		peer.Write(wire(t, peer.server, "0100|"))
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			for {
				if _, err := peer.Write(flood); err != nil {
					return
				}
				sample()
			}
		}()
		f, err := peer.next()
		if err != nil || f.op != 0x88 || f.code() != StatusPolicyViolation {
			t.Errorf("the peer got %x %q, %v, want a close frame 1008", f.op, f.payload, err)
		}
		var closed *CloseError
		if err := prog.wait(t); !errors.As(err, &closed) || closed.Code != StatusPolicyViolation || !closed.Local {
			t.Error(err)
		}
		<-sent
	})
}

// TestHostilePingFlood protects the memory that answers may take, and the end of a peer that sends and never reads:
// the write timeout.
func TestHostilePingFlood(t *testing.T) {
	const buffer = 8 << 10
	o := Options{WriteBuffer: buffer, WriteTimeout: 50 * time.Millisecond}
	for name, frame := range map[string]string{
		"pings":           "897d|" + strings.Repeat("70", 125),
		"messages":        "827d|" + strings.Repeat("64", 125),
		"pings in a text": "897d|" + strings.Repeat("70", 125),
	} {
		t.Run(name, func(t *testing.T) {
			eachFlood(t, o, 8<<20, func(t *testing.T, peer *hostilePeer, prog *program, sample func()) {
				if name == "pings in a text" {
					peer.Write(wire(t, peer.server, "0101|61"))
				}
				flood := bytes.Repeat(wire(t, peer.server, frame), 100)
				sent := make(chan struct{})
				go func() {
					defer close(sent)
					for {
						if _, err := peer.Write(flood); err != nil {
							return
						}
						sample()
						// One buffer is on its way while the next one fills.
						if n := prog.conn.Buffered(); n > 2*buffer {
							t.Errorf("%d bytes wait for the network, want at most %d", n, 2*buffer)
						}
					}
				}()
				err := prog.wait(t)
				var closed *CloseError
				if !errors.As(err, &closed) || closed.Code != StatusAbnormalClosure || !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Error(err)
				}
				if err := prog.conn.Write(context.Background(), OpText, nil); !errors.As(err, &closed) {
					t.Error(err)
				}
				<-sent
			})
		})
	}
}
