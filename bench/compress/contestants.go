// Package compress compares the DEFLATE of package compress with others, on messages as WebSocket connections carry
// them. On a quiet machine:
//
//	go test ./compress -bench Compress/chat -count 6
//
// On a busy one, where averages say more about the neighbours, the contestants take turns and the best of many short
// rounds counts:
//
//	go run ./compress/contest
package compress

// This file holds what is measured, and the contestants behind one face.

import (
	"bytes"
	stdflate "compress/flate"
	"fmt"
	"io"

	kflate "github.com/klauspost/compress/flate"

	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// Kinds are what is measured: chat messages with context takeover and without, and single large messages.
var Kinds = []struct {
	Name     string
	Messages [][]byte
	Takeover bool
}{
	{"chat/takeover", corpus.Chat(corpus.Seed, 256), true},
	{"chat/alone", corpus.Chat(corpus.Seed, 256), false},
	{"text16K", [][]byte{corpus.Text(corpus.Seed, 16<<10)}, false},
	{"text64K", [][]byte{corpus.Text(corpus.Seed, 64<<10)}, false},
	{"text1M", [][]byte{corpus.Text(corpus.Seed, 1<<20)}, false},
	{"random64K", [][]byte{corpus.Random(corpus.Seed, 64<<10)}, false},
}

// A Compressor turns a message into a payload: the messages of one direction of one connection, in order.
type Compressor func(message []byte) (payload []byte)

// writer is what the DEFLATE writers of the standard library and of klauspost have in common.
type writer interface {
	io.Writer
	Flush() error
	Reset(io.Writer)
}

// Compressors are the contestants. klauspost's levels 7 to 9 search hash chains, those below do not.
var Compressors = []struct {
	Name string
	Make func(takeover bool) Compressor
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

func ours(level compress.Level) func(bool) Compressor {
	return func(takeover bool) Compressor {
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

func standard(level int) func(bool) Compressor {
	return func(takeover bool) Compressor {
		var b bytes.Buffer
		w, err := stdflate.NewWriter(&b, level)
		if err != nil {
			panic(err)
		}
		return fromFlate(w, &b, takeover)
	}
}

func klauspost(level int) func(bool) Compressor {
	return func(takeover bool) Compressor {
		var b bytes.Buffer
		w, err := kflate.NewWriter(&b, level)
		if err != nil {
			panic(err)
		}
		return fromFlate(w, &b, takeover)
	}
}

// fromFlate writes through w, which writes to b.
func fromFlate(w writer, b *bytes.Buffer, takeover bool) Compressor {
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

// A Decompressor turns a payload into a message.
type Decompressor func(payload []byte) (message []byte)

// tail ends a payload for a reader that wants a stream: the removed sync marker and an empty final block.
const tail = "\x00\x00\xff\xff\x01\x00\x00\xff\xff"

// fromReader decompresses with a reader that is reset for each message, and given the window as a dictionary, which
// is the only way that the readers of compress/flate have.
func fromReader(r io.Reader, takeover bool) Decompressor {
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

var Decompressors = []struct {
	Name string
	Make func(takeover bool) Decompressor
}{
	{"ours", func(takeover bool) Decompressor {
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
	{"flate", func(takeover bool) Decompressor { return fromReader(stdflate.NewReader(nil), takeover) }},
	{"klauspost", func(takeover bool) Decompressor { return fromReader(kflate.NewReader(nil), takeover) }},
}

// Payloads returns what the decompressors get for a kind, made by our default level, and the messages of both: all of
// them twice, so that the second half, which begins with the window that it ends with, can go round and round. It returns
// nothing for what is not worth compressing.
func Payloads(messages [][]byte, takeover bool) (first, second [][]byte) {
	c := ours(compress.Balanced)(takeover)
	var all [][]byte
	for range 2 {
		for _, m := range messages {
			p := c(m)
			if &p[0] == &m[0] {
				return nil, nil
			}
			all = append(all, bytes.Clone(p))
		}
	}
	return all[:len(messages)], all[len(messages):]
}
