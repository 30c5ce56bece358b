package model

// This file holds one conversation from its beginning to its end.

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// Run is what conversations have in common.
type Run struct {
	Slack   time.Duration   // how long a call may be late by the real clock
	Without map[string]bool // what is left out: see optional
	Report  func(Finding)
	Hurry   atomic.Bool // conversations under way come to their ends: in a bubble, much can happen before any time has passed
}

// Finding is a rule that was broken.
type Finding struct {
	Seed   uint64
	Bubble bool
	Rule   string
	Kind   string // what was found, without what differs from one time to the next
	Text   string
	Stacks string // of the goroutines, or empty
}

func (f Finding) String() string {
	return fmt.Sprintf("rule %q broken by conversation %#x (bubble: %v): %s\n%s", f.Rule, f.Seed, f.Bubble, f.Text, f.Stacks)
}

// talk is a conversation.
type talk struct {
	run    *Run
	seed   uint64
	bubble bool
	plan   *plan
	wire   *wire
	sides  [2]*side
	script *scriptPlan // nil, or what the peer does
	watch  *watch
	stop   chan struct{} // no more is to be written
	holes  chan struct{} // closed when the relay lets nothing pass
	failed atomic.Bool
	began  time.Time

	mu         sync.Mutex
	events     []event
	may        map[bool][]bool
	firstEvent time.Time
}

// Hold holds the conversation of a seed. It returns when nothing of it is left.
func (run *Run) Hold(seed uint64, bubble bool) {
	r := rand.New(rand.NewPCG(seed, 0))
	t := &talk{
		run: run, seed: seed, bubble: bubble, plan: drawPlan(r, bubble, run.Without), stop: make(chan struct{}),
		holes: make(chan struct{}), may: map[bool][]bool{false: make([]bool, 2), true: make([]bool, 2)}, began: time.Now(),
	}
	t.watch = newWatch(t)
	for i := range t.sides {
		t.sides[i] = &side{t: t, n: i, plan: &t.plan.sides[i], started: t.began}
	}
	t.sides[0].peer, t.sides[1].peer = t.sides[1], t.sides[0]
	var err error
	if t.wire, err = t.plan.transport.open(t); err != nil {
		t.fail("harness", "no transport: %v", err)
		return
	}
	go t.watch.run()
	switch t.plan.shape {
	case lastWords, silence:
		t.holdScript(r)
	default:
		t.holdTalk(r)
	}
	t.wire.close()
	close(t.watch.quit)
	<-t.watch.gone
}

// fail reports a rule that was broken, once for a conversation.
func (t *talk) fail(rule, format string, args ...any) { t.failAs(rule, format, "", format, args...) }

// failStuck is fail with the stacks of the conversation's goroutines.
func (t *talk) failStuck(rule, kind, format string, args ...any) {
	t.failAs(rule, kind, stacks(t.bubble), format, args...)
}

func (t *talk) failAs(rule, kind, stacks, format string, args ...any) {
	if !t.failed.CompareAndSwap(false, true) {
		return
	}
	t.mu.Lock()
	events := fmt.Sprint(t.events)
	t.mu.Unlock()
	text := fmt.Sprintf(format, args...) + fmt.Sprintf("\nafter %v; events: %v", time.Since(t.began), events)
	for _, s := range t.sides {
		if e := s.ended.Load(); e != nil {
			text += fmt.Sprintf("\nthe %v ended with %q (local %v) after %v", s, e, e.Local,
				time.Unix(0, s.endedAt.Load()).Sub(t.began))
		}
	}
	t.run.Report(Finding{t.seed, t.bubble, rule, kind, text + "\n" + t.describe(), stacks})
	go t.abandon()
}

// abandon ends everything by force, so that what is left of a conversation that broke a rule ends.
func (t *talk) abandon() {
	for _, s := range t.sides {
		if s.conn != nil {
			s.conn.CloseNow()
		}
	}
	t.wire.close()
}

// open makes the connections of both sides.
func (t *talk) open() error {
	c, s := t.sides[0], t.sides[1]
	if !t.plan.handshake {
		c.conn = bare(true, t.wire.ends[0], &c.plan.options)
		s.conn = bare(false, t.wire.ends[1], &s.plan.options)
		return nil
	}
	done := make(chan error, 1)
	go func() {
		u := &websocket.Upgrader{Options: s.plan.options}
		var err error
		s.conn, err = u.UpgradeConn(context.Background(), t.wire.ends[1], nil)
		done <- err
	}()
	conn, err := dial(t.wire.ends[0], c.plan.options)
	if err2 := <-done; err == nil {
		err = err2
	}
	c.conn = conn
	return err
}

// holdTalk holds a conversation of two sides.
func (t *talk) holdTalk(r *rand.Rand) {
	if err := t.open(); err != nil {
		t.fail("harness", "no connection: %v", err)
		return
	}
	if t.wire.relay != nil {
		t.wire.relay.armed.Store(true)
	}
	var all, writers sync.WaitGroup
	for _, s := range t.sides {
		s.begin(r.Uint64(), &all, &writers)
	}
	t.pass(t.plan.length)
	if t.plan.quiet {
		close(t.stop)
		writers.Wait()
		t.settle()
	}
	for _, s := range t.sides {
		if s.plan.pause != 0 {
			t.event(event{kind: stalled, side: s.n})
		}
	}
	if !t.failed.Load() {
		t.end()
	}
	if !t.plan.quiet {
		close(t.stop)
	}
	t.conclude(&all)
}

// begin starts the goroutines of a side.
func (s *side) begin(seed uint64, all, writers *sync.WaitGroup) {
	start := func(n int, wg *sync.WaitGroup, f func(r *rand.Rand, id int)) {
		for id := range n {
			all.Add(1)
			if wg != nil {
				wg.Add(1)
			}
			r := rand.New(rand.NewPCG(seed, uint64(id)))
			seed++
			go s.guard(func() {
				defer all.Done()
				if wg != nil {
					defer wg.Done()
				}
				f(r, id)
			})
		}
	}
	if s.t.plan.shape == streaming {
		s.beginStream(start, writers)
		return
	}
	if s.plan.discard {
		ctx := context.Background()
		if s.plan.readers > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, 50*time.Millisecond)
			s.late = append(s.late, ctx.Done())
			context.AfterFunc(ctx, cancel)
		}
		s.discards.Store(true)
		s.conn.CloseRead(ctx)
	}
	s.baton = make(chan struct{}, 1)
	s.baton <- struct{}{}
	start(s.plan.readers, nil, s.readAll)
	start(s.plan.writers, writers, s.writeAll)
	if s.plan.pings {
		start(1, writers, s.pingAll)
	}
	start(1, writers, s.meddle)
}

// pass waits until a time has passed, or an end has begun by itself.
func (t *talk) pass(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end) && !t.failed.Load() && !t.run.Hurry.Load(); {
		time.Sleep(min(5*time.Millisecond, d))
		if t.sides[0].over() || t.sides[1].over() {
			return
		}
	}
}

// settle waits until all that was taken has arrived: while the connection is open and the peer reads, it must.
func (t *talk) settle() {
	for _, s := range t.sides {
		if s.peer.plan.discard || !s.peer.plan.reads() {
			continue
		}
		left := -1
		for end := time.Now(); ; time.Sleep(2 * time.Millisecond) {
			_, all, example := s.missing()
			if all != left {
				left, end = all, time.Now().Add(t.patience()) // a busy machine is slow, and goes on
			}
			if all == 0 || t.failed.Load() || t.sides[0].ended.Load() != nil || t.sides[1].ended.Load() != nil || t.hard() {
				break
			}
			if time.Now().After(end) {
				t.failStuck("stuck", "", "%d messages of the %v do not arrive (%s; buffered %d)", all, s, example, s.conn.Buffered())
				return
			}
		}
	}
}

// patience is how long what was taken may take to arrive.
func (t *talk) patience() time.Duration {
	d := t.run.Slack + 5*time.Second
	for i := range t.plan.sides {
		d += max(t.plan.sides[i].pause, 0)
	}
	if t.plan.transport.slow() {
		d *= 10
	}
	return d
}

// hard reports whether something has happened that must end the connection.
func (t *talk) hard() bool {
	return !t.firstEventAt().IsZero()
}

// firstEventAt returns when the first such thing has happened, or the zero time.
func (t *talk) firstEventAt() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.firstEvent
}

// conclude waits for the end of everything and judges it.
func (t *talk) conclude(all *sync.WaitGroup) {
	for _, s := range t.sides {
		if s.conn != nil {
			s.awaitEnd()
		}
	}
	for _, s := range t.sides {
		if s.conn != nil {
			s.guard(func() { s.close(1000, "") })
		}
	}
	all.Wait()
	for _, s := range t.sides {
		s.awaitLate()
	}
	for _, s := range t.sides {
		if s.conn != nil {
			s.guard(s.afterwards)
		}
	}
	t.judge()
}

// awaitEnd waits until a side that reads has learned that the other has ended the connection.
func (s *side) awaitEnd() {
	t := s.t
	if s.plan.readers == 0 && !s.plan.discard || s.plan.pause < 0 || s.plan.discard && s.plan.readers > 0 {
		return
	}
	for end := time.Now().Add(s.plan.closeBound() + t.patience()); !s.over(); time.Sleep(2 * time.Millisecond) {
		select {
		case <-t.holes:
			return
		case <-s.conn.Context().Done():
			return
		default:
		}
		if t.script == nil && t.plan.ending.how == byLimit && s.peer != nil && s.peer.ended.Load() == nil {
			return // nothing was sent that is over the limit
		}
		if time.Now().After(end) {
			t.failStuck("unnoticed", "", "the %v has not noticed the end", s)
			return
		}
	}
}

// describe returns what was drawn.
func (t *talk) describe() string {
	if t.script == nil {
		return t.plan.String()
	}
	return fmt.Sprintf("%v\n  script %+v", t.plan, *t.script)
}
