package websocket

// This file tests frame.go: the header as bytes. Each table is named after the section of RFC 6455 that it comes from.

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// headerTable holds headers beside their only encoding.
var headerTable = []struct {
	name string
	hex  string
	h    Header
}{
	// RFC 6455, Section 5.7, in its order.
	{"5.7 unmasked text", "81 05", Header{Fin: true, Opcode: OpText, Length: 5}},
	{"5.7 masked text", "81 85 37fa213d",
		Header{Fin: true, Opcode: OpText, Masked: true, MaskKey: [4]byte{0x37, 0xfa, 0x21, 0x3d}, Length: 5}},
	{"5.7 first fragment", "01 03", Header{Opcode: OpText, Length: 3}},
	{"5.7 last fragment", "80 02", Header{Fin: true, Opcode: OpContinuation, Length: 2}},
	{"5.7 unmasked ping", "89 05", Header{Fin: true, Opcode: OpPing, Length: 5}},
	{"5.7 masked pong", "8a 85 37fa213d",
		Header{Fin: true, Opcode: OpPong, Masked: true, MaskKey: [4]byte{0x37, 0xfa, 0x21, 0x3d}, Length: 5}},
	{"5.7 256 bytes", "82 7e 0100", Header{Fin: true, Opcode: OpBinary, Length: 256}},
	{"5.7 64 KiB", "82 7f 0000000000010000", Header{Fin: true, Opcode: OpBinary, Length: 65536}},

	// Section 5.2: each bit by itself, and both sides of each step in the length.
	{"5.2 middle fragment", "00 00", Header{}},
	{"5.2 RSV1", "41 00", Header{RSV1: true, Opcode: OpText}},
	{"5.2 RSV2", "21 00", Header{RSV2: true, Opcode: OpText}},
	{"5.2 RSV3", "11 00", Header{RSV3: true, Opcode: OpText}},
	{"5.2 all bits", "f2 00", Header{Fin: true, RSV1: true, RSV2: true, RSV3: true, Opcode: OpBinary}},
	{"5.2 length 125", "82 7d", Header{Fin: true, Opcode: OpBinary, Length: 125}},
	{"5.2 length 126", "82 7e 007e", Header{Fin: true, Opcode: OpBinary, Length: 126}},
	{"5.2 length 65535", "82 7e ffff", Header{Fin: true, Opcode: OpBinary, Length: 65535}},
	{"5.2 length 1<<16", "82 7f 0000000000010000", Header{Fin: true, Opcode: OpBinary, Length: 1 << 16}},
	{"5.2 length 1<<63-1", "82 7f 7fffffffffffffff", Header{Fin: true, Opcode: OpBinary, Length: math.MaxInt64}},
	{"5.2 masked, 16-bit length", "82 fe 0100 01020304",
		Header{Fin: true, Opcode: OpBinary, Masked: true, MaskKey: [4]byte{1, 2, 3, 4}, Length: 256}},
	{"5.2 masked, 64-bit length", "82 ff 0123456789abcdef 01020304",
		Header{Fin: true, Opcode: OpBinary, Masked: true, MaskKey: [4]byte{1, 2, 3, 4}, Length: 0x0123456789abcdef}},
	{"5.3 key of zeros", "81 80 00000000", Header{Fin: true, Opcode: OpText, Masked: true}},

	// Section 5.5.
	{"5.5 empty close", "88 00", Header{Fin: true, Opcode: OpClose}},
	{"5.5 longest close", "88 7d", Header{Fin: true, Opcode: OpClose, Length: 125}},
	{"5.5 longest masked ping", "89 fd ffffffff",
		Header{Fin: true, Opcode: OpPing, Masked: true, MaskKey: [4]byte{255, 255, 255, 255}, Length: 125}},
	{"5.5 control frame with RSV1", "c9 00", Header{Fin: true, RSV1: true, Opcode: OpPing}},
}

// Every header is read as what the table says, from every prefix that holds it and from none that does not.
func TestParseHeader(t *testing.T) {
	for _, tt := range headerTable {
		b := unhex(t, tt.hex)
		for n := range b {
			if h, got, err := ParseHeader(b[:n]); h != (Header{}) || got != 0 || err != nil {
				t.Errorf("%s: prefix of %d bytes: %+v, %d, %v; want a request for more", tt.name, n, h, got, err)
			}
		}
		for _, payload := range []string{"", "\xff", "payload"} {
			h, n, err := ParseHeader(append(b[:len(b):len(b)], payload...))
			if h != tt.h || n != len(b) || err != nil {
				t.Errorf("%s: %+v, %d, %v; want %+v, %d", tt.name, h, n, err, tt.h, len(b))
			}
		}
	}
}

// Every header is written as the table says, behind what dst held, and headerSize knows its size.
func TestAppendHeader(t *testing.T) {
	for _, tt := range headerTable {
		want := append([]byte("dst"), unhex(t, tt.hex)...)
		if got := AppendHeader([]byte("dst"), tt.h); !bytes.Equal(got, want) {
			t.Errorf("%s: %x, want %x", tt.name, got, want)
		}
		if tt.h.Length <= math.MaxInt {
			if got := headerSize(int(tt.h.Length), tt.h.Masked); got != len(want)-3 {
				t.Errorf("%s: headerSize %d, want %d", tt.name, got, len(want)-3)
			}
		}
	}
}

// AppendHeader writes a header that breaks the protocol as it is told, and cuts an opcode to its four bits.
func TestAppendHeaderUnchecked(t *testing.T) {
	for _, tt := range []struct {
		hex string
		h   Header
	}{
		{"03 00", Header{Opcode: 3}},
		{"08 7e 007e", Header{Opcode: OpClose, Length: 126}},
		{"82 7f ffffffffffffffff", Header{Fin: true, Opcode: OpBinary, Length: math.MaxUint64}},
		{"81 00", Header{Fin: true, Opcode: 0xF1}},
		{"81 00", Header{Fin: true, Opcode: OpText, MaskKey: [4]byte{1, 2, 3, 4}}},
	} {
		if got, want := AppendHeader(nil, tt.h), unhex(t, tt.hex); !bytes.Equal(got, want) {
			t.Errorf("%+v: %x, want %x", tt.h, got, want)
		}
	}
}

// A header that no endpoint may send is refused at the first byte that shows it: the last byte of each row.
func TestParseHeaderRefuses(t *testing.T) {
	for _, tt := range []struct {
		hex, section, text string
	}{
		// RFC 6455, Section 5.2: opcodes. Every reserved one stands in TestParseHeaderFirstByte.
		{"83", "5.2", "reserved opcode 3"},
		{"8b", "5.2", "reserved opcode 11"},
		{"0f", "5.2", "reserved opcode 15"},
		// Section 5.2: the minimal number of bytes.
		{"82 7e 0000", "5.2", "payload length that is not minimally encoded"},
		{"82 7e 007d", "5.2", "payload length that is not minimally encoded"},
		{"82 fe 007d", "5.2", "payload length that is not minimally encoded"},
		{"82 7f 000000000000", "5.2", "payload length that is not minimally encoded"},
		{"82 ff 000000000000", "5.2", "payload length that is not minimally encoded"},
		// Section 5.2: the top bit.
		{"82 7f 80", "5.2", "payload length with its top bit set"},
		{"82 ff ff", "5.2", "payload length with its top bit set"},
		// Section 5.5: control frames.
		{"08", "5.5", "fragmented close frame"},
		{"09", "5.5", "fragmented ping frame"},
		{"0a", "5.5", "fragmented pong frame"},
		{"88 7e", "5.5", "close frame over 125 bytes"},
		{"89 7f", "5.5", "ping frame over 125 bytes"},
		{"8a fe", "5.5", "pong frame over 125 bytes"},
	} {
		b := unhex(t, tt.hex)
		for n := range b {
			if _, got, err := ParseHeader(b[:n]); got != 0 || err != nil {
				t.Errorf("%s: prefix of %d bytes: %d, %v; want a request for more", tt.hex, n, got, err)
			}
		}
		for _, rest := range []string{"", "\x00", "0123456789012345"} {
			h, n, err := ParseHeader(append(b[:len(b):len(b)], rest...))
			var pe *ProtocolError
			if !errors.As(err, &pe) || n != 0 || h != (Header{}) {
				t.Errorf("%s and %d bytes: %+v, %d, %v; want a *ProtocolError", tt.hex, len(rest), h, n, err)
				continue
			}
			if pe.Code != StatusProtocolError || pe.Section != tt.section || pe.Text != tt.text {
				t.Errorf("%s and %d bytes: %d, %q, %q; want 1002, %q, %q", tt.hex, len(rest),
					pe.Code, pe.Section, pe.Text, tt.section, tt.text)
			}
		}
	}
}

// All 256 first bytes are judged alike whether they come alone or with what follows.
func TestParseHeaderFirstByte(t *testing.T) {
	for b0 := range 256 {
		op := b0 % 16
		control := op == 8 || op == 9 || op == 10
		wrong := !(op <= 2 || control) || control && b0 < 128
		for _, b := range [][]byte{{byte(b0)}, {byte(b0), 0}} {
			if _, _, err := ParseHeader(b); (err != nil) != wrong {
				t.Errorf("% x: %v, want an error: %v", b, err, wrong)
			}
		}
	}
}

// All 65536 lengths of the 16-bit form, and the borders of the 64-bit one, are judged as Section 5.2 says.
func TestParseHeaderLengths(t *testing.T) {
	for length := range uint64(1 << 16) {
		h, n, err := ParseHeader([]byte{0x82, 0x7e, byte(length >> 8), byte(length)})
		if length < 126 {
			if err == nil {
				t.Errorf("16-bit length %d was taken", length)
			}
		} else if err != nil || n != 4 || h.Length != length {
			t.Errorf("16-bit length %d: %d, %d, %v", length, h.Length, n, err)
		}
	}
	for bit := range 64 {
		for _, length := range []uint64{1<<bit - 1, 1 << bit, 1<<bit + 1} {
			b := []byte{0x82, 0x7f}
			for shift := 56; shift >= 0; shift -= 8 {
				b = append(b, byte(length>>shift))
			}
			h, n, err := ParseHeader(b)
			if length > 0xFFFF && length < 1<<63 {
				if err != nil || n != 10 || h.Length != length {
					t.Errorf("64-bit length %d: %d, %d, %v", length, h.Length, n, err)
				}
			} else if err == nil {
				t.Errorf("64-bit length %d was taken", length)
			}
		}
	}
}

// Whatever AppendHeader writes of a header that may be sent, ParseHeader reads back.
func TestHeaderRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	opcodes := []Opcode{OpContinuation, OpText, OpBinary, OpClose, OpPing, OpPong}
	var buf []byte
	for range 100_000 {
		bits := rnd.Uint32()
		h := Header{
			Fin: bits&1 != 0, RSV1: bits&2 != 0, RSV2: bits&4 != 0, RSV3: bits&8 != 0, Masked: bits&16 != 0,
			Opcode: opcodes[rnd.IntN(len(opcodes))],
			Length: rnd.Uint64() >> (1 + rnd.IntN(63)),
		}
		if h.Opcode.IsControl() {
			h.Fin, h.Length = true, h.Length%126
		}
		if h.Masked {
			h.MaskKey = [4]byte{byte(bits >> 8), byte(bits >> 16), byte(bits >> 24), byte(bits)}
		}
		buf = AppendHeader(buf[:0], h)
		if got, n, err := ParseHeader(buf); got != h || n != len(buf) || err != nil {
			t.Fatalf("%x: %+v, %d, %v; want %+v", buf, got, n, err, h)
		}
	}
}

func TestOpcode(t *testing.T) {
	names := map[Opcode]string{0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong",
		3: "opcode 3", 7: "opcode 7", 11: "opcode 11", 15: "opcode 15"}
	for op, want := range names {
		if got := op.String(); got != want {
			t.Errorf("%d: %q, want %q", op, got, want)
		}
	}
	// RFC 6455, Section 5.2: "%x3-7 are reserved for further non-control frames", "%xB-F are reserved for further
	// control frames".
	for op := range Opcode(16) {
		if got, want := op.IsControl(), op >= 8; got != want {
			t.Errorf("%v: IsControl %v", op, got)
		}
		if got, want := op.isData(), op == 1 || op == 2; got != want {
			t.Errorf("%v: isData %v", op, got)
		}
		if got, want := op.isDefined(), op < 3 || op > 7 && op < 11; got != want {
			t.Errorf("%v: isDefined %v", op, got)
		}
	}
}

// Headers are read and written once per frame: neither may allocate.
func TestHeaderAllocations(t *testing.T) {
	h := Header{Fin: true, Opcode: OpBinary, Masked: true, MaskKey: [4]byte{1, 2, 3, 4}, Length: 1 << 20}
	buf := make([]byte, 0, MaxHeaderSize)
	if n := testing.AllocsPerRun(100, func() {
		buf = AppendHeader(buf[:0], h)
		if _, _, err := ParseHeader(buf); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// oracleHeader reads a header from 14 bytes or more, slowly and by arithmetic, following the figure of RFC 6455,
// Section 5.2. It reports whether the header may be sent at all.
func oracleHeader(b []byte) (h Header, n int, ok bool) {
	h.Fin = b[0]/128 == 1
	h.RSV1 = b[0]/64%2 == 1
	h.RSV2 = b[0]/32%2 == 1
	h.RSV3 = b[0]/16%2 == 1
	h.Opcode = Opcode(b[0] % 16)
	h.Masked = b[1]/128 == 1
	h.Length = uint64(b[1] % 128)
	extra, least := 0, uint64(0)
	switch h.Length {
	case 126:
		extra, least = 2, 126
	case 127:
		extra, least = 8, 65536
	}
	n = 2
	if extra > 0 {
		h.Length = 0
		for _, c := range b[2 : 2+extra] {
			h.Length = h.Length*256 + uint64(c)
		}
		n += extra
	}
	if h.Masked {
		n += copy(h.MaskKey[:], b[n:])
	}
	ok = h.Length >= least && h.Length <= math.MaxInt64
	if op := h.Opcode; op >= 8 {
		ok = ok && op <= 10 && h.Fin && h.Length <= 125
	} else {
		ok = ok && op <= 2
	}
	return h, n, ok
}

// oracleVerdict says what ParseHeader must do with b: "refuse", "more" or "take". A prefix is to be refused when
// nothing that may follow makes it right, and of all that may follow, ones or 0xFF bytes do if anything does.
func oracleVerdict(b []byte) string {
	verdict := "refuse"
	for _, filler := range []string{"\x01", "\xff"} {
		_, n, ok := oracleHeader(append(b[:len(b):len(b)], strings.Repeat(filler, MaxHeaderSize)...))
		if ok && n > len(b) {
			verdict = "more"
		} else if ok {
			verdict = "take"
		}
	}
	return verdict
}

// FuzzParseHeader compares ParseHeader, on every prefix of the input, with the oracle, and checks that a header that
// was taken is written back as it came: there is one encoding of each.
func FuzzParseHeader(f *testing.F) {
	for _, tt := range headerTable {
		f.Add(unhex(f, tt.hex))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for k := range min(len(b), MaxHeaderSize+1) + 1 {
			p := b[:k]
			h, n, err := ParseHeader(p)
			got := "more"
			if err != nil {
				got = "refuse"
			} else if n > 0 {
				got = "take"
			}
			if want := oracleVerdict(p); got != want {
				t.Fatalf("% x: %+v, %d, %v; want %s", p, h, n, err, want)
			}
			if got != "take" {
				if h != (Header{}) || n != 0 {
					t.Fatalf("% x: %s, but returned %+v, %d", p, got, h, n)
				}
				continue
			}
			want, wantN, _ := oracleHeader(append(p[:k:k], make([]byte, MaxHeaderSize)...))
			if h != want || n != wantN {
				t.Fatalf("% x: %+v, %d; want %+v, %d", p, h, n, want, wantN)
			}
			if enc := AppendHeader(nil, h); !bytes.Equal(enc, p[:n]) || headerSize(int(min(h.Length, 1<<30)), h.Masked) != n {
				t.Fatalf("% x was written back as % x", p[:n], enc)
			}
		}
	})
}
