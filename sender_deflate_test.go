package websocket

// This file tests Sender with permessage-deflate: what it compresses and what it does not, how that is framed, and that
// the opposite role, and compress/flate, read it.

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// newDeflating returns a Sender of a role that has negotiated compression with the given options.
func newDeflating(client bool, o compress.DeflaterOptions, minSize int) *Sender {
	s := new(Sender)
	s.Reset(SenderOptions{Client: client, MaskKey: func() [4]byte { return [4]byte([]byte(twinKey)) },
		Deflater: compress.NewDeflater(o), MinSize: minSize})
	return s
}

// deflaterOptions are all that can be negotiated, at every level.
func deflaterOptions() (all []compress.DeflaterOptions) {
	for bits := 8; bits <= 15; bits++ {
		for _, takeover := range []bool{true, false} {
			for _, level := range []compress.Level{compress.Balanced, compress.Fastest, compress.Smallest} {
				all = append(all, compress.DeflaterOptions{WindowBits: bits, Takeover: takeover, Level: level})
			}
		}
	}
	return all
}

// inflating returns the Receiver that is to read what a Sender of the given role writes.
func inflating(client bool, o compress.DeflaterOptions) *Receiver {
	r := new(Receiver)
	r.Reset(ReceiverOptions{Client: !client, Inflater: compress.NewInflater(compress.InflaterOptions{WindowBits: o.WindowBits, Takeover: o.Takeover})})
	return r
}

// TestSenderDeflateAccepted protects the agreement of the roles, for all that can be negotiated: over messages that
// shrink and that do not, whole and in fragments with control frames between, the opposite role receives what was sent;
// and Bound.
func TestSenderDeflateAccepted(t *testing.T) {
	texts := [][]byte{nil, []byte("a"), corpus.Text(1, 63), corpus.Text(2, 64), corpus.Text(3, 70_000), corpus.Random(4, 200), corpus.Random(5, 70_000),
		bytes.Repeat([]byte("ab"), 40_000)}
	texts = append(texts, corpus.Chat(corpus.Seed, 12)...)
	for _, o := range deflaterOptions() {
		for _, client := range []bool{true, false} {
			t.Run(fmt.Sprintf("%+v/client=%v", o, client), func(t *testing.T) {
				s := newDeflating(client, o, 0)
				var out []byte
				var want []string
				add := func(n int, b []byte, err error) {
					if len(b)-len(out) > s.Bound(n) || err != nil {
						t.Fatalf("%d bytes become %d, Bound is %d, %v", n, len(b)-len(out), s.Bound(n), err)
					}
					out = b
				}
				for i, p := range texts {
					kept := bytes.Clone(p)
					b, err := s.AppendMessage(out, OpBinary, p)
					add(len(p), b, err)
					cut := len(p) * i / len(texts)
					b, err = s.AppendFragment(out, OpBinary, p[:cut], false)
					add(cut, b, err)
					b, err = s.AppendControl(out, OpPing, []byte("x"))
					add(1, b, err)
					b, err = s.AppendFragment(out, OpBinary, p[cut:], true)
					add(len(p)-cut, b, err)
					want = append(want, item(OpBinary, string(p)), item(OpPing, "x"), item(OpBinary, string(p)))
					if !bytes.Equal(p, kept) {
						t.Fatal("the payload was changed")
					}
				}
				if v := receive(t, inflating(client, o), out); !slices.Equal(v.items, want) || v.code != 0 {
					t.Errorf("got %v\nwant %q", v, want)
				}
				m := modelReceiver{client: !client, deflate: &modelInflater{takeover: o.Takeover}}
				if v := m.judge(out); !slices.Equal(v.items, want) || v.code != 0 {
					t.Errorf("compress/flate reads %v", v)
				}
			})
		}
	}
}

// headersOf returns what b consists of: RSV1, FIN and opcode of each frame.
func headersOf(t *testing.T, b []byte) (seen []string) {
	for len(b) > 0 {
		h, n, err := ParseHeader(b)
		if err != nil || n == 0 || h.RSV2 || h.RSV3 {
			t.Fatalf("%+v, %d, %v", h, n, err)
		}
		s := h.Opcode.String()
		if h.RSV1 {
			s = "RSV1 " + s
		}
		if h.Fin {
			s = "FIN " + s
		}
		seen = append(seen, s)
		b = b[n+int(h.Length):]
	}
	return seen
}

// TestSenderDeflateFrames protects which frames have RSV1: the first of a compressed message, and no other.
func TestSenderDeflateFrames(t *testing.T) {
	long := strings.Repeat("compress me ", 30)
	for _, row := range []struct {
		name    string
		minSize int
		calls   []sendCall
		want    []string
	}{
		{"message", 0, []sendCall{message(OpText, long)}, []string{"FIN RSV1 text"}},
		{"smaller than MinSize", 0, []sendCall{message(OpText, long[:63]), message(OpText, long[:64])}, []string{"FIN text", "FIN RSV1 text"}},
		{"smaller than another MinSize", 300, []sendCall{message(OpText, long[:299]), message(OpText, long[:300])}, []string{"FIN text", "FIN RSV1 text"}},
		{"no MinSize", -1, []sendCall{message(OpText, "aaaaaaaaaaaa"), message(OpText, "")}, []string{"FIN RSV1 text", "FIN text"}},
		{"incompressible", 0, []sendCall{message(OpBinary, string(corpus.Random(1, 1000)))}, []string{"FIN binary"}},
		{"fragments", 0, []sendCall{fragment(OpText, long, false), fragment(OpText, long, false), fragment(OpText, "", true)},
			[]string{"RSV1 text", "continuation", "FIN continuation"}},
		{"small fragments", 1000, []sendCall{fragment(OpText, "a", false), fragment(OpText, "b", true)}, []string{"RSV1 text", "FIN continuation"}},
		{"one fragment", 1000, []sendCall{fragment(OpText, "a", true), fragment(OpText, "", true)}, []string{"FIN RSV1 text", "FIN RSV1 text"}},
		{"empty fragments", 0, []sendCall{fragment(OpText, "", false), fragment(OpText, "", false), fragment(OpText, "", true)},
			[]string{"RSV1 text", "continuation", "FIN continuation"}},
		{"control frames", 0, []sendCall{control(OpPing, long[:100]), fragment(OpText, long, false), control(OpPong, long[:100]), fragment(OpText, long, true), closing(1000, long[:100])},
			[]string{"FIN ping", "RSV1 text", "FIN pong", "FIN continuation", "FIN close"}},
	} {
		for _, client := range []bool{true, false} {
			s := newDeflating(client, compress.DeflaterOptions{Takeover: true}, row.minSize)
			var seen []Header
			s.onHeader = func(h Header) { seen = append(seen, h) }
			var out []byte
			for _, call := range row.calls {
				var err error
				if out, err = call(s, out); err != nil {
					t.Fatal(err)
				}
			}
			if got := headersOf(t, out); !slices.Equal(got, row.want) || len(seen) != len(got) {
				t.Errorf("%s, client %v: %q, want %q; OnHeader saw %d", row.name, client, got, row.want, len(seen))
			}
		}
	}
}

// TestSenderDeflateIncompressible protects the window over messages that are sent as they are: what comes next refers
// to nothing that the peer does not have.
func TestSenderDeflateIncompressible(t *testing.T) {
	noise, text := corpus.Random(1, 5000), corpus.Text(1, 900)
	mixed := append(append(slices.Clone(text), noise[:400]...), text...)
	for _, o := range deflaterOptions() {
		s := newDeflating(false, o, 0)
		r := inflating(false, o)
		for i, p := range [][]byte{text, noise, mixed, noise[:300], mixed, noise, text, noise, noise} {
			out, _ := s.AppendMessage(nil, OpBinary, p)
			if v := receive(t, r, out); len(v.items) != 1 || v.items[0] != item(OpBinary, string(p)) {
				t.Fatalf("%+v: message %d: %v", o, i, v)
			}
		}
	}
}

// TestSenderDeflateRefuses protects that a refusal changes nothing, the state of the deflater included: what follows is
// what would have followed without it.
func TestSenderDeflateRefuses(t *testing.T) {
	long := strings.Repeat("compress me é ", 30)
	calls := []sendCall{message(OpText, long), fragment(OpText, "", false), fragment(OpText, long, false), fragment(OpText, "\xc3", false),
		fragment(OpText, "\xa9"+long, true), message(OpBinary, long)}
	wrong := []sendCall{message(OpText, long+"\xff"), message(OpPing, long), fragment(OpText, long+"\xff", true), fragment(OpPong, long, true),
		control(OpText, ""), control(OpPing, long)}
	inside := []sendCall{message(OpText, long), message(OpBinary, ""), fragment(OpBinary, long, false)}
	for _, client := range []bool{true, false} {
		o := compress.DeflaterOptions{Takeover: true}
		plain, tried := newDeflating(client, o, 0), newDeflating(client, o, 0)
		for i, call := range calls {
			refused := wrong
			if i >= 2 && i <= 4 {
				refused = append(slices.Clone(wrong), inside...)
			}
			for k, bad := range refused {
				if out, err := bad(tried, []byte("dst")); err == nil || string(out) != "dst" {
					t.Errorf("before call %d, wrong call %d: %d bytes, %v", i, k, len(out), err)
				}
			}
			want, _ := call(plain, nil)
			got, err := call(tried, nil)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("call %d after wrong ones: %d bytes, %v, want %d", i, len(got), err, len(want))
			}
		}
	}
}

// TestSenderDeflateInPlace protects that with Bound bytes of room everything is made in place: no other slice is
// returned, what stood before is untouched, and the masked twin unmasks to the bytes of a server.
func TestSenderDeflateInPlace(t *testing.T) {
	for _, p := range [][]byte{corpus.Text(1, 64), corpus.Text(1, 200), corpus.Text(2, 1500), corpus.Text(3, 300_000), corpus.Random(1, 100), corpus.Random(1, 70_000)} {
		var twins [2][]byte
		for i, client := range []bool{true, false} {
			s := newDeflating(client, compress.DeflaterOptions{Takeover: true}, 0)
			for _, whole := range []bool{true, false} {
				dst := append(make([]byte, 0, 3+s.Bound(len(p))), "dst"...)
				out, err := s.AppendMessage(dst, OpBinary, p)
				if !whole {
					out, err = s.AppendFragment(dst, OpBinary, p, true)
				}
				if err != nil || &out[0] != &dst[0] || string(out[:3]) != "dst" {
					t.Errorf("client %v, %d bytes: another slice, or %v", client, len(p), err)
				}
				twins[i] = append(twins[i], out[3:]...)
			}
		}
		if !bytes.Equal(maskFrames(twins[1]), twins[0]) {
			t.Errorf("%d bytes: a client's frames are not the masked twin of a server's", len(p))
		}
	}
}
