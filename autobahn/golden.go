package autobahn

// This file compares a run with a file of expected outcomes, one case a line, for use as a test.

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// WriteGolden writes the outcomes of an agent, one case a line: its ID, the two grades and, after a #, nothing or a
// reason that a person has added.
func (p *Report) WriteGolden(w io.Writer, agent string) error {
	b := bufio.NewWriter(w)
	for _, r := range p.Results(agent) {
		fmt.Fprintf(b, "%s\t%s\t%s\n", r.ID, r.Behavior, r.BehaviorClose)
	}
	return b.Flush()
}

// DiffGolden compares the outcomes of an agent with a file that WriteGolden wrote and returns one line for every
// difference: a grade that changed, a case that is missing on either side. Text after a # is a comment.
func (p *Report) DiffGolden(rd io.Reader, agent string) ([]string, error) {
	var diff []string
	wanted := map[string]string{}
	lines := bufio.NewScanner(rd)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) != 3 {
			return nil, fmt.Errorf("autobahn: golden file, line %d: not three columns", n)
		}
		wanted[f[0]] = f[1] + ", closing " + f[2]
		if p.Get(agent, f[0]) == nil {
			diff = append(diff, f[0]+": was not run, expected "+wanted[f[0]])
		}
	}
	for _, r := range p.Results(agent) {
		got := string(r.Behavior) + ", closing " + string(r.BehaviorClose)
		switch want, ok := wanted[r.ID]; {
		case !ok:
			diff = append(diff, r.ID+": "+got+", not in the file")
		case want != got:
			diff = append(diff, r.ID+": "+got+", expected "+want)
		}
	}
	return diff, lines.Err()
}
