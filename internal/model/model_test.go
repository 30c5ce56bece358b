package model

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/leak"
)

var (
	duration = flag.Duration("model.duration", 0, "how long to hold conversations; 0: a few in bubbles")
	share    = flag.Int64("model.share", 1, "one part of so many of -model.duration is enough")
	seed     = flag.Uint64("model.seed", 0, "hold only the conversation of this seed, for -model.duration")
	bubble   = flag.Bool("model.bubble", false, "... in a bubble")
	base     = flag.Uint64("model.base", 0, "the first seed; 0: from the clock")
	parallel = flag.Int("model.parallel", 16, "how many conversations are held at a time")
	slack    = flag.Duration("model.slack", 4*time.Second, "how late a call may be on a busy machine")
	without  = flag.String("model.without", strings.Join(Known, ","), "what to leave out, with commas")
	keep     = flag.Bool("model.keep", false, "go on after a finding, and count")
	only     = flag.String("model.only", "", "bubble or real")
	churn    = flag.Bool("model.churn", false, "only short conversations whose owner closes the net.Conn")
	filter   = flag.Bool("model.filter", false, "only conversations over TLS on sockets; with -model.only=real")
	running  = flag.String("model.running", "", "a file that names the conversations under way, for crashes")
)

// fixed is how many conversations are held where no duration is given, all in bubbles.
const fixed = 150

// rounds runs conversations, and collects what they find.
type rounds struct {
	t         *testing.T
	run       *Run
	began     time.Time
	end       time.Time
	held      atomic.Int64
	elapsed   atomic.Int64 // by the real clock, for those in a bubble
	stop      atomic.Bool
	abandoned atomic.Bool // a conversation hangs: what is left over says nothing any more
	slots     *os.File

	mu    sync.Mutex
	found map[string]int
	first map[string]Finding
}

func TestModel(t *testing.T) {
	r := &rounds{t: t, began: time.Now(), found: map[string]int{}, first: map[string]Finding{}}
	r.end = r.began.Add(*duration / time.Duration(*share))
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	go func() {
		for range tick.C {
			r.elapsed.Store(int64(time.Since(r.began)))
		}
	}()
	r.run = &Run{Slack: *slack, Without: map[string]bool{}, Report: r.report}
	for _, name := range strings.Split(*without, ",") {
		r.run.Without[name] = true
	}
	r.run.Without["all but churn"] = *churn
	r.run.Without["all but TLS on sockets"] = *filter
	if *running != "" {
		var err error
		if r.slots, err = os.Create(*running); err != nil {
			t.Fatal(err)
		}
		defer r.slots.Close()
	}
	first := *base
	switch {
	case first == 0 && *duration == 0:
		first = 1
	case first == 0:
		first = uint64(time.Now().UnixNano())
	}
	t.Logf("GOMAXPROCS %d, seeds from %#x on", runtime.GOMAXPROCS(0), first)
	descriptors := leak.Descriptors()
	for n := uint64(0); !r.over(int(n)); {
		n += r.batch(first + n)
		if r.abandoned.Load() {
			continue
		}
		if left := leak.Left(descriptors, ours); left != "" && !r.stop.Load() {
			r.report(Finding{Seed: first + n, Rule: "leak", Text: "in the last round or one before\n" + left})
		}
	}
	for key, n := range r.found {
		t.Logf("%d x %s, first by %#x (bubble: %v)", n, key, r.first[key].Seed, r.first[key].Bubble)
	}
	t.Logf("%d conversations in %v", r.held.Load(), time.Since(r.began).Round(time.Millisecond))
}

// clock returns how long the test has run.
func (r *rounds) clock() time.Duration {
	return time.Duration(r.elapsed.Load()).Round(time.Millisecond)
}

// over reports whether it is time to end.
func (r *rounds) over(n int) bool {
	if *duration == 0 {
		return n >= fixed || r.stop.Load()
	}
	return time.Now().After(r.end) || r.stop.Load()
}

// batch holds conversations for a few seconds, many at a time, and returns how many seeds it has used.
func (r *rounds) batch(first uint64) uint64 {
	var next atomic.Uint64
	var wg sync.WaitGroup
	end := time.Now().Add(5 * time.Second)
	r.run.Hurry.Store(false)
	for slot := range *parallel {
		wg.Go(func() {
			for time.Now().Before(end) {
				n := next.Add(1) - 1
				if r.over(int(n)) {
					return
				}
				r.hold(slot, first+n)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	var over time.Time
	for {
		select {
		case <-done:
			return next.Load()
		case <-time.After(100 * time.Millisecond):
		}
		if over.IsZero() && (r.stop.Load() || time.Now().After(end)) {
			over = time.Now()
			r.run.Hurry.Store(*duration != 0) // those that are always the same stay so
		}
		if !over.IsZero() && time.Since(over) > 3*time.Minute {
			r.t.Fatalf("conversations do not end\n%s", stacks(false))
		}
	}
}

// hold holds one conversation.
func (r *rounds) hold(slot int, s uint64) {
	inBubble := s%2 == 0
	switch {
	case *only != "":
		inBubble = *only == "bubble"
	case *duration == 0:
		inBubble = true
	}
	if *seed != 0 {
		s, inBubble = *seed, *bubble
	}
	if r.slots != nil {
		r.slots.WriteAt(fmt.Appendf(nil, "%#018x bubble %-5v\n", s, inBubble), int64(slot)*32)
	}
	r.held.Add(1)
	if inBubble {
		synctest.Test(r.t, func(*testing.T) { r.run.Hold(s, true) })
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.run.Hold(s, false)
	}()
	select {
	case <-done:
	case <-time.After(patience):
		// What broke a rule may never end.
		r.abandoned.Store(true)
		r.report(Finding{Seed: s, Rule: "hang", Text: fmt.Sprintf("a conversation has not ended within %v\n%s", patience, stacks(false))})
	}
}

// patience is how long a conversation may take by the real clock.
const patience = 90 * time.Second

// report takes a finding.
func (r *rounds) report(f Finding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := f.Rule + ": " + f.Kind
	r.found[key]++
	if r.found[key] == 1 {
		r.first[key] = f
		// At once, for what was found may keep the test from its end.
		fmt.Fprintf(os.Stderr, "FOUND after %v: %v\n", r.clock(), f)
		r.t.Errorf("%v", key)
	}
	if !*keep {
		r.stop.Store(true)
	}
}

// ours reports whether a goroutine is one that the library or this package has started.
func ours(stack string) bool {
	return strings.Contains(stack, "websocket") && !strings.Contains(stack, "TestModel")
}
