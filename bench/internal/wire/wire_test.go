package wire

import (
	"bytes"
	"slices"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
)

// echo is what a right server sends back for messages first, first+1, … : each in parts frames.
func echo(t *Traffic, first, n, parts int, compress bool) []byte {
	var out []byte
	for i := first; i < first+n; i++ {
		p := t.payloads[i%Messages]
		if compress {
			p = deflate(p)
		}
		for k := range parts {
			part := p[len(p)*k/parts : len(p)*(k+1)/parts]
			h := websocket.Header{Fin: k == parts-1, RSV1: compress && k == 0, Length: uint64(len(part))}
			if k == 0 {
				h.Opcode = websocket.OpBinary
			}
			out = append(websocket.AppendHeader(out, h), part...)
		}
	}
	return out
}

// feed gives b to a new checker in pieces of step bytes.
func feed(t *Traffic, raw bool, b []byte, step int) (done int, err error) {
	c := NewChecker(t, raw, 0)
	for piece := range slices.Chunk(b, step) {
		n, err := c.Feed(piece)
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// A right echo must count however it is framed and however it is cut.
func TestCheckerAccepts(t *testing.T) {
	for _, size := range []int{0, 1, 125, 126, 70000} {
		plain, packed := NewTraffic(Shape{Size: size}), NewTraffic(Shape{Size: size, Deflate: true})
		for _, step := range []int{1, 7, 1 << 20} {
			for name, tc := range map[string]struct {
				traffic *Traffic
				raw     bool
				in      []byte
			}{
				"frames":            {plain, false, echo(plain, 0, 20, 1, false)},
				"fragments":         {plain, false, echo(plain, 0, 20, 3, false)},
				"deflate":           {packed, false, echo(packed, 0, 20, 1, true)},
				"deflate fragments": {packed, false, echo(packed, 0, 20, 2, true)},
				"not deflated":      {packed, false, echo(packed, 0, 20, 1, false)},
				"raw":               {packed, true, append(bytes.Clone(packed.frames), packed.Frames(0, 4)...)},
			} {
				if done, err := feed(tc.traffic, tc.raw, tc.in, step); done != 20 || err != nil {
					t.Errorf("%s of %d bytes by %d: %d messages, %v", name, size, step, done, err)
				}
			}
		}
	}
}

// A benchmark of a server that does not echo must fail, whatever it is that is wrong.
func TestCheckerRejects(t *testing.T) {
	plain, packed := NewTraffic(Shape{Size: 300}), NewTraffic(Shape{Size: 300, Deflate: true})
	flip := func(b []byte, at int) []byte {
		b = bytes.Clone(b)
		b[at] ^= 1
		return b
	}
	good := echo(plain, 0, 2, 1, false)
	frame := func(h websocket.Header, p []byte) []byte {
		h.Length = uint64(len(p))
		return append(websocket.AppendHeader(nil, h), p...)
	}
	for name, tc := range map[string]struct {
		traffic *Traffic
		raw     bool
		in      []byte
	}{
		"corrupted payload":         {plain, false, flip(good, 200)},
		"corrupted second":          {plain, false, flip(good, len(good)-1)},
		"corrupted raw":             {plain, true, flip(plain.frames, 100)},
		"corrupted deflate":         {packed, false, flip(echo(packed, 0, 1, 1, true), 60)},
		"text":                      {plain, false, frame(websocket.Header{Fin: true, Opcode: websocket.OpText}, plain.payloads[0])},
		"too short":                 {plain, false, frame(websocket.Header{Fin: true, Opcode: websocket.OpBinary}, plain.payloads[0][:299])},
		"too long":                  {plain, false, frame(websocket.Header{Fin: true, Opcode: websocket.OpBinary}, append(bytes.Clone(plain.payloads[0]), 0))},
		"other message of cycle":    {plain, false, echo(plain, 1, 1, 1, false)},
		"masked":                    {plain, false, plain.Frames(0, 1)},
		"RSV1 without deflate":      {plain, false, frame(websocket.Header{Fin: true, RSV1: true, Opcode: websocket.OpBinary}, deflate(plain.payloads[0]))},
		"continuation at the start": {plain, false, frame(websocket.Header{Fin: true}, plain.payloads[0])},
		"close":                     {plain, false, frame(websocket.Header{Fin: true, Opcode: websocket.OpClose}, nil)},
	} {
		for _, step := range []int{1, 1 << 20} {
			if done, err := feed(tc.traffic, tc.raw, tc.in, step); err == nil {
				t.Errorf("%s by %d: accepted, %d messages", name, step, done)
			}
		}
	}
}

// What the load sends must itself be right, or every server would be measured on its error path.
func TestTrafficIsValid(t *testing.T) {
	for _, s := range []Shape{{Size: 125}, {Size: 64 << 10}, {Size: 1000, Deflate: true}} {
		tr, b := NewTraffic(s), NewTraffic(s).frames
		for i := range Messages {
			h, n, err := websocket.ParseHeader(b)
			if err != nil || n == 0 || !h.Masked || !h.Fin || h.RSV1 != s.Deflate || h.Opcode != websocket.OpBinary {
				t.Fatalf("%v: message %d: %+v, %d, %v", s, i, h, n, err)
			}
			p := bytes.Clone(b[n : n+int(h.Length)])
			websocket.Mask(h.MaskKey, p)
			want := tr.payloads[i]
			if s.Deflate {
				want = deflate(want)
			}
			if !bytes.Equal(p, want) || !bytes.Equal(tr.Frames(i, 1), b[:n+int(h.Length)]) {
				t.Fatalf("%v: message %d differs", s, i)
			}
			b = b[n+int(h.Length):]
		}
		if len(b) != 0 || len(tr.payloads[0]) != s.Size || bytes.Equal(tr.payloads[0], tr.payloads[1]) {
			t.Fatalf("%v: %d bytes behind the last message, or all messages alike", s, len(b))
		}
	}
}

// A chat with takeover: whatever message a connection begins with, what it sends can be inflated behind its prelude, and is what
// the checker wants back; and an echo that refers to other messages than those that were said is found out.
func TestTakeover(t *testing.T) {
	const conns = 7
	tr := NewTraffic(Shape{Conns: conns, InFlight: 4, Size: 1 << 10, Deflate: true, Chat: true, Takeover: true})
	for i := range conns {
		first := tr.First(i)
		if first%4 != 0 || (first == 0) != (i == 0) {
			t.Fatalf("connection %d begins with message %d", i, first)
		}
		var window, back []byte
		for k := range 41 {
			b := tr.Prelude(first)
			if k > 0 {
				b = tr.Frames((first+k-1)%tr.Len(), 1)
			}
			h, n, err := websocket.ParseHeader(b)
			if err != nil || !h.Fin || !h.RSV1 || n+int(h.Length) != len(b) {
				t.Fatalf("%+v, %v", h, err)
			}
			p := bytes.Clone(b[n:])
			websocket.Mask(h.MaskKey, p)
			back = append(websocket.AppendHeader(back, websocket.Header{Fin: true, RSV1: true, Opcode: websocket.OpBinary, Length: h.Length}), p...)
			m, err := inflate(window, p)
			if err != nil || k > 0 && !bytes.Equal(m, tr.payloads[(first+k-1)%tr.Len()]) {
				t.Fatalf("connection %d, message %d: %d bytes, %v", i, k, len(m), err)
			}
			window = append(window, m...)
			window = window[max(0, len(window)-1<<15):]
		}
		for _, step := range []int{100, 1 << 20} {
			c, done := NewChecker(tr, false, first), 0
			for piece := range slices.Chunk(back, step) {
				n, err := c.Feed(piece)
				if err != nil {
					t.Fatal(err)
				}
				done += n
			}
			if done != 41 {
				t.Errorf("%d messages, want 41", done)
			}
		}
		if _, err := NewChecker(tr, false, (first+1)%tr.Len()).Feed(back); err == nil {
			t.Error("other messages than were said pass")
		}
	}
}
