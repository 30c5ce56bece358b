package compress

import (
	"fmt"
	"testing"

	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// BenchmarkTurns is an echo's work on connections that take turns, as those of a server do: each message is inflated and
// deflated again, with takeover in both directions. What a connection keeps is out of the caches by the time that its turn
// comes again, which measurements of one connection do not show. All say the same 1,024 messages, each from a place of its
// own on.
func BenchmarkTurns(b *testing.B) {
	for _, kind := range []struct {
		name     string
		messages [][]byte
		conns    []int
	}{{"chat", corpus.Chat(corpus.Seed, 1024), []int{1, 100, 1000}}, {"ticker", ticker(1024), []int{100}}} {
		for _, level := range levels {
			for _, conns := range kind.conns {
				b.Run(fmt.Sprintf("%s/level=%d/conns=%d", kind.name, level, conns), func(b *testing.B) {
					benchmarkTurns(b, newTurns(kind.messages, conns, DeflaterOptions{Level: level, Takeover: true}))
				})
			}
		}
		b.Run(kind.name+"/takeover=false", func(b *testing.B) {
			benchmarkTurns(b, newTurns(kind.messages, 100, DeflaterOptions{Level: Fastest}))
		})
	}
}

// ticker returns messages of some 150 bytes.
func ticker(n int) (messages [][]byte) {
	r := corpus.NewRand(corpus.Seed)
	for i := range n {
		messages = append(messages, fmt.Appendf(nil,
			`{"e":"trade","E":%d,"s":"%s","t":%d,"p":"%d.%02d","q":"%d.%05d","b":%d,"a":%d,"T":%d,"m":%v,"M":true}`,
			1700000000000+int64(i)*37, []string{"BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"}[r.IntN(4)], 4567800+i, 42000+r.IntN(900), r.IntN(100),
			r.IntN(5), r.IntN(100000), r.Uint32(), r.Uint32(), 1700000000000+int64(i)*37-int64(r.IntN(30)), r.IntN(2) == 0))
	}
	return messages
}

// circle returns the payloads of messages that are said over and over again.
func circle(messages [][]byte, takeover bool) (payloads [][]byte) {
	d := NewDeflater(DeflaterOptions{Takeover: takeover})
	for range 2 {
		payloads = payloads[:0]
		for _, m := range messages {
			payloads = append(payloads, d.AppendPart(nil, m, true))
		}
	}
	return payloads
}

// turns are the connections of a server.
type turns struct {
	messages, payloads [][]byte
	conns              []turning
	in, out            []byte
}

type turning struct {
	f  *Inflater
	d  *Deflater
	at int
}

// newTurns returns connections that have said enough to have all that they keep.
func newTurns(messages [][]byte, conns int, o DeflaterOptions) *turns {
	t := &turns{messages: messages, payloads: circle(messages, o.Takeover)}
	plain := NewDeflater(DeflaterOptions{})
	for i := range conns {
		c := turning{NewInflater(InflaterOptions{Takeover: o.Takeover}), NewDeflater(o), i * len(messages) / conns}
		var before []byte
		for k := len(messages) + c.at - 1; len(before) < 1<<15; k-- {
			m := messages[k%len(messages)]
			before = append(append([]byte(nil), m...), before...)
		}
		c.f.Append(nil, plain.AppendPart(nil, before, true), true, 1<<20)
		t.conns = append(t.conns, c)
	}
	for i := range 60 * conns {
		t.turn(i % conns)
	}
	return t
}

// turn is that of connection i. It returns how many bytes go out.
func (t *turns) turn(i int) int {
	c := &t.conns[i]
	t.in, _, _, _ = c.f.Append(t.in[:0], t.payloads[c.at], true, 1<<20)
	if len(t.in) != len(t.messages[c.at]) {
		panic("inflated to something else")
	}
	t.out, _ = c.d.Append(t.out[:0], t.in)
	c.at = (c.at + 1) % len(t.messages)
	return len(t.out)
}

func benchmarkTurns(b *testing.B, t *turns) {
	b.ReportAllocs()
	total, n := 0, 0
	for i := 0; b.Loop(); i++ {
		total += t.turn(i % len(t.conns))
		n++
	}
	b.ReportMetric(float64(total)/float64(n), "bytes/message")
	c := &t.conns[0]
	b.ReportMetric(float64(c.f.Size()+c.d.Size())/1024, "KiB-held")
}
