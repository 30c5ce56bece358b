package websocket

// This file tests Broadcaster.

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// member is a connection that messages of a Broadcaster are sent to, and its other end.
type member struct {
	*Conn
	other *Conn
}

func newMember(t testing.TB, client bool, p compress.Params, o Options) *member {
	c, other := deflatePair(t, client, p, o)
	return &member{Conn: c, other: other}
}

// send sends messages by write, which are m's, and reads them at the other end.
func (m *member) send(t testing.TB, write func() error, messages ...Message) {
	t.Helper()
	written := inGoroutine(write)
	for _, want := range messages {
		msg, err := m.other.Read(t.Context())
		wantMessage(t, msg.Op, msg.Data, err, string(want.Data))
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
}

// own sends a message of its own.
func (m *member) own(t testing.TB, data []byte) {
	t.Helper()
	m.send(t, func() error { return m.Write(t.Context(), OpText, data) }, Message{OpText, data})
}

// shared sends a prepared message.
func (m *member) shared(t testing.TB, p *PreparedMessage) {
	t.Helper()
	var messages []Message
	for _, part := range p.parts {
		messages = append(messages, part.Message)
	}
	m.send(t, func() error { return m.WritePrepared(t.Context(), p) }, messages...)
}

func (b *Broadcaster) mustPrepare(t testing.TB, messages ...[]byte) *PreparedMessage {
	t.Helper()
	var all []Message
	for _, data := range messages {
		all = append(all, Message{OpText, data})
	}
	m, err := b.Prepare(all...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestBroadcaster protects that every connection gets what it is sent of a Broadcaster's messages, one or several at once, small and
// larger than the write buffer, with messages of its own in between and some left out, whatever was negotiated for its direction.
func TestBroadcaster(t *testing.T) {
	for _, client := range []bool{false, true} {
		var b Broadcaster
		var members []*member
		for bits := 8; bits <= 15; bits++ {
			o := Options{WriteBuffer: []int{0, 2000}[bits%2]}
			members = append(members, newMember(t, client, paramsOf(bits, true), o), newMember(t, client, paramsOf(bits, false), o))
		}
		r := rand.New(rand.NewPCG(18, 2))
		chat := corpus.Chat(corpus.Seed, 50)
		for i, data := range chat {
			m := b.mustPrepare(t, data)
			switch {
			case i%5 == 0:
				m = b.mustPrepare(t, data, []byte("short"), nil, chat[i/2])
			case i%17 == 0:
				m = b.mustPrepare(t, compressible(1000*i, uint64(i)))
			}
			for j, to := range members {
				switch n := r.IntN(200); {
				case n < 3*j && n < len(chat):
					to.own(t, chat[n])
				case n == 199:
					continue
				}
				to.shared(t, m)
			}
		}
		if n := len(b.streams); n != 8 {
			t.Errorf("%d streams, want one for each window with takeover", n)
		}
	}
}

// TestBroadcasterBytes protects what it is for: who gets all messages is sent no more bytes than if they had been compressed for him
// alone, and one who came late no more than that once his window has filled, where each by itself takes 1.7 times as much. And that they
// hold nothing for it.
func TestBroadcasterBytes(t *testing.T) {
	var b Broadcaster
	var alone, all, late, each Sender
	var held [4]*compress.Deflater
	for i, s := range []*Sender{&alone, &all, &late, &each} {
		held[i] = compress.NewDeflater(compress.DeflaterOptions{Takeover: s != &each})
		s.Reset(SenderOptions{Deflater: held[i]})
	}
	var sums [4]int
	for i, data := range corpus.Chat(corpus.Seed, 300) {
		m := b.mustPrepare(t, data)
		for j, s := range []*Sender{&alone, &all, &late, &each} {
			var out []byte
			var err error
			switch {
			case j == 0:
				out, err = s.AppendMessage(nil, OpText, data)
			case j != 2 || i >= 100:
				out, err = s.AppendPrepared(nil, m)
			}
			if err != nil {
				t.Fatal(err)
			}
			if i >= 150 {
				sums[j] += len(out)
			}
		}
	}
	if sums[1] != sums[0] || sums[2] != sums[1] || 10*sums[3] < 15*sums[1] {
		t.Errorf("bytes of 150 messages: compressed for it alone %d, shared %d, shared with one that came late %d, each by itself %d", sums[0], sums[1], sums[2], sums[3])
	}
	if n := held[1].Size() + held[2].Size(); n != 0 {
		t.Errorf("%d bytes are held", n)
	}
}

// TestBroadcasterConcurrently protects that a Broadcaster, its messages and connections may be used by many goroutines at once.
func TestBroadcasterConcurrently(t *testing.T) {
	var b Broadcaster
	members := make([]*member, 6)
	for i := range members {
		members[i] = newMember(t, i%3 == 2, paramsOf(15-i%2, true), Options{})
	}
	chat := corpus.Chat(corpus.Seed, 30)
	const writers = 3
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for _, data := range chat {
				m, err := b.Prepare(Message{OpText, data})
				if err != nil {
					t.Error(err)
					return
				}
				for _, to := range members {
					if err := to.WritePrepared(t.Context(), m); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	for _, to := range members {
		wg.Go(func() {
			for range writers * len(chat) {
				if msg, err := to.other.Read(context.Background()); err != nil || !isOneOf(chat, msg.Data) {
					t.Errorf("%.20q, %v", msg.Data, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func isOneOf(all [][]byte, p []byte) bool {
	return slices.ContainsFunc(all, func(a []byte) bool { return bytes.Equal(a, p) })
}

// TestBroadcasterErrors protects that preparing says what is wrong.
func TestBroadcasterErrors(t *testing.T) {
	var b Broadcaster
	if _, err := b.Prepare(Message{OpText, []byte("\xff")}); err != errSendUTF8 {
		t.Error(err)
	}
	if _, err := b.Prepare(Message{OpText, nil}, Message{OpPing, nil}); err != errSendOpcode {
		t.Error(err)
	}
}
