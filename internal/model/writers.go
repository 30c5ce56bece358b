package model

// This file holds the goroutines that write, and those that do whatever else a connection can do.

import (
	"context"
	"io"
	"math/rand/v2"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// writeAll writes in every way until it is told to stop.
func (s *side) writeAll(r *rand.Rand, id int) {
	busy := r.IntN(2) == 0
	for n := 0; !s.stopped() && n < 400; n++ {
		ctx, cancel := s.context(r)
		for kind := kinds(0); kind == 0; {
			kind = kinds(1<<r.IntN(5)) & s.plan.kinds
			switch {
			case kind == byQueue:
				s.queueSome(r, id)
			case kind == byBatch:
				s.writeBatch(ctx, r, id)
			case kind != 0:
				s.writeOne(ctx, r, id, kind)
			}
		}
		cancel()
		if !busy || n%16 == 0 {
			s.nap(r)
		}
	}
}

// stopped reports whether nothing more is to be written.
func (s *side) stopped() bool {
	select {
	case <-s.t.stop:
		return true
	default:
		return s.over()
	}
}

// bodyWriter returns the number of a writer for one message in a body: bodies of several goroutines write.
func (s *side) bodyWriter() int { return 100 + int(s.bodies.Add(1))%100 }

// drawStamp draws a message.
func (s *side) drawStamp(r *rand.Rand, writer int) stamp {
	n := r.IntN(300)
	switch r.IntN(10) {
	case 0:
		n = r.IntN(s.t.plan.size)
	case 1:
		n = r.IntN(min(s.t.plan.size, 40_000))
	}
	op := websocket.OpBinary
	if r.IntN(2) == 0 {
		op = websocket.OpText
	}
	return stamp{talk: s.t.seed, side: uint8(s.n), writer: uint8(writer), op: op, seq: s.out.begin(writer), size: sizeOf(n)}
}

// limit returns the size of the write buffer.
func (s *side) limit() int {
	if n := s.plan.options.WriteBuffer; n != 0 {
		return max(n, 1<<10)
	}
	return websocket.DefaultWriteBuffer
}

// writeOne writes a message and notes what became of it.
func (s *side) writeOne(ctx context.Context, r *rand.Rand, writer int, kind kinds) {
	st := s.drawStamp(r, writer)
	p := st.message()
	large := kind == byWriter || len(p)+14+len(p)/100+100 > s.limit()
	if large && ctx.Done() != nil {
		s.t.event(event{kind: mayCut, side: s.n})
	}
	// With FailWhenFull no write waits for the network. It may wait for a Writer.
	atOnce := s.plan.options.FailWhenFull && s.plan.kinds&byWriter == 0
	var err error
	switch kind {
	case byWrite:
		err = s.do("Write", ctx, atOnce, func() error { return s.conn.Write(ctx, st.op, p) })
	case byPrepared:
		prepare := websocket.PrepareMessages
		if st.seq%2 == 0 {
			prepare = s.feed.Prepare
		}
		m, perr := prepare(websocket.Message{Op: st.op, Data: p})
		if perr != nil {
			s.t.fail("untyped", "preparing: %v", perr)
			return
		}
		err = s.do("WritePrepared", ctx, atOnce, func() error { return s.conn.WritePrepared(ctx, m) })
	case byWriter:
		err = s.writeStreamed(ctx, r, st, p)
	}
	if large && err != nil && ctx.Err() != nil {
		s.cut.Store(true)
	}
	s.out.settle(writer, st.seq, err)
}

// queueSome queues messages, and sends them if nobody else is going to.
func (s *side) queueSome(r *rand.Rand, writer int) {
	unsent := false
	for range 1 + r.IntN(5) {
		st := s.drawStamp(r, writer)
		p := st.message()
		var first bool
		err := s.do("Queue", nil, true, func() (err error) { first, err = s.conn.Queue(st.op, p); return err })
		s.out.settle(writer, st.seq, err)
		unsent = unsent || first
	}
	if unsent {
		s.do("Send", nil, true, func() error { s.conn.Send(); return s.whetherEnded() })
	}
}

// writeBatch prepares messages together, and writes or queues all of them by one call.
func (s *side) writeBatch(ctx context.Context, r *rand.Rand, writer int) {
	stamps, batch, size := make([]stamp, 1+r.IntN(4)), []websocket.Message{}, 0
	for i := range stamps {
		stamps[i] = s.drawStamp(r, writer)
		batch = append(batch, websocket.Message{Op: stamps[i].op, Data: stamps[i].message()})
		size += len(batch[i].Data) + len(batch[i].Data)/100 + 100
	}
	m, err := websocket.PrepareMessages(batch...)
	if err != nil {
		s.t.fail("untyped", "PrepareMessages: %v", err)
		return
	}
	if r.IntN(2) == 0 {
		err = s.do("Queue", nil, true, func() error {
			first, err := s.conn.QueuePrepared(m)
			if first {
				s.conn.Send()
			}
			return err
		})
	} else {
		large := size > s.limit()
		if large && ctx.Done() != nil {
			s.t.event(event{kind: mayCut, side: s.n})
		}
		atOnce := s.plan.options.FailWhenFull && s.plan.kinds&byWriter == 0
		err = s.do("WritePrepared", ctx, atOnce, func() error { return s.conn.WritePrepared(ctx, m) })
		if large && err != nil && ctx.Err() != nil {
			s.cut.Store(true)
		}
	}
	for _, st := range stamps { // all or none
		s.out.settle(writer, st.seq, err)
	}
}

// writeStreamed writes a message through a Writer.
func (s *side) writeStreamed(ctx context.Context, r *rand.Rand, st stamp, p []byte) error {
	var w io.WriteCloser
	if err := s.do("Writer", ctx, false, func() (err error) { w, err = s.conn.Writer(ctx, st.op); return err }); err != nil {
		return err
	}
	for len(p) > 0 {
		n := 1 + r.IntN(len(p))
		if r.IntN(2) == 0 {
			n = len(p)
		}
		if err := s.doWriter("Writer.Write", ctx, func() error { _, err := w.Write(p[:n]); return err }); err != nil {
			return err
		}
		p = p[n:]
		if r.IntN(8) == 0 {
			s.nap(r)
		}
	}
	return s.doWriter("Writer.Close", ctx, w.Close)
}

// doWriter makes a call of a Writer. A later one returns what ended its message, which may have been before the end.
func (s *side) doWriter(name string, ctx context.Context, f func() error) error {
	c := s.t.watch.begin(&call{name: name, s: s, ctx: ctx})
	err := f()
	s.t.watch.done(c)
	s.judge(name, ctx, nil, err)
	return err
}

// pingAll pings until it is told to stop.
func (s *side) pingAll(r *rand.Rand, _ int) {
	for n := 0; !s.stopped() && n < 50; n++ {
		// Somebody has to read the pong, and the peer the ping.
		ctx, cancel := s.bounded(r, 200*time.Millisecond)
		s.do("Ping", ctx, false, func() error { _, err := s.conn.Ping(ctx); return err })
		cancel()
		s.nap(r)
	}
}

// meddle calls all else.
func (s *side) meddle(r *rand.Rand, _ int) {
	for n := 0; !s.stopped() && n < 200; n++ {
		switch r.IntN(8) {
		case 0, 1:
			ctx, cancel := s.context(r)
			s.do("Flush", ctx, false, func() error { return flush(ctx, s.conn) })
			cancel()
		case 2:
			s.do("Stats", nil, true, func() error { s.conn.Stats(); s.conn.Buffered(); return s.whetherEnded() })
		case 3:
			limit := int64(maxMessage + r.IntN(1000))
			if r.IntN(2) == 0 {
				limit = -1
			}
			if s.t.plan.ending.how != byLimit {
				s.conn.SetReadLimit(limit)
			}
		case 4:
			if s.plan.discard && r.IntN(4) == 0 {
				ctx, cancel := s.context(r)
				s.conn.CloseRead(ctx)
				s.nap(r)
				cancel()
			}
		default:
			s.nap(r)
			if r.IntN(3) == 0 {
				time.Sleep(time.Millisecond)
			}
		}
	}
}

// whetherEnded returns how the connection has ended, if it has and Context says so.
func (s *side) whetherEnded() error {
	if known := s.ended.Load(); known != nil {
		return context.Cause(s.conn.Context())
	}
	return nil
}
