package model

// This file holds the relay between the two sides: it chops, it is slow, and it breaks.

import (
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// relayPlan is what a relay does. The zero value stands for none.
type relayPlan struct {
	chop  int           // the most bytes that it passes on at once; 0 for what comes
	delay time.Duration // between these
	fault fault
	side  int   // the side towards which it happens
	at    int64 // after how many bytes
}

// fault is what breaks.
type fault uint8

const (
	noFault fault = iota
	fin           // the stream ends, in one direction
	gone          // both ends are closed, when all that was passed on has arrived
	rst           // the same by a reset
	hole          // nothing passes any more, in both directions
	faults
)

func (f fault) String() string { return [...]string{"none", "FIN", "closed", "RST", "black hole"}[f] }

func drawRelay(r *rand.Rand) (p relayPlan) {
	p.chop = []int{1 << 16, 1, 7, 100, 3000}[r.IntN(5)]
	if r.IntN(3) == 0 {
		p.delay = time.Duration(r.IntN(1000)) * time.Microsecond
		p.chop = max(p.chop, 500)
	}
	if r.IntN(2) == 0 {
		p.fault = fault(1 + r.IntN(int(faults)-1))
		p.side = r.IntN(2)
		p.at = int64(r.IntN(1 << (5 + r.IntN(12))))
	}
	return p
}

// relay passes bytes between two net.Conns.
type relay struct {
	t     *talk
	plan  relayPlan
	ends  [2]net.Conn // towards the client and the server
	armed atomic.Bool // faults may happen: the opening handshake is over
	hole  chan struct{}
	once  sync.Once
	wg    sync.WaitGroup
}

func newRelay(t *talk, p relayPlan, client, server net.Conn) *relay {
	r := &relay{t: t, plan: p, ends: [2]net.Conn{client, server}, hole: make(chan struct{})}
	r.wg.Add(2)
	go r.pump(0)
	go r.pump(1)
	return r
}

// close ends it.
func (r *relay) close() {
	r.ends[0].Close()
	r.ends[1].Close()
	r.once.Do(func() { close(r.hole) })
	r.wg.Wait()
}

// pump passes on what goes to a side.
func (r *relay) pump(to int) {
	defer r.wg.Done()
	from, dst := r.ends[1-to], r.ends[to]
	buf := make([]byte, 16<<10)
	passed := int64(0)
	breaks := r.plan.fault != noFault && r.plan.side == to
	for {
		n, err := from.Read(buf)
		for b := buf[:n]; len(b) > 0; {
			k := len(b)
			if r.plan.chop > 0 {
				k = min(k, r.plan.chop)
			}
			if breaks && r.armed.Load() {
				if left := r.plan.at - passed; left <= 0 {
					r.fail(to, from, dst)
					return
				} else {
					k = min(k, int(left))
				}
				passed += int64(k)
			}
			if r.plan.delay > 0 {
				time.Sleep(r.plan.delay)
			}
			select {
			case <-r.t.holes:
				<-r.hole
				return
			default:
			}
			if _, err := dst.Write(b[:k]); err != nil {
				discard(from)
				return
			}
			b = b[k:]
		}
		if err != nil {
			closeWrite(dst)
			return
		}
	}
}

// fail lets the fault happen.
func (r *relay) fail(to int, from, dst net.Conn) {
	switch r.plan.fault {
	case fin:
		r.t.event(event{kind: faulted, side: to, fault: fin})
		closeWrite(dst)
		discard(from)
	case gone, rst:
		settled(dst)
		r.t.event(event{kind: faulted, side: to, fault: r.plan.fault})
		if r.plan.fault == rst {
			reset(dst)
			reset(from)
		}
		dst.Close()
		from.Close()
	case hole:
		r.t.event(event{kind: faulted, side: to, fault: hole})
		close(r.t.holes)
		<-r.hole
	}
}
