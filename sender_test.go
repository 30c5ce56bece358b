package websocket

// This file tests Sender: golden bytes for both roles, every refusal, and that the opposite role accepts what it
// writes.

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// newSender returns a Sender of a role, whose mask keys are that of RFC 6455, Section 5.7.
func newSender(client bool) *Sender {
	s := new(Sender)
	s.Reset(SenderOptions{Client: client, MaskKey: func() [4]byte { return [4]byte([]byte(twinKey)) }})
	return s
}

// sendCall is a call of a method of Sender.
type sendCall func(s *Sender, dst []byte) ([]byte, error)

func message(op Opcode, p string) sendCall {
	return func(s *Sender, dst []byte) ([]byte, error) { return s.AppendMessage(dst, op, []byte(p)) }
}

func fragment(op Opcode, p string, last bool) sendCall {
	return func(s *Sender, dst []byte) ([]byte, error) { return s.AppendFragment(dst, op, []byte(p), last) }
}

func control(op Opcode, p string) sendCall {
	return func(s *Sender, dst []byte) ([]byte, error) { return s.AppendControl(dst, op, []byte(p)) }
}

func closing(code StatusCode, reason string) sendCall {
	return func(s *Sender, dst []byte) ([]byte, error) { return s.AppendClose(dst, code, reason) }
}

// TestSender protects the bytes of every kind of frame, in both roles.
func TestSender(t *testing.T) {
	for _, row := range []struct {
		name   string
		calls  []sendCall
		frames []string // as in wire
	}{
		{"5.7 text", []sendCall{message(OpText, "Hello")}, []string{"8105|48656c6c6f"}},
		{"5.7 fragmented text", []sendCall{fragment(OpText, "Hel", false), fragment(OpText, "lo", true)},
			[]string{"0103|48656c", "8002|6c6f"}},
		{"5.7 ping and pong", []sendCall{control(OpPing, "Hello"), control(OpPong, "Hello")},
			[]string{"8905|48656c6c6f", "8a05|48656c6c6f"}},
		{"5.7 256 bytes", []sendCall{message(OpBinary, zeros(256))}, []string{"827e0100|" + strings.Repeat("00", 256)}},
		{"5.7 64 KiB", []sendCall{message(OpBinary, zeros(65536))},
			[]string{"827f0000000000010000|" + strings.Repeat("00", 65536)}},
		{"5.2 empty", []sendCall{message(OpText, ""), message(OpBinary, "")}, []string{"8100|", "8200|"}},
		{"5.2 125 bytes", []sendCall{message(OpBinary, zeros(125))}, []string{"827d|" + strings.Repeat("00", 125)}},
		{"5.2 126 bytes", []sendCall{message(OpBinary, zeros(126))}, []string{"827e007e|" + strings.Repeat("00", 126)}},
		{"5.2 65535 bytes", []sendCall{message(OpBinary, zeros(65535))}, []string{"827effff|" + strings.Repeat("00", 65535)}},
		{"5.4 only fragment", []sendCall{fragment(OpBinary, "a", true), fragment(OpText, "b", true)},
			[]string{"8201|61", "8101|62"}},
		{"5.4 empty fragments", []sendCall{fragment(OpText, "", false), fragment(OpText, "", false), fragment(OpText, "", true)},
			[]string{"0100|", "0000|", "8000|"}},
		{"5.4 control between", []sendCall{fragment(OpText, "a", false), control(OpPing, ""), fragment(OpText, "b", true)},
			[]string{"0101|61", "8900|", "8001|62"}},
		{"5.5 longest ping", []sendCall{control(OpPing, zeros(125))}, []string{"897d|" + strings.Repeat("00", 125)}},
		{"5.5.1 close", []sendCall{closing(1000, "bye")}, []string{"8805|03e8627965"}},
		{"5.5.1 close without code", []sendCall{closing(StatusNoStatusReceived, "")}, []string{"8800|"}},
		{"5.5.1 close inside of a message", []sendCall{fragment(OpText, "a", false), closing(1001, "")},
			[]string{"0101|61", "8802|03e9"}},
		{"5.5.1 reason cut", []sendCall{closing(1000, strings.Repeat("x", 122)+"é")},
			[]string{"887c|03e8" + strings.Repeat("78", 122)}},
		{"5.6 character cut", []sendCall{fragment(OpText, "\xe2", false), fragment(OpText, "\x82", false), fragment(OpText, "\xac", true)},
			[]string{"0101|e2", "0001|82", "8001|ac"}},
	} {
		for _, client := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/client=%v", row.name, client), func(t *testing.T) {
				s, out := newSender(client), []byte("dst")
				for _, call := range row.calls {
					var err error
					if out, err = call(s, out); err != nil {
						t.Fatal(err)
					}
				}
				// A client sends what a server receives.
				if want := "dst" + string(wire(t, !client, row.frames...)); string(out) != want {
					t.Errorf("%.100x, want %.100x", out, want)
				}
			})
		}
	}
}

// TestSenderRefuses protects the rules about what may be sent, and that a refusal changes neither dst nor the Sender.
func TestSenderRefuses(t *testing.T) {
	open := []sendCall{}
	inText := []sendCall{fragment(OpText, "a\xe2", false)}
	inBinary := []sendCall{fragment(OpBinary, "a", false)}
	closed := []sendCall{closing(1000, "")}
	for _, row := range []struct {
		name   string
		before []sendCall
		call   sendCall
		err    error
	}{
		{"continuation as message", open, message(OpContinuation, ""), errSendOpcode},
		{"ping as message", open, message(OpPing, ""), errSendOpcode},
		{"close as message", open, message(OpClose, ""), errSendOpcode},
		{"reserved message", open, message(3, ""), errSendOpcode},
		{"reserved message, more than 4 bits", open, message(0x81, ""), errSendOpcode},
		{"continuation as fragment", inText, fragment(OpContinuation, "", true), errSendOpcode},
		{"text as control", open, control(OpText, ""), errSendControl},
		{"close as control", open, control(OpClose, ""), errSendControl},
		{"reserved control", open, control(0xB, ""), errSendControl},
		{"control of 126 bytes", open, control(OpPing, zeros(126)), errSendLong},
		{"text not UTF-8", open, message(OpText, "a\xff"), errSendUTF8},
		{"text that ends in a character", open, message(OpText, "\xe2\x82"), errSendUTF8},
		{"fragment not UTF-8", open, fragment(OpText, "a\xff", false), errSendUTF8},
		{"next fragment not UTF-8", inText, fragment(OpText, "a", false), errSendUTF8},
		{"last fragment in a character", inText, fragment(OpText, "\x82", true), errSendUTF8},
		{"message inside", inText, message(OpText, "a"), errSendInside},
		{"message inside of binary", inBinary, message(OpBinary, "a"), errSendInside},
		{"binary fragment in a text", inText, fragment(OpBinary, "a", true), errSendInside},
		{"text fragment in a binary", inBinary, fragment(OpText, "a", true), errSendInside},
		{"message after close", closed, message(OpText, "a"), errSendClosed},
		{"fragment after close", closed, fragment(OpText, "a", true), errSendClosed},
		{"ping after close", closed, control(OpPing, ""), errSendClosed},
		{"pong after close", closed, control(OpPong, ""), errSendClosed},
		{"close after close", closed, closing(1000, ""), errSendClosed},
		{"close 1005 with a reason", open, closing(1005, "a"), errCloseCode},
		{"close 1006", open, closing(1006, ""), errCloseCode},
		{"close 0", open, closing(0, ""), errCloseCode},
		{"close 2999", open, closing(2999, ""), errCloseCode},
		{"close 5000", open, closing(5000, ""), errCloseCode},
		{"reason not UTF-8", open, closing(1000, "\xff"), errCloseReason},
		{"reason not UTF-8 behind the cut", open, closing(1000, strings.Repeat("a", 200)+"\xff"), errCloseReason},
	} {
		for _, client := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/client=%v", row.name, client), func(t *testing.T) {
				s := newSender(client)
				headers := 0
				s.onHeader = func(Header) { headers++ }
				for _, call := range row.before {
					if _, err := call(s, nil); err != nil {
						t.Fatal(err)
					}
				}
				state := func() string { return fmt.Sprint(s.closed, s.inMessage, s.op, s.text) }
				want, seen := state(), headers
				spare := bytes.Repeat([]byte{'.'}, 300)
				dst := spare[:3]
				out, err := row.call(s, dst)
				if !errors.Is(err, row.err) || len(out) != 3 || &out[0] != &dst[0] || !strings.HasPrefix(err.Error(), "websocket: ") {
					t.Errorf("%d bytes, %v, want error %v", len(out), err, row.err)
				}
				if strings.Trim(string(spare), ".") != "" {
					t.Errorf("dst was written to: %q", spare)
				}
				if state() != want || headers != seen {
					t.Errorf("state %s, %d headers, want %s, %d", state(), headers, want, seen)
				}
			})
		}
	}
}

// TestSenderAccepted protects the agreement of the roles, at all sizes where the encoding of a length changes, and
// Bound.
func TestSenderAccepted(t *testing.T) {
	for _, client := range []bool{true, false} {
		for _, n := range []int{0, 1, 2, 3, 4, 7, 8, 31, 32, 33, 124, 125, 126, 127, 128, 65534, 65535, 65536, 65537, 1 << 20} {
			var s Sender
			s.Reset(SenderOptions{Client: client})
			p := bytes.Repeat([]byte("0123456789abcdefg"), n/17+1)[:n]
			kept := bytes.Clone(p)
			out, err := s.AppendMessage(nil, OpText, p)
			if err != nil || len(out) != s.Bound(n) {
				t.Fatalf("%d bytes become %d, Bound is %d, %v", n, len(out), s.Bound(n), err)
			}
			fragments := len(out)
			for i, last := range []bool{false, true} {
				if out, err = s.AppendFragment(out, OpBinary, p[i*(n/2):], last); err != nil {
					t.Fatal(err)
				}
				if len(out)-fragments > s.Bound(n-i*(n/2)) {
					t.Fatalf("a fragment of %d bytes takes %d", n-i*(n/2), len(out)-fragments)
				}
				fragments = len(out)
			}
			if !bytes.Equal(p, kept) {
				t.Fatalf("%d bytes were changed", n)
			}
			want := []string{item(OpText, string(p)), item(OpBinary, string(p)+string(p[n/2:]))}
			if v := receive(t, newReceiver(!client, 0), out); !slices.Equal(v.items, want) || v.code != 0 {
				t.Errorf("%d bytes: %v, want %q", n, v, want)
			}
		}
	}
}

// TestSenderMaskKeys protects the source of mask keys: the caller's is asked once for every frame, the default gives
// keys that differ, and a server needs none.
func TestSenderMaskKeys(t *testing.T) {
	var s Sender
	next := byte(0)
	var headers []Header
	s.Reset(SenderOptions{
		Client:   true,
		MaskKey:  func() [4]byte { next++; return [4]byte{next, 0, 0, next} },
		OnHeader: func(h Header) { headers = append(headers, h) },
	})
	out, _ := s.AppendMessage(nil, OpBinary, []byte("\x00\x00\x00\x00"))
	out, _ = s.AppendFragment(out, OpBinary, nil, true)
	out, _ = s.AppendControl(out, OpPing, []byte("\x00"))
	out, _ = s.AppendClose(out, 1000, "")
	if want := unhex(t, "8284 01000001 01000001 8280 02000002 8981 03000003 03 8882 04000004 07e8"); !bytes.Equal(out, want) {
		t.Errorf("%x, want %x", out, want)
	}
	for i, h := range headers {
		if !h.Masked || h.MaskKey[0] != byte(i+1) {
			t.Errorf("OnHeader saw %+v as frame %d", h, i+1)
		}
	}
	if len(headers) != 4 {
		t.Errorf("OnHeader saw %d of 4 frames", len(headers))
	}

	s.Reset(SenderOptions{Client: true})
	const frames = 4096
	seen := make(map[[4]byte]int)
	for range frames {
		out, _ := s.AppendMessage(nil, OpBinary, nil)
		seen[[4]byte(out[2:])]++
	}
	// Of 4096 random keys of 32 bits, some two are equal once in 500 runs, and 8 pairs never in the life of the universe.
	if len(seen) < frames-8 {
		t.Errorf("%d frames have %d different keys", frames, len(seen))
	}

	s.Reset(SenderOptions{MaskKey: func() [4]byte { t.Error("a server asked for a mask key"); return [4]byte{} }})
	s.AppendMessage(nil, OpBinary, nil)
}

// TestSenderMessageHeader protects that a header and its payload are what AppendMessage sends, and its errors the same.
func TestSenderMessageHeader(t *testing.T) {
	var s Sender
	for _, p := range [][]byte{nil, []byte("short"), make([]byte, 126), make([]byte, 1<<16)} {
		want, _ := s.AppendMessage(nil, OpText, p)
		if got, err := s.AppendMessageHeader(nil, OpText, p); err != nil || !bytes.Equal(append(got, p...), want) {
			t.Errorf("%d bytes: %x, %v", len(p), got, err)
		}
	}
	refused := func(s *Sender, op Opcode, p string, want error) {
		t.Helper()
		if out, err := s.AppendMessageHeader([]byte("dst"), op, []byte(p)); string(out) != "dst" || err != want {
			t.Errorf("%q, %v, want %v", out, err, want)
		}
	}
	refused(&s, OpText, "\xff", errSendUTF8)
	refused(&s, OpPing, "", errSendOpcode)
	client := Sender{client: true}
	refused(&client, OpText, "", errSendMasked)
	s.AppendFragment(nil, OpText, nil, false)
	refused(&s, OpText, "", errSendInside)
	s.AppendClose(nil, StatusNormalClosure, "")
	refused(&s, OpText, "", errSendClosed)
}
