package websocket

// This file holds how tests of compression judge: the model of wire_test.go with compress/flate, which reads all that
// has come of a message again with every frame.

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
)

// compressible returns n bytes of text that shrinks.
func compressible(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	var b bytes.Buffer
	for b.Len() < n {
		fmt.Fprintf(&b, `{"user":"u%d","room":"lobby","text":"%s"},`, r.IntN(100), strings.Repeat("hé", r.IntN(9)))
	}
	return bytes.ToValidUTF8(b.Bytes()[:n], nil)
}

// deflated returns p as compress/flate compresses it, without the tail that RFC 7692, Section 7.2.1, has taken away.
func deflated(p []byte) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	w.Write(p)
	w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte("\x00\x00\xff\xff"))
}

// modelInflater is the state of a modelReceiver about compression: windows of 15 bits.
type modelInflater struct {
	takeover   bool
	compressed bool   // the message under way
	payload    []byte // of it, as far as it has come
	window     []byte // what came before it
}

func (f *modelInflater) begin(compressed bool) { f.compressed, f.payload = compressed, nil }

// compressed reports whether the message under way is.
func (m *modelReceiver) compressed() bool { return m.deflate != nil && m.deflate.compressed }

// inflate takes what has come of a frame of a compressed message, and makes partial of all that has come of it.
func (m *modelReceiver) inflate(p []byte, last bool) bool {
	f := m.deflate
	f.payload = append(f.payload, p...)
	most := 1 << 30
	if m.limit > 0 {
		most = int(m.limit) + 1
	}
	text, ends, right := flateReads(f.payload, f.window, most)
	if len(f.payload) == 0 {
		ends, right = true, true // as some send an empty message
	}
	m.partial = string(text)
	switch {
	case m.limit > 0 && len(text) > int(m.limit):
		m.code = 1009
	case last && !ends || !right:
		m.code = 1007
	}
	if last && f.takeover {
		f.window = append(f.window, text...)
		f.window = f.window[max(0, len(f.window)-1<<15):]
	}
	return m.code == 0
}

// flateReads returns what compress/flate makes of a payload behind a window: at most so many bytes, whether the payload
// could end here, and whether it is right so far.
func flateReads(payload, window []byte, most int) (text []byte, ends, right bool) {
	text, _, right = flateBlocks(payload, window, most)
	if !right || len(text) >= most {
		return text, false, right
	}
	// With the tail, the payload ends behind a block, on a whole byte, if whatever block follows is read as it is.
	for _, block := range []string{"\x01\x00\x00\xff\xff", "\x01\x02\x00\xfd\xffab"} {
		whole := append(append(slices.Clone(payload), 0, 0, 0xff, 0xff), block...)
		more, final, ok := flateBlocks(whole, window, most+2)
		if !ok || !final || string(more) != string(text)+block[5:] {
			return text, false, true
		}
	}
	return text, true, true
}

// flates are readers of compress/flate, which are large.
var flates = sync.Pool{New: func() any { return flate.NewReader(nil) }}

// flateBlocks returns what compress/flate makes of blocks. After a final one it goes on with the next byte, as RFC
// 7692, Section 7.2.3.4, says; final reports whether the last one was. right is false if it found an error.
func flateBlocks(blocks, window []byte, most int) (text []byte, final, right bool) {
	rest := bytes.NewReader(blocks)
	for {
		dict := append(slices.Clone(window), text...)
		r := flates.Get().(io.Reader)
		r.(flate.Resetter).Reset(rest, dict[max(0, len(dict)-1<<15):]) // its error is always nil
		p, err := io.ReadAll(io.LimitReader(r, int64(most-len(text))))
		flates.Put(r)
		text = append(text, p...)
		switch {
		case len(text) == most:
			return text, false, true
		case err == io.ErrUnexpectedEOF:
			return text, false, true // more is needed
		case err != nil:
			return text, false, false
		case rest.Len() == 0:
			return text, true, true
		}
	}
}
