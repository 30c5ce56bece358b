package websocket

// This file tests Receiver: tables by section of RFC 6455, each row for a client and, masked, for a server, whole and
// in pieces of every size, with every prefix of it. A model that reads the RFC in the obvious way is the judge of
// pieces and prefixes.

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// receive gives chunks to r one after the other and returns what it made of them. It checks what holds whatever the
// bytes are.
func receive(t testing.TB, r *Receiver, chunks ...[]byte) (v verdict) {
	t.Helper()
	return receiving{}.receive(t, r, chunks...)
}

// receiving says how bytes are given to a Receiver.
type receiving struct {
	room  int  // that dst has
	whole bool // messages that came as one frame are taken as Conn does, by Whole
}

// receive is the function receive.
func (o receiving) receive(t testing.TB, r *Receiver, chunks ...[]byte) (v verdict) {
	t.Helper()
	room := o.room
	var partial []byte
	defer func() { v.partial = string(partial) }()
	inMessage, closed := false, false
	for _, chunk := range chunks {
		src := bytes.Clone(chunk)
		for {
			if o.whole {
				before := bytes.Clone(src)
				if op, p, n := r.Whole(src); n > 0 {
					v.items = append(v.items, item(op, string(p)))
					src = src[n:]
					continue
				}
				if !bytes.Equal(src, before) {
					t.Fatalf("Whole took nothing and left %x of %x", src, before)
				}
			}
			direct := r.Direct()
			out, ev, n, err := r.Next(append(make([]byte, 0, 3+room), "dst"...), src)
			if string(out[:3]) != "dst" || len(out) > 3 && (len(out) != 3+len(ev.Payload) || &out[3] != &ev.Payload[0]) {
				t.Fatalf("Next changed dst to %.40q with %+v", out, ev)
			}
			if len(out)-3 > 32<<10 || room >= 512 && len(out)-3 > room {
				t.Fatalf("Next inflated %d bytes into room for %d", len(out)-3, room)
			}
			if n < 0 || n > len(src) {
				t.Fatalf("Next took %d of %d bytes", n, len(src))
			}
			src = src[n:]
			if err != nil {
				v.code = failed(t, r, err)
				return v
			}
			if direct > 0 && ev.Kind != EventNone && ev.Kind != EventData {
				t.Fatalf("Direct was %d before %+v", direct, ev)
			}
			if closed && ev.Kind != EventNone {
				t.Fatalf("%+v after a close frame", ev)
			}
			switch ev.Kind {
			case EventNone:
				if len(src) > 0 || r.Pending() {
					t.Fatalf("EventNone with %d bytes left, Pending is %v", len(src), r.Pending())
				}
			case EventData:
				if ev.First == inMessage {
					t.Fatalf("First is %v, inside of a message is %v", ev.First, inMessage)
				}
				if len(ev.Payload) == 0 && !ev.Last {
					t.Fatal("empty part that is not the last")
				}
				if partial = append(partial, ev.Payload...); ev.Last {
					v.items = append(v.items, item(ev.Op, string(partial)))
					partial = partial[:0]
				}
				inMessage = !ev.Last
			case EventPing:
				v.items = append(v.items, item(OpPing, string(ev.Payload)))
			case EventPong:
				v.items = append(v.items, item(OpPong, string(ev.Payload)))
			case EventClose:
				v.items = append(v.items, item(fmt.Sprint("close ", int(ev.Code)), string(ev.Payload)))
				closed = true
			}
			if ev.Kind == EventNone {
				break
			}
		}
	}
	return v
}

// failed checks what holds after an error, and returns its code.
func failed(t testing.TB, r *Receiver, err error) StatusCode {
	t.Helper()
	var p *ProtocolError
	if !errors.As(err, &p) {
		t.Fatalf("error %v is no *ProtocolError", err)
	}
	if p.Section == "" || p.Text == "" {
		t.Fatalf("error %#v says too little", p)
	}
	if errors.Is(err, ErrMessageTooBig) != (p.Code == StatusMessageTooBig) {
		t.Fatalf("error %v has code %v", err, p.Code)
	}
	if d := r.Direct(); d != 0 {
		t.Fatalf("Direct is %d after an error", d)
	}
	for _, more := range []string{"", "\x81\x00", "\x81\x80\x00\x00\x00\x00"} {
		if _, ev, n, again := r.Next(nil, []byte(more)); again != err || n != 0 || ev.Kind != EventNone {
			t.Fatalf("after %v: %+v, %d, %v", err, ev, n, again)
		}
	}
	return p.Code
}

// newReceiver returns a Receiver of a role.
func newReceiver(client bool, limit uint64) *Receiver {
	r := new(Receiver)
	r.Reset(ReceiverOptions{Client: client, Limit: limit})
	return r
}

// agree checks a verdict against the model's. What was delivered of a message that turned out wrong may be any part of
// what was right.
func agree(t testing.TB, how string, got, want verdict) {
	t.Helper()
	same := got.partial == want.partial || want.code != 0 && strings.HasPrefix(want.partial, got.partial)
	if !slices.Equal(got.items, want.items) || got.code != want.code || !same {
		t.Errorf("%s:\n got %v\nwant %v", how, got, want)
	}
}

// singles cuts b into single bytes.
func singles(b []byte) (chunks [][]byte) {
	for i := range b {
		chunks = append(chunks, b[i:i+1])
	}
	return chunks
}

// receiverRow is bytes of a peer and what must come of them.
type receiverRow struct {
	name   string
	frames []string // as in wire
	limit  uint64
	items  []string
	err    string // what the error contains, with its section; or ""
	code   StatusCode
}

// run checks a row in both roles.
func (row *receiverRow) run(t *testing.T, client bool) {
	stream := wire(t, client, row.frames...)
	var r Receiver
	r.Reset(ReceiverOptions{Client: client, Limit: row.limit})
	v := receive(t, &r, stream)
	if !slices.Equal(v.items, row.items) || v.code != row.code {
		t.Errorf("got %v\nwant %q, code %d", v, row.items, row.code)
	}
	if r.err != nil && (row.err == "" || !strings.Contains(r.err.Error(), row.err)) {
		t.Errorf("error %q, want %q", r.err, row.err)
	}
	judge := func(stream []byte) verdict {
		m := modelReceiver{client: client, limit: row.limit}
		return m.judge(stream)
	}
	for i := range stream {
		agree(t, fmt.Sprintf("first %d bytes", i), receive(t, newReceiver(client, row.limit), stream[:i]), judge(stream[:i]))
		agree(t, fmt.Sprintf("first %d bytes, one by one", i),
			receive(t, newReceiver(client, row.limit), singles(stream[:i])...), judge(stream[:i]))
		agree(t, fmt.Sprintf("cut at %d", i),
			receive(t, newReceiver(client, row.limit), stream[:i], nil, stream[i:]), judge(stream))
	}
	agree(t, "one by one", receive(t, newReceiver(client, row.limit), singles(stream)...), judge(stream))
	for i := range len(stream) + 1 {
		agree(t, fmt.Sprintf("whole frames, cut at %d", i),
			receiving{whole: true}.receive(t, newReceiver(client, row.limit), stream[:i], stream[i:]), judge(stream))
	}
}

// TestReceiver protects every rule about incoming frames.
func TestReceiver(t *testing.T) {
	for section, rows := range receiverRows() {
		for _, row := range rows {
			for _, client := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%s/client=%v", section, row.name, client), func(t *testing.T) { row.run(t, client) })
			}
		}
	}
}

// TestReceiverExamples protects the examples of RFC 6455, Section 5.7, byte for byte.
func TestReceiverExamples(t *testing.T) {
	for _, row := range []struct {
		client bool
		in     string
		items  []string
	}{
		{true, "81 05 48 65 6c 6c 6f", []string{`text "Hello"`}},
		{false, "81 85 37 fa 21 3d 7f 9f 4d 51 58", []string{`text "Hello"`}},
		{true, "01 03 48 65 6c 80 02 6c 6f", []string{`text "Hello"`}},
		{true, "89 05 48 65 6c 6c 6f", []string{`ping "Hello"`}},
		{false, "8a 85 37 fa 21 3d 7f 9f 4d 51 58", []string{`pong "Hello"`}},
		{true, "82 7E 0100" + strings.Repeat("41", 256), []string{item(OpBinary, strings.Repeat("A", 256))}},
		{true, "82 7F 0000000000010000" + strings.Repeat("41", 65536), []string{item(OpBinary, strings.Repeat("A", 65536))}},
	} {
		if v := receive(t, newReceiver(row.client, 0), unhex(t, row.in)); !slices.Equal(v.items, row.items) || v.code != 0 {
			t.Errorf("%.40s: %v, want %q", row.in, v, row.items)
		}
	}
}

// TestReceiverSteps protects the exact result of every call: kind, flags, payload, bytes taken, and what Direct and
// Idle say next.
func TestReceiverSteps(t *testing.T) {
	type step struct {
		src    string // in hexadecimal, as given to Next; the rest of it is given again
		ev     Event
		n      int
		direct uint64
		idle   bool
	}
	data := func(op Opcode, first, last bool, p string) Event {
		return Event{Kind: EventData, Op: op, First: first, Last: last, Payload: []byte(p)}
	}
	for name, steps := range map[string][]step{
		"two messages in one slice": {
			{"8101 61 8201 62", data(OpText, true, true, "a"), 3, 0, true},
			{"8201 62", data(OpBinary, true, true, "b"), 3, 0, true},
			{"", Event{}, 0, 0, true},
		},
		"a frame in parts": {
			{"8205", Event{}, 2, 5, false},
			{"", Event{}, 0, 5, false},
			{"61", data(OpBinary, true, false, "a"), 1, 4, false},
			{"6263", data(OpBinary, false, false, "bc"), 2, 2, false},
			{"6465 8100", data(OpBinary, false, true, "de"), 2, 0, true},
			{"8100", data(OpText, true, true, ""), 2, 0, true},
		},
		"a header in parts": {
			{"82", Event{}, 1, 0, false},
			{"7e01", Event{}, 2, 0, false},
			{"00 61", data(OpBinary, true, false, "a"), 2, 255, false},
		},
		"empty fragments": {
			{"0100 0000 8000 81", data(OpText, true, true, ""), 6, 0, true},
			{"81", Event{}, 1, 0, false},
		},
		"empty first fragment": {
			{"0200 0001 61", data(OpBinary, true, false, "a"), 5, 0, false},
			{"8000", data(OpBinary, false, true, ""), 2, 0, true},
		},
		"ping between fragments": {
			{"0101 61", data(OpText, true, false, "a"), 3, 0, false},
			{"8902 78", Event{}, 3, 0, false},
			{"79 8001", Event{Kind: EventPing, Payload: []byte("xy")}, 1, 0, false},
			{"8001", Event{}, 2, 1, false},
			{"62", data(OpText, false, true, "b"), 1, 0, true},
		},
		"close swallows": {
			{"8802 03e8 ffff", Event{Kind: EventClose, Code: 1000, Payload: []byte{}}, 4, 0, true},
			{"ffff", Event{}, 2, 0, true},
			{"8101", Event{}, 2, 0, true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReceiver(true, 0)
			for i, s := range steps {
				src := unhex(t, s.src)
				_, ev, n, err := r.Next(nil, src)
				if err != nil {
					t.Fatal(err)
				}
				if fmt.Sprintf("%v %q", ev, ev.Payload) != fmt.Sprintf("%v %q", s.ev, s.ev.Payload) || n != s.n {
					t.Errorf("step %d: %+v, n = %d, want %+v, n = %d", i, ev, n, s.ev, s.n)
				}
				if r.Direct() != s.direct || r.Idle() != s.idle {
					t.Errorf("step %d: Direct %d, Idle %v, want %d, %v", i, r.Direct(), r.Idle(), s.direct, s.idle)
				}
			}
		})
	}
}

// TestReceiverInPlace protects the promise that payload is unmasked where it stands: in src, and nothing else of src
// is touched.
func TestReceiverInPlace(t *testing.T) {
	stream := wire(t, false, "8205|6162636465", "8901|78")
	want := bytes.Clone(stream)
	copy(want[6:], "abcde")
	_, ev, n, err := newReceiver(false, 0).Next(nil, stream)
	if err != nil || n != 11 || &ev.Payload[0] != &stream[6] {
		t.Errorf("%+v, %d, %v", ev, n, err)
	}
	if !bytes.Equal(stream, want) {
		t.Errorf("src is %x, want %x", stream, want)
	}
}

// TestReceiverOnHeader protects the trace: it sees the header of every frame, in order, control frames and empty
// fragments included, and not of one that breaks a rule.
func TestReceiverOnHeader(t *testing.T) {
	for _, client := range []bool{true, false} {
		var seen []string
		r := new(Receiver)
		r.Reset(ReceiverOptions{Client: client, OnHeader: func(h Header) {
			seen = append(seen, fmt.Sprintf("%v %v %d %v", h.Opcode, h.Fin, h.Length, h.Masked))
		}})
		receive(t, r, singles(wire(t, client, "0101|61", "0000|", "8901|78", "8001|62", "8a00|", "8200|", "8000|"))...)
		masked := fmt.Sprint(!client)
		want := []string{"text false 1 ", "continuation false 0 ", "ping true 1 ", "continuation true 1 ", "pong true 0 ",
			"binary true 0 "}
		for i := range want {
			want[i] += masked
		}
		if !slices.Equal(seen, want) {
			t.Errorf("client %v: %q, want %q", client, seen, want)
		}
	}
}

// TestReceiverLimit protects the limit to the byte, however the message is cut into frames, and the bound on what a
// message may take on the wire.
func TestReceiverLimit(t *testing.T) {
	for _, client := range []bool{true, false} {
		for _, limit := range []uint64{1, 125, 126, 1000, 65536} {
			for _, pieces := range []uint64{1, 2, 7} {
				for _, over := range []uint64{0, 1} {
					var out []byte
					left := limit + over
					for i := range pieces {
						h := Header{Opcode: OpBinary, Masked: !client, Length: left / (pieces - i), Fin: i == pieces-1}
						if i > 0 {
							h.Opcode = OpContinuation
						}
						left -= h.Length
						out = append(AppendHeader(out, h), make([]byte, h.Length)...)
					}
					v := receive(t, newReceiver(client, limit), out)
					if want := StatusCode(1009 * over); v.code != want {
						t.Errorf("limit %d, over by %d in %d frames: %v", limit, over, pieces, v)
					}
				}
			}
		}
	}
	// 2-byte headers and 1 byte of payload: 3 bytes on the wire for a byte.
	const limit = 70_000
	r := newReceiver(true, limit)
	stream := bytes.Repeat([]byte{0x00, 0x01, 0}, (2*limit+wireSlack)/3)
	stream[0] = 0x02
	if v := receive(t, r, stream); v.code != 0 {
		t.Errorf("%d bytes of a message on the wire: %v", len(stream), v)
	}
	if _, _, _, err := r.Next(nil, []byte{0x00, 0x01, 0}); err == nil || !errors.Is(err, ErrMessageTooBig) || err.(*ProtocolError).Code != StatusMessageTooBig {
		t.Errorf("%d bytes of a message on the wire: %v", len(stream)+3, err)
	}
}

// TestReceiverSetLimit protects the change of a limit in mid-message: it holds for the next frame, with what came
// before counted, whatever the limit was then.
func TestReceiverSetLimit(t *testing.T) {
	for _, before := range []uint64{0, 10, 100} {
		r := newReceiver(true, before)
		r.SetLimit(before)
		if v := receive(t, r, unhex(t, "0205 6162636465")); v.code != 0 {
			t.Fatal(v)
		}
		r.SetLimit(6)
		if v := receive(t, r, unhex(t, "8901 61")); v.code != 0 {
			t.Errorf("ping: %v", v)
		}
		if _, _, _, err := r.Next(nil, unhex(t, "8002 6162")); !errors.Is(err, ErrMessageTooBig) {
			t.Errorf("limit %d, then 6: a message of 7 bytes gives %v", before, err)
		}
	}
	r := newReceiver(true, 1<<63) // more than the arithmetic can take
	for _, length := range []uint64{1<<63 - 1, 1 << 62} {
		r.Reset(ReceiverOptions{Client: true, Limit: 1<<64 - 1})
		_, _, _, err := r.Next(nil, AppendHeader(nil, Header{Fin: true, Opcode: OpBinary, Length: length}))
		if errors.Is(err, ErrMessageTooBig) != (length > maxLimit) {
			t.Errorf("length %d: %v", length, err)
		}
	}
}

// TestReceiverFloods protects the bound on fragments without payload.
func TestReceiverFloods(t *testing.T) {
	for _, client := range []bool{true, false} {
		empty := func(n int) []byte {
			return append(wire(t, client, "0200|"), bytes.Repeat(wire(t, client, "0000|"), n-1)...)
		}
		end := wire(t, client, "8000|")
		if v := receive(t, newReceiver(client, 0), append(empty(4096), end...)); v.code != 0 || len(v.items) != 1 {
			t.Errorf("4096 empty fragments: %v", v)
		}
		if v := receive(t, newReceiver(client, 0), empty(4097)); v.code != StatusPolicyViolation {
			t.Errorf("4097 empty fragments: %v", v)
		}
		// The count begins again with every message.
		two := append(append(append(empty(4096), end...), empty(4096)...), end...)
		if v := receive(t, newReceiver(client, 1), two); v.code != 0 || len(v.items) != 2 {
			t.Errorf("twice 4096 empty fragments: %v", v)
		}
	}
}

// TestReceiverReset protects the reuse of a Receiver after an error and in mid-message.
func TestReceiverReset(t *testing.T) {
	for _, before := range []string{"81", "0101 c3", "8905 61", "8800", "83", "8205 61"} {
		r := newReceiver(true, 0)
		receive(t, r, unhex(t, before))
		r.Reset(ReceiverOptions{Client: false, Limit: 3})
		if !r.Idle() || r.Direct() != 0 {
			t.Errorf("after %s and Reset: Idle %v, Direct %d", before, r.Idle(), r.Direct())
		}
		if v := receive(t, r, wire(t, false, "8103|616263")); len(v.items) != 1 || v.code != 0 {
			t.Errorf("after %s and Reset: %v", before, v)
		}
	}
}

// TestReceiverPartialHeader_5_1 protects that a peer which stops in the middle of a header hears of what is wrong with its first two
// bytes: a mask bit of the wrong role.
func TestReceiverPartialHeader_5_1(t *testing.T) {
	for _, client := range []bool{false, true} {
		header := []byte{0x81, 0x7E} // more of the length is due
		if client {
			header[1] |= maskBit
		}
		for _, chunks := range [][][]byte{{header}, {header[:1], header[1:]}} {
			r := newReceiver(client, 0)
			var err error
			for _, chunk := range chunks {
				_, _, _, err = r.Next(nil, chunk)
			}
			var violation *ProtocolError
			if !errors.As(err, &violation) || violation.Section != "5.1" {
				t.Errorf("client %v, in %d pieces: %v", client, len(chunks), err)
			}
		}
	}
}
