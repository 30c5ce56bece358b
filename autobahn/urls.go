package autobahn

// This file is what the fuzzing server does at each of its URLs, which are the original's, so that drivers written for
// the original work unchanged.

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// A visit is one connection of a client, whose request has been read.
type visit struct {
	*FuzzingServer
	ctx   context.Context
	conn  net.Conn
	head  *httpHead
	raw   []byte // what was read, of which the head is the beginning
	query url.Values
	agent string
}

// urls are the paths at which something happens.
var urls = map[string]func(*visit){
	"/getCaseCount":  func(v *visit) { v.answer(len(v.cases)) },
	"/runCase":       (*visit).runCase,
	"/getCaseInfo":   (*visit).caseInfo,
	"/getCaseStatus": (*visit).caseStatus,
	"/updateReports": (*visit).updateReports,
	"/stopServer": func(v *visit) {
		v.answer(nil)
		v.stop()
	},
}

// serve handles one connection: it reads the request and does what its path asks.
func (s *FuzzingServer) serve(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	head, raw, err := s.readRequest(ctx, conn)
	if err != nil {
		return
	}
	target := &url.URL{}
	if parts := strings.Split(head.start, " "); len(parts) == 3 {
		if u, err := url.ParseRequestURI(parts[1]); err == nil {
			target = u
		}
	}
	v := &visit{FuzzingServer: s, ctx: ctx, conn: conn, head: head, raw: raw, query: target.Query()}
	v.agent = v.query.Get("agent")
	if do := urls[target.Path]; do != nil {
		do(v)
		return
	}
	// As in the original: drivers connect to / to see whether the server is there.
	v.control(func(r *run) { r.pump(func() bool { return false }) })
}

// control plays a script that is no case: a connection over which a driver and the server talk.
func (v *visit) control(script ...step) {
	v.newRun(&Case{script: script}).play(v.ctx, openAsServer(v.head))
}

// answer sends what there is to say, if anything, and closes.
func (v *visit) answer(say any) {
	script := []step{closeWith(1000, "")}
	if say != nil {
		b, _ := plainJSON(say) // of types that can always be marshalled
		script = []step{send(text(string(b))), closeWith(1000, "")}
	}
	v.control(script...)
}

// newRun prepares a run over the connection.
func (v *visit) newRun(c *Case) *run {
	r := newRun(c, v.conn, true, v.agent)
	r.timeouts, r.rounds, r.process = v.limits, v.Rounds, v.process
	r.request.protocols = v.Spec.Protocols
	head := v.head.String()
	if _, n, _ := parseHead(v.raw); n > 0 {
		head, r.rx.rest = string(v.raw[:n]), v.raw[n:]
	}
	r.answer = v.head
	r.res.HTTPRequest = strings.TrimSpace(head)
	r.traffic.PreopenIncomingOctetsWireLevel = int64(len(v.raw))
	r.logOctets("RO", []byte(head), false)
	return r
}

// find is the case that the query names, by its number among those selected or by its ID. Without one, or without an
// agent where that is needed, the request is refused, and there is no case.
func (v *visit) find(needsAgent bool) *Case {
	c, err := v.named()
	if err == nil && needsAgent && v.agent == "" {
		err = errors.New("no agent is named")
	}
	if err != nil {
		v.reject(err)
		return nil
	}
	return c
}

func (v *visit) named() (*Case, error) {
	if id := strings.TrimSpace(v.query.Get("casetuple")); id != "" {
		for _, c := range v.cases {
			if c.ID == id {
				return c, nil
			}
		}
		return nil, fmt.Errorf("no case %q", id)
	}
	n, err := strconv.Atoi(v.query.Get("case"))
	if err != nil || n < 1 || n > len(v.cases) {
		return nil, fmt.Errorf("no case %q: there are %d", v.query.Get("case"), len(v.cases))
	}
	return v.cases[n-1], nil
}

func (v *visit) reject(err error) {
	body := err.Error() + "\n"
	h := &httpHead{start: "HTTP/1.1 404 Not Found"}
	h.add("Content-Type", "text/plain; charset=utf-8")
	h.add("Content-Length", strconv.Itoa(len(body)))
	h.add("Connection", "close")
	v.conn.Write([]byte(h.String() + body))
}

func (v *visit) runCase() {
	c := v.find(true)
	switch {
	case c == nil:
	case v.excluded.has(v.agent, c.ID):
		v.answer(nil)
	case c.accept != nil:
		v.FuzzingServer.runCase(v.ctx, v.newRun(c), func(r *run) bool { return c.accept(r, v.head) })
	default:
		v.FuzzingServer.runCase(v.ctx, v.newRun(c), openAsServer(v.head))
	}
}

func (v *visit) caseInfo() {
	if c := v.find(false); c != nil {
		v.answer(map[string]string{"id": c.ID, "description": c.Description})
	}
}

// caseStatus says nothing of a case that the agent has not played.
func (v *visit) caseStatus() {
	c := v.find(true)
	if c == nil {
		return
	}
	v.settle(v.ctx, func(u underWay) bool { return u == underWay{v.agent, c.ID} })
	if r := v.report.Get(v.agent, c.ID); r != nil {
		v.answer(map[string]Outcome{"behavior": r.Behavior})
		return
	}
	v.answer(nil)
}

func (v *visit) updateReports() {
	v.settle(v.ctx, func(u underWay) bool { return u.agent == v.agent })
	if v.WriteReports != nil {
		if err := v.WriteReports(v.report); err != nil {
			v.control(send(text(err.Error())), closeWith(1011, "the reports could not be written"))
			return
		}
	}
	v.answer(nil)
	if yes := strings.ToLower(v.query.Get("shutdownOnComplete")); yes == "true" || yes == "yes" {
		v.stop()
	}
}
