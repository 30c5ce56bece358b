package wire

// This file holds the traffic of a chat: many messages, of which every connection begins with another one, so that what a
// server keeps for each is as different as it is in life. With context takeover a message is compressed with reference to
// those before it, which a connection that begins in the midst of them has not said: it says all of them at once first.

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"

	"github.com/seed-d69ae1b7/websocket/compress"
)

// chatMessages is how many different messages a chat has; a multiple of all that are in flight at once.
const chatMessages = 1024

const window = 1 << 15 // bytes of takeover

// First returns the message that connection i of so many begins with.
func (t *Traffic) First(i int) int {
	if !t.shape.Chat {
		return 0
	}
	n := t.shape.InFlight
	return i * t.Len() / t.shape.Conns / n * n
}

// Prelude returns the frame of a message that says what a connection which begins with message first must have said before, or
// nothing.
func (t *Traffic) Prelude(first int) []byte {
	if !t.shape.Takeover {
		return nil
	}
	if t.preludes[first] == nil {
		t.preludes[first] = appendFrame(nil, deflate(t.before(first)), true, 0)
	}
	return t.preludes[first]
}

// before returns the window behind which message i is said.
func (t *Traffic) before(i int) []byte {
	end := len(t.said) / 2
	for _, p := range t.payloads[:i] {
		end += len(p)
	}
	return t.said[end-window : end]
}

// takenOver returns the payloads compressed one after the other, over and over again.
func (t *Traffic) takenOver() (bodies [][]byte) {
	d := compress.NewDeflater(compress.DeflaterOptions{Takeover: true})
	for range 2 {
		bodies = nil
		for _, p := range t.payloads {
			bodies = append(bodies, d.AppendPart(nil, p, true))
			t.said = append(t.said, p...)
		}
	}
	return bodies
}

// inflate decompresses p behind window, with the standard library.
func inflate(window, p []byte) ([]byte, error) {
	var out bytes.Buffer
	// RFC 7692, Section 7.2.2: "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message."
	r := flate.NewReaderDict(io.MultiReader(bytes.NewReader(p), bytes.NewReader([]byte{0, 0, 0xFF, 0xFF})), window)
	_, err := out.ReadFrom(r)
	if errors.Is(err, io.ErrUnexpectedEOF) { // there is no final block
		err = nil
	}
	return out.Bytes(), err
}
