package autobahn

// This file is the fuzzing client: it runs cases against servers.

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"runtime"
	"slices"
	"sync"
	"time"
)

// A FuzzingClient tests servers, which must echo every message as it came. Its fields are set before Run and not
// changed afterwards.
type FuzzingClient struct {
	Spec     ClientSpec // whom to test, and with which cases
	Parallel int        // cases run at a time; 0: one. Heavy cases are further limited to the number of CPUs
	Rounds   int        // most round trips of the cases in sections 9, 12 and 13; 0: as many as the original, 1000
	Insecure bool       // accept any certificate of a wss server

	// Process, if not zero, starts the server under test: once for all cases, and again for each of those that measure
	// its memory (S4), which are left out without it. There can be only one server then.
	Process ProcessSpec

	// Started, if not nil, is called before the first case against a server with the number of cases to come.
	Started func(agent string, cases int)
	// Progress, if not nil, is called after every case, by one goroutine at a time.
	Progress func(*Result)

	quiet    time.Duration                                                        // how long a process must take no memory until it is judged, if tests set it
	patience time.Duration                                                        // how long the process may take until it accepts connections, if tests set it
	dial     func(ctx context.Context, network, address string) (net.Conn, error) // tests replace it
}

// Run plays the cases against each server in turn. A server to which no connection can be made, and the end of ctx, are
// errors; the report holds what was found until then.
func (f *FuzzingClient) Run(ctx context.Context) (*Report, error) {
	report := NewReport()
	if len(f.Spec.Servers) == 0 {
		return report, errors.New("autobahn: the specification names no server")
	}
	if len(f.Spec.Servers) > 1 && f.Process.Command != nil {
		return report, errors.New("autobahn: there are several servers, and one process")
	}
	cases, err := Select(f.Spec.Cases, f.Spec.ExcludeCases)
	if err != nil {
		return report, err
	}
	names := map[string]bool{}
	var errs []error
	for _, s := range f.Spec.Servers {
		if s.Agent != "" && names[s.Agent] {
			return report, fmt.Errorf("autobahn: two servers are called %q: the results of one would replace those of the other", s.Agent)
		}
		names[s.Agent] = true
	}
	for _, s := range f.Spec.Servers {
		errs = append(errs, f.test(ctx, s, cases, report))
	}
	return report, errors.Join(append(errs, ctx.Err())...)
}

// test plays those of the cases that are for the server.
func (f *FuzzingClient) test(ctx context.Context, s ServerSpec, cases []*Case, report *Report) error {
	t, err := f.target(s)
	if err != nil {
		return err
	}
	p, err := t.start(ctx)
	if err != nil {
		return err
	}
	if t.spec.Agent == "" {
		t.spec.Agent = t.name(ctx)
	}
	excluded := compileExclusions(f.Spec.ExcludeAgentCases)
	var todo []*Case
	for _, c := range cases {
		if c.Roles&Servers != 0 && !excluded.has(t.spec.Agent, c.ID) && (!c.Child || f.Process.Command != nil) {
			todo = append(todo, c)
		}
	}
	if len(todo) == 0 {
		p.stop()
		return fmt.Errorf("autobahn: none of the cases selected is for %s%s", s.URL, withoutChild(f.Process))
	}
	if f.Started != nil {
		f.Started(t.spec.Agent, len(todo))
	}
	return f.runAll(ctx, t, p, todo, report)
}

// withoutChild is a hint at the cases that need a process.
func withoutChild(p ProcessSpec) string {
	if p.Command == nil {
		return ": those of S4 need the process under test"
	}
	return ""
}

// runAll runs light cases beside each other, then heavy ones, a few at a time, then those that measure, one by one and
// each with a process of its own. It stops the process p; that it has ended before is the error.
func (f *FuzzingClient) runAll(ctx context.Context, t *target, p *process, cases []*Case, report *Report) (err error) {
	var light, heavy, child []*Case
	for _, c := range cases {
		switch {
		case c.Child:
			child = append(child, c)
		case c.Heavy:
			heavy = append(heavy, c)
		default:
			light = append(light, c)
		}
	}
	t.playAll(ctx, light, f.Parallel, report)
	t.playAll(ctx, heavy, min(f.Parallel, runtime.NumCPU()), report)
	if !p.alive() {
		err = fmt.Errorf("autobahn: the process that should serve %s has %s", t.spec.URL, p.endedWith())
	}
	p.stop()
	t.playAll(ctx, child, 1, report)
	return err
}

// playAll plays cases, so many at a time.
func (t *target) playAll(ctx context.Context, cases []*Case, parallel int, report *Report) {
	var mu sync.Mutex
	next := make(chan *Case)
	var wg sync.WaitGroup
	for range max(1, parallel) {
		wg.Go(func() {
			for c := range next {
				res := t.play(ctx, c)
				if ctx.Err() != nil {
					continue // cut short: not a verdict
				}
				mu.Lock()
				report.Add(res)
				if t.f.Progress != nil {
					t.f.Progress(res)
				}
				mu.Unlock()
			}
		})
	}
	for _, c := range cases {
		next <- c
	}
	close(next)
	wg.Wait()
}

// A target is one server under test.
type target struct {
	f       *FuzzingClient
	spec    ServerSpec
	address string
	tls     *tls.Config
	request requestOptions
	limits  Timeouts
}

func (f *FuzzingClient) target(s ServerSpec) (*target, error) {
	u, err := url.Parse(s.URL)
	if err != nil {
		return nil, fmt.Errorf("autobahn: server URL: %w", err)
	}
	t := &target{f: f, spec: s, limits: s.Options.over(f.Spec.Options.over(Timeouts{})).orDefault()}
	port := "80"
	switch u.Scheme {
	case "ws":
	case "wss":
		port = "443"
		t.tls = &tls.Config{ServerName: cmp.Or(s.Hostname, u.Hostname()), InsecureSkipVerify: f.Insecure,
			NextProtos: []string{"http/1.1"}}
	default:
		return nil, fmt.Errorf("autobahn: server URL %q: the scheme is neither ws nor wss", s.URL)
	}
	t.address = net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port))
	t.request = requestOptions{host: u.Host, target: cmp.Or(u.RequestURI(), "/"), origin: s.Origin, protocols: s.Protocols}
	for _, headers := range []map[string]string{f.Spec.Headers, s.Headers} {
		for name, value := range headers {
			t.request.fields = append(t.request.fields, field{name, value})
		}
	}
	slices.SortStableFunc(t.request.fields, func(a, b field) int { return cmp.Compare(a.name, b.name) })
	return t, nil
}

func (t *target) connect(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, t.limits.Open)
	defer cancel()
	dial := t.f.dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	conn, err := dial(ctx, "tcp", t.address)
	if err != nil || t.tls == nil {
		return conn, err
	}
	secure := tls.Client(conn, t.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

// start starts the server under test, if that is the suite's task, and waits until it accepts connections.
func (t *target) start(ctx context.Context) (*process, error) {
	if t.f.Process.Command != nil {
		if conn, err := t.connect(ctx); err == nil {
			conn.Close()
			return nil, fmt.Errorf("autobahn: something listens at %s before the process is started", t.spec.URL)
		}
	}
	p, err := startProcess(t.f.Process)
	if err != nil {
		return nil, err
	}
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		conn, err := t.connect(ctx)
		if err == nil {
			return p, conn.Close()
		}
		switch {
		case p == nil || ctx.Err() != nil:
			p.stop()
			return nil, fmt.Errorf("autobahn: no connection to %s: %w", t.spec.URL, err)
		case !p.alive() || time.Since(began) > t.f.startLimit():
			how := p.endedWith()
			p.stop()
			return nil, fmt.Errorf("autobahn: no connection to %s after %v: %w: the process %s", t.spec.URL, time.Since(began).Round(time.Second/10), err, how)
		}
	}
}

// startLimit is how long a process may take until it accepts connections.
func (f *FuzzingClient) startLimit() time.Duration { return cmp.Or(f.patience, 15*time.Second) }

// play runs one case.
func (t *target) play(ctx context.Context, c *Case) *Result {
	var p *process
	var err error
	if c.Child {
		p, err = t.start(ctx)
		defer p.stop()
	}
	var conn net.Conn
	if err == nil {
		conn, err = t.connect(ctx)
	}
	if err != nil {
		r := newRun(c, closedConn{}, false, t.spec.Agent)
		r.note = "no connection"
		r.grade()
		r.res.Result = "No connection could be made: " + err.Error() + "."
		return r.res
	}
	r := newRun(c, conn, false, t.spec.Agent)
	r.timeouts, r.rounds, r.request = t.limits, t.f.Rounds, t.request
	r.process, r.quiet = p, t.f.quiet
	r.dial = func() (net.Conn, error) { return t.connect(ctx) }
	open := openAsClient
	if c.open != nil {
		open = c.open
	}
	return r.play(ctx, open)
}

// name is what the server calls itself, and where there are several, at which address.
func (t *target) name(ctx context.Context) string {
	name := "UnknownServer"
	if conn, err := t.connect(ctx); err == nil {
		r := newRun(&Case{script: []step{closeWith(1000, "")}}, conn, false, "")
		r.timeouts, r.request = t.limits, t.request
		r.play(ctx, openAsClient)
		if r.answer != nil {
			name = cmp.Or(r.answer.get("Server"), name)
		}
	}
	if len(t.f.Spec.Servers) > 1 {
		name += " at " + t.spec.URL
	}
	return name
}

// closedConn stands for a connection that was never made.
type closedConn struct{ net.Conn }
