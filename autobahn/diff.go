package autobahn

// This file compares two report folders, of this suite or of the original.

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// A Verdict is the two grades of a case.
type Verdict struct {
	Behavior      Outcome `json:"behavior"`
	BehaviorClose Outcome `json:"behaviorClose"`
}

// String returns both grades.
func (v Verdict) String() string { return fmt.Sprintf("%s, closing %s", v.Behavior, v.BehaviorClose) }

// Verdicts are those of a report folder, by agent and case.
type Verdicts map[string]map[string]Verdict

// ReadVerdicts reads index.json of a report folder, which may be one of the original, and extra.json if it is there.
func ReadVerdicts(dir string) (Verdicts, error) {
	all := Verdicts{}
	for _, name := range []string{"index.json", "extra.json"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if name == "extra.json" && errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("autobahn: %w", err)
		}
		var index Verdicts
		if err := json.Unmarshal(b, &index); err != nil {
			return nil, fmt.Errorf("autobahn: %s: %w", filepath.Join(dir, name), err)
		}
		for agent, cases := range index {
			if all[agent] == nil {
				all[agent] = map[string]Verdict{}
			}
			maps.Copy(all[agent], cases)
		}
	}
	return all, nil
}

// A Change is a case whose verdict is not the same in two reports. Old is nil where the case is new, New where it was
// not run any more.
type Change struct {
	Agent, ID string   // of the implementation, and of the case
	Old, New  *Verdict // in the first report and in the second
}

// Regression tells whether the change is for the worse: a worse grade of either kind, or a case that was not run.
func (c Change) Regression() bool {
	switch {
	case c.New == nil:
		return true
	case c.Old == nil:
		return false
	}
	return badness(c.New.Behavior) > badness(c.Old.Behavior) || badness(c.New.BehaviorClose) > badness(c.Old.BehaviorClose)
}

// String returns the change as a line without its end.
func (c Change) String() string {
	verdict := func(v *Verdict, none string) string {
		if v == nil {
			return none
		}
		return v.String()
	}
	s := c.ID + ": " + verdict(c.Old, "new") + " -> " + verdict(c.New, "not run")
	if c.Agent != "" {
		s = c.Agent + " " + s
	}
	return s
}

// badness orders the outcomes; some are as bad as others, and nothing is worse than one that there is not.
func badness(o Outcome) int {
	order := [][]Outcome{{OK}, {Informational}, {NonStrict, WrongCode, FailedByClient}, {Unimplemented}, {Unclean}, {Failed}}
	if i := slices.IndexFunc(order, func(same []Outcome) bool { return slices.Contains(same, o) }); i >= 0 {
		return i
	}
	return len(order)
}

// Compare returns what differs among the cases given, agent by agent in the order of the catalogue. Agents are those of
// the same name; where either report has just one, these are compared whatever their names.
func (v Verdicts) Compare(later Verdicts, cases []*Case) []Change {
	var changes []Change
	for _, p := range v.pairs(later) {
		for _, c := range cases {
			before, had := v[p.before][c.ID]
			after, has := later[p.after][c.ID]
			if had == has && before == after {
				continue
			}
			change := Change{Agent: cmp.Or(p.after, p.before), ID: c.ID}
			if had {
				change.Old = &before
			}
			if has {
				change.New = &after
			}
			changes = append(changes, change)
		}
	}
	return changes
}

// pair are the names of an agent in two reports; "" where it is in one only.
type pair struct{ before, after string }

func (v Verdicts) pairs(later Verdicts) []pair {
	before, after := slices.Sorted(maps.Keys(v)), slices.Sorted(maps.Keys(later))
	if len(before) == 1 && len(after) == 1 {
		return []pair{{before[0], after[0]}}
	}
	var list []pair
	for _, agent := range before {
		p := pair{before: agent}
		if later[agent] != nil {
			p.after = agent
		}
		list = append(list, p)
	}
	for _, agent := range after {
		if v[agent] == nil {
			list = append(list, pair{after: agent})
		}
	}
	return list
}
