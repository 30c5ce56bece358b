package autobahncmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v3"

	"github.com/seed-d69ae1b7/websocket/autobahn"
)

// command runs ws autobahn with arguments and returns what it printed, what it said in errors, and its exit status.
func command(t *testing.T, args ...string) (out, message string, status int) {
	t.Helper()
	exiter, errWriter := cli.OsExiter, cli.ErrWriter
	defer func() { cli.OsExiter, cli.ErrWriter = exiter, errWriter }()
	var printed, said bytes.Buffer
	cli.OsExiter, cli.ErrWriter = func(int) {}, &said
	cmd := Command()
	cmd.Writer, cmd.ErrWriter = &printed, &said
	err := cmd.Run(t.Context(), append([]string{"autobahn"}, args...))
	var exit cli.ExitCoder
	switch {
	case errors.As(err, &exit):
		return printed.String(), exit.Error(), exit.ExitCode()
	case err != nil:
		return printed.String(), err.Error(), 1
	}
	return printed.String(), said.String(), 0
}

func write(t *testing.T, name, contents string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(contents), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestWrongCommands: what cannot be done is said in one line.
func TestWrongCommands(t *testing.T) {
	dir := t.TempDir()
	spec := write(t, filepath.Join(dir, "spec.json"), `{"servers": [{"url": "ws://127.0.0.1:1"}]}`)
	broken := write(t, filepath.Join(dir, "broken.json"), `{"servers": [`)
	none := write(t, filepath.Join(dir, "none.json"), `{"url": "ws://127.0.0.1:9001", "cases": ["99.*"], "webport": 0}`)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, tt := range []struct {
		args   []string
		want   string
		status int
	}{
		{[]string{"fuzz"}, "no such command: fuzz", 2},
		{[]string{"client", "-spec", spec, "-agent", "a"}, "-agent and -spec exclude each other", 1},
		{[]string{"client"}, "name a server", 1},
		{[]string{"client", "-cases", "99.*", "ws://127.0.0.1:1"}, "no case matches", 1},
		{[]string{"client", "-agent", "a", "ws://127.0.0.1:1", "ws://127.0.0.1:2"}, "two servers are called", 1},
		{[]string{"client", "-outdir", broken, "ws://127.0.0.1:1"}, "not a directory", 1},
		{[]string{"client", "-spec", broken}, "unexpected end of JSON", 1},
		{[]string{"client", "-fail-on", "much", "ws://127.0.0.1:1"}, "is not one of", 1},
		{[]string{"server", "-listen", "127.0.0.1:0", "-cases", "99.*"}, "no case matches", 1},
		{[]string{"server", "-listen", "127.0.0.1:0", "-cases", "S2.1.*"}, "none of the cases selected is for clients", 1},
		{[]string{"server", "-listen", "127.0.0.1:0", "-outdir", broken}, "not a directory", 1},
		{[]string{"server", "-spec", none, "-listen", "127.0.0.1:0", "-outdir", dir}, "no case matches", 1},
		{[]string{"server", "-spec", broken}, "unexpected end of JSON", 1},
		{[]string{"server", "-listen", taken.Addr().String()}, "address already in use", 1},
		{[]string{"server", "127.0.0.1:9001"}, "takes no arguments", 1},
		{[]string{"list", "-cases", "99.*"}, "no case matches", 1},
		{[]string{"list", "1.1.1"}, "takes no arguments", 1},
		{[]string{"diff", "a"}, "name two report folders", 2},
		{[]string{"diff", "none", "none"}, "no such file", 2},
	} {
		out, message, status := command(t, tt.args...)
		if status != tt.status || !strings.Contains(message, tt.want) || strings.Contains(strings.TrimSpace(message), "\n") || out != "" {
			t.Errorf("%q: status %d, %q, printed %q", tt.args, status, message, out)
		}
	}
}

// TestProblemOnTerminal: what is bad is told with its cause.
func TestProblemOnTerminal(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "terminal"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const why = "The wrong endpoint closed the connection: the endpoint broke the protocol: a text message is not UTF-8."
	newTerminal(f, false).progress(&autobahn.Result{ID: "6.3.1", Behavior: autobahn.Failed, BehaviorClose: autobahn.Failed, Result: why, ResultClose: why})
	newTerminal(f, false).progress(&autobahn.Result{ID: "1.1.1", Behavior: autobahn.OK, BehaviorClose: autobahn.OK})
	b, err := os.ReadFile(f.Name())
	if want := "6.3.1    FAILED, closing FAILED: " + why + "\n"; err != nil || string(b) != want {
		t.Errorf("%q, %v, want %q", b, err, want)
	}
}

// TestUnwritable: a report that cannot be written is an error, and does not keep the others from being written.
func TestUnwritable(t *testing.T) {
	dir := t.TempDir()
	url := echoServer(t)
	_, message, status := command(t, "client", "-quiet", "-cases", "1.1.1", "-junit", filepath.Join(dir, "none", "junit.xml"), "-json", "-outdir", dir, url)
	if status != 1 || !strings.Contains(message, "junit.xml") {
		t.Errorf("status %d, %s", status, message)
	}
	if _, err := os.Stat(filepath.Join(dir, "index.html")); err != nil {
		t.Error(err)
	}
}

// TestListJSON: the keys are in lower case, as in all JSON that the suite writes.
func TestListJSON(t *testing.T) {
	out, _, status := command(t, "list", "-json", "-cases", "S4.4.1")
	var list []map[string]any
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) != 1 || status != 0 {
		t.Fatalf("%q, %v, status %d", out, err, status)
	}
	for key := range list[0] {
		if key != strings.ToLower(key) {
			t.Errorf("the key %q", key)
		}
	}
	if list[0]["id"] != "S4.4.1" || len(list[0]["roles"].([]any)) != 1 {
		t.Errorf("%v", list[0])
	}
}

// TestDiff: the exit status is that of a regression only.
func TestDiff(t *testing.T) {
	dir := t.TempDir()
	report := func(name, behavior string) string {
		folder := filepath.Join(dir, name)
		write(t, filepath.Join(folder, "index.json"), `{"a": {"1.1.1": {"behavior": "`+behavior+`", "behaviorClose": "OK"}}}`)
		return folder
	}
	ok, failed := report("ok", "OK"), report("failed", "FAILED")
	for _, tt := range []struct {
		args   []string
		want   string
		status int
	}{
		{[]string{ok, ok}, "0 verdicts changed", 0},
		{[]string{ok, failed}, "- a 1.1.1: OK, closing OK -> FAILED, closing OK\n", 1},
		{[]string{failed, ok}, "  a 1.1.1: FAILED, closing OK -> OK, closing OK\n", 0},
		{[]string{"-exclude", "1.*", ok, failed}, "0 verdicts changed", 0},
	} {
		out, _, status := command(t, append([]string{"diff"}, tt.args...)...)
		if status != tt.status || !strings.Contains(out, tt.want) {
			t.Errorf("%q: status %d, %q", tt.args, status, out)
		}
	}
}

// TestExtra: the cases that the original lacks are for those who ask for them, unless there is no specification.
func TestExtra(t *testing.T) {
	dir := t.TempDir()
	spec := write(t, filepath.Join(dir, "spec.json"), `{"url": "ws://127.0.0.1:9001"}`)
	wished := write(t, filepath.Join(dir, "wished.json"), `{"url": "ws://127.0.0.1:9001", "cases": ["1.*", "S1.1.*"]}`)
	for _, tt := range []struct {
		args    []string
		in, out string
	}{
		{nil, "* S*", ""},
		{[]string{"-extra=false"}, "* S*", "S*"},
		{[]string{"-cases", "1.*,S2.*"}, "1.* S2.*", ""},
		{[]string{"-spec", spec}, "*", ""},
		{[]string{"-spec", spec, "-extra"}, "* S*", ""},
		{[]string{"-spec", wished}, "1.* S1.1.*", ""},
	} {
		p, err := planOf(t, tt.args...)
		if err != nil || strings.Join(p.spec.Cases, " ") != tt.in || strings.Join(p.spec.ExcludeCases, " ") != tt.out {
			t.Errorf("%q: cases %q, excluded %q, %v", tt.args, p.spec.Cases, p.spec.ExcludeCases, err)
		}
	}
}

// planOf is what ws autobahn server would do with the flags.
func planOf(t *testing.T, args ...string) (plan, error) {
	t.Helper()
	var p plan
	var perr error
	cmd := serverCommand()
	cmd.Action = func(_ context.Context, cmd *cli.Command) error {
		p, perr = serverPlan(cmd)
		return nil
	}
	if err := cmd.Run(t.Context(), append([]string{"server"}, args...)); err != nil {
		t.Fatal(err)
	}
	return p, perr
}

// TestHarmless protects the terminal from what a peer calls itself and from what it did.
func TestHarmless(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "terminal"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	terminal := newTerminal(f, false)
	terminal.start("agent\x1b[2J\n", 1)
	terminal.progress(&autobahn.Result{ID: "1.1.1", Behavior: autobahn.Failed, BehaviorClose: autobahn.OK, Result: "said \x1b]0;title\x07"})
	shown, err := os.ReadFile(f.Name())
	if err != nil || bytes.ContainsAny(shown, "\x1b\x07") || !bytes.Contains(shown, []byte("agent\ufffd[2J \n")) || !bytes.Contains(shown, []byte("said")) {
		t.Errorf("%q, %v", shown, err)
	}
}
