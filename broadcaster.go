package websocket

// This file holds messages that go to the same connections one after the other, and may be compressed as what they are: a stream.

import (
	"sync"

	"github.com/seed-d69ae1b7/websocket/compress"
)

// Broadcaster prepares messages that go to the same connections, one after the other: a feed, a topic, a room. Where compression with
// context takeover was negotiated (RFC 7692, Section 7.1.1), they are compressed once, and refer to each other: the bytes are those of
// compressing for each connection, the processor time that of one. The zero value is ready to use, by any number of goroutines at the
// same time. It must not be copied.
//
// Its messages are prepared ones as any, and may be sent to every connection, or to some, or not at all, in any order, between others: each
// connection knows what its peer has got. One gets the message as part of the stream if it has got all that is referred to, without
// anything else compressed in between. Otherwise, when it is new, has been left out, or was sent something of its own, it gets
// messages that refer to nothing until their sum is what the window holds; these take about twice the bytes. So have a Broadcaster for each
// group that gets the same, and none where each message goes to other connections: there, NewPreparedMessage is cheaper.
//
// For each window, level and smallest size that its connections have negotiated a Broadcaster holds what one
// connection would: see compress.Options. A connection that is only sent what is prepared holds nothing for what it sends.
type Broadcaster struct {
	mu      sync.Mutex
	streams map[kind]*compress.SharedStream
}

// Prepare is PrepareMessages for the next messages of the stream.
func (b *Broadcaster) Prepare(messages ...Message) (*PreparedMessage, error) {
	m, err := PrepareMessages(messages...)
	if err != nil {
		return nil, err
	}
	m.broadcaster = b
	return m, nil
}

// stream returns the stream for connections of a kind.
func (b *Broadcaster) stream(k kind) *compress.SharedStream {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.streams[k]
	if s == nil {
		s = compress.NewSharedStream(k.deflater)
		if b.streams == nil {
			b.streams = make(map[kind]*compress.SharedStream)
		}
		b.streams[k] = s
	}
	return s
}
