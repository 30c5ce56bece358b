package framing

import (
	"bytes"
	"io"
	"slices"
	"testing"
	"testing/iotest"
)

// FuzzReader reads any bytes in any framing: whole and byte by byte come to the same messages and the same end, none is beyond the
// limit, and what a framing can bear is read again as it was.
func FuzzReader(f *testing.F) {
	f.Add([]byte("one\r\ntwo\n"), byte(Lines), byte(100))
	f.Add([]byte("\x00\x00\x00\x02ab\x00\x00\x00\x00"), byte(Length), byte(10))
	f.Add([]byte("61 62\n63"), byte(Hex), byte(3))
	f.Add([]byte("YWI=\n"), byte(Base64), byte(0))
	f.Fuzz(func(t *testing.T, stream []byte, kind, limit byte) {
		framing := Framing(kind % byte(Stream)) // messages of Stream are what single reads get
		whole, err := read(bytes.NewReader(stream), framing, int64(limit))
		single, err1 := read(iotest.OneByteReader(bytes.NewReader(stream)), framing, int64(limit))
		if !slices.Equal(whole, single) || (err == io.EOF) != (err1 == io.EOF) {
			t.Fatalf("whole: %q, %v; byte by byte: %q, %v", whole, err, single, err1)
		}
		var again []byte
		for _, m := range whole {
			if len(m) > int(limit) {
				t.Fatalf("a message of %d bytes, and %d is the limit", len(m), limit)
			}
			again = framing.Append(again, []byte(m))
		}
		if got, err := read(bytes.NewReader(again), framing, -1); err != io.EOF || framing != Lines && !slices.Equal(got, whole) {
			t.Fatalf("%q was written as %q and read as %q, %v", whole, again, got, err)
		}
	})
}
