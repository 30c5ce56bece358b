package model

// This file holds the goroutines that read.

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// reader is one goroutine that reads.
type reader struct {
	s    *side
	r    *rand.Rand
	turn int // of delivery: its number, and a new one for each loop
	buf  []byte
}

// readAll reads in every way until the end.
func (s *side) readAll(r *rand.Rand, id int) {
	rd := &reader{s: s, r: r, turn: id}
	for !s.over() {
		if s.pausing() {
			continue
		}
		if s.plan.baton {
			if !s.takeBaton() {
				continue
			}
			rd.takeTurn(0)
			s.baton <- struct{}{}
		} else {
			rd.takeTurn(0)
			s.nap(r)
		}
		if s.busy.Swap(false) {
			time.Sleep(time.Millisecond) // another reads
		}
	}
}

// takeBaton waits for its turn, or for a while.
func (s *side) takeBaton() bool {
	select {
	case <-s.baton:
		return true
	case <-time.After(10 * time.Millisecond):
		return false
	}
}

// pausing sits the pause out. It reports whether there was one.
func (s *side) pausing() bool {
	p := s.plan
	if p.pause == 0 || time.Since(s.started) < p.pauseAt {
		return false
	}
	until := s.started.Add(p.pauseAt + p.pause)
	if time.Now().After(until) && p.pause > 0 {
		return false
	}
	s.t.event(event{kind: stalled, side: s.n})
	for p.pause < 0 || time.Now().Before(until) {
		if s.over() || s.must.Load() != 0 || s.t.hard() {
			return false
		}
		time.Sleep(2 * time.Millisecond)
	}
	return true
}

// takeTurn reads once in one way, or a few messages in a loop.
func (rd *reader) takeTurn(depth int) {
	ctx, cancel := rd.s.context(rd.r)
	defer cancel()
	for {
		switch w := ways(1 << rd.r.IntN(4)); w & rd.s.plan.ways {
		case 0:
			continue
		case byRead:
			rd.read(ctx)
		case byAppendRead:
			rd.appendRead(ctx)
		case byReader:
			rd.stream(ctx)
		case byMessages:
			rd.loop(ctx, depth)
		}
		return
	}
}

func (rd *reader) read(ctx context.Context) {
	var op websocket.Opcode
	var p []byte
	if rd.s.do("Read", ctx, false, func() (err error) { op, p, err = read(ctx, rd.s.conn); return err }) == nil {
		rd.s.deliver(op, p, true, rd.turn)
	}
}

func (rd *reader) appendRead(ctx context.Context) {
	var op websocket.Opcode
	rd.buf = append(rd.buf[:0], "prefix"...)
	err := rd.s.do("AppendRead", ctx, false, func() (err error) { op, rd.buf, err = appendRead(ctx, rd.s.conn, rd.buf); return err })
	switch {
	case len(rd.buf) < 6 || string(rd.buf[:6]) != "prefix" || err != nil && len(rd.buf) != 6:
		rd.s.t.fail("content", "AppendRead returned %.60q and %v", rd.buf, err)
	case err == nil:
		rd.s.deliver(op, rd.buf[6:], true, rd.turn)
	}
	if cap(rd.buf) > 1<<20 || rd.r.IntN(4) == 0 {
		rd.buf = nil
	}
}

// stream reads a message, or its beginning.
func (rd *reader) stream(ctx context.Context) {
	var op websocket.Opcode
	var m io.Reader
	if rd.s.do("Reader", ctx, false, func() (err error) { op, m, err = rd.s.conn.Reader(ctx); return err }) != nil {
		return
	}
	most := maxMessage + 1
	if rd.r.IntN(4) == 0 {
		most = stampSize + rd.r.IntN(5000)
	}
	var p []byte
	buf := make([]byte, 1+rd.r.IntN(20_000))
	for len(p) < most {
		n := 0
		err := rd.s.doReader(ctx, func() (err error) { n, err = m.Read(buf); return err })
		p = append(p, buf[:n]...)
		if err != nil {
			rd.s.deliver(op, p, err == io.EOF, rd.turn)
			return
		}
	}
	rd.s.deliver(op, p, false, rd.turn)
}

// doReader makes a call of a Reader, which has errors of its own.
func (s *side) doReader(ctx context.Context, f func() error) error {
	c := s.t.watch.begin(&call{name: "Reader.Read", s: s, ctx: ctx})
	err := f()
	s.t.watch.done(c)
	if err != nil && err != io.EOF && !stale(err) {
		s.judge("Reader.Read", ctx, nil, err)
	}
	return err
}

// stale reports whether another goroutine has read past the message.
func stale(err error) bool { return err.Error() == "websocket: reader of an earlier message" }

// loop reads a few messages in a loop.
func (rd *reader) loop(ctx context.Context, depth int) {
	s := rd.s
	rd.turn += 100 // bodies run in order, but not with what the goroutines do that compete
	left := rd.r.IntN(20)
	known := s.ended.Load()
	c := s.t.watch.begin(&call{name: "Messages", s: s, ctx: ctx})
	defer s.t.watch.done(c)
	body := func(d int) { s.t.watch.change(func() { c.inBody += d }) }
	var last error
	for msg, err := range messages(ctx, s.conn, rd.r.IntN(2) == 0) {
		body(1)
		if err != nil {
			last = err
			s.judge("Messages", ctx, known, err)
			rd.hand(err, depth)
			body(-1)
			continue // the loop has to end by itself
		}
		if last != nil {
			s.t.fail("content", "a loop went on behind its error %q", last)
		}
		s.deliver(msg.Op, msg.Data, true, rd.turn)
		rd.inBody(msg.Data)
		if left--; left < 0 {
			s.t.watch.change(func() { c.inBody--; c.atOnce = true })
			break
		}
		body(-1)
	}
	if last == nil && left >= 0 && !s.t.failed.Load() {
		s.t.fail("content", "a loop of the %v ended without an error", s)
	}
}

// hand lets somebody else read from inside of the body that was given the loop's error.
func (rd *reader) hand(err error, depth int) {
	s := rd.s
	if depth > 1 || s.over() || errors.Is(err, websocket.ErrReadInProgress) || rd.r.IntN(2) == 0 {
		return
	}
	if rd.r.IntN(2) == 0 {
		rd.takeTurn(depth + 1)
		return
	}
	other := &reader{s: s, r: rand.New(rand.NewPCG(rd.r.Uint64(), 0)), turn: rd.turn + 50}
	done := make(chan struct{})
	go s.guard(func() {
		defer close(done)
		ctx, cancel := s.bounded(other.r, 5*time.Millisecond)
		defer cancel()
		other.loop(ctx, depth+1)
	})
	if rd.r.IntN(2) == 0 {
		<-done
	}
	s.nap(rd.r)
	rd.after(done)
}

// after keeps the reader from being over before what it has started.
func (rd *reader) after(done chan struct{}) {
	rd.s.lateMu.Lock()
	rd.s.late = append(rd.s.late, done)
	rd.s.lateMu.Unlock()
}

// awaitLate waits for what bodies have started, and for what that has started.
func (s *side) awaitLate() {
	for {
		s.lateMu.Lock()
		if len(s.late) == 0 {
			s.lateMu.Unlock()
			return
		}
		done := s.late[0]
		s.late = s.late[1:]
		s.lateMu.Unlock()
		<-done
	}
}

// inBody does what bodies do.
func (rd *reader) inBody(data []byte) {
	s := rd.s
	switch rd.r.IntN(12) {
	case 0:
		s.nap(rd.r)
	case 1:
		ctx, cancel := s.bounded(rd.r, 100*time.Millisecond)
		s.writeOne(ctx, rd.r, s.bodyWriter(), byWrite)
		cancel()
	case 2:
		if err := s.do("Read in a body", nil, true, func() error { _, _, err := read(context.Background(), s.conn); return err }); err == nil {
			s.t.fail("content", "a read inside of a body succeeded")
		}
	case 3:
		s.conn.Stats()
		s.conn.Buffered()
	case 4:
		if !s.t.run.Without["append"] {
			_ = append(data, "overwritten by an append to Data"...)
		}
	}
}
