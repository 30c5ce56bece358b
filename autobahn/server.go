package autobahn

// This file is the fuzzing server: clients under test connect to it, one connection a case. Its URLs are the original's,
// so that drivers written for the original work unchanged.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A FuzzingServer tests clients, which must connect to /runCase?case=N&agent=A for every N up to the number that they
// get from /getCaseCount, and echo every message as it came. Its fields are set before Serve and not changed afterwards.
//
// Further URLs, as in the original: /getCaseInfo?case=N, /getCaseStatus?case=N&agent=A, /updateReports?agent=A (with
// shutdownOnComplete=true it also ends Serve) and /stopServer. In place of case=N, which counts the selected cases,
// casetuple=1.2.3 names a case. A connection to any other path stays open until
// the client closes it.
type FuzzingServer struct {
	Spec   ServerSpecFile
	Rounds int // most round trips of the cases in sections 9, 12 and 13; 0: as many as the original, 1000

	// Process, if not zero, is the client under test: Serve starts it, and ends when it does. The cases that measure its
	// memory (S4) are left out without it.
	Process ProcessSpec

	// WriteReports is called for /updateReports; nil: nothing is written.
	WriteReports func(*Report) error
	// Progress, if not nil, is called after every case, by one goroutine at a time.
	Progress func(*Result)

	process  *process
	left     atomic.Bool // the process has ended by itself
	cases    []*Case
	excluded exclusions
	limits   Timeouts
	report   *Report
	stop     context.CancelFunc

	mu      sync.Mutex
	changed *sync.Cond     // of mu: a case has ended
	running map[string]int // guarded by mu; cases under way by agent
}

// Serve accepts connections until the end of ctx, an error of the listener, or a client's request to stop, which are
// all ordinary ends; it closes the listener and waits for the cases under way. That the client under test ends with
// another status than 0 is an error. The report holds what was found.
func (s *FuzzingServer) Serve(ctx context.Context, l net.Listener) (*Report, error) {
	var err error
	if s.cases, err = s.selected(); err != nil {
		return nil, err
	}
	s.excluded = compileExclusions(s.Spec.ExcludeAgentCases)
	s.limits = s.Spec.Options.over(Timeouts{}).orDefault()
	s.report, s.running, s.changed = NewReport(), map[string]int{}, sync.NewCond(&s.mu)
	ctx, s.stop = context.WithCancel(ctx)
	defer s.stop()
	defer context.AfterFunc(ctx, func() {
		l.Close()
		s.changed.Broadcast()
	})()
	if s.process, err = startProcess(s.Process); err != nil {
		return nil, err
	}
	defer s.process.stop()
	if s.process != nil {
		go func() {
			<-s.process.ended
			s.left.Store(ctx.Err() == nil)
			s.stop()
		}()
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		conn, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			return s.report, s.leftBadly()
		case err != nil && temporary(err):
			time.Sleep(10 * time.Millisecond)
		case err != nil:
			return s.report, fmt.Errorf("autobahn: %w", err)
		default:
			wg.Go(func() { s.serve(ctx, conn) })
		}
	}
}

// leftBadly is an error if the client under test has ended by itself, and says that it has failed.
func (s *FuzzingServer) leftBadly() error {
	if !s.left.Load() || s.process.cmd.ProcessState.Success() {
		return nil
	}
	return fmt.Errorf("autobahn: the client under test has %s", s.process.endedWith())
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

// serve handles one connection: it reads the request and does what its path asks.
func (s *FuzzingServer) serve(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	req, raw, err := s.readRequest(ctx, conn)
	if err != nil {
		return
	}
	target := ""
	if parts := strings.Split(req.start, " "); len(parts) == 3 {
		target = parts[1]
	}
	u, err := url.ParseRequestURI(target)
	if err != nil {
		u = &url.URL{}
	}
	q := u.Query()
	agent := q.Get("agent")
	c, caseErr := s.find(q)
	answer := func(script ...step) { s.control(ctx, conn, req, raw, append(script, closeWith(1000, ""))...) }
	switch u.Path {
	case "/getCaseCount":
		answer(sendJSON(len(s.cases)))
	case "/runCase":
		if caseErr != nil || agent == "" {
			s.reject(conn, cmp.Or(caseErr, errors.New("no agent is named")))
			return
		}
		s.runCase(ctx, conn, req, raw, c, agent)
	case "/getCaseInfo":
		if caseErr != nil {
			s.reject(conn, caseErr)
			return
		}
		answer(sendJSON(map[string]string{"id": c.ID, "description": c.Description}))
	case "/getCaseStatus":
		if caseErr != nil || agent == "" {
			s.reject(conn, cmp.Or(caseErr, errors.New("no agent is named")))
			return
		}
		if r := s.await(ctx, agent, c.ID); r != nil {
			answer(sendJSON(map[string]Outcome{"behavior": r.Behavior}))
		}
	case "/updateReports":
		s.settle(ctx, agent)
		if err := s.writeReports(); err != nil {
			s.control(ctx, conn, req, raw, send(text(err.Error())), closeWith(1011, "the reports could not be written"))
			return
		}
		answer()
		if yes := strings.ToLower(q.Get("shutdownOnComplete")); yes == "true" || yes == "yes" {
			s.stop()
		}
	case "/stopServer":
		answer()
		s.stop()
	default:
		// As in the original: drivers connect to / to see whether the server is there.
		s.control(ctx, conn, req, raw, untilClosed)
	}
}

func (s *FuzzingServer) writeReports() error {
	if s.WriteReports == nil {
		return nil
	}
	return s.WriteReports(s.report)
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

// find is the case that the query names, by its number among those selected or by its ID.
func (s *FuzzingServer) find(q url.Values) (*Case, error) {
	if id := strings.TrimSpace(q.Get("casetuple")); id != "" {
		for _, c := range s.cases {
			if c.ID == id {
				return c, nil
			}
		}
		return nil, fmt.Errorf("no case %q", id)
	}
	n, err := strconv.Atoi(q.Get("case"))
	if err != nil || n < 1 || n > len(s.cases) {
		return nil, fmt.Errorf("no case %q: there are %d", q.Get("case"), len(s.cases))
	}
	return s.cases[n-1], nil
}

func (s *FuzzingServer) reject(conn net.Conn, err error) {
	body := err.Error() + "\n"
	h := &httpHead{start: "HTTP/1.1 404 Not Found"}
	h.add("Content-Type", "text/plain; charset=utf-8")
	h.add("Content-Length", strconv.Itoa(len(body)))
	h.add("Connection", "close")
	conn.Write([]byte(h.String() + body))
}

// control plays a script that is no case: a connection over which a driver and the server talk.
func (s *FuzzingServer) control(ctx context.Context, conn net.Conn, req *httpHead, raw []byte, script ...step) {
	c := &Case{script: script}
	s.newRun(c, conn, req, raw, "").play(ctx, openAsServer(req))
}

// untilClosed leaves it to the other side to end the connection.
func untilClosed(r *run) { r.pump(func() bool { return false }) }

func sendJSON(v any) step {
	b, _ := plainJSON(v) // of types that can always be marshalled
	return send(text(string(b)))
}

// newRun prepares a run over a connection whose request has been read.
func (s *FuzzingServer) newRun(c *Case, conn net.Conn, req *httpHead, raw []byte, agent string) *run {
	r := newRun(c, conn, true, agent)
	r.timeouts, r.rounds, r.process = s.limits, s.Rounds, s.process
	r.request.protocols = s.Spec.Protocols
	head := req.String()
	if _, n, _ := parseHead(raw); n > 0 {
		head, r.rx.rest = string(raw[:n]), raw[n:]
	}
	r.answer = req
	r.res.HTTPRequest = strings.TrimSpace(head)
	r.traffic.PreopenIncomingOctetsWireLevel = int64(len(raw))
	r.logOctets("RO", []byte(head), false)
	return r
}

func (s *FuzzingServer) runCase(ctx context.Context, conn net.Conn, req *httpHead, raw []byte, c *Case, agent string) {
	if s.excluded.has(agent, c.ID) {
		s.control(ctx, conn, req, raw, closeWith(1000, ""))
		return
	}
	r := s.newRun(c, conn, req, raw, agent)
	opening := openAsServer(req)
	if c.accept != nil {
		opening = func(r *run) bool { return c.accept(r, req) }
	}
	s.mu.Lock()
	s.running[agent]++
	s.mu.Unlock()
	res := r.play(ctx, opening)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running[agent]--
	defer s.changed.Broadcast()
	if ctx.Err() != nil {
		return // cut short: not a verdict
	}
	s.report.Add(res)
	if s.Progress != nil {
		s.Progress(res)
	}
}

// patience bounds the wait for the result of a case that an agent asks about.
const patience = time.Minute

// await returns the result of a case, which may not have ended yet; nil if it does not end in time.
func (s *FuzzingServer) await(ctx context.Context, agent, id string) *Result {
	late := time.Now().Add(patience)
	defer time.AfterFunc(patience, s.changed.Broadcast).Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.report.Get(agent, id) == nil && ctx.Err() == nil && time.Now().Before(late) {
		s.changed.Wait()
	}
	return s.report.Get(agent, id)
}

// settle waits until no case of the agent is under way: the last one ends for the client before it ends here.
func (s *FuzzingServer) settle(ctx context.Context, agent string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.running[agent] > 0 && ctx.Err() == nil {
		s.changed.Wait()
	}
}
