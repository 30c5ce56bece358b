// Package program runs an example as what it is: a program in a process of its own. That program is the test's own binary, so
// that nothing has to be built, and the race detector looks at it as well.
package program

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"testing"
	"time"
)

// asProgram is the environment variable that makes the test's binary run the example.
const asProgram = "EXAMPLE_AS_PROGRAM"

// timeout bounds the life of a program.
const timeout = 2 * time.Minute

// Main is what TestMain calls. It runs main in a process that Start has started, and the tests in any other.
func Main(m *testing.M, main func()) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	m.Run()
}

// Program is a running example. Use it from one goroutine at a time.
type Program struct {
	t     testing.TB
	cmd   *exec.Cmd
	lines *bufio.Scanner // of its standard output
	ended bool
}

// Start starts the example with command-line arguments. It ends with the test, if not before. What it says on its standard
// error, the test says.
func Start(t testing.TB, args ...string) *Program {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &Program{t: t, cmd: cmd, lines: bufio.NewScanner(stdout)}
	t.Cleanup(func() {
		cancel() // kills it
		if !p.ended {
			cmd.Wait()
		}
	})
	return p
}

// Expect waits for a line that the regular expression matches, and returns what its first group has matched, or all of it.
func (p *Program) Expect(expression string) string {
	p.t.Helper()
	re := regexp.MustCompile(expression)
	for p.lines.Scan() {
		if found := re.FindStringSubmatch(p.lines.Text()); found != nil {
			return found[len(found)-1]
		}
	}
	p.t.Fatalf("the program has ended without %s: %v", expression, p.lines.Err())
	return ""
}

// URL waits until a server has said where it listens, as all of them do, and returns that.
func (p *Program) URL() string {
	p.t.Helper()
	return p.Expect(`http://\S+`)
}

// Terminate asks the program to end, as service managers do.
func (p *Program) Terminate() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
}

// Wait reads what the program still says, and waits for its end. The error says if that was a failure.
func (p *Program) Wait() error {
	for p.lines.Scan() {
	}
	p.ended = true
	return p.cmd.Wait()
}
