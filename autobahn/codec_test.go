package autobahn

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

// TestFrameOctets: frames as octets, by the examples of RFC 6455, Section 5.7, and in the forms that break rules.
func TestFrameOctets(t *testing.T) {
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	for _, tt := range []struct {
		name   string
		f      frame
		masked bool
		want   string
	}{
		{"unmasked text", text("Hello"), false, "810548656c6c6f"},
		{"masked text", text("Hello"), true, "818537fa213d7f9f4d5158"},
		{"first fragment", text("Hel").more(), false, "010348656c"},
		{"last fragment", continuation("lo"), false, "80026c6f"},
		{"ping", ping("Hello"), false, "890548656c6c6f"},
		{"close", closeFrame(1000, "bye"), false, "880503e8627965"},
		{"close without a code", closeFrame(-1, "a"), false, "880161"},
		{"all reserved bits", text("").rsvBits(7), false, "f100"},
		{"RSV1 is the highest", text("").rsvBits(rsv1), false, "c100"},
		{"16 bits where 7 do", text("x").as(length16), false, "817e000178"},
		{"64 bits where 7 do", text("x").as(length64), false, "817f000000000000000178"},
		{"a length that lies", text("x").declares(1<<63 | 1), false, "81ff800000000000000178"[:2] + "7f800000000000000178"},
		{"masked and empty", text(""), true, "818037fa213d"},
	} {
		got := hex.EncodeToString(appendFrame(nil, tt.f, tt.masked, key))
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestHeaderRoundTrip: what appendFrame writes parseHeader reads, for every truncated prefix only "more".
func TestHeaderRoundTrip(t *testing.T) {
	for _, size := range []int{0, 1, 125, 126, 127, 65535, 65536} {
		for _, form := range []lengthForm{lengthMinimal, length16, length64} {
			if form == length16 && size > 65535 {
				continue
			}
			for _, masked := range []bool{false, true} {
				f := binaryFrame(strings.Repeat("x", size)).rsvBits(5).more().as(form)
				b := appendFrame(nil, f, masked, [4]byte{1, 2, 3, 4})
				h, n := parseHeader(b)
				if h.length != uint64(size) || h.fin || h.rsv != 5 || h.opcode != opBinary || h.masked != masked || n+size != len(b) {
					t.Fatalf("size %d, form %d, masked %t: %+v, %d", size, form, masked, h, n)
				}
				if form != lengthMinimal && h.form != form {
					t.Fatalf("size %d: form %d, want %d", size, h.form, form)
				}
				for i := range n {
					if _, m := parseHeader(b[:i]); m != 0 {
						t.Fatalf("size %d: %d octets of a header of %d are enough", size, i, n)
					}
				}
			}
		}
	}
}

// TestXorMask: the mask by words is the mask by octets, at every phase and length.
func TestXorMask(t *testing.T) {
	key := [4]byte{0x12, 0x34, 0x56, 0x78}
	for phase := range 8 {
		for n := range 40 {
			b, want := make([]byte, n), make([]byte, n)
			for i := range b {
				b[i], want[i] = byte(i), byte(i)^key[(i+phase)&3]
			}
			if xorMask(b, key, phase); !bytes.Equal(b, want) {
				t.Fatalf("phase %d, %d octets: %x, want %x", phase, n, b, want)
			}
		}
	}
}

// TestCloseCodes: which codes an endpoint may send (RFC 6455, Section 7.4).
func TestCloseCodes(t *testing.T) {
	for code, want := range map[int]bool{0: false, 999: false, 1000: true, 1003: true, 1004: false, 1005: false, 1006: false,
		1007: true, 1011: true, 1012: true, 1014: true, 1015: false, 1016: false, 2999: false, 3000: true, 4999: true, 5000: false} {
		if legalCloseCode(code) != want {
			t.Errorf("%d: %t", code, !want)
		}
	}
}
