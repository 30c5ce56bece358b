//go:build !race && !js

package websocket

// This file tests what Receiver and Sender allocate. It is not built under the race detector, where sync.Pool drops
// what it is given at random, so that mask keys would seem to allocate.

import "testing"

// TestProtocolAllocations protects the promise that a message costs no allocation in either layer and either role: a
// text in one frame, one in fragments with a ping between them, and one whose header and payload are cut. Only a
// control frame whose payload is cut costs one.
func TestProtocolAllocations(t *testing.T) {
	for _, client := range []bool{true, false} {
		var s Sender
		s.Reset(SenderOptions{Client: !client})
		p := []byte("Hello, Wörld")
		var out []byte
		send := func() {
			out, _ = s.AppendMessage(out[:0], OpText, p)
			out, _ = s.AppendFragment(out, OpText, p[:9], false)
			out, _ = s.AppendControl(out, OpPing, p)
			out, _ = s.AppendFragment(out, OpText, p[9:], true)
		}
		send()
		if n := testing.AllocsPerRun(1000, send); n != 0 {
			t.Errorf("client %v: sending allocates %v times", !client, n)
		}
		r := newReceiver(client, 1<<20)
		buf := make([]byte, len(out))
		take := func(src []byte) {
			for {
				_, ev, n, err := r.Next(nil, src)
				if err != nil {
					t.Fatal(err)
				}
				if src = src[n:]; ev.Kind == EventNone {
					return
				}
			}
		}
		if n := testing.AllocsPerRun(1000, func() { take(buf[:copy(buf, out)]) }); n != 0 {
			t.Errorf("client %v: receiving allocates %v times", client, n)
		}
		message, _ := s.AppendMessage(nil, OpText, p)
		if n := testing.AllocsPerRun(1000, func() {
			copy(buf, message)
			take(buf[:1])
			take(buf[1:9])
			take(buf[9:len(message)])
		}); n != 0 {
			t.Errorf("client %v: receiving a message in pieces allocates %v times", client, n)
		}
		ping, _ := s.AppendControl(nil, OpPing, p)
		if n := testing.AllocsPerRun(1000, func() {
			copy(buf, ping)
			take(buf[:len(ping)-1])
			take(buf[len(ping)-1 : len(ping)])
		}); n > 1 {
			t.Errorf("client %v: receiving a ping in pieces allocates %v times", client, n)
		}
	}
}
