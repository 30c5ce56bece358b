package compress

// This file holds messages that are compressed once and go to the peers of many Deflaters.
//
// A payload that refers to nothing before its message can be read whatever the peer's window holds. One that does can be
// read where the window ends with the bytes that are referred to. Of how many that is known is a Deflater's tail:
//
//	unknown    at is nil. So it is at first, and whenever a message has passed that the Deflater compressed itself (keep).
//	at a place  The last n bytes that passed are those before a place in a SharedStream. Share leads here, from either state
//	           (passed): a message that begins at this very place adds to n, another one begins anew.
//
// It is about the peer, who forgets nothing. What the Deflater itself remembers is its history, which may be less, or
// nothing at all, and is told of what passed by adopt.

import (
	"bytes"
	"sync"
)

// tail is how the window of a Deflater's peer ends, as far as streams are concerned.
type tail struct {
	at *place
	n  int
}

// place is one between two messages of a stream, known by its address.
type place struct{ _ byte }

// covers reports whether the window ends with all that the joined payload of m refers to.
func (t *tail) covers(m *SharedMessage) bool {
	return m.reach == 0 || t.at == m.from && t.n >= m.reach
}

// passed notes that m is what the window ends with now.
func (t *tail) passed(m *SharedMessage) {
	n := len(m.message)
	if t.at == m.from {
		n += t.n
	}
	*t = tail{m.to, min(n, 1<<15)} // no window is larger
}

// SharedMessage is a message that is compressed once for many connections. Any number of goroutines may use one at the same
// time.
type SharedMessage struct {
	message []byte
	options DeflaterOptions

	once  sync.Once // guards alone and pays
	alone []byte    // the payload that refers to nothing before it, or nil
	pays  bool      // alone is worth being sent

	joined   []byte // the payload as part of a stream, or nil
	reach    int    // how far before the message it refers, in bytes
	from, to *place // where it stands in the stream
}

// NewSharedMessage returns message as it is for all Deflaters with windows of o.WindowBits or more, at o.Level. It is kept, and
// must not be changed. It is compressed when it is first shared, by itself.
func NewSharedMessage(o DeflaterOptions, message []byte) *SharedMessage {
	return &SharedMessage{message: message, options: NewDeflater(o).Options()}
}

// byItself returns the payload that refers to nothing before the message, and whether it is worth being sent.
func (m *SharedMessage) byItself() (payload []byte, pays bool) {
	m.once.Do(func() {
		d := NewDeflater(DeflaterOptions{WindowBits: m.options.WindowBits, Level: m.options.Level})
		m.alone, m.pays = d.Append(nil, m.message)
		if !m.pays && m.joined != nil {
			// Whoever does not get it compressed cannot join the stream, which pays for messages that do not by themselves.
			m.alone, m.pays = d.AppendPart(nil, m.message, true), true
		}
		m.alone = bytes.Clone(m.alone)
	})
	return m.alone, m.pays
}

// Share returns the payload of m for d's peer, as Append does for a message of its own, but for nearly nothing: a payload that others
// get as well. It must be sent before what d compresses next, and not be changed. With context takeover, and if m was made by
// a SharedStream, that is the one which refers to earlier messages of the stream if the peer's window is known to end with all
// of them that are referred to; otherwise, the one which refers to nothing.
//
// compressed is false where compressing is not worth it, and where m was made for a larger window than d's. Share is not to be called
// between the parts of a message.
func (d *Deflater) Share(m *SharedMessage) (payload []byte, compressed bool) {
	if m.options.WindowBits > d.Options().WindowBits {
		return nil, false
	}
	if !d.takeover {
		return m.byItself()
	}
	payload, compressed = m.joined, true
	if m.joined == nil || !d.tail.covers(m) {
		payload, compressed = m.byItself()
	}
	if compressed {
		d.adopt(m.message)
		d.tail.passed(m)
	}
	return payload, compressed
}

// SharedStream is a Deflater with context takeover for messages that all go to the same peers, each of whom has a Deflater of its
// own, and may be sent other messages as well. A payload that refers to the messages before it goes to those who have got these, one
// after the other with nothing between that was compressed. Everybody else, such as who has just come, gets one that
// refers to nothing, until there have been enough of them. Any number of goroutines may use a SharedStream at the same time.
//
// What it holds is what one Deflater does: see Options.
type SharedStream struct {
	mu       sync.Mutex
	deflater *Deflater
	end      *place
}

// NewSharedStream returns a stream for Deflaters with windows of o.WindowBits or more, at o.Level.
func NewSharedStream(o DeflaterOptions) *SharedStream {
	o.Takeover = true
	return &SharedStream{deflater: NewDeflater(o), end: new(place)}
}

// Compress makes message the next of the stream, and compresses it. It is kept, and must not be changed.
func (s *SharedStream) Compress(message []byte) *SharedMessage {
	m := &SharedMessage{message: message, options: s.deflater.Options()}
	s.mu.Lock()
	defer s.mu.Unlock()
	if payload, reach, pays := s.deflater.join(message); pays {
		m.joined, m.reach = payload, reach
		m.from, m.to = s.end, new(place)
		s.end = m.to
	}
	return m
}

// Size returns the bytes that the stream holds between messages, beside itself.
func (s *SharedStream) Size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.deflater.Size()
}

// join is Append, with takeover, that also says how far before the message the payload refers.
func (d *Deflater) join(message []byte) (payload []byte, reach int, pays bool) {
	if len(message) == 0 {
		return nil, 0, false
	}
	e := encoders.Get().(*encoder)
	h, before := d.open(e, len(message))
	for done := 0; done < len(message); {
		part := message[done:min(done+chunk, len(message))]
		payload = e.compress(payload, h, part)
		reach = max(reach, farthest(e.sequences, done))
		done += len(part)
	}
	payload = bytes.Clone(e.finish(payload))
	if pays = worthIt(len(payload), len(message)); pays {
		d.keep(before)
	} else {
		d.history.window = before
	}
	encoders.Put(e)
	return payload, reach, pays
}

// farthest returns how far before its message the sequences refer that stand for what is in it from at on.
func farthest(sequences []sequence, at int) (reach int) {
	for _, s := range sequences[:len(sequences)-1] { // the last has no match
		at += int(s.literals)
		reach = max(reach, int(s.distance)-at)
		at += int(s.length)
	}
	return reach
}
