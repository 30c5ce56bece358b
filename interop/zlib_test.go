package interop

// This file tests that zlib reads what package compress makes, at every level and window. That compress reads what zlib makes is
// tested there, with a corpus.

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os/exec"
	"testing"

	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// zlibStream is what one connection sends.
type zlibStream struct {
	Bits     int      `json:"bits"`
	Payloads [][]byte `json:"payloads"`

	name string
	want []zlibMessage
}

type zlibMessage struct {
	Size  int    `json:"size"`
	CRC32 uint32 `json:"crc32"`
}

// TestZlibReads protects that zlib, with a window no larger than what was agreed on, reads every message: chat, text, noise and
// repeats of every size, whole and in parts, with rests between them.
func TestZlibReads(t *testing.T) {
	var streams []zlibStream
	var in bytes.Buffer
	for _, level := range []compress.Level{compress.Fastest, compress.Balanced, compress.Smallest} {
		for _, bits := range bits {
			s := newZlibStream(compress.DeflaterOptions{WindowBits: bits, Takeover: true, Level: level})
			if err := json.NewEncoder(&in).Encode(s); err != nil {
				t.Fatal(err)
			}
			streams = append(streams, s)
		}
	}
	cmd := exec.CommandContext(t.Context(), "node", "node/zlib.js")
	cmd.Stdin = &in
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for _, s := range streams {
		var got struct {
			Error    string
			Messages []zlibMessage
		}
		if !lines.Scan() {
			t.Fatal("zlib.js ends early")
		}
		if err := json.Unmarshal(lines.Bytes(), &got); err != nil || got.Error != "" || len(got.Messages) != len(s.want) {
			t.Fatalf("%s: %d of %d messages, %s, %v", s.name, len(got.Messages), len(s.want), got.Error, err)
		}
		for i, m := range got.Messages {
			if m != s.want[i] {
				t.Errorf("%s: message %d is %+v, want %+v", s.name, i, m, s.want[i])
			}
		}
	}
}

// newZlibStream compresses 200 messages.
func newZlibStream(o compress.DeflaterOptions) zlibStream {
	s := zlibStream{Bits: o.WindowBits, name: fmt.Sprintf("%+v", o)}
	r := rand.New(rand.NewPCG(uint64(o.WindowBits), uint64(o.Level)))
	d := compress.NewDeflater(o)
	chat, text, noise := corpus.Chat(corpus.Seed, 200), corpus.Text(corpus.Seed, 1<<17), corpus.Random(corpus.Seed, 1<<15)
	for _, m := range chat {
		switch r.IntN(8) {
		case 0:
			m = text[r.IntN(len(text)/2):]
			m = m[:r.IntN(len(m))]
		case 1:
			m = noise[:r.IntN(len(noise))]
		case 2:
			m = bytes.Repeat(m[:1+r.IntN(9)], r.IntN(500))
		case 3:
			d.Rest()
		}
		s.want = append(s.want, zlibMessage{len(m), crc32.ChecksumIEEE(m)})
		var payload []byte
		for len(m) > 1000 && r.IntN(3) > 0 {
			n := r.IntN(len(m))
			payload = d.AppendPart(payload, m[:n], false)
			m = m[n:]
		}
		s.Payloads = append(s.Payloads, d.AppendPart(payload, m, true))
	}
	return s
}
