//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
)

// asCompare, in the environment, makes the test's program the program itself.
const asCompare = "TEST_AS_COMPARE"

// TestMain lets this program be the children that a comparison starts, and compare itself.
func TestMain(m *testing.M) {
	if ran, err := role(os.Args[1:]); ran {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv(asCompare) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestJudge protects what is called a regression: all of the spread beyond the threshold, whatever the median.
func TestJudge(t *testing.T) {
	for _, row := range []struct {
		ratio, low, high float64
		want             verdict
	}{
		{1, 1, 1, isSame},
		{1.04, 1.01, 1.2, isSame}, // surely slower, but not by so much
		{1.04, 0.8, 1.2, isSame},
		{1.10, 1.05, 1.2, isNoise},
		{1.10, 0.9, 1.2, isNoise},
		{1.10, 1.051, 1.2, isWorse},
		{3, 2, 9, isWorse},
		{0.9, 0.85, 0.96, isNoise},
		{0.9, 0.85, 0.95, isBetter},
		{0, 0, 0, isBetter}, // nothing where there was something
	} {
		if got := judge(row.ratio, row.low, row.high, 5); got != row.want {
			t.Errorf("%v (%v-%v): %q, want %q", row.ratio, row.low, row.high, got, row.want)
		}
	}
	if got := judge(1.2, 1.1, 1.3, 50); got != isSame {
		t.Errorf("below a high threshold: %q", got)
	}
}

// TestCompare protects that ratios are of the same round, so that what disturbs both sides for a while is no regression, and that one
// outlier in nine rounds is none.
func TestCompare(t *testing.T) {
	sample := func(v float64) report.Sample { return report.Sample{report.CPU: v} }
	var disturbed, outlier, worse samples
	for i := range 9 {
		noise := float64(1 + i%3) // up to three times as slow
		disturbed[0], disturbed[1] = append(disturbed[0], sample(100*noise)), append(disturbed[1], sample(102*noise))
		worse[0], worse[1] = append(worse[0], sample(100*noise)), append(worse[1], sample((110+float64(i))*noise))
		v := 100.0
		if i == 4 {
			v = 900
		}
		outlier[0], outlier[1] = append(outlier[0], sample(100)), append(outlier[1], sample(v))
	}
	for name, row := range map[string]struct {
		samples
		ratio, low, high float64
		want             verdict
	}{
		"disturbed": {disturbed, 1.02, 1.02, 1.02, isSame},
		"outlier":   {outlier, 1, 1, 1, isSame},
		"worse":     {worse, 1.14, 1.11, 1.17, isWorse},
	} {
		r := compare(row.samples, report.CPU, 5)
		if got := fmt.Sprintf("%.2f %.2f %.2f %s", r.ratio, r.low, r.high, r.verdict); got != fmt.Sprintf("%.2f %.2f %.2f %s", row.ratio, row.low, row.high, row.want) {
			t.Errorf("%s: %s, want %v", name, got, row)
		}
	}
}

// TestAlternate protects that the sides take turns, and that each round begins with the other one.
func TestAlternate(t *testing.T) {
	order := ""
	all, err := alternate(3, func(i int) (report.Sample, error) {
		order += fmt.Sprint(i)
		return report.Sample{report.CPU: float64(len(order))}, nil
	})
	if order != "011001" || err != nil || len(all[0]) != 3 || all[1][1][report.CPU] != 3 {
		t.Errorf("%q, %v, %v", order, all, err)
	}
	if _, err := alternate(3, func(int) (report.Sample, error) { return nil, os.ErrClosed }); err != os.ErrClosed {
		t.Error(err)
	}
}

// TestParse protects that what cannot be compared is refused, and says why.
func TestParse(t *testing.T) {
	for args, want := range map[string]string{
		"a":                        "two sides",
		"a b c":                    "two sides",
		"-only echo,cpu a b":       `no benchmark "cpu"`,
		"-rounds 0 a b":            "two sides",
		"no-such-revision HEAD":    "no-such-revision",
		"-only feed {port} {port}": "nothing to measure",
		"{port} {url}":             "not of one kind",
		"--output=/tmp/x {port}":   "flag provided but not defined",
	} {
		if err := run(strings.Fields(args), new(strings.Builder)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
}

// few makes a comparison that takes little time, and says little.
var few = []string{"-rounds", "2", "-warm", "1ms", "-time", "5ms", "-conns", "3", "-idle-conns", "5", "-handshakes", "10", "-threshold", "100000"}

// TestRun protects the whole: this library is built twice, of a directory and of a revision, everything is measured of both, and the table
// says so.
func TestRun(t *testing.T) {
	library, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	if err := run(append(few, library, library+"/."), &table); err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, b := range benchmarks {
		rows += len(b.metrics)
		if !strings.Contains(table.String(), "\n| "+b.name+" | ") {
			t.Errorf("no row for %s", b.name)
		}
	}
	if got := strings.Count(table.String(), "\n| ") - 1; got != rows || !strings.Contains(table.String(), library) {
		t.Errorf("%d rows, want %d\n%s", got, rows, &table)
	}
}

// TestExit protects what the program exits with, which is what CI goes by: a server that does much for nothing is found out, the same one
// the other way round is no regression, nor is it one below a high threshold; and what cannot be measured is not taken for one.
func TestExit(t *testing.T) {
	subject := filepath.Join(t.TempDir(), "subject")
	if out, err := exec.Command("go", "build", "-o", subject, "./subject").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	lean, wasteful := subject+" serve {port}", subject+" serve -waste 4096 {port}"
	for _, row := range []struct {
		threshold, old, fresh string
		status                int
		table                 string
	}{
		{"100", lean, wasteful, 1, string(isWorse)},
		{"100", wasteful, lean, 0, string(isBetter)},
		{"100000000", lean, wasteful, 0, "echo"},
		{"100", lean, subject + " no-such-command {port}", 2, ""},
	} {
		cmd := exec.Command(os.Args[0], "-rounds", "6", "-warm", "1ms", "-time", "5ms", "-conns", "2", "-only", "echo", "-threshold", row.threshold, row.old, row.fresh)
		cmd.Env = append(os.Environ(), asCompare+"=1")
		out, err := cmd.Output()
		if got := cmd.ProcessState.ExitCode(); got != row.status || !strings.Contains(string(out), row.table) {
			t.Errorf("%s to %s, threshold %s: exit %d (%v), want %d and %q\n%s", row.old, row.fresh, row.threshold, got, err, row.status, row.table, out)
		}
	}
}

// TestCheckOut protects that a revision is what it was, whatever lies in the directory now.
func TestCheckOut(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	git := func(args ...string) {
		t.Helper()
		if _, err := output("", "git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...); err != nil {
			t.Fatal(err)
		}
	}
	git("init", "-q")
	for _, text := range []string{"first", "second"} {
		if err := os.WriteFile("file", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		git("add", "file")
		git("commit", "-q", "-m", text)
	}
	if err := os.WriteFile("file", []byte("third"), 0o644); err != nil {
		t.Fatal(err)
	}
	for revision, want := range map[string]string{"HEAD": "second", "HEAD~1": "first"} {
		to := filepath.Join(t.TempDir(), "tree")
		name, err := checkOut(revision, to)
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(to, "file"))
		if string(b) != want || err != nil || !strings.HasPrefix(name, revision+" (") {
			t.Errorf("%s: %q as %q, %v, want %q", revision, b, name, err, want)
		}
	}
	if _, err := checkOut("--output=x", filepath.Join(t.TempDir(), "tree")); err == nil {
		t.Error("a flag was taken for a revision")
	}
}
