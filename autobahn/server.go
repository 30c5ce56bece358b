package autobahn

// This file is the fuzzing server: clients under test connect to it, one connection a case. What it answers at which URL
// is urls.go's.

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A FuzzingServer tests clients, which must connect to /runCase?case=N&agent=A for every N up to the number that they
// get from /getCaseCount, and echo every message as it came. Its fields are set before Serve and not changed afterwards.
//
// Further URLs, as in the original: /getCaseInfo?case=N, /getCaseStatus?case=N&agent=A, /updateReports?agent=A (with
// shutdownOnComplete=true it also ends Serve) and /stopServer. In place of case=N, which counts the selected cases,
// casetuple=1.2.3 names a case. A connection to any other path stays open until the client closes it.
type FuzzingServer struct {
	Spec   ServerSpecFile // where to listen, and which cases to run
	Rounds int            // most round trips of the cases in sections 9, 12 and 13; 0: as many as the original, 1000

	// Process, if not zero, is the client under test: Serve starts it, and ends when it does. The cases that measure its
	// memory (S4) are left out without it.
	Process ProcessSpec

	// WriteReports is called for /updateReports; nil: nothing is written.
	WriteReports func(*Report) error
	// Progress, if not nil, is called after every case, by one goroutine at a time.
	Progress func(*Result)

	quiet    time.Duration // how long a process must take no memory until it is judged, if tests set it
	process  *process
	left     atomic.Bool // the process has ended by itself
	cases    []*Case
	excluded exclusions
	limits   Timeouts
	report   *Report
	stop     context.CancelFunc

	mu      sync.Mutex
	changed *sync.Cond       // of mu: a case has ended
	running map[underWay]int // guarded by mu
}

// underWay names a case that an agent plays.
type underWay struct{ agent, id string }

// Serve accepts connections until the end of ctx, an error of the listener, a client's request to stop, or the end of
// the client under test, which are all ordinary ends; it closes the listener and waits for the cases under way. That the
// client under test ends with another status than 0, or before it has played every case, is an error. The report holds
// what was found.
func (s *FuzzingServer) Serve(ctx context.Context, l net.Listener) (*Report, error) {
	var err error
	if s.cases, err = s.selected(); err != nil {
		return nil, err
	}
	s.excluded = compileExclusions(s.Spec.ExcludeAgentCases)
	s.limits = s.Spec.Options.over(Timeouts{}).orDefault()
	s.report, s.running, s.changed = NewReport(), map[underWay]int{}, sync.NewCond(&s.mu)
	ctx, s.stop = context.WithCancel(ctx)
	defer s.stop()
	defer context.AfterFunc(ctx, func() {
		l.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.changed.Broadcast()
	})()
	if s.process, err = startProcess(s.Process); err != nil {
		return nil, err
	}
	defer s.process.stop()
	if s.process != nil {
		go s.endWithProcess(ctx)
	}
	return s.report, s.acceptAll(ctx, l)
}

// endWithProcess stops the server when the client under test has ended, and what it played has come to its end here.
func (s *FuzzingServer) endWithProcess(ctx context.Context) {
	<-s.process.ended
	s.left.Store(ctx.Err() == nil)
	s.settle(ctx, func(underWay) bool { return true })
	s.stop()
}

// acceptAll serves connections until the end of ctx or an error of the listener, and returns when all have ended.
func (s *FuzzingServer) acceptAll(ctx context.Context, l net.Listener) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		conn, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				conn.Close()
			}
			return s.leftBadly()
		case err != nil && temporary(err):
			time.Sleep(10 * time.Millisecond)
		case err != nil:
			return fmt.Errorf("autobahn: %w", err)
		default:
			wg.Go(func() { s.serve(ctx, conn) })
		}
	}
}

// leftBadly is an error if the client under test has ended by itself, and says that it has failed, or has not played
// every case as any agent: what is missing must not pass for right. Cases that are excluded for agents are not counted.
func (s *FuzzingServer) leftBadly() error {
	if !s.left.Load() {
		return nil
	}
	most := 0
	for _, agent := range s.report.Agents() {
		most = max(most, len(s.report.Results(agent)))
	}
	if s.process.cmd.ProcessState.Success() && (most == len(s.cases) || len(s.excluded) > 0) {
		return nil
	}
	return fmt.Errorf("autobahn: the client under test has played %d of %d cases and %s", most, len(s.cases), s.process.endedWith())
}

// Count is the number of cases that the server will offer.
func (s *FuzzingServer) Count() (int, error) {
	cases, err := s.selected()
	return len(cases), err
}

func (s *FuzzingServer) selected() ([]*Case, error) {
	cases, err := Select(s.Spec.Cases, s.Spec.ExcludeCases)
	if err != nil {
		return nil, err
	}
	cases = slices.DeleteFunc(cases, func(c *Case) bool { return c.Roles&Clients == 0 || c.Child && s.Process.Command == nil })
	if len(cases) == 0 {
		return nil, errors.New("autobahn: none of the cases selected is for clients" + withoutChild(s.Process))
	}
	return cases, nil
}

// temporary tells whether accepting may work again, as when descriptors have run out.
func temporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

// readRequest reads the head of a request, within the limit for opening handshakes.
func (s *FuzzingServer) readRequest(ctx context.Context, conn net.Conn) (*httpHead, []byte, error) {
	late := time.AfterFunc(s.limits.Open, func() { conn.Close() })
	defer late.Stop()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	var raw []byte
	buf := make([]byte, 4<<10)
	for {
		n, err := conn.Read(buf)
		raw = append(raw, buf[:n]...)
		if h, _, perr := parseHead(raw); h != nil || perr != nil {
			return h, raw, perr
		}
		if err != nil {
			return nil, nil, err
		}
	}
}

// runCase plays a case and keeps its result.
func (s *FuzzingServer) runCase(ctx context.Context, r *run, opening func(*run) bool) {
	playing := underWay{r.res.Agent, r.c.ID}
	s.mu.Lock()
	s.running[playing]++
	s.mu.Unlock()
	res := r.play(ctx, opening)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running[playing]--; s.running[playing] == 0 {
		delete(s.running, playing)
	}
	defer s.changed.Broadcast()
	if ctx.Err() != nil {
		return // cut short: not a verdict
	}
	s.report.Add(res)
	if s.Progress != nil {
		s.Progress(res)
	}
}

// settle waits until none of the cases that matter is under way: one ends for the client before it ends here.
func (s *FuzzingServer) settle(ctx context.Context, matters func(underWay) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ctx.Err() == nil && slices.ContainsFunc(slices.Collect(maps.Keys(s.running)), matters) {
		s.changed.Wait()
	}
}
