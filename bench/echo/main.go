//go:build linux

// Echo compares WebSocket libraries as echo servers: processor time and memory of the server, rate and latency, each
// beside a raw TCP echo of the same bytes. Every library is a process of its own on one core, and the load is another
// process on another core.
//
// Usage, from the root of the repository:
//
//	go run ./bench/echo [-libs gorilla,coder] [-conns 1,100] [-inflight 1,16] [-sizes 125,1024] [-deflate off,on] …
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
	"github.com/seed-d69ae1b7/websocket/bench/internal/rig"
	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
)

func main() {
	ran, err := rig.Role(os.Args[1:])
	if !ran {
		err = run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "echo:", err)
		os.Exit(1)
	}
}

func run() error {
	f := newFlags()
	flag.Parse()
	p, err := f.plan()
	if err != nil {
		return err
	}
	r := report.Report{
		Command:   "go run ./bench/echo " + strings.Join(os.Args[1:], " "),
		Date:      time.Now().UTC().Format(time.DateOnly),
		Machine:   report.ThisMachine(),
		Method:    p.method(),
		Libraries: report.Libraries(p.libraries),
	}
	fmt.Printf("%s\n%s\n%d cells\n", r.Machine, r.Method, len(p.cells))
	for _, shape := range p.cells {
		c, err := p.measureCell(shape)
		if err != nil {
			return err
		}
		r.Cells = append(r.Cells, c)
		if err := r.Details(c).Print(os.Stdout); err != nil {
			return err
		}
	}
	if *f.json != "" {
		if err := r.Save(*f.json); err != nil {
			return err
		}
	}
	return gate(r, *f.gate)
}

// method is how the figures came about, for the report.
func (p plan) method() string {
	pinned := "not pinned"
	if p.serverCore != child.Unpinned {
		pinned = fmt.Sprintf("server pinned to core %d, load to core %d", p.serverCore, p.loadCore)
	}
	return fmt.Sprintf("%d interleaved rounds of %v after %v; GOMAXPROCS=1; %s", p.rounds, p.time, p.warm, pinned)
}

// maxAllocs is the most allocations for a message that count as none: what the runtime itself allocates now and then,
// and pools that a collection has emptied, spread over the messages of a round.
const maxAllocs = 0.05

// gate fails if one of the named libraries allocates for its messages. It goes by the best round, because on a busy
// machine a round may have too few messages to spread the rest over.
func gate(r report.Report, names string) error {
	for _, c := range r.Cells {
		for _, name := range servers.List(names) {
			if a := c.Value(name, report.Allocs); a.N > 0 && a.Min > maxAllocs {
				return fmt.Errorf("%s makes %.3f allocations for each message, %v", name, a.Min, c.Shape)
			}
		}
	}
	return nil
}
