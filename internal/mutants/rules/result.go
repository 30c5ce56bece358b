package main

import (
	"fmt"
	"os"
	"strings"
)

// resultFile is where the result is, seen from the root of the module.
const resultFile = "internal/mutants/rules/result.txt"

// result says of mutants, by their sum, which test has killed them.
type result map[string]string

// readResult reads a file that write has written. One that is not there is an empty result.
func readResult(name string) (result, error) {
	r := result{}
	b, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	for line := range strings.Lines(string(b)) {
		sum, rest, ok := strings.Cut(strings.TrimSpace(line), "  ")
		killer, _, ok2 := strings.Cut(rest, "  ")
		if !ok || !ok2 {
			return nil, fmt.Errorf("%s: malformed line %q", name, line)
		}
		r[sum] = killer
	}
	return r, nil
}

// write writes a line for each mutant of the table that was killed, in its order.
func (r result) write(name string) error {
	var b strings.Builder
	for _, g := range table {
		for _, m := range g.mutants() {
			if killer := r[m.sum()]; killer != "" {
				fmt.Fprintf(&b, "%s  %s  %s\n", m.sum(), killer, m.id())
			}
		}
	}
	return os.WriteFile(name, []byte(b.String()), 0o666)
}
