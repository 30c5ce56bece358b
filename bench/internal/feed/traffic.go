//go:build linux

package feed

// This file holds what is sent: bursts of prebuilt frames.

import (
	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
	"github.com/seed-d69ae1b7/websocket/compress"
)

// traffic is what one connection is sent: first once, and then rest again and again.
type traffic struct {
	first, rest [][]byte // bursts
	next        int      // how many have been sent
}

// cycle is how many bytes of messages at least are different where each may refer to those before it: more than any window holds, so that
// what they refer to is the same when they come again.
const cycle = 64 << 10

// newTraffic builds what a client of args is sent.
func newTraffic(args ListenArgs) *traffic {
	if !args.Deflate {
		var burst []byte
		for range args.Burst {
			burst = appendFrame(burst, websocket.Header{}, make([]byte, args.Size))
		}
		return &traffic{rest: [][]byte{burst}}
	}
	t := new(traffic)
	d := compress.NewDeflater(compress.DeflaterOptions{Takeover: true})
	bursts := 1 + cycle/(args.Size*args.Burst)
	for i := range 2 * bursts {
		var burst []byte
		for j := range args.Burst {
			message := wire.Payload(args.Size, i%bursts*args.Burst+j)
			burst = appendFrame(burst, websocket.Header{RSV1: true}, d.AppendPart(nil, message, true))
		}
		if i < bursts {
			t.first = append(t.first, burst)
		} else {
			t.rest = append(t.rest, burst)
		}
	}
	return t
}

// appendFrame appends a message.
func appendFrame(dst []byte, h websocket.Header, payload []byte) []byte {
	h.Fin, h.Opcode, h.Length = true, websocket.OpBinary, uint64(len(payload))
	return append(websocket.AppendHeader(dst, h), payload...)
}

// burst returns the next one.
func (t *traffic) burst() []byte {
	i := t.next
	t.next++
	if i < len(t.first) {
		return t.first[i]
	}
	return t.rest[(i-len(t.first))%len(t.rest)]
}
