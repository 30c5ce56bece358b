// Package compress compares the DEFLATE of package compress with others, on messages as WebSocket connections carry
// them. Run one kind at a time and compare within one run:
//
//	go test ./compress -bench Compress/chat -count 6
package compress

import (
	"bytes"
	stdflate "compress/flate"
	"fmt"
	"io"
	"testing"

	kflate "github.com/klauspost/compress/flate"

	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// kinds are what is measured: chat messages with context takeover and without, and single large messages.
var kinds = []struct {
	name     string
	messages [][]byte
	takeover bool
}{
	{"chat/takeover", corpus.Chat(corpus.Seed, 256), true},
	{"chat/alone", corpus.Chat(corpus.Seed, 256), false},
	{"text16K", [][]byte{corpus.Text(corpus.Seed, 16<<10)}, false},
	{"text64K", [][]byte{corpus.Text(corpus.Seed, 64<<10)}, false},
	{"text1M", [][]byte{corpus.Text(corpus.Seed, 1<<20)}, false},
	{"random64K", [][]byte{corpus.Random(corpus.Seed, 64<<10)}, false},
}

// A compressor turns a message into a payload: the messages of one direction of one connection, in order.
type compressor func(message []byte) (payload []byte)

// writer is what the DEFLATE writers of the standard library and of klauspost have in common.
type writer interface {
	io.Writer
	Flush() error
	Reset(io.Writer)
}

// compressors are the contestants. klauspost's levels 7 to 9 search hash chains, those below do not.
var compressors = []struct {
	name string
	make func(takeover bool) compressor
}{
	{"ours/fastest", ours(compress.Fastest)},
	{"ours/balanced", ours(compress.Balanced)},
	{"ours/smallest", ours(compress.Smallest)},
	{"flate/1", standard(1)},
	{"flate/6", standard(6)},
	{"flate/9", standard(9)},
	{"klauspost/1", klauspost(1)},
	{"klauspost/3", klauspost(3)},
	{"klauspost/5", klauspost(5)},
	{"klauspost/6", klauspost(6)},
	{"klauspost/9", klauspost(9)},
}

func ours(level compress.Level) func(bool) compressor {
	return func(takeover bool) compressor {
		d := compress.NewDeflater(compress.DeflaterOptions{Takeover: takeover, Level: level})
		var out []byte
		return func(m []byte) []byte {
			var ok bool
			if out, ok = d.Append(out[:0], m); !ok {
				return m
			}
			return out
		}
	}
}

func standard(level int) func(bool) compressor {
	return func(takeover bool) compressor {
		var b bytes.Buffer
		w, err := stdflate.NewWriter(&b, level)
		if err != nil {
			panic(err)
		}
		return fromFlate(w, &b, takeover)
	}
}

func klauspost(level int) func(bool) compressor {
	return func(takeover bool) compressor {
		var b bytes.Buffer
		w, err := kflate.NewWriter(&b, level)
		if err != nil {
			panic(err)
		}
		return fromFlate(w, &b, takeover)
	}
}

// fromFlate writes through w, which writes to b.
func fromFlate(w writer, b *bytes.Buffer, takeover bool) compressor {
	return func(m []byte) []byte {
		b.Reset()
		if !takeover {
			w.Reset(b)
		}
		w.Write(m)
		w.Flush()
		return b.Bytes()[:b.Len()-4]
	}
}

func BenchmarkCompress(b *testing.B) {
	for _, k := range kinds {
		for _, c := range compressors {
			b.Run(k.name+"/"+c.name, func(b *testing.B) {
				f := c.make(k.takeover)
				in, out := 0, 0
				for _, m := range k.messages {
					in, out = in+len(m), out+len(f(m))
				}
				b.SetBytes(int64(in / len(k.messages)))
				for i := 0; b.Loop(); i++ {
					f(k.messages[i%len(k.messages)])
				}
				b.ReportMetric(float64(out)/float64(len(k.messages)), "bytes/message")
			})
		}
	}
}

// A decompressor turns a payload into a message.
type decompressor func(payload []byte) (message []byte)

// tail ends a payload for a reader that wants a stream: the removed sync marker and an empty final block.
const tail = "\x00\x00\xff\xff\x01\x00\x00\xff\xff"

// fromReader decompresses with a reader that is reset for each message, and given the window as a dictionary, which
// is the only way that the readers of compress/flate have.
func fromReader(r io.Reader, takeover bool) decompressor {
	var out bytes.Buffer
	var payload bytes.Reader
	var end bytes.Reader
	var window []byte
	return func(p []byte) []byte {
		payload.Reset(p)
		end.Reset([]byte(tail))
		r.(stdflate.Resetter).Reset(&joined{&payload, &end}, window)
		out.Reset()
		if _, err := out.ReadFrom(r); err != nil {
			panic(err)
		}
		if takeover {
			window = append(window, out.Bytes()...)
			if n := len(window) - 1<<15; n > 0 {
				window = window[:copy(window, window[n:])]
			}
		}
		return out.Bytes()
	}
}

// joined is two readers, one behind the other, and a io.ByteReader, so that nobody wraps it.
type joined struct{ first, second *bytes.Reader }

func (j *joined) Read(p []byte) (int, error) {
	if j.first.Len() > 0 {
		return j.first.Read(p)
	}
	return j.second.Read(p)
}

func (j *joined) ReadByte() (byte, error) {
	if j.first.Len() > 0 {
		return j.first.ReadByte()
	}
	return j.second.ReadByte()
}

var decompressors = []struct {
	name string
	make func(takeover bool) decompressor
}{
	{"ours", func(takeover bool) decompressor {
		f := compress.NewInflater(compress.InflaterOptions{Takeover: takeover})
		var out []byte
		return func(p []byte) []byte {
			var done bool
			var err error
			if out, _, done, err = f.Append(out[:0], p, true, 1<<30); !done {
				panic(fmt.Sprint("not done: ", err))
			}
			return out
		}
	}},
	{"flate", func(takeover bool) decompressor { return fromReader(stdflate.NewReader(nil), takeover) }},
	{"klauspost", func(takeover bool) decompressor { return fromReader(kflate.NewReader(nil), takeover) }},
}

// BenchmarkDecompress gives all the same payloads: ours at the default level.
func BenchmarkDecompress(b *testing.B) {
	for _, k := range kinds {
		// Twice: the second half of the payloads can be repeated for ever, since each time the window is the same.
		c := ours(compress.Balanced)(k.takeover)
		var payloads [][]byte
		in := 0
		for range 2 {
			for _, m := range k.messages {
				p := c(m)
				if &p[0] == &m[0] {
					break
				}
				payloads = append(payloads, bytes.Clone(p))
				in += len(m)
			}
		}
		if len(payloads) == 0 {
			continue
		}
		first, second := payloads[:len(k.messages)], payloads[len(k.messages):]
		for _, d := range decompressors {
			b.Run(k.name+"/"+d.name, func(b *testing.B) {
				f := d.make(k.takeover)
				for _, p := range first {
					f(p)
				}
				b.SetBytes(int64(in / len(payloads)))
				for i := 0; b.Loop(); i++ {
					if m := f(second[i%len(second)]); len(m) != len(k.messages[i%len(second)]) {
						b.Fatal("decompressed to another length")
					}
				}
			})
		}
	}
}
