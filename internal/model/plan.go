package model

// This file holds what is drawn from the seed of a conversation before it begins.

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/compress"
)

// plan is what was drawn.
type plan struct {
	shape     shape
	transport transportPlan
	handshake bool // an opening handshake is made, without which nothing is compressed
	sides     [2]sidePlan
	length    time.Duration // until the end begins
	quiet     bool          // before the end, all writers stop, and what they have written must arrive
	ending    endingPlan
	size      int // no message is larger
}

// shape is what kind of conversation it is.
type shape uint8

const (
	talking   shape = iota // messages in both directions
	streaming              // both sides are a Stream
	lastWords              // the peer is a script that sends a few messages and goes
	silence                // the peer is a script that is silent, or slow; keepalive has to find out
	shapes
)

func (s shape) String() string {
	return [...]string{"talking", "streaming", "last words", "silence"}[s]
}

// sidePlan is what one side does.
type sidePlan struct {
	options websocket.Options
	readers int  // goroutines that read
	baton   bool // they take turns, instead of competing
	discard bool // CloseRead instead
	writers int
	pings   bool
	ways    ways // of reading
	kinds   kinds
	pause   time.Duration // how long the readers stop, from pauseAt on; negative for until the end
	pauseAt time.Duration
}

// ways are those of reading that a side uses.
type ways uint8

const (
	byRead ways = 1 << iota
	byAppendRead
	byMessages
	byReader
	allWays = byRead | byAppendRead | byMessages | byReader
)

// kinds are those of writing.
type kinds uint8

const (
	byWrite kinds = 1 << iota
	byWriter
	byPrepared
	byQueue
	byBatch
	allKinds = byWrite | byWriter | byPrepared | byQueue | byBatch
)

// competes reports whether a read may find another in progress.
func (p *sidePlan) competes() bool {
	return p.readers > 1 && !p.baton || p.discard || p.ways&byMessages != 0
}

// reads reports whether somebody reads to the end, without long pauses.
func (p *sidePlan) reads() bool { return (p.readers > 0 || p.discard) && p.pause >= 0 }

// closeTimeout is how long the closing handshake of this side may take.
func (p *sidePlan) closeTimeout() time.Duration {
	return cmp.Or(p.options.CloseTimeout, websocket.DefaultCloseTimeout)
}

// closeBound is how long the end of a connection may take: what lingers and a last chance are a second each.
func (p *sidePlan) closeBound() time.Duration { return p.closeTimeout() + 2*time.Second }

// drawPlan draws a conversation. features names what is left out.
func drawPlan(r *rand.Rand, bubble bool, without map[string]bool) *plan {
	p := &plan{
		handshake: r.IntN(2) == 0,
		length:    time.Duration(r.IntN(300)) * time.Millisecond,
		quiet:     r.IntN(2) == 0,
		size:      256 << r.IntN(12),
	}
	switch k := r.IntN(20); {
	case k < 12:
	case k < 14:
		p.shape = streaming
	case k < 18:
		p.shape = lastWords
	default:
		p.shape = silence
	}
	if bubble {
		p.length *= time.Duration(1 + r.IntN(100))
	}
	p.transport = drawTransport(r, bubble)
	if !bubble && without["all but TLS on sockets"] {
		p.transport.filterOnly()
	}
	stalls := r.IntN(4) == 0
	for i := range p.sides {
		p.sides[i] = drawSide(r, bubble, p, stalls && r.IntN(2) == 0)
	}
	p.ending = drawEnding(r, p)
	p.adjust(r, bubble)
	if !bubble && (r.IntN(6) == 0 || without["all but churn"]) {
		p.churn(r)
	}
	p.leaveOut(without)
	return p
}

// churn makes it a short conversation over a plain socket that somebody closes outside of Conn: with many of them at
// a time, a descriptor's number is soon that of another connection.
func (p *plan) churn(r *rand.Rand) {
	p.shape, p.length, p.quiet = talking, time.Duration(r.IntN(20))*time.Millisecond, false
	p.transport = transportPlan{kind: tcp}
	p.ending.how = byOwner
	for i := range p.sides {
		s := &p.sides[i]
		s.pause, s.discard, s.readers, s.writers, s.ways, s.kinds = 0, false, 1, 3, byMessages, byWrite
	}
}

// drawSide draws what one side does.
func drawSide(r *rand.Rand, bubble bool, p *plan, stalls bool) sidePlan {
	s := sidePlan{
		readers: 1 + r.IntN(3), baton: r.IntN(2) == 0, writers: r.IntN(4), pings: r.IntN(3) == 0,
		ways: ways(1 + r.IntN(int(allWays))), kinds: kinds(1 + r.IntN(int(allKinds))),
	}
	if r.IntN(12) == 0 {
		s.discard, s.readers = true, r.IntN(2)
	}
	if stalls {
		s.pauseAt = time.Duration(r.Int64N(int64(p.length) + 1))
		s.pause = time.Duration(r.IntN(500)) * time.Millisecond
		if bubble {
			s.pause *= 20
		}
		if r.IntN(3) == 0 {
			s.pause = -1
		}
	}
	o := &s.options
	o.ReadLimit = -1
	o.WriteBuffer = []int{0, 1, 2 << 10, 5000, 16 << 10, 256 << 10, 1 << 20}[r.IntN(7)]
	o.FailWhenFull = r.IntN(5) == 0
	o.NoBatching = r.IntN(3) == 0
	o.WriteTimeout = []time.Duration{0, -1, time.Minute}[r.IntN(3)]
	o.CloseTimeout = []time.Duration{0, 3 * time.Second, 10 * time.Second}[r.IntN(3)]
	if r.IntN(4) == 0 {
		o.PingInterval = []time.Duration{20 * time.Millisecond, 300 * time.Millisecond, 3 * time.Second}[r.IntN(3)]
		o.PongTimeout = []time.Duration{0, time.Minute, -1}[r.IntN(3)]
	}
	if r.IntN(2) == 0 {
		o.Compression = drawCompression(r)
	}
	return s
}

// drawCompression draws what a side wants of the other.
func drawCompression(r *rand.Rand) *compress.Options {
	o := &compress.Options{Level: compress.Level(r.IntN(int(compress.Smallest) + 1)), MinSize: []int{0, -1, 1000}[r.IntN(3)]}
	for _, d := range []*compress.Direction{&o.FromServer, &o.FromClient} {
		d.NoContextTakeover, d.MaxWindowBits = r.IntN(3) == 0, []int{0, 8, 9, 11, 15}[r.IntN(5)]
	}
	return o
}

// adjust makes the draws fit each other.
func (p *plan) adjust(r *rand.Rand, bubble bool) {
	if p.transport.slow() {
		// A write of one buffer takes minutes there, which is no fault of the peer's.
		p.size = min(p.size, 8<<10)
		if p.shape == streaming {
			p.size = min(p.size, 512) // what is written is bounded by a number of calls: in a bubble, time stands still meanwhile
		}
		for i := range p.sides {
			o := &p.sides[i].options
			o.WriteTimeout = -1
			if o.WriteBuffer == 0 || o.WriteBuffer > 16<<10 {
				o.WriteBuffer = 16 << 10 // so does a Flush of more
			}
		}
	}
	if p.transport.relay.fault == hole {
		p.quiet = false // what is on its way into a black hole does not arrive
	}
	for i := range p.sides {
		s := &p.sides[i]
		if p.shape == streaming {
			s.readers, s.writers, s.discard, s.pings = 1, 1, false, false
		}
		if s.pause != 0 || s.discard {
			// A ping is not answered while nobody reads.
			p.sides[1-i].options.PongTimeout = -1
		}
		if s.pause < 0 {
			p.quiet = false
		}
	}
	if p.shape == lastWords || p.shape == silence {
		p.transport.relay, p.transport.buffer = relayPlan{}, 0
		for i := range p.sides {
			s := &p.sides[i]
			s.pause, s.options.PingInterval = max(0, min(s.pause, time.Second)), 0
		}
	}
	if p.shape == silence {
		p.adjustSilence(r, bubble)
	}
}

func (p *plan) String() string {
	s := fmt.Sprintf("%v over %v, handshake %v, %v, quiet %v, up to %d bytes, ends by %v", p.shape, p.transport,
		p.handshake, p.length, p.quiet, p.size, p.ending)
	for i := range p.sides {
		s += fmt.Sprintf("\n  side %d: %v", i, &p.sides[i])
	}
	return s
}

func (p *sidePlan) String() string {
	o := &p.options
	s := fmt.Sprintf("%d readers (baton %v, CloseRead %v, ways %04b), %d writers (kinds %05b), pings %v, pause %v at %v, "+
		"buffer %d, full %v, no batching %v, timeouts write %v close %v, keepalive %v %v", p.readers, p.baton, p.discard, p.ways,
		p.writers, p.kinds, p.pings, p.pause, p.pauseAt, o.WriteBuffer, o.FailWhenFull, o.NoBatching, o.WriteTimeout,
		o.CloseTimeout, o.PingInterval, o.PongTimeout)
	if o.Compression != nil {
		s += fmt.Sprintf(", compression %+v", *o.Compression)
	}
	return s
}
