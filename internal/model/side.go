package model

// This file holds one side of a conversation: its connection, and what its calls return.

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// side is one side of a conversation.
type side struct {
	t    *talk
	n    int // 0 the client, 1 the server
	plan *sidePlan
	conn *websocket.Conn
	peer *side // nil if a script is there

	ended   atomic.Pointer[websocket.CloseError] // how, once a call has told
	endedAt atomic.Int64                         // when, in nanoseconds
	must    atomic.Int64                         // from when on every call must return, in nanoseconds; 0 for never

	out  ledger                // of what this side sends
	feed websocket.Broadcaster // of half of what it prepares

	bodies     atomic.Int32
	stream     struct{ sent, got atomic.Int64 }
	streamOver atomic.Bool
	lateMu     sync.Mutex
	late       []<-chan struct{} // closed when what bodies have started is over
	busy       atomic.Bool       // a read found another in progress
	discards   atomic.Bool       // CloseRead has been called
	unfinished atomic.Bool       // the closing handshake was not completed
	cut        atomic.Bool       // the context of a large or a streamed message has ended in it: nothing can be sent behind that
	baton      chan struct{}
	started    time.Time
}

func (s *side) String() string {
	if s.n == 0 {
		return "client"
	}
	return "server"
}

// over reports whether the side knows that its connection has ended, or the conversation was given up.
func (s *side) over() bool { return s.ended.Load() != nil || s.t.failed.Load() }

// mustKnow reports whether all calls must have returned by now.
func (s *side) mustKnow(now time.Time) bool {
	at := s.must.Load()
	return at != 0 && now.UnixNano() > at
}

// endsBy says that every call must return by then.
func (s *side) endsBy(at time.Time) {
	n := at.UnixNano()
	for {
		old := s.must.Load()
		if old != 0 && old <= n || s.must.CompareAndSwap(old, n) {
			return
		}
	}
}

// do makes a call, which ctx may end unless it is nil, and judges its error.
func (s *side) do(name string, ctx context.Context, atOnce bool, f func() error) error {
	known := s.ended.Load()
	c := s.t.watch.begin(&call{name: name, s: s, ctx: ctx, atOnce: atOnce})
	err := f()
	s.t.watch.done(c)
	s.judge(name, ctx, known, err)
	return err
}

// judge checks the error of a call. known is how the connection had ended before the call began, as far as was known.
func (s *side) judge(name string, ctx context.Context, known *websocket.CloseError, err error) {
	var closed *websocket.CloseError
	errors.As(err, &closed)
	if closed != nil {
		s.sawEnd(name, closed)
	}
	if known != nil && closed != known {
		s.t.fail("same", "%s of the %v after the end returned %q, before it was %q", name, s, text(err), known)
		return
	}
	switch {
	case err == nil, closed != nil, writeFailed(err):
	case ctx != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()):
	case err == websocket.ErrReadInProgress && s.plan.competes():
		s.busy.Store(true)
	case err == websocket.ErrBackpressure && s.plan.options.FailWhenFull:
	case err == websocket.ErrWriteInProgress && (s.plan.options.WriteTimeout >= 0 || s.plan.options.FailWhenFull):
	case name == "Queue" && (err == websocket.ErrBackpressure || err == websocket.ErrWriteInProgress):
	case name == "Ping" && errors.Is(err, os.ErrDeadlineExceeded):
	default:
		s.t.fail("untyped", "%s of the %v returned %q (context: %v)", name, s, err, ctxErr(ctx))
	}
}

func ctxErr(ctx context.Context) error {
	if ctx == nil {
		return nil
	}
	return ctx.Err()
}

func text(err error) string {
	if err == nil {
		return "nil"
	}
	return err.Error()
}

// sawEnd notes how the connection has ended, and that it is the same for all who ask.
func (s *side) sawEnd(name string, closed *websocket.CloseError) {
	if s.ended.CompareAndSwap(nil, closed) {
		s.endedAt.Store(time.Now().UnixNano())
		s.endsBy(time.Now().Add(s.plan.closeBound()))
		if !s.t.anyEvent() {
			s.t.fail("ended", "%s of the %v returned %q", name, s, closed)
		}
		return
	}
	if was := s.ended.Load(); was != closed {
		s.t.fail("same", "%s of the %v returned %q, another call %q", name, s, closed, was)
	}
}

// guard runs f, and reports its panic.
func (s *side) guard(f func()) {
	defer func() {
		if v := recover(); v != nil && v != errBody {
			s.t.fail("panic", "on the %v: %v\n%s", s, v, debug.Stack())
			s.t.abandon()
		}
	}()
	f()
}

// errBody is what a body panics with on purpose.
var errBody = errors.New("a body panicked on purpose")

// context draws the context of a call.
func (s *side) context(r *rand.Rand) (context.Context, context.CancelFunc) {
	switch k := r.IntN(20); {
	case k < 6:
		return context.Background(), func() {}
	case k < 10:
		return s.conn.Context(), func() {}
	case k < 16:
		return context.WithTimeout(context.Background(), s.t.short(r))
	}
	ctx, cancel := context.WithCancel(context.Background())
	timer := time.AfterFunc(s.t.short(r), cancel)
	return ctx, func() { timer.Stop(); cancel() }
}

// bounded is context without those that do not end.
func (s *side) bounded(r *rand.Rand, most time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), min(most, s.t.short(r)))
}

// short draws a time between a microsecond and half a second: all magnitudes are as likely.
func (t *talk) short(r *rand.Rand) time.Duration {
	d := time.Microsecond
	for range r.IntN(19) {
		d *= 2
	}
	return d + time.Duration(r.Int64N(int64(d)))
}

// nap waits a little, or not.
func (s *side) nap(r *rand.Rand) {
	switch r.IntN(6) {
	case 0:
		time.Sleep(time.Duration(r.IntN(2000)) * time.Microsecond)
	case 1:
		if s.t.bubble {
			time.Sleep(time.Duration(r.IntN(200)) * time.Millisecond)
		}
	}
}

// ledger is what is known of the messages of one direction.
type ledger struct {
	mu      sync.Mutex
	fates   [][]fate        // by writer and number
	came    map[[2]int]bool // by writer and number
	order   map[[3]int]int  // by reader, side's turn, and writer: the last number
	excused int             // messages that a reader threw away before it knew which
}

// fate is what a write said about its message.
type fate uint8

const (
	pending  fate = iota // nothing yet
	accepted             // it was taken
	refused              // it was not
	unknown              // the connection ended meanwhile
)

func (f fate) String() string { return [...]string{"pending", "accepted", "refused", "unknown"}[f] }

// begin returns the number of the next message of a writer.
func (l *ledger) begin(writer int) uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.fates) <= writer {
		l.fates = append(l.fates, nil)
	}
	l.fates[writer] = append(l.fates[writer], pending)
	return uint32(len(l.fates[writer]) - 1)
}

// settle notes what a write said.
func (l *ledger) settle(writer int, seq uint32, err error) {
	f := refused
	var closed *websocket.CloseError
	switch {
	case err == nil:
		f = accepted
	case errors.As(err, &closed), writeFailed(err):
		f = unknown
	}
	l.mu.Lock()
	l.fates[writer][seq] = f
	l.mu.Unlock()
}

// excuse notes that a message was thrown away by its reader.
func (l *ledger) excuse() {
	l.mu.Lock()
	l.excused++
	l.mu.Unlock()
}

// deliver judges a message that has come to s, whole or its beginning. turn names those who deliver in order.
func (s *side) deliver(op websocket.Opcode, p []byte, whole bool, turn int) {
	st, ok := parseStamp(p)
	switch {
	case !ok && !whole:
		s.peer.out.excuse()
		return
	case !ok:
		s.t.fail("content", "the %v got %d bytes that are no message: %.60q", s, len(p), p)
		return
	case st.talk != s.t.seed:
		s.t.fail("foreign", "the %v got a message of conversation %#x: %+v", s, st.talk, st)
		return
	case int(st.side) == s.n || st.op != op || whole && int(st.size) != len(p) || int(st.size) < len(p) || st.size > maxMessage:
		s.t.fail("content", "the %v got %v of %d bytes (whole: %v), stamped %+v", s, op, len(p), whole, st)
		return
	case string(st.body()[:len(p)-stampSize]) != string(p[stampSize:]):
		s.t.fail("content", "the %v got a message that was changed: %+v", s, st)
		return
	}
	if err := s.peer.out.arrived(st, turn); err != "" {
		s.t.fail(err, "the %v got %+v (whole: %v)", s, st, whole)
	}
}

// arrived notes a message and returns the rule that it breaks.
func (l *ledger) arrived(st stamp, turn int) (broken string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w, n := int(st.writer), int(st.seq)
	if w >= len(l.fates) || n >= len(l.fates[w]) {
		return "content"
	}
	if l.came == nil {
		l.came, l.order = map[[2]int]bool{}, map[[3]int]int{}
	}
	if l.came[[2]int{w, n}] {
		return "once"
	}
	l.came[[2]int{w, n}] = true
	key := [3]int{turn, 0, w}
	if last, ok := l.order[key]; ok && last > n {
		return "order"
	}
	l.order[key] = n
	if l.fates[w][n] == refused {
		return "refused"
	}
	return ""
}

// missing returns how many messages were taken and have not come: those before another that has, and all.
func (l *ledger) missing() (before, all int, example string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for w, fates := range l.fates {
		last := -1
		for n := range fates {
			if l.came[[2]int{w, n}] {
				last = n
			}
		}
		for n, f := range fates {
			if f != accepted || l.came[[2]int{w, n}] {
				continue
			}
			all++
			if n < last {
				before++
			}
			if example == "" {
				example = fmt.Sprintf("writer %d: message %d of %d, the last that came is %d", w, n, len(fates), last)
			}
		}
	}
	return max(before-l.excused, 0), max(all-l.excused, 0), example
}

// refusedCame returns a message that was refused and came before that was known.
func (l *ledger) refusedCame() (example string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for w, fates := range l.fates {
		for n, f := range fates {
			if f == refused && l.came[[2]int{w, n}] {
				return fmt.Sprintf("writer %d: message %d", w, n)
			}
		}
	}
	return ""
}

// missing returns what is missing of what s has sent.
func (s *side) missing() (before, all int, example string) {
	if s.t.plan.shape == streaming {
		return 0, s.missingBytes(), "bytes"
	}
	return s.out.missing()
}
