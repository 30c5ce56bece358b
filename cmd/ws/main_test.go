package main

// This file holds what runs the tool for tests: the program itself, as its user does, and its commands inside of the test.

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v3"
)

// asTool is the variable of the environment that makes the test's program the tool.
const asTool = "WS_TEST_AS_TOOL"

func TestMain(m *testing.M) {
	if os.Getenv(asTool) != "" {
		os.Unsetenv(asTool)
		main()
		return
	}
	os.Exit(m.Run())
}

// testTimeout bounds each test, on a machine that does much else.
const testTimeout = 3 * time.Minute

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	t.Cleanup(cancel)
	return ctx
}

// tool returns the tool as a process, which ends with the test.
func tool(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(testContext(t), program, args...)
	cmd.Env = append(os.Environ(), asTool+"=1", "TERM=xterm", "NO_PROXY=", "no_proxy=",
		"GORACE=atexit_sleep_ms=0") // the race detector would wait for a second at every end
	return cmd
}

// outcome is what a run of the tool has left.
type outcome struct {
	out, said string // standard output and error
	status    int
}

// run runs the tool with an input.
func run(t *testing.T, input string, args ...string) outcome {
	t.Helper()
	return runWith(t, strings.NewReader(input), args...)
}

// runWith is run with an input that is read as it comes.
func runWith(t *testing.T, input io.Reader, args ...string) outcome {
	t.Helper()
	var out, said bytes.Buffer
	cmd := tool(t, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = input, &out, &said
	err := cmd.Run()
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return outcome{out.String(), said.String(), cmd.ProcessState.ExitCode()}
}

// silence returns an input that has nothing and does not end before the test does.
func silence(t *testing.T) io.Reader {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r
}

// TestWrongUse protects that what cannot be done is one line that says why.
func TestWrongUse(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{"serve", "-addr", busy.Addr().String()}, busy.Addr().String()},
		{[]string{"serve", "-addr", "nonsense"}, "nonsense"},
		{[]string{"serve", "-unknown"}, "-unknown"},
		{[]string{"serve", "-limit", "many"}, "many"},
		{[]string{"serve", "-window-bits", "7"}, "7 bits"},
		{[]string{"serve", "argument"}, "argument"},
		{[]string{"unknown"}, "unknown"},
		{[]string{"dial"}, "URL"},
		{[]string{"dial", "gopher://127.0.0.1/"}, "gopher"},
		{[]string{"dial", "-H", "colonless", "ws://127.0.0.1:1/"}, "colonless"},
	} {
		cmd := root()
		var out bytes.Buffer
		cmd.Writer, cmd.ErrWriter = &out, &out
		err := cmd.Run(testContext(t), append([]string{"ws"}, row.args...))
		if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "\n") || out.Len() > 0 {
			t.Errorf("ws %q: %v, want one line with %q; printed:\n%s", row.args, err, row.want, out.Bytes())
		}
	}
}

// TestSpelled protects -0, and messages and other values that only look like it.
func TestSpelled(t *testing.T) {
	for in, want := range map[string]string{
		"ws dial -0 URL":             "ws dial --0 URL",
		"ws dial -x -0 -0 URL":       "ws dial -x -0 --0 URL",
		"ws dial --x -0 --wait=1 -0": "ws dial --x -0 --wait=1 --0",
		"ws dial -v -0":              "ws dial -v --0",
		"ws dial -- -0":              "ws dial -- -0",
	} {
		if got := strings.Join(spelled(root(), strings.Fields(in)), " "); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// TestHelp protects that each help screen fits a terminal of 80 by 24, and names all flags and commands.
func TestHelp(t *testing.T) {
	cmd := root()
	screens := map[string]*cli.Command{"": cmd}
	for _, c := range cmd.Commands {
		screens[c.Name] = c
	}
	for name, c := range screens {
		o := run(t, "", append(strings.Fields(name), "-h")...)
		if o.status != exitOrdinary || strings.Count(o.out, "\n") > 23 {
			t.Errorf("ws %s -h: status %d, %d lines, said %q", name, o.status, strings.Count(o.out, "\n"), o.said)
		}
		for line := range strings.Lines(o.out) {
			if utf8.RuneCountInString(line) > 81 {
				t.Errorf("ws %s -h: %d columns: %s", name, utf8.RuneCountInString(line)-1, line)
			}
		}
		for _, f := range c.Flags {
			if !strings.Contains(o.out, "-"+f.Names()[0]) {
				t.Errorf("ws %s -h: no -%s", name, f.Names()[0])
			}
		}
		for _, sub := range c.Commands {
			if !strings.Contains(o.out, sub.Name) {
				t.Errorf("ws %s -h: no %s", name, sub.Name)
			}
		}
	}
}
