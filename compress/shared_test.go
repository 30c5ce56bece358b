package compress

// This file tests messages that are compressed once for many.

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// sharer is a Deflater whose payloads are inflated by ours, which minds the window, and by compress/flate.
type sharer struct {
	*Deflater
	inflater *Inflater
	dict     []byte
	joined   int // shared messages that came as part of a stream
}

func newSharer(o DeflaterOptions) *sharer {
	return &sharer{
		Deflater: NewDeflater(o),
		inflater: NewInflater(InflaterOptions{WindowBits: o.WindowBits, Takeover: o.Takeover}),
	}
}

// sent checks a payload that stands for message.
func (s *sharer) sent(t testing.TB, payload, message []byte, how string) {
	t.Helper()
	if !bytes.Equal(inflateAll(t, s.inflater, payload), message) {
		t.Fatalf("%s, %+v: read differently", how, s.Options())
	}
	if got, err := flateRead(s.dict, payload); err != nil || !bytes.Equal(got, message) {
		t.Fatalf("%s, %+v: compress/flate reads it differently: %v", how, s.Options(), err)
	}
	if o := s.Options(); o.Takeover {
		s.dict = append(s.dict, message...)
		s.dict = s.dict[max(0, len(s.dict)-1<<o.WindowBits):]
	}
}

// share sends a shared message, unless it goes out as it is.
func (s *sharer) share(t testing.TB, m *SharedMessage) {
	t.Helper()
	p, compressed := s.Share(m)
	if !compressed {
		return
	}
	if m.joined != nil && &p[0] == &m.joined[0] {
		s.joined++
	}
	s.sent(t, p, m.message, "shared")
}

// forget has an idle side give back what it holds, of which the peer's side is told nothing.
func forget(side interface{ Rest() }) {
	side.Rest()
	side.Rest()
}

// act does one of the things that may happen between two messages of a stream.
func (s *sharer) act(t testing.TB, what int, message []byte) {
	t.Helper()
	switch what {
	case 0:
		if p, ok := s.Append(nil, message); ok {
			s.sent(t, p, message, "its own")
		}
	case 1:
		p := s.AppendPart(nil, message[:len(message)/3], false)
		s.sent(t, s.AppendPart(p, message[len(message)/3:], true), message, "its own, in parts")
	case 2:
		forget(s.Deflater)
	case 3:
		s.share(t, NewSharedMessage(s.Options(), message))
	case 4:
		s.share(t, NewSharedMessage(DeflaterOptions{WindowBits: 8}, message))
	case 5:
		forget(s.inflater)
	}
}

// TestShareMixed protects that what a peer gets is the messages that it was sent, whatever they are and in whatever order: shared as
// part of a stream or by themselves, its own, with some of a stream left out and with memory given back in between on either
// side; for windows of all sizes, read with no more than these. And that who misses little is sent the stream.
func TestShareMixed(t *testing.T) {
	for _, level := range levels {
		for bits := 8; bits <= 15; bits++ {
			t.Run(fmt.Sprintf("level %d bits %d", level, bits), func(t *testing.T) {
				r := corpus.NewRand(uint64(bits)<<8 | uint64(level))
				o := DeflaterOptions{WindowBits: bits, Takeover: true, Level: level}
				streams := []*SharedStream{NewSharedStream(o), NewSharedStream(o)}
				peers := []*sharer{newSharer(o), newSharer(o), newSharer(o), newSharer(o), newSharer(DeflaterOptions{WindowBits: bits, Level: level})}
				sent := messages(uint64(bits), few(100))
				for i, message := range sent {
					var m *SharedMessage
					if i%10 == 9 {
						m = streams[1].Compress(message)
					} else {
						m = streams[0].Compress(message)
					}
					for j, s := range peers {
						// The first gets all that is shared; the others have more and more of their own.
						if r.IntN(100) < j {
							continue
						}
						for j > 0 && r.IntN(20) < j {
							s.act(t, r.IntN(6), corpus.Chat(uint64(i), 1)[0])
						}
						s.share(t, m)
					}
					if r.IntN(50) == 0 {
						forget(streams[0].deflater)
					}
				}
				if n := peers[0].joined; n < len(sent)/5 {
					t.Errorf("%d messages of %d came as part of a stream", n, len(sent))
				}
				if peers[0].Size() != 0 {
					t.Errorf("who is only sent shared messages holds %d bytes", peers[0].Size())
				}
			})
		}
	}
}

// TestShareStream protects when a peer is sent the joined payload, which is a third of the other: as soon as its window ends with all
// that is referred to, and not before; not after a message of its own, or one that it did not get; but where what it was
// sent in between was not compressed, and where its Deflater has forgotten.
func TestShareStream(t *testing.T) {
	o := DeflaterOptions{WindowBits: 12, Takeover: true}
	stream, peer, late := NewSharedStream(o), newSharer(o), newSharer(o)
	chat := corpus.Chat(corpus.Seed, 200)
	own := corpus.Chat(corpus.Seed+1, 1)[0]
	next := func(send bool, want bool) {
		t.Helper()
		m := stream.Compress(chat[0])
		chat = chat[1:]
		before := peer.joined
		if send {
			peer.share(t, m)
		}
		if got := peer.joined > before; got != want {
			t.Fatalf("%d left: joined %v, want %v (it refers %d bytes back, of %+v)", len(chat), got, want, m.reach, peer.tail)
		}
	}
	// catchUp sends messages until one of them is joined, which is the first that may be.
	catchUp := func(s *sharer) (messages int) {
		for before := s.joined; s.joined == before; messages++ {
			m := stream.Compress(chat[0])
			chat = chat[1:]
			covered := s.tail.at == m.from && s.tail.n >= m.reach
			if s.share(t, m); covered != (s.joined > before) {
				t.Fatalf("%d left: joined %v, covered %v", len(chat), !covered, covered)
			}
		}
		return messages
	}
	for range 20 {
		next(true, true)
	}
	peer.act(t, 0, own)
	next(true, false)
	if n := catchUp(peer); n > 8 {
		t.Errorf("%d messages of some 700 bytes, for a window of 4 KiB", n)
	}
	forget(peer.Deflater)
	next(true, true)
	if _, ok := peer.Append(nil, corpus.Random(1, 2000)); ok {
		t.Fatal("noise was compressed")
	}
	next(true, true)
	next(false, false)
	next(true, false)
	catchUp(peer)
	peer.act(t, 3, own)
	next(true, false)
	if n := catchUp(late); n < 2 || n > 8 {
		t.Errorf("who comes late joined with message %d", n)
	}
}

// TestShareSmall protects that a stream of messages which do not shrink by themselves can be joined.
func TestShareSmall(t *testing.T) {
	o := DeflaterOptions{Takeover: true}
	stream, late := NewSharedStream(o), newSharer(o)
	stream.Compress(fmt.Append(nil, strings.Repeat("ACME at 100.25 on XNAS, ", 9)))
	for i := range 400 {
		m := stream.Compress(fmt.Appendf(nil, "ACME at %d.25 on XNAS", 100+i*7%50))
		if i >= 100 {
			p, compressed := late.Share(m)
			if !compressed {
				t.Fatalf("message %d goes out as it is", i)
			}
			late.sent(t, p, m.message, "shared")
		}
		if _, pays := NewSharedMessage(o, m.message).byItself(); pays {
			t.Fatalf("message %d shrinks by itself", i)
		}
	}
	if m := stream.Compress([]byte("ACME at 99.25 on XNAS")); !late.tail.covers(m) {
		t.Errorf("%d bytes are known, and %d referred to", late.tail.n, m.reach)
	}
}

// TestShareWindow protects that nobody is sent what was compressed for a larger window than his, and that a message larger than
// any window can be shared and is remembered as far as it can be referred to.
func TestShareWindow(t *testing.T) {
	small := newSharer(DeflaterOptions{WindowBits: 9, Takeover: true})
	text := corpus.Text(corpus.Seed, 200<<10)
	if _, ok := small.Share(NewSharedMessage(DeflaterOptions{WindowBits: 10}, text)); ok {
		t.Error("sent")
	}
	for _, bits := range []int{9, 15} {
		o := DeflaterOptions{WindowBits: bits, Takeover: true}
		stream, peer := NewSharedStream(o), newSharer(o)
		for i := range 3 {
			peer.act(t, 0, text[:3000])
			peer.share(t, stream.Compress(text))
			peer.share(t, stream.Compress(text[i*1000:][:1000]))
			p, ok := peer.Append(nil, text[len(text)-1000:])
			if !ok {
				t.Fatal("not compressed")
			}
			peer.sent(t, p, text[len(text)-1000:], "behind it")
		}
		if peer.joined < 3 {
			t.Errorf("%d bits: %d joined", bits, peer.joined)
		}
		if n := peer.Size(); n > 128<<10 {
			t.Errorf("%d bits: %d bytes are held", bits, n)
		}
	}
}

// TestShareConcurrently protects that a stream and its messages may be used by many goroutines at once, whose Deflaters are their own.
func TestShareConcurrently(t *testing.T) {
	o := DeflaterOptions{Takeover: true, Level: Fastest}
	stream := NewSharedStream(o)
	chat := corpus.Chat(corpus.Seed, 64)
	shared := make(chan []*SharedMessage, 2)
	for range cap(shared) {
		go func() {
			var ms []*SharedMessage
			for _, message := range chat {
				ms = append(ms, stream.Compress(message))
			}
			shared <- ms
		}()
	}
	ms := slices.Concat(<-shared, <-shared)
	done := make(chan int)
	for range 4 {
		go func() {
			s := newSharer(o)
			for _, m := range ms {
				s.share(t, m)
			}
			done <- s.joined
		}()
	}
	for range 4 {
		<-done
	}
}

// TestShareAllocs protects that sharing what is compressed already allocates nothing.
func TestShareAllocs(t *testing.T) {
	o := DeflaterOptions{Takeover: true}
	d := NewDeflater(o)
	chat := corpus.Chat(corpus.Seed, 200)
	for _, message := range chat {
		d.Append(nil, message)
	}
	m := NewSharedMessage(o, chat[0])
	d.Share(m)
	if n := testing.AllocsPerRun(100, func() { d.Share(m) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzShare: messages that are cut out of data, shared through a stream and sent as their own in an order that the input decides, are
// read back.
func FuzzShare(f *testing.F) {
	f.Add(bytes.Repeat([]byte("0123456789abcdef"), 200), []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 255, 16, 33, 80}, uint8(0))
	f.Fuzz(func(t *testing.T, data, how []byte, kind uint8) {
		o := DeflaterOptions{WindowBits: 8 + int(kind>>2&7), Takeover: true, Level: levels[int(kind&3)%len(levels)]}
		stream, peer := NewSharedStream(o), newSharer(o)
		for i, h := range how[:min(len(how), 32)] {
			at := int(h) * i % (len(data) + 1)
			message := data[at:min(len(data), at+int(h)*8)]
			if h&1 != 0 && h&6 != 6 {
				peer.act(t, int(h>>1)%6, message)
				continue
			}
			if m := stream.Compress(message); h&7 != 7 {
				peer.share(t, m)
			}
		}
	})
}
