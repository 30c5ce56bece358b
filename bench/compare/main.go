//go:build linux

// Compare measures two versions of the library, or of any server or client, in turns and in one run, prints a Markdown table of the
// ratios with their spread, and exits 1 if the new one is worse by more than the threshold and by more than the spread explains, 2 if it
// could not be measured.
//
// Usage, from the root of the repository:
//
//	go run ./bench/compare [-only echo,idle] [-rounds 9] [-threshold 5] … OLD NEW
//
// OLD and NEW are revisions of the repository in the working directory, or directories with the library; or commands of servers with
// {port} for where to listen; or commands of clients of a feed with {url} for where to connect. Commands are run without a shell.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
	"github.com/seed-d69ae1b7/websocket/bench/internal/feed"
	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
	"github.com/seed-d69ae1b7/websocket/bench/internal/rig"
	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
)

func main() {
	ran, err := role(os.Args[1:])
	if !ran {
		err = run(os.Args[1:], os.Stdout)
	}
	if status := status(err); status != 0 {
		if status > worseStatus {
			fmt.Fprintln(os.Stderr, "compare:", err)
		}
		os.Exit(status)
	}
}

// worseStatus is what the program exits with if the new side is worse. It is no failure's, for CI to tell them apart.
const worseStatus = 1

// status is what the program exits with.
func status(err error) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errWorse):
		return worseStatus
	}
	return 2
}

// role runs this process as a child, if args say so.
func role(args []string) (ran bool, err error) {
	if ran, err = rig.Role(args); !ran {
		ran, err = feed.Role(args)
	}
	return ran, err
}

// errWorse is the error of a run that has found a regression.
var errWorse = errors.New("the new one is worse")

// plan is how to measure.
type plan struct {
	rounds               int
	warm, time           time.Duration // of either side in each round
	conns                int           // of echo, deflate and takeover
	idle                 int           // of idle
	handshakes           int           // in each round
	threshold            float64       // percent
	only                 []string      // names of benchmarks; empty: all
	testedCore, loadCore child.Core
}

// run compares what args name, and writes the table to w.
func run(args []string, w io.Writer) error {
	p, err := parse(args)
	if err != nil {
		return err
	}
	old, fresh, err := sides(p.args[0], p.args[1])
	if err != nil {
		return err
	}
	defer old.remove()
	defer fresh.remove()
	t := report.Table{Title: fmt.Sprintf("%s → %s", old.name, fresh.name), Header: header()}
	worse := false
	for _, b := range benchmarks {
		if !p.wants(b.name) || !b.fits(old) {
			continue
		}
		fmt.Fprintln(os.Stderr, b.name)
		samples, err := b.run(p.plan, [2]side{old, fresh})
		if err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
		for _, m := range b.metrics {
			r := compare(samples, m, p.threshold)
			worse = worse || r.verdict == isWorse
			t.Rows = append(t.Rows, r.row(b.name, m))
		}
	}
	if len(t.Rows) == 0 {
		return fmt.Errorf("nothing to measure: -only %q", strings.Join(p.only, ","))
	}
	t.Note = p.note()
	if _, err := io.WriteString(w, t.Markdown()); err != nil {
		return err
	}
	if worse {
		return errWorse
	}
	return nil
}

// parsed is a plan, and the two sides as they were given.
type parsed struct {
	plan
	args []string
}

// parse reads the flags.
func parse(args []string) (p parsed, err error) {
	p.testedCore, p.loadCore = child.Cores()
	f := flag.NewFlagSet("compare", flag.ContinueOnError)
	f.IntVar(&p.rounds, "rounds", 9, "rounds of each benchmark; less than six cannot tell a regression from noise as surely")
	f.DurationVar(&p.warm, "warm", 50*time.Millisecond, "warm-up of either side in each round")
	f.DurationVar(&p.time, "time", 200*time.Millisecond, "measured time of either side in each round")
	f.IntVar(&p.conns, "conns", 100, "connections of echo, deflate and takeover")
	f.IntVar(&p.idle, "idle-conns", 500, "connections of idle")
	f.IntVar(&p.handshakes, "handshakes", 300, "opening handshakes of either side in each round")
	f.Float64Var(&p.threshold, "threshold", 5, "how many percent worse are a regression, if all of the spread is")
	only := f.String("only", "", "benchmarks, separated by commas: "+strings.Join(names(), ", ")+"; empty: all")
	if err := f.Parse(args); err != nil {
		return p, err
	}
	p.args, p.only = f.Args(), servers.List(*only)
	for _, name := range p.only {
		if !slices.Contains(names(), name) {
			return p, fmt.Errorf("-only: no benchmark %q", name)
		}
	}
	if len(p.args) != 2 || p.rounds < 1 || p.conns < 1 || p.idle < 1 || p.handshakes < 1 || p.threshold < 0 {
		return p, errors.New("want two sides: revisions, directories, or commands with {port} or {url}; see -help")
	}
	return p, nil
}

// wants reports whether a benchmark is to be run.
func (p plan) wants(name string) bool {
	name, _, _ = strings.Cut(name, ",")
	return len(p.only) == 0 || slices.Contains(p.only, name)
}

// note says how the figures came about.
func (p plan) note() string {
	return fmt.Sprintf("%s. %d alternating rounds, of %v after %v where time is what counts; what is measured has a core for itself and GOMAXPROCS=1. "+
		"A ratio is that of one round to the same of the other side; shown are the median and what it lies between with 95 %% certainty, or "+
		"the whole range if there are less than six rounds. Worse or better: all of that is beyond %g %%.",
		report.ThisMachine(), p.rounds, p.time, p.warm, p.threshold)
}
