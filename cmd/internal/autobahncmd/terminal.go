package autobahncmd

import (
	"fmt"
	"os"
	"strings"

	"github.com/seed-d69ae1b7/websocket/autobahn"
	"github.com/seed-d69ae1b7/websocket/cmd/internal/harmless"
)

// A terminal shows progress and results to a person. It draws a bar only where there is a screen, and colours only
// where NO_COLOR is not set. What a peer has sent does not control it. It is used by one goroutine at a time.
type terminal struct {
	w        *os.File
	screen   bool
	colour   bool
	quiet    bool
	played   int
	expected int
	agent    string
}

func newTerminal(w *os.File, quiet bool) *terminal {
	info, err := w.Stat()
	screen := err == nil && info.Mode()&os.ModeCharDevice != 0
	return &terminal{w: w, screen: screen, colour: screen && os.Getenv("NO_COLOR") == "", quiet: quiet}
}

// start announces the cases against one server, or of one server.
func (t *terminal) start(agent string, cases int) {
	t.played, t.expected, t.agent = 0, cases, agent
	if !t.quiet {
		fmt.Fprintf(t.w, "%d cases, %s\n", cases, harmless.Line(agent))
	}
}

// progress shows a result if it is not the best there is, and moves the bar.
func (t *terminal) progress(r *autobahn.Result) {
	t.played++
	if t.quiet {
		return
	}
	if r.Behavior != autobahn.OK || r.BehaviorClose != autobahn.OK {
		t.clear()
		fmt.Fprintf(t.w, "%-8s %s, closing %s: %s\n", r.ID, t.paint(r.Behavior), t.paint(r.BehaviorClose), harmless.Line(r.Problem()))
	}
	if t.screen {
		const width = 30
		full := min(width, t.played*width/max(1, t.expected))
		fmt.Fprintf(t.w, "\r[%s%s] %d/%d %-8s", strings.Repeat("=", full), strings.Repeat(" ", width-full), t.played, t.expected, r.ID)
	}
}

// clear removes the bar.
func (t *terminal) clear() {
	if t.screen {
		fmt.Fprint(t.w, "\r\x1b[K")
	}
}

func (t *terminal) done() {
	if !t.quiet {
		t.clear()
	}
}

var colours = map[autobahn.Outcome]string{
	autobahn.OK: "32", autobahn.NonStrict: "33", autobahn.WrongCode: "33", autobahn.FailedByClient: "33",
	autobahn.Informational: "34", autobahn.Unimplemented: "90", autobahn.Failed: "31", autobahn.Unclean: "31",
}

func (t *terminal) paint(o autobahn.Outcome) string {
	if !t.colour {
		return string(o)
	}
	return "\x1b[" + colours[o] + "m" + string(o) + "\x1b[0m"
}

// summary prints how often each outcome came and returns how many results exceed the limit.
func (t *terminal) summary(report *autobahn.Report, limit autobahn.Limit) int {
	bad := 0
	for _, agent := range report.Agents() {
		counts := map[autobahn.Outcome]int{}
		results := report.Results(agent)
		worse := 0
		for _, r := range results {
			counts[r.Behavior]++
			if limit.Exceeded(r) {
				worse++
			}
		}
		fmt.Fprintf(t.w, "%s: %d cases", harmless.Line(agent), len(results))
		for _, o := range []autobahn.Outcome{autobahn.OK, autobahn.Informational, autobahn.NonStrict, autobahn.Unimplemented, autobahn.Failed} {
			if counts[o] > 0 {
				fmt.Fprintf(t.w, ", %d %s", counts[o], t.paint(o))
			}
		}
		fmt.Fprintf(t.w, "; %d worse than allowed\n", worse)
		bad += worse
	}
	return bad
}
