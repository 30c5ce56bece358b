// Command mutants puts defects into the library, one after the other, and lets the model look for each: see table.go. It fails if one is not found, or cannot be put in. Run it from the root of the module: `make model-mutants`.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/model"
	"github.com/seed-d69ae1b7/websocket/internal/mutants"
)

var (
	bound = flag.Duration("for", time.Minute, "how long to look for each")
	only  = flag.String("only", "", "a regular expression: only the mutants with such a name")
	race  = flag.Bool("race", false, "with the race detector")
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	chosen, err := choose()
	if err != nil {
		return err
	}
	if how := look(nil); how != "" {
		return fmt.Errorf("the model finds something in the library as it is: %s", how)
	}
	alive := 0
	for _, m := range chosen {
		how, err := m.hunt()
		if err != nil {
			return err
		}
		if how == "" {
			alive++
			how = "NOT FOUND"
		}
		fmt.Printf("%-75s %s\n", m.name, how)
	}
	if alive > 0 {
		return fmt.Errorf("%d of %d mutants are not found", alive, len(chosen))
	}
	return nil
}

// choose returns the mutants that are wanted and can be found. It tries whether all of the table can be put in.
func choose() (chosen []mutant, err error) {
	wanted, err := regexp.Compile(*only)
	if err != nil {
		return nil, err
	}
	for _, m := range table {
		if _, err := m.defect().Text("."); err != nil {
			return nil, err
		}
		switch {
		case !wanted.MatchString(m.name):
		case slices.Contains(model.Known, m.behind):
			fmt.Printf("%-75s left out, behind what is known: %s\n", m.name, m.behind)
		default:
			chosen = append(chosen, m)
		}
	}
	return chosen, nil
}

// hunt builds the library with m, and lets the model look for it.
func (m mutant) hunt() (how string, err error) {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	overlay, err := m.defect().Overlay(".", dir)
	if err != nil {
		return "", err
	}
	if out, err := mutants.Go(context.Background(), ".", "build", overlay, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("mutant %q does not build: %s", m.name, out)
	}
	return look([]string{overlay}, m.flags...), nil
}

// look lets the model look at what build makes, and returns what it says it has found, or "".
func look(build []string, flags ...string) string {
	ctx, cancel := context.WithTimeout(context.Background(), *bound+3*time.Minute)
	defer cancel()
	args := []string{"test", "-count=1", "-vet=off", "-run=^TestModel$", "-timeout=" + (*bound + 2*time.Minute).String()}
	if *race {
		args = append(args, "-race")
	}
	args = append(append(args, build...), "./internal/model", "-args", "-model.duration="+bound.String())
	began := time.Now()
	out, err := mutants.Go(ctx, ".", append(args, flags...)...).CombinedOutput()
	if err == nil {
		return ""
	}
	return verdict(string(out), time.Since(began))
}

var (
	foundLine = regexp.MustCompile(`FOUND after (\S+): (rule "\w+" broken by conversation \S+ \(bubble: \w+\))`)
	crashLine = regexp.MustCompile(`(?m)^(panic: .*|fatal error: .*|WARNING: DATA RACE)$`)
)

// verdict reads the model's output.
func verdict(out string, took time.Duration) string {
	if f := foundLine.FindStringSubmatch(out); f != nil {
		return f[1] + ", " + f[2]
	}
	if f := crashLine.FindString(out); f != "" {
		return took.Round(time.Second).String() + ", " + f
	}
	return took.Round(time.Second).String() + ", failed: " + lastLine(out)
}

func lastLine(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return lines[len(lines)-1]
}
