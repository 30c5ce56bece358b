package websocket

// This file tests Receiver with permessage-deflate: tables by section of RFC 7692 in both roles, whole, in pieces and in
// prefixes, with the model of wire_deflate_test.go as the judge; then what one call delivers, and the limits.

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/race"
)

// newInflating returns a Receiver of a role that has negotiated compression with windows of 15 bits.
func newInflating(client, takeover bool, limit uint64) *Receiver {
	r := new(Receiver)
	r.Reset(ReceiverOptions{Client: client, Limit: limit, Inflater: compress.NewInflater(compress.InflaterOptions{Takeover: takeover})})
	return r
}

// deflateRow is a receiverRow for a Receiver that has negotiated compression.
type deflateRow struct {
	receiverRow
	alone bool // without context takeover
}

// run checks a row in one role: against what it says, and whole, in prefixes and in pieces against the model. Under the race detector,
// one prefix in eight of a long stream is looked at.
func (row *deflateRow) run(t *testing.T, client bool) {
	stream := wire(t, client, row.frames...)
	receiver := func() *Receiver { return newInflating(client, !row.alone, row.limit) }
	judge := func(stream []byte) verdict {
		m := modelReceiver{client: client, limit: row.limit, deflate: &modelInflater{takeover: !row.alone}}
		return m.judge(stream)
	}
	r := receiver()
	if v := receive(t, r, stream); !slices.Equal(v.items, row.items) || v.code != row.code {
		t.Errorf("got %v\nwant %q, code %d", v, row.items, row.code)
	}
	if r.err != nil && (row.err == "" || !strings.Contains(r.err.Error(), row.err)) {
		t.Errorf("error %q, want %q", r.err, row.err)
	}
	whole := judge(stream)
	agree(t, "one by one", receive(t, receiver(), singles(stream)...), whole)
	for _, room := range []int{1, 512, 1000} {
		agree(t, fmt.Sprintf("room for %d", room), receiving{room: room}.receive(t, receiver(), stream), whole)
	}
	for i := range min(len(stream), 300) {
		if race.Enabled && i > 32 && i%8 != 0 {
			continue
		}
		want := judge(stream[:i])
		agreeSoFar(t, fmt.Sprintf("first %d bytes", i), receive(t, receiver(), stream[:i]), want, whole.code)
		agreeSoFar(t, fmt.Sprintf("first %d bytes, one by one", i), receive(t, receiver(), singles(stream[:i])...), want, whole.code)
		agree(t, fmt.Sprintf("cut at %d", i), receive(t, receiver(), stream[:i], nil, stream[i:]), whole)
	}
}

// agreeSoFar is agree for a prefix of a stream that ends with code: compress/flate may hold back what needs fewer bits
// than the end of a block does, and then sees an error later, too.
func agreeSoFar(t testing.TB, how string, got, want verdict, code StatusCode) {
	t.Helper()
	if want.code == 0 {
		if got.code == code {
			want.code = code
		}
		if strings.HasPrefix(got.partial, want.partial) {
			want.partial = got.partial
		}
	}
	agree(t, how, got, want)
}

// deflatedFrames returns a compressed text message in fragments that are cut behind every n bytes of its payload, as in wire.
func deflatedFrames(payload []byte, n int) (frames []string) {
	b0 := byte(rsv1Bit | OpText)
	for chunk := range slices.Chunk(payload, n) {
		frames = append(frames, hex.EncodeToString(appendHead(nil, head{b0: b0, length: uint64(len(chunk))}))+"|"+hex.EncodeToString(chunk))
		b0 = byte(OpContinuation)
	}
	first, _ := hex.DecodeString(frames[len(frames)-1][:2])
	frames[len(frames)-1] = fmt.Sprintf("%02x", first[0]|finBit) + frames[len(frames)-1][2:]
	return frames
}

func deflateRows() map[string][]deflateRow {
	rows := func(rows ...receiverRow) (out []deflateRow) {
		for _, row := range rows {
			out = append(out, deflateRow{receiverRow: row})
		}
		return out
	}
	const (
		reserved = "reserved bit set on a "
		corrupt  = "compressed message that cannot be inflated (RFC 7692, Section 7.2.2)"
		notUTF8  = "text message that is not valid UTF-8 (RFC 6455, Section 8.1)"
	)
	hello := []string{`text "Hello"`}
	chat := compressible(3000, 1)
	return map[string][]deflateRow{
		"6": rows(
			receiverRow{name: "not compressed", frames: []string{"8105|48656c6c6f"}, items: hello},
			receiverRow{name: "not compressed in fragments", frames: []string{"0103|48656c", "8002|6c6f"}, items: hello},
			receiverRow{name: "RSV1 on the second fragment", frames: []string{"4103|f248cd", "c004|c9c90700"}, code: 1002, err: reserved + "continuation frame"},
			receiverRow{name: "RSV1 only on the second fragment", frames: []string{"0103|48656c", "c002|6c6f"}, code: 1002, err: reserved + "continuation frame"},
			receiverRow{name: "RSV1 on a ping", frames: []string{"c900|"}, code: 1002, err: reserved + "ping frame"},
			receiverRow{name: "RSV1 on a ping between", frames: []string{"4103|f248cd", "c900|"}, code: 1002, err: reserved + "ping frame"},
			receiverRow{name: "RSV1 on a pong", frames: []string{"ca00|"}, code: 1002, err: reserved + "pong frame"},
			receiverRow{name: "RSV1 on a close frame", frames: []string{"c802|03e8"}, code: 1002, err: reserved + "close frame"},
			receiverRow{name: "RSV2", frames: []string{"a100|"}, code: 1002, err: reserved + "text frame"},
			receiverRow{name: "RSV3", frames: []string{"9200|"}, code: 1002, err: reserved + "binary frame"},
			receiverRow{name: "RSV1 and RSV2", frames: []string{"e100|"}, code: 1002, err: reserved + "text frame"},
			receiverRow{name: "RSV1 on a reserved opcode", frames: []string{"c300|"}, code: 1002, err: "reserved opcode 3"},
			receiverRow{name: "text inside of a compressed message", frames: []string{"4103|f248cd", "c107|f248cdc9c90700"}, code: 1002, err: "text frame inside"},
			receiverRow{name: "one compressed and one not, in turns",
				frames: []string{"c107|f248cdc9c90700", "8101|61", "c205|f200110000", "0201|62", "8901|78", "8001|63", "c105|f200110000"},
				items:  []string{`text "Hello"`, `text "a"`, `binary "Hello"`, `ping "x"`, `binary "bc"`, `text "Hello"`}},
		),
		"7.2.3.1": rows(
			receiverRow{name: "one block", frames: []string{"c107|f248cdc9c90700"}, items: hello},
			receiverRow{name: "fragments", frames: []string{"4103|f248cd", "8004|c9c90700"}, items: hello},
			receiverRow{name: "control frames between", frames: []string{"4103|f248cd", "8901|78", "8a00|", "8004|c9c90700"},
				items: []string{`ping "x"`, `pong ""`, `text "Hello"`}},
			receiverRow{name: "fragments of a byte and none", frames: []string{"4100|", "0001|f2", "0000|", "0001|48", "0004|cdc9c907", "0000|", "8001|00"}, items: hello},
			receiverRow{name: "end in an empty fragment", frames: []string{"4107|f248cdc9c90700", "8000|"}, items: hello},
			receiverRow{name: "close between", frames: []string{"4103|f248cd", "8802|03e8", "8004|c9c90700"}, items: []string{`close 1000 ""`}},
		),
		"7.2.3.2": append(rows(
			receiverRow{name: "window shared", frames: []string{"c107|f248cdc9c90700", "c105|f200110000"}, items: []string{`text "Hello"`, `text "Hello"`}},
			receiverRow{name: "nothing to share", frames: []string{"c105|f200110000"}, code: 1007, err: corrupt},
		),
			deflateRow{alone: true, receiverRow: receiverRow{name: "window not shared", frames: []string{"c107|f248cdc9c90700", "c107|f248cdc9c90700"}, items: []string{`text "Hello"`, `text "Hello"`}}},
			deflateRow{alone: true, receiverRow: receiverRow{name: "window refused", frames: []string{"c107|f248cdc9c90700", "c105|f200110000"}, items: hello, code: 1007, err: corrupt}},
		),
		"7.2.3.3": rows(
			receiverRow{name: "stored block", frames: []string{"c10b|000500faff48656c6c6f00"}, items: hello},
			receiverRow{name: "stored block in fragments", frames: []string{"4104|000500fa", "0003|ff4865", "8004|6c6c6f00"}, items: hello},
		),
		"7.2.3.4": rows(
			receiverRow{name: "BFINAL", frames: []string{"c108|f348cdc9c9070000"}, items: hello},
			receiverRow{name: "BFINAL, then another block", frames: []string{"c10f|f348cdc9c90700" + "f248cdc9c9070000"[:14] + "00"}, code: 1007, err: corrupt},
			receiverRow{name: "BFINAL twice", frames: []string{"c10f|f348cdc9c90700f348cdc9c9070000"}, items: []string{`text "HelloHello"`}},
			receiverRow{name: "BFINAL and window shared", frames: []string{"c108|f348cdc9c9070000", "c105|f200110000"}, items: []string{`text "Hello"`, `text "Hello"`}},
			receiverRow{name: "BFINAL, cut behind it", frames: []string{"4107|f348cdc9c90700", "8001|00"}, items: hello},
		),
		"7.2.3.5": rows(
			receiverRow{name: "two blocks", frames: []string{"c10d|f248050000 00ffffcac9c90700"}, items: hello},
		),
		"7.2.3.6": rows(
			receiverRow{name: "empty message", frames: []string{"c101|00"}, items: []string{`text ""`}},
			receiverRow{name: "empty messages", frames: []string{"c101|00", "4101|00", "8000|", "4100|", "0000|", "8001|00"}, items: []string{`text ""`, `text ""`, `text ""`}},
			receiverRow{name: "empty fixed block", frames: []string{"c102|0200"}, items: []string{`text ""`}},
			receiverRow{name: "no payload at all", frames: []string{"c100|"}, items: []string{`text ""`}},
			receiverRow{name: "no payload in fragments", frames: []string{"4200|", "0000|", "8901|78", "8000|"}, items: []string{`ping "x"`, `binary ""`}},
			receiverRow{name: "no payload, and window shared",
				frames: []string{"c107|f248cdc9c90700", "c100|", "c105|f200110000", "4100|", "8000|", "c105|f200110000"},
				items:  []string{`text "Hello"`, `text ""`, `text "Hello"`, `text ""`, `text "Hello"`}},
			receiverRow{name: "no payload, and nothing to share", frames: []string{"c100|", "c105|f200110000"}, items: []string{`text ""`}, code: 1007, err: corrupt},
			receiverRow{name: "no payload after an empty message of one byte", frames: []string{"c101|00", "c200|", "8000|"}, items: []string{`text ""`, `binary ""`},
				code: 1002, err: "continuation frame without a message"},
			receiverRow{name: "blocks without end, then an empty fragment", frames: []string{"4101|02", "8000|"}, code: 1007, err: corrupt},
			receiverRow{name: "empty blocks without end", frames: []string{"c10b|" + strings.Repeat("000000ffff", 2) + "00"}, items: []string{`text ""`}},
		),
		"7.2.2": rows(
			receiverRow{name: "reserved block type", frames: []string{"c101|06"}, code: 1007, err: corrupt},
			receiverRow{name: "lengths do not match", frames: []string{"c10b|000500faf048656c6c6f00"}, code: 1007, err: corrupt},
			receiverRow{name: "tail not removed", frames: []string{"c10b|f248cdc9c907000000ffff"}, code: 1007, err: corrupt},
			receiverRow{name: "stops in a symbol", frames: []string{"c105|f248cdc9c9"}, code: 1007, err: corrupt},
			receiverRow{name: "stops behind the block header", frames: []string{"c101|02"}, code: 1007, err: corrupt},
			receiverRow{name: "stops in a stored block", frames: []string{"c108|000500faff486565"}, code: 1007, err: corrupt},
			receiverRow{name: "stops in the second fragment", frames: []string{"4103|f248cd", "8002|c9c9"}, code: 1007, err: corrupt},
			receiverRow{name: "plain text with RSV1", frames: []string{"c105|48656c6c6f"}, code: 1007, err: corrupt},
			receiverRow{name: "distance before the first byte", frames: []string{"c107|f248cdc9c90702", "c105|f200110000"}, code: 1007, err: corrupt},
			receiverRow{name: "after a right one", frames: []string{"c107|f248cdc9c90700", "c101|06"}, items: hello, code: 1007, err: corrupt},
			receiverRow{name: "not the last fragment", frames: []string{"4101|06", "8000|"}, code: 1007, err: corrupt},
			receiverRow{name: "in a frame of which more is announced", frames: []string{"c17f7fffffffffffffff|06"}, code: 1007, err: corrupt},
		),
		"8.1": rows(
			receiverRow{name: "character cut by a fragment", frames: deflatedFrames(deflated([]byte("€€€€𐍈𐍈é")), 2), items: []string{`text "€€€€𐍈𐍈é"`}},
			receiverRow{name: "bad byte", frames: deflatedFrames(deflated([]byte("ab\xff")), 100), code: 1007, err: notUTF8},
			receiverRow{name: "bad byte before corruption", frames: []string{"c108|000100feffff0606"}, code: 1007, err: "RFC "},
			receiverRow{name: "bad byte in fragments", frames: deflatedFrames(deflated([]byte("ab\xffcd")), 1), code: 1007, err: notUTF8},
			receiverRow{name: "ends in a character", frames: deflatedFrames(deflated([]byte("ab\xe2\x82")), 100), code: 1007, err: notUTF8},
			receiverRow{name: "bad byte in a frame of which more is announced", frames: []string{"c17f7fffffffffffffff|000100feffff"}, code: 1007, err: notUTF8},
			receiverRow{name: "binary is not checked", frames: []string{"c207|000200fdffffff", "8201|61"}, code: 1007, err: corrupt},
			receiverRow{name: "binary of any bytes", frames: []string{"c208|000200fdffffff00", "8201|61"}, items: []string{`binary "\xff\xff"`, `binary "a"`}},
		),
		"10.4": rows(
			receiverRow{name: "at the limit", limit: 5, frames: []string{"c107|f248cdc9c90700"}, items: hello},
			receiverRow{name: "over it", limit: 4, frames: []string{"c107|f248cdc9c90700"}, code: 1009, err: "over the read limit (RFC 6455, Section 7.4.1)"},
			receiverRow{name: "over it in the second fragment", limit: 4, frames: []string{"4103|f248cd", "8004|c9c90700"}, code: 1009, err: "over the read limit"},
			receiverRow{name: "over it and not complete", limit: 4, frames: []string{"c15f|f248cdc9c90700"}, code: 1009, err: "over the read limit"},
			receiverRow{name: "wire over the limit, message not", limit: 2000, frames: deflatedFrames(append(bytes.Repeat([]byte("\x00\x00\x00\xff\xff"), 401), 0), 5000), items: []string{`text ""`}},
			receiverRow{name: "announced over the wire limit", limit: 5, frames: []string{"c17f0000000000010100|"}, code: 1009, err: "more than twice the read limit on the wire"},
			receiverRow{name: "2^63-1 bytes announced", limit: 1 << 20, frames: []string{"c17f7fffffffffffffff|"}, code: 1009, err: "on the wire"},
			receiverRow{name: "every message for itself", limit: 5, frames: []string{"c107|f248cdc9c90700", "c105|f200110000", "8105|48656c6c6f", "c105|f200110000"},
				items: slices.Repeat(hello, 4)},
			receiverRow{name: "no limit", frames: deflatedFrames(deflated(chat), 1<<20), items: []string{item(OpText, string(chat))}},
			receiverRow{name: "at the limit, in fragments", limit: uint64(len(chat)), frames: deflatedFrames(deflated(chat), 7), items: []string{item(OpText, string(chat))}},
			receiverRow{name: "a byte over the limit, in fragments", limit: uint64(len(chat)) - 1, frames: deflatedFrames(deflated(chat), 7), code: 1009, err: "over the read limit"},
		),
	}
}

// TestReceiverDeflate protects every rule about compressed messages.
func TestReceiverDeflate(t *testing.T) {
	for section, rows := range deflateRows() {
		for _, row := range rows {
			for _, client := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%s/client=%v", section, row.name, client), func(t *testing.T) { row.run(t, client) })
			}
		}
	}
}

// TestReceiverDeflateCause protects that the error of a corrupt stream wraps what the inflater found.
func TestReceiverDeflateCause(t *testing.T) {
	_, _, _, err := newInflating(true, true, 0).Next(nil, unhex(t, "c101 06"))
	if !errors.Is(err, compress.ErrCorrupt) {
		t.Errorf("%v is not ErrCorrupt", err)
	}
}

// TestReceiverDeflateParts protects what one call delivers: as much as dst has room for, at most 32 KiB; First and
// Last; Pending, with which the next call needs no byte; and that nothing of a part is held back, not even of a fragment
// behind which nothing comes yet.
func TestReceiverDeflateParts(t *testing.T) {
	text := compressible(100<<10, 3)
	payload := deflated(text)
	for _, client := range []bool{true, false} {
		for _, last := range []bool{true, false} {
			for _, room := range []int{0, 1, 511, 512, 513, 4096, 32 << 10, 64 << 10} {
				frames := deflatedFrames(payload, len(payload))
				if !last {
					frames[0] = "41" + frames[0][2:]
				}
				r, src := newInflating(client, true, 0), wire(t, client, frames...)
				want := room
				if room < 512 || room > 32<<10 {
					want = 32 << 10
				}
				var got []byte
				for len(got) < len(text) {
					out, ev, n, err := r.Next(make([]byte, 0, room), src)
					if src = src[n:]; err != nil || ev.Kind != EventData || ev.First != (len(got) == 0) || ev.Op != OpText {
						t.Fatalf("%v, %d bytes, %+v, %v", ev.Kind, len(out), ev, err)
					}
					if len(ev.Payload) != min(want, len(text)-len(got)) || len(out) != len(ev.Payload) || &out[0] != &ev.Payload[0] {
						t.Fatalf("room for %d: a part of %d bytes at %d", room, len(ev.Payload), len(got))
					}
					got = append(got, ev.Payload...)
					if ev.Last != (last && len(got) == len(text)) {
						t.Fatalf("Last is %v at %d of %d", ev.Last, len(got), len(text))
					}
					if len(src) == 0 && len(got) < len(text) && !r.Pending() {
						t.Fatalf("room for %d: nothing is pending at %d of %d", room, len(got), len(text))
					}
				}
				if string(got) != string(text) {
					t.Fatal("another text")
				}
				if _, ev, n, err := r.Next(nil, src); ev.Kind != EventNone || n != 0 || err != nil || r.Pending() || r.Idle() != last {
					t.Errorf("at the end: %+v, %d, %v, Pending %v, Idle %v", ev, n, err, r.Pending(), r.Idle())
				}
			}
		}
	}
}

// TestReceiverDeflateFlushed protects a peer who streams: what it has flushed is delivered, whatever the room, before
// it sends another byte.
func TestReceiverDeflateFlushed(t *testing.T) {
	for _, size := range []int{511, 512, 513, 600, 1023, 1024, 1025, 40000} {
		for _, room := range []int{512, 1024} {
			text := bytes.Repeat([]byte("a"), size)
			r := newInflating(true, true, 0)
			frame := deflatedFrames(append(deflated(text), 0, 0, 0xff, 0xff), 1<<20)[0]
			v := receiving{room: room}.receive(t, r, wire(t, true, "41"+frame[2:]))
			if v.partial != string(text) {
				t.Errorf("room for %d: %d bytes of %d", room, len(v.partial), size)
			}
		}
	}
}

// TestReceiverDeflateInPlace protects that a masked payload, of which one call takes a part, is unmasked once.
func TestReceiverDeflateInPlace(t *testing.T) {
	text := bytes.Repeat([]byte("0123456789abcdef"), 40<<10/16)
	text = append(text, compressible(40<<10, 5)...)
	stream := wire(t, false, deflatedFrames(deflated(text), 1<<20)...)
	for _, room := range []int{512, 777} {
		v := receiving{room: room}.receive(t, newInflating(false, true, 0), stream)
		if len(v.items) != 1 || v.items[0] != item(OpText, string(text)) {
			t.Errorf("room for %d: %v", room, v)
		}
	}
}

// TestReceiverDeflateSetLimit protects the change of a limit in the middle of a compressed message: it holds for what
// has not been inflated, with what came before counted.
func TestReceiverDeflateSetLimit(t *testing.T) {
	text := compressible(5000, 3)
	for _, row := range []struct {
		first, then uint64
		over        bool
	}{{0, 4999, true}, {10000, 4999, true}, {0, 5000, false}, {5000, 0, false}, {5000, 100, true}, {4000, 5000, false}} {
		r, src := newInflating(true, true, row.first), wire(t, true, deflatedFrames(deflated(text), 1<<20)...)
		got := 0
		var err error
		for step := 0; len(src) > 0 || r.Pending(); step++ {
			var ev Event
			var n int
			_, ev, n, err = r.Next(make([]byte, 0, 1000), src)
			if err != nil {
				break
			}
			got += len(ev.Payload)
			src = src[n:]
			r.SetLimit(row.then)
		}
		if errors.Is(err, ErrMessageTooBig) != row.over || !row.over && got != len(text) {
			t.Errorf("limit %d, then %d: %d bytes, %v", row.first, row.then, got, err)
		}
	}
}

// TestReceiverDeflateFloods protects the bound on fragments without payload in a compressed message, and that on what it
// takes on the wire.
func TestReceiverDeflateFloods(t *testing.T) {
	for _, client := range []bool{true, false} {
		empty := func(n int) []byte {
			return append(wire(t, client, "4200|"), bytes.Repeat(wire(t, client, "0000|"), n-1)...)
		}
		if v := receive(t, newInflating(client, true, 0), append(empty(4096), wire(t, client, "8001|00")...)); v.code != 0 || len(v.items) != 1 {
			t.Errorf("4096 empty fragments: %v", v)
		}
		if v := receive(t, newInflating(client, true, 0), empty(4097)); v.code != StatusPolicyViolation {
			t.Errorf("4097 empty fragments: %v", v)
		}
		// Empty blocks inflate to nothing.
		blocks := bytes.Repeat(wire(t, client, "0005|000000ffff"), 1<<14)
		if v := receive(t, newInflating(client, true, 1000), append(wire(t, client, "4200|"), blocks...)); v.code != StatusMessageTooBig {
			t.Errorf("%d bytes of empty blocks: %v", len(blocks), v)
		}
	}
}

// TestReceiverDeflateBomb protects the promise that a message which inflates to a thousand times its size stops at the
// limit, and takes no memory but for what is delivered.
func TestReceiverDeflateBomb(t *testing.T) {
	const limit = 1 << 20
	bomb := deflated(make([]byte, 64<<20))
	if len(bomb) > 70<<10 {
		t.Fatalf("the bomb has %d bytes", len(bomb))
	}
	stream := AppendHeader(nil, Header{Fin: true, RSV1: true, Opcode: OpBinary, Length: uint64(len(bomb))})
	stream = append(stream, bomb...)
	r := newInflating(true, true, limit)
	dst := make([]byte, 0, 4096)
	total := 0
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for {
		_, ev, n, err := r.Next(dst, stream)
		if err != nil {
			if !errors.Is(err, ErrMessageTooBig) {
				t.Fatal(err)
			}
			break
		}
		total += len(ev.Payload)
		stream = stream[n:]
	}
	runtime.ReadMemStats(&after)
	if total > limit || total < limit-4096 {
		t.Errorf("%d bytes were delivered, of at most %d", total, limit)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 256<<10 {
		t.Errorf("%d bytes were allocated", n)
	}
}
