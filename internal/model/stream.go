package model

// This file holds conversations through Stream: bytes, and deadlines that move.

import (
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

type starter func(n int, wg *sync.WaitGroup, f func(r *rand.Rand, id int))

// beginStream starts the goroutines of a side that is a Stream.
func (s *side) beginStream(start starter, writers *sync.WaitGroup) {
	nc := websocket.Stream(s.conn, websocket.OpBinary)
	start(1, nil, func(r *rand.Rand, _ int) {
		buf := make([]byte, 1+r.IntN(50_000))
		for got := 0; !s.over() && !s.streamOver.Load(); {
			nc.SetReadDeadline(time.Now().Add(s.t.short(r)))
			n, err := nc.Read(buf[:1+r.IntN(len(buf))])
			if string(buf[:n]) != string(s.peer.streamBytes(got, n)) {
				s.t.fail("content", "the %v got other bytes from %d on than were sent", s, got)
			}
			got += n
			s.stream.got.Store(int64(got))
			s.judgeStream("Stream.Read", err)
		}
	})
	start(1, writers, func(r *rand.Rand, _ int) {
		for n := 0; !s.stopped() && n < 500 && !s.streamOver.Load(); n++ {
			nc.SetWriteDeadline(time.Now().Add(s.t.short(r)))
			sent := int(s.stream.sent.Load())
			n, err := nc.Write(s.streamBytes(sent, 1+r.IntN(s.t.plan.size)))
			s.stream.sent.Store(int64(sent + n))
			s.judgeStream("Stream.Write", err)
			s.nap(r)
		}
	})
}

// streamBytes returns n bytes of what a side sends, from the given one on.
func (s *side) streamBytes(from, n int) []byte {
	from += int(s.t.seed%1000)*1000 + s.n*500_000
	p := make([]byte, 0, n)
	for len(p) < n {
		at := (from + len(p)) % len(noise)
		p = append(p, noise[at:min(at+n-len(p), len(noise))]...)
	}
	return p
}

// judgeStream judges an error of a Stream.
func (s *side) judgeStream(name string, err error) {
	var closed *websocket.CloseError
	switch {
	case err == nil, errors.Is(err, os.ErrDeadlineExceeded) && !errors.As(err, &closed):
	case err == websocket.ErrBackpressure && s.plan.options.FailWhenFull, writeFailed(err):
	case err == io.EOF:
		s.streamOver.Store(true)
		if !s.t.anyEvent() {
			s.t.fail("ended", "%s of the %v returned io.EOF", name, s)
		}
	default:
		s.judge(name, nil, nil, err)
	}
}

// judgeStreams judges what streams have carried.
func (s *side) missingBytes() int { return int(s.stream.sent.Load() - s.peer.stream.got.Load()) }
