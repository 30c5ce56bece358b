// Command mutants puts defects into a copy of the library, one after the other, and lets the model look for each: see
// table.go. It fails if one is not found, or cannot be put in. Run it from the root of the module: `make model-mutants`.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/model"
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
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := copyModule(dir); err != nil {
		return err
	}
	chosen, err := choose(dir)
	if err != nil {
		return err
	}
	if how := try(dir, mutant{}); how != "" {
		return fmt.Errorf("the model finds something in the library as it is: %s", how)
	}
	alive := 0
	for _, m := range chosen {
		how, err := m.hunt(dir)
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

// copyModule copies what git knows of the root module.
func copyModule(dir string) error {
	files, err := exec.Command("git", "ls-files", "go.mod", "go.sum", "*.go", "*.s").Output()
	if err != nil {
		return fmt.Errorf("git ls-files: %w", err)
	}
	for _, name := range strings.Fields(string(files)) {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(to, b, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// choose returns the mutants that are wanted and can be found. It tries whether all of the table can be put in.
func choose(dir string) (chosen []mutant, err error) {
	wanted, err := regexp.Compile(*only)
	if err != nil {
		return nil, err
	}
	for _, m := range table {
		if _, _, err := m.texts(dir); err != nil {
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

// texts returns m's file as it is, and with the defect.
func (m mutant) texts(dir string) (was, is string, err error) {
	b, err := os.ReadFile(filepath.Join(dir, m.file))
	if err != nil {
		return "", "", err
	}
	was = string(b)
	if n := strings.Count(was, m.old); n != 1 {
		return "", "", fmt.Errorf("mutant %q: its text stands %d times in %s, want once", m.name, n, m.file)
	}
	return was, strings.Replace(was, m.old, m.new, 1), nil
}

// hunt puts m in, lets the model look for it, and takes it out again.
func (m mutant) hunt(dir string) (how string, err error) {
	was, is, err := m.texts(dir)
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, m.file)
	if err := os.WriteFile(name, []byte(is), 0o666); err != nil {
		return "", err
	}
	defer os.WriteFile(name, []byte(was), 0o666)
	if out, err := command(context.Background(), dir, "build", ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("mutant %q does not build: %s", m.name, out)
	}
	return try(dir, m), nil
}

// try lets the model look, and returns what it says it has found, or "".
func try(dir string, m mutant) string {
	ctx, cancel := context.WithTimeout(context.Background(), *bound+3*time.Minute)
	defer cancel()
	args := []string{"test", "-count=1", "-vet=off", "-run=^TestModel$", "-timeout=" + (*bound + 2*time.Minute).String()}
	if *race {
		args = append(args, "-race")
	}
	args = append(args, "./internal/model", "-args", "-model.duration="+bound.String())
	began := time.Now()
	out, err := command(ctx, dir, append(args, m.flags...)...).CombinedOutput()
	if err == nil {
		return ""
	}
	return verdict(string(out), time.Since(began))
}

// command is the go command in dir, outside of any workspace.
func command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	return cmd
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
