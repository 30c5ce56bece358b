// Command rules puts mutants into the library, each of which breaks one rule of RFC 6455, 7692 or 8441, or of how a connection
// ends, and runs a few quick tests on each: the tables are in the other files. What it finds is committed as result.txt: for
// each mutant the test that killed it. It fails if one survives. Run it from the root of the module: `make mutants`.
package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/mutants"
)

var (
	only  = flag.String("only", "", "a regular expression: only the mutants with such a file and name")
	fresh = flag.Bool("new", false, "only the mutants that the result does not have")
	bound = flag.Duration("for", time.Hour, "begin no further mutant after this time")
)

// testTime is how long the tests of one mutant may take, on a busy machine: one that does not end is killed by it.
const testTime = 20 * time.Second

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	known, err := readResult(resultFile)
	if err != nil {
		return err
	}
	wanted, err := choose(known)
	if err != nil {
		return err
	}
	r := runner{known: known, end: time.Now().Add(*bound)}
	for _, pkg := range slices.Sorted(maps.Keys(wanted)) {
		if err := r.tryAll(pkg, wanted[pkg]); err != nil {
			return err
		}
	}
	if len(r.alive) > 0 {
		return fmt.Errorf("%d mutants survive:\n%s", len(r.alive), strings.Join(r.alive, "\n"))
	}
	return nil
}

// choose returns the mutants that are wanted, by package.
func choose(known result) (map[string][]mutant, error) {
	like, err := regexp.Compile(*only)
	if err != nil {
		return nil, err
	}
	wanted := map[string][]mutant{}
	for _, g := range table {
		for _, m := range g.mutants() {
			if like.MatchString(m.id()) && !(*fresh && known[m.sum()] != "") {
				wanted[m.pkg] = append(wanted[m.pkg], m)
			}
		}
	}
	return wanted, nil
}

// runner tries mutants, and writes down what came of each.
type runner struct {
	known result
	end   time.Time
	alive []string // the mutants that no test has killed
}

// tryAll tries mutants of one package. Most of them are in one binary.
func (r *runner) tryAll(pkg string, all []mutant) error {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	texts := make([]mutants.Mutant, len(all))
	for i, m := range all {
		texts[i] = m.Mutant
	}
	overlay, left, err := mutants.Switch(".", pkg, dir, texts)
	if err != nil {
		return err
	}
	binary := filepath.Join(dir, "test")
	if err := build(pkg, overlay, binary); err != nil {
		return err
	}
	fine := map[string]bool{} // selections of tests that pass on the library as it is
	for i, m := range all {
		if time.Now().After(r.end) {
			return nil
		}
		if !fine[m.tests] {
			if killer := test(m, binary, 0); killer != "" {
				return fmt.Errorf("the tests for %s fail without a mutant: %s", m.file, killer)
			}
			fine[m.tests] = true
		}
		began, killer := time.Now(), ""
		if slices.Contains(left, i) {
			killer, err = alone(m)
		} else {
			killer = test(m, binary, i+1)
		}
		if err := r.note(m, killer, err, time.Since(began)); err != nil {
			return err
		}
	}
	return nil
}

// alone tries a mutant in a binary of its own.
func alone(m mutant) (killer string, err error) {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	overlay, err := m.Overlay(".", dir)
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "test")
	if err := build(m.pkg, overlay, binary); err != nil {
		return "", err
	}
	return test(m, binary, 0), nil
}

// note notes and prints what came of a mutant.
func (r *runner) note(m mutant, killer string, err error, took time.Duration) error {
	if err != nil || killer == "" {
		r.alive = append(r.alive, m.id())
		delete(r.known, m.sum())
	} else {
		r.known[m.sum()] = killer
	}
	if err != nil {
		killer = err.Error()
	}
	fmt.Printf("%-110s %4.1fs  %s\n", m.id(), took.Seconds(), killer)
	return r.known.write(resultFile)
}

// build builds the tests of a package, with what an overlay makes of it.
func build(pkg, overlay, binary string) error {
	args := []string{"test", "-c", "-vet=off", overlay, "-o", binary, "-gcflags=-dwarf=false", "-ldflags=-s -w", "./" + pkg}
	if out, err := mutants.Go(context.Background(), ".", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("the tests of ./%s do not build: %s", pkg, out)
	}
	return nil
}

// test runs m's tests in a binary, with a mutant of some number in it, and returns the one that has failed, or "".
func test(m mutant, binary string, number int) (killer string) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*testTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "-test.run="+m.tests, "-test.failfast", "-test.timeout="+testTime.String())
	cmd.Dir = filepath.Join(".", m.pkg)
	cmd.Env = append(os.Environ(), mutants.Variable+"="+strconv.Itoa(number))
	out, err := cmd.CombinedOutput()
	if err == nil {
		return ""
	}
	return verdict(string(out))
}

var (
	failLine  = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)
	crashLine = regexp.MustCompile(`(?m)^(?:panic: |fatal error: )(.*)$`)
	runsLine  = regexp.MustCompile(`running tests:\s+(\w+)`)
)

// verdict returns the name of the test that has failed, or what else the output says.
func verdict(out string) string {
	if f := runsLine.FindStringSubmatch(out); f != nil {
		return f[1] + " (does not end)"
	}
	if f := failLine.FindStringSubmatch(out); f != nil {
		return f[1]
	}
	if f := crashLine.FindStringSubmatch(out); f != nil {
		return f[1]
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return lines[len(lines)-1]
}
