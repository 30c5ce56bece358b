package model

// This file holds conversations whose peer is a script over a bare transport, so that it is known exactly what it did.

import (
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// scriptPlan is what the script does.
type scriptPlan struct {
	side     int  // which it plays
	messages int  // how many it sends at first
	pings    bool // among them
	reads    bool
	answers  bool // pings; needs reads
	end      scriptEnd
	code     websocket.StatusCode // of its close frame; 1006 for none
	reason   string
	dead     bool          // it does nothing any more instead of ending
	trickles time.Duration // what it sends meanwhile comes one byte at a time, in such intervals
}

// scriptEnd is how it goes.
type scriptEnd uint8

const (
	endsStream scriptEnd = iota // and goes on reading
	closes
	resets
)

// adjustSilence makes the draws fit for a peer that is silent.
func (p *plan) adjustSilence(r *rand.Rand, bubble bool) {
	for i := range p.sides {
		s := &p.sides[i]
		s.pause, s.discard, s.readers = 0, r.IntN(8) == 0, 1+r.IntN(2)
		if s.discard {
			s.readers = 0
		}
		o := &s.options
		o.PingInterval = time.Duration(20+r.IntN(100)) * time.Millisecond
		o.PongTimeout = time.Duration(20+r.IntN(300)) * time.Millisecond
		if bubble {
			o.PingInterval *= 50
			o.PongTimeout *= 50
		}
		o.WriteTimeout = 0
	}
}

// drawScript draws what the script does.
func (t *talk) drawScript(r *rand.Rand) scriptPlan {
	p := scriptPlan{
		side: r.IntN(2), messages: r.IntN(40), pings: r.IntN(2) == 0, reads: r.IntN(2) == 0, end: scriptEnd(r.IntN(3)),
		code: []websocket.StatusCode{1000, 1001, 1005, 1006, 4001, 4001}[r.IntN(6)],
	}
	if p.code != 1005 && p.code != 1006 && r.IntN(2) == 0 {
		p.reason = "token expired"
	}
	if t.plan.shape == silence {
		p.reads, p.dead = true, r.IntN(3) > 0
		o := &t.plan.sides[1-p.side].options
		if !p.dead {
			p.answers, p.end = true, endsStream
			if !t.bubble {
				o.PongTimeout = time.Minute // a busy machine is no dead peer
			}
			if r.IntN(2) == 0 {
				p.trickles = o.PingInterval/3 + 1
			}
		} else {
			p.reads = r.IntN(2) == 0
			o.WriteTimeout = o.PongTimeout
		}
	}
	return p
}

// script is a peer.
type script struct {
	t      *talk
	s      *side // the side that it plays, whose Conn is nil
	plan   scriptPlan
	nc     net.Conn
	turn   chan struct{} // of writing: a Mutex that is held during a write would keep the time of a bubble from going on
	sender websocket.Sender
}

// holdScript holds a conversation with a script.
func (t *talk) holdScript(r *rand.Rand) {
	p := t.drawScript(r)
	t.script = &p
	s, conn := t.sides[p.side], t.sides[1-p.side]
	conn.conn = bare(conn.n == 0, t.wire.ends[conn.n], &conn.plan.options)
	sc := &script{t: t, s: s, plan: p, nc: t.wire.ends[p.side], turn: make(chan struct{}, 1)}
	sc.sender.Reset(websocket.SenderOptions{Client: p.side == 0})
	var all, writers sync.WaitGroup
	if p.dead && !t.bubble {
		t.event(event{kind: silenced, side: p.side}) // a busy machine may be too slow for the times that were drawn
	}
	conn.begin(r.Uint64(), &all, &writers)
	if p.reads {
		all.Go(sc.read)
	}
	if sc.run(r) {
		if p.dead {
			t.awaitDeath(conn)
		} else {
			sc.goAway()
		}
	}
	close(t.stop)
	conn.awaitEnd()
	t.wire.outer[p.side].Close()
	t.conclude(&all)
}

// run sends the messages. It reports whether it could.
func (sc *script) run(r *rand.Rand) bool {
	var out []byte
	for range sc.plan.messages {
		st := sc.s.drawStamp(r, 0)
		out, _ = sc.sender.AppendMessage(out, st.op, st.message())
		sc.s.out.settle(0, st.seq, nil)
		if sc.plan.pings && r.IntN(3) == 0 {
			out, _ = sc.sender.AppendControl(out, websocket.OpPing, []byte("ping"))
		}
		if r.IntN(3) == 0 {
			if !sc.write(out) {
				return false
			}
			out = nil
			sc.s.nap(r)
		}
	}
	if !sc.write(out) {
		return false
	}
	switch {
	case sc.plan.trickles > 0:
		// Each byte is a fragment, so that pongs may go between.
		st := sc.s.drawStamp(r, 0)
		p := st.message()
		head := p[:min(len(p)-1, 60)]
		for i := range head {
			if !sc.fragment(st.op, head[i:i+1], false) {
				return false
			}
			time.Sleep(sc.plan.trickles)
		}
		sc.s.out.settle(0, st.seq, nil)
		return sc.fragment(st.op, p[len(head):], true)
	case sc.t.plan.shape == silence && !sc.plan.dead:
		sc.t.pass(max(sc.t.plan.length, 5*sc.t.plan.sides[1-sc.plan.side].options.PingInterval))
	}
	return true
}

// fragment writes a part of a message.
func (sc *script) fragment(op websocket.Opcode, p []byte, last bool) bool {
	sc.turn <- struct{}{}
	frame, _ := sc.sender.AppendFragment(nil, op, p, last)
	<-sc.turn
	return sc.write(frame)
}

// write writes b.
func (sc *script) write(b []byte) bool {
	sc.turn <- struct{}{}
	defer func() { <-sc.turn }()
	_, err := sc.nc.Write(b)
	if err != nil && !sc.t.failed.Load() && !sc.t.anyEvent() {
		sc.t.fail("ended", "the %v closed the transport: %v", sc.s.peer, err)
	}
	return err == nil
}

// goAway ends the script's stream.
func (sc *script) goAway() {
	ev := event{kind: scripted, side: sc.plan.side, code: sc.plan.code, reason: sc.plan.reason}
	sc.t.event(ev)
	if sc.plan.code != websocket.StatusAbnormalClosure {
		sc.turn <- struct{}{}
		frame, _ := sc.sender.AppendClose(nil, sc.plan.code, sc.plan.reason)
		<-sc.turn
		sc.write(frame)
	}
	outer := sc.t.wire.outer[sc.plan.side]
	switch sc.plan.end {
	case endsStream:
		settled(outer) // a transport that cannot end its stream is closed, and unread input makes that a reset
		closeWrite(sc.nc)
	case closes:
		settled(outer)
		sc.nc.Close()
	case resets:
		settled(outer)
		reset(outer)
	}
}

// read reads what comes, and answers pings.
func (sc *script) read() {
	var r websocket.Receiver
	r.Reset(websocket.ReceiverOptions{Client: sc.plan.side == 0})
	buf := make([]byte, 16<<10)
	for {
		n, err := sc.nc.Read(buf)
		for in := buf[:n]; len(in) > 0 || n > 0 && r.Pending(); {
			_, ev, k, err := r.Next(nil, in)
			if err != nil {
				sc.t.fail("content", "the %v sent what is no frame: %v", sc.s.peer, err)
				return
			}
			in = in[k:]
			if ev.Kind == websocket.EventPing && sc.plan.answers {
				sc.turn <- struct{}{}
				frame, _ := sc.sender.AppendControl(nil, websocket.OpPong, ev.Payload)
				sc.nc.Write(frame)
				<-sc.turn
			}
			if ev.Kind == websocket.EventNone && len(in) == 0 {
				break
			}
		}
		if err != nil {
			return
		}
	}
}

// awaitDeath waits until the keepalive has found out that its peer is dead.
func (t *talk) awaitDeath(s *side) {
	t.event(event{kind: silenced, side: 1 - s.n})
	o := &s.plan.options
	most := 2*(o.PingInterval+o.PongTimeout+o.WriteTimeout) + time.Second
	if !t.bubble {
		most += t.run.Slack
	}
	select {
	case <-s.conn.Context().Done():
	case <-time.After(most):
		t.failStuck("keepalive", "", "the %v (interval %v, timeout %v) has not found out within %v that its peer is dead", s,
			o.PingInterval, o.PongTimeout, most)
	}
}
