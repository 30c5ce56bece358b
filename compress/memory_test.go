package compress

import (
	"testing"
	"unsafe"

	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// held returns what a deflater and an inflater hold after 60 messages of 1 KiB.
func held(t *testing.T, bits int, takeover bool, level Level) int {
	d := NewDeflater(DeflaterOptions{WindowBits: bits, Takeover: takeover, Level: level})
	f := NewInflater(InflaterOptions{WindowBits: bits, Takeover: takeover})
	for _, m := range corpus.Chat(corpus.Seed, 60) {
		p, ok := d.Append(nil, m)
		if !ok {
			t.Fatal("not compressed")
		}
		inflateAll(t, f, p)
	}
	return int(unsafe.Sizeof(*d)+unsafe.Sizeof(*f)) + d.Size() + f.Size()
}

// TestMemory protects what compression costs a connection, the Deflater and the Inflater themselves included.
func TestMemory(t *testing.T) {
	const itself = 400
	for _, test := range []struct {
		bits     int
		takeover bool
		level    Level
		most     int
	}{
		{8, true, Balanced, 8 << 10},
		{9, true, Balanced, 8 << 10},
		{11, true, Balanced, 24 << 10},
		{15, true, Fastest, 80<<10 + itself},
		{15, true, Balanced, 120<<10 + itself},
		{15, true, Smallest, 168<<10 + itself},
		{15, false, Balanced, itself},
	} {
		n := held(t, test.bits, test.takeover, test.level)
		t.Logf("%d bits, takeover %v, level %d: %d bytes", test.bits, test.takeover, test.level, n)
		if n > test.most {
			t.Errorf("%d bits, takeover %v, level %d: %d bytes are held, want at most %d", test.bits, test.takeover, test.level, n, test.most)
		}
	}
}

// A connection that has not said much holds little, whatever was agreed upon.
func TestMemoryGrows(t *testing.T) {
	d := NewDeflater(DeflaterOptions{Takeover: true})
	f := NewInflater(InflaterOptions{Takeover: true})
	if n := d.Size() + f.Size(); n != 0 {
		t.Errorf("%d bytes are held before the first message", n)
	}
	p, _ := d.Append(nil, corpus.Chat(corpus.Seed, 1)[0])
	inflateAll(t, f, p)
	if n := d.Size() + f.Size(); n > 10<<10 {
		t.Errorf("%d bytes are held after one message of 1 KiB", n)
	}
}

// A large message leaves no more behind than small ones do.
func TestMemoryAfterLarge(t *testing.T) {
	d := NewDeflater(DeflaterOptions{WindowBits: 11, Takeover: true})
	f := NewInflater(InflaterOptions{WindowBits: 11, Takeover: true})
	text := corpus.Text(1, 1<<20)
	p := d.AppendPart(nil, text[:1<<19], false)
	p = d.AppendPart(p, text[1<<19:], true)
	inflateAll(t, f, p)
	if n := d.Size() + f.Size(); n > 24<<10 {
		t.Errorf("%d bytes are held", n)
	}
}
