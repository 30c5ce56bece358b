package model

// This file holds the watch: who has called what, and whether it should have returned.

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// Times are of the real clock or of a bubble's.
const (
	realTick   = 20 * time.Millisecond
	bubbleTick = 20 * time.Millisecond
	// bubbleSlack is how many looks of the watch a call may be overdue in a bubble, where whatever can be done is done
	// before time goes on.
	bubbleSlack = 3
)

// call is one that is under way.
type call struct {
	name    string
	s       *side
	ctx     context.Context // may end it; nil if it cannot
	began   time.Time
	atOnce  bool // must not wait
	inBody  int  // the loop's body runs
	overdue int  // how often the watch has found that it should have returned
	told    bool
}

// watch looks after the calls of one conversation.
type watch struct {
	t     *talk
	mu    sync.Mutex
	calls map[*call]struct{}
	quit  chan struct{}
	gone  chan struct{}
}

func newWatch(t *talk) *watch {
	return &watch{t: t, calls: map[*call]struct{}{}, quit: make(chan struct{}), gone: make(chan struct{})}
}

// begin notes a call.
func (w *watch) begin(c *call) *call {
	c.began = time.Now()
	w.mu.Lock()
	w.calls[c] = struct{}{}
	w.mu.Unlock()
	return c
}

// done notes that a call has returned.
func (w *watch) done(c *call) {
	w.mu.Lock()
	delete(w.calls, c)
	w.mu.Unlock()
}

// change changes a call that is under way.
func (w *watch) change(f func()) {
	w.mu.Lock()
	f()
	w.mu.Unlock()
}

// due reports whether c should have returned.
func (w *watch) due(c *call) bool {
	if c.inBody > 0 {
		c.overdue = 0
		return false
	}
	return c.atOnce || c.ctx != nil && c.ctx.Err() != nil || c.s.mustKnow(time.Now())
}

// run looks at the calls until it is told to quit.
func (w *watch) run() {
	defer close(w.gone)
	tick, slack := realTick, int(w.t.run.Slack/realTick)
	if w.t.bubble {
		tick, slack = bubbleTick, bubbleSlack
	}
	for ticker := time.NewTicker(tick); ; {
		select {
		case <-w.quit:
			ticker.Stop()
			return
		case <-ticker.C:
			w.look(slack, tick)
		}
	}
}

// look reports the calls that are overdue.
func (w *watch) look(slack int, tick time.Duration) {
	w.mu.Lock()
	var late []*call
	for c := range w.calls {
		if !w.due(c) {
			continue
		}
		if c.overdue++; c.overdue > slack && !c.told {
			c.told = true
			late = append(late, c)
		}
	}
	w.mu.Unlock()
	for _, c := range late {
		why := "has to return at once"
		if !c.atOnce {
			if why = "the connection has ended"; c.ctx != nil && c.ctx.Err() != nil {
				why = "its context has ended"
			}
		}
		w.t.failStuck("late", c.name+": "+why, "%s of the %v, called %v ago: %s", c.name, c.s, time.Since(c.began), why)
	}
}

// stacks returns the stacks of the goroutines of the library and of the model; of those in the caller's bubble only, if
// it is in one.
func stacks(bubble bool) string {
	p := make([]byte, 8<<20)
	all := strings.Split(string(p[:runtime.Stack(p, true)]), "\n\n")
	in := "websocket"
	if i := strings.Index(all[0], "synctest bubble"); bubble && i > 0 {
		in, _, _ = strings.Cut(all[0][i:], "]")
		in += "]"
	}
	return strings.Join(slices.DeleteFunc(all, func(g string) bool { return !strings.Contains(g, in) }), "\n\n")
}
