package autobahn

// This file writes JUnit XML for continuous integration, and says which results are bad enough to fail a build.

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Limit says which outcomes fail a run. The zero value accepts everything.
type Limit struct {
	Behavior, BehaviorClose []Outcome // outcomes that fail
}

// ParseLimit reads what -fail-on takes: "none"; "failed": FAILED in either grade, and UNCLEAN; "non-strict": these,
// NON-STRICT, WRONG CODE and FAILED BY CLIENT; "unimplemented": all but OK and INFORMATIONAL.
func ParseLimit(s string) (Limit, error) {
	failed := Limit{[]Outcome{Failed}, []Outcome{Failed, Unclean}}
	nonStrict := Limit{append(failed.Behavior, NonStrict), append(failed.BehaviorClose, WrongCode, FailedByClient)}
	switch s {
	case "none":
		return Limit{}, nil
	case "failed":
		return failed, nil
	case "non-strict":
		return nonStrict, nil
	case "unimplemented":
		return Limit{append(nonStrict.Behavior, Unimplemented), nonStrict.BehaviorClose}, nil
	}
	return Limit{}, fmt.Errorf("autobahn: %q is not one of none, failed, non-strict and unimplemented", s)
}

// Exceeded tells whether a result is worse than the limit allows.
func (l Limit) Exceeded(r *Result) bool {
	return slices.Contains(l.Behavior, r.Behavior) || slices.Contains(l.BehaviorClose, r.BehaviorClose)
}

type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitMessage `xml:"failure,omitempty"`
	Skipped *junitMessage `xml:"skipped,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes one test suite an agent. A result that exceeds the limit is a failure; what is UNIMPLEMENTED and
// does not is skipped.
func (p *Report) WriteJUnit(w io.Writer, limit Limit) error {
	var all junitSuites
	for _, agent := range p.Agents() {
		s := junitSuite{Name: agent}
		total := int64(0)
		for _, r := range p.Results(agent) {
			c := junitCase{Class: agent + "." + strings.ReplaceAll(r.Section(), ".", "_"), Name: r.ID + " " + r.Description, Time: seconds(r.Duration)}
			m := &junitMessage{fmt.Sprintf("%s: %s", r.Verdict(), r.Problem()), r.Expectation + "\n" + r.Result + "\n" + r.ResultClose}
			switch {
			case limit.Exceeded(r):
				c.Failure = m
				s.Failures++
			case r.Behavior == Unimplemented:
				c.Skipped = m
				s.Skipped++
			}
			s.Tests++
			total += r.Duration
			s.Cases = append(s.Cases, c)
		}
		s.Time = seconds(total)
		all.Suites = append(all.Suites, s)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", " ")
	return e.Encode(all)
}

// Section is the section of the result's case.
func (r *Result) Section() string { return strings.Split(r.ID, ".")[0] }

func seconds(millis int64) string { return fmt.Sprintf("%.3f", float64(millis)/1000) }
