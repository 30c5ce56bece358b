package compress

import (
	"fmt"
	"testing"

	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// Comparisons with other implementations are in bench/compress.

func BenchmarkDeflate(b *testing.B) {
	for _, level := range levels {
		for _, takeover := range []bool{false, true} {
			b.Run(fmt.Sprintf("chat/level=%d/takeover=%v", level, takeover), func(b *testing.B) {
				benchmarkDeflate(b, DeflaterOptions{Takeover: takeover, Level: level}, corpus.Chat(corpus.Seed, 256))
			})
		}
		for _, n := range []int{16 << 10, 1 << 20} {
			b.Run(fmt.Sprintf("text=%d/level=%d", n, level), func(b *testing.B) {
				benchmarkDeflate(b, DeflaterOptions{Level: level}, [][]byte{corpus.Text(corpus.Seed, n)})
			})
		}
		b.Run(fmt.Sprintf("random=65536/level=%d", level), func(b *testing.B) {
			benchmarkDeflate(b, DeflaterOptions{Level: level}, [][]byte{corpus.Random(corpus.Seed, 1<<16)})
		})
	}
}

func benchmarkDeflate(b *testing.B, o DeflaterOptions, messages [][]byte) {
	d := NewDeflater(o)
	var out []byte
	in, total := 0, 0
	for _, m := range messages {
		out, _ = d.Append(out[:0], m)
		in, total = in+len(m), total+len(out)
	}
	b.SetBytes(int64(in / len(messages)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		out, _ = d.Append(out[:0], messages[i%len(messages)])
	}
	b.ReportMetric(float64(total)/float64(len(messages)), "bytes/message")
}

func BenchmarkInflate(b *testing.B) {
	for _, takeover := range []bool{false, true} {
		b.Run(fmt.Sprintf("chat/takeover=%v", takeover), func(b *testing.B) {
			benchmarkInflate(b, takeover, corpus.Chat(corpus.Seed, 256))
		})
	}
	for _, n := range []int{16 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("text=%d", n), func(b *testing.B) {
			benchmarkInflate(b, false, [][]byte{corpus.Text(corpus.Seed, n)})
		})
	}
}

func benchmarkInflate(b *testing.B, takeover bool, messages [][]byte) {
	d := NewDeflater(DeflaterOptions{Takeover: takeover})
	f := NewInflater(InflaterOptions{Takeover: takeover})
	payloads := make([][]byte, 2*len(messages)) // the second half follows on itself
	in := 0
	for i := range payloads {
		m := messages[i%len(messages)]
		payloads[i], _ = d.Append(nil, m)
		in += len(m)
	}
	var out []byte
	for _, p := range payloads[:len(messages)] {
		out, _, _, _ = f.Append(out[:0], p, true, 1<<30)
	}
	b.SetBytes(int64(in / len(payloads)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		var done bool
		if out, _, done, _ = f.Append(out[:0], payloads[len(messages)+i%len(messages)], true, 1<<30); !done {
			b.Fatal("not done")
		}
	}
}
