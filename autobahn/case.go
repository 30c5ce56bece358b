package autobahn

// This file is the catalogue as a whole: what a case is, all of them in order, and how they are picked by pattern.

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Role is what the endpoint under test is.
type Role byte

// The roles. A case of the original applies to both.
const (
	Servers Role = 1 << iota
	Clients
	Both = Servers | Clients
)

// A Case is one test. The catalogue makes them; they are read only, and safe for concurrent use.
type Case struct {
	ID          string // "6.4.1", or "S2.3" for those that the original lacks
	Index       int    // place in the full catalogue, from 1
	Description string // what the suite does
	Expectation string // what the endpoint should do
	Roles       Role   // what endpoints it applies to
	Heavy       bool   // it moves much data: few of these run at a time
	Child       bool   // it measures the process under test, which the suite must have started

	expect []expected
	close  expectedClose
	script []step
	wishes []deflateWish              // permessage-deflate is offered (client) or accepted (server) with these; nil: not at all
	tamper func(*httpHead)            // changes the suite's half of the opening handshake
	judge  func(*run)                 // has the last word on the verdict
	open   func(*run) bool            // replaces the opening handshake of a suite that plays the client
	accept func(*run, *httpHead) bool // the same for a suite that plays the server
	timed  bool                       // the report shows the duration
	ratio  bool                       // the report shows the compression ratio
}

// Group is the part of the ID that names the group of cases: "6.4", or the section where it has no groups.
func (c *Case) Group() string {
	parts := strings.Split(c.ID, ".")
	return strings.Join(parts[:max(1, len(parts)-1)], ".")
}

// Section is the part of the ID before the first dot.
func (c *Case) Section() string { return strings.Split(c.ID, ".")[0] }

// Title is the name of a section ("6") or a group ("6.4"), or "" if it has none of its own.
func Title(of string) string { return titles[of] }

var titles = map[string]string{
	"1": "Framing", "1.1": "Text messages", "1.2": "Binary messages",
	"2": "Pings and pongs", "3": "Reserved bits",
	"4": "Opcodes", "4.1": "Reserved data opcodes", "4.2": "Reserved control opcodes",
	"5": "Fragmentation", "6": "UTF-8",
	"7": "Close handling", "7.1": "Order of frames", "7.3": "Lengths of the payload", "7.5": "Reasons that are not UTF-8",
	"7.7": "Codes that are allowed", "7.9": "Codes that are not allowed", "7.13": "Codes without a rule",
	"9":  "Limits and performance",
	"10": "Automatic fragmentation", "10.1": "Automatic fragmentation",
	"12": "Compression: payloads", "13": "Compression: parameters",
}

// all builds the catalogue once.
var all = sync.OnceValue(func() []*Case {
	var list []*Case
	for _, section := range [][]*Case{
		section1(), section2(), section3(), section4(), section5(), section6(), section7(), section9(), section10(),
		section12(), section13(), sectionS1(), sectionS2(), sectionS3(), sectionS4(),
	} {
		list = append(list, section...)
	}
	for i, c := range list {
		c.Index = i + 1
		if c.Roles == 0 {
			c.Roles = Both
		}
	}
	return list
})

// Cases returns the catalogue in order: the original's 517 cases, then those that it lacks.
func Cases() []*Case { return slices.Clone(all()) }

// Select returns, in the catalogue's order, the cases whose ID matches one of the patterns and none of the exclusions.
// In a pattern * stands for any characters. As in the original a pattern with a * need only match the start of an ID,
// and a lone * stands for all of the original's cases; those that it lacks are named by patterns that start with S. A
// pattern that matches no case is an error, and so are exclusions that leave none; an exclusion may match nothing.
func Select(patterns, exclude []string) ([]*Case, error) {
	var in, out []*regexp.Regexp
	for _, p := range patterns {
		e := compilePattern(p)
		if !slices.ContainsFunc(all(), func(c *Case) bool { return e.MatchString(c.ID) }) {
			return nil, fmt.Errorf("autobahn: no case matches %q", p)
		}
		in = append(in, e)
	}
	for _, p := range exclude {
		out = append(out, compilePattern(p))
	}
	matches := func(exps []*regexp.Regexp, id string) bool {
		return slices.ContainsFunc(exps, func(e *regexp.Regexp) bool { return e.MatchString(id) })
	}
	var picked []*Case
	for _, c := range all() {
		if matches(in, c.ID) && !matches(out, c.ID) {
			picked = append(picked, c)
		}
	}
	if len(picked) == 0 {
		return nil, errors.New("autobahn: no case is selected")
	}
	return picked, nil
}

func compilePattern(p string) *regexp.Regexp {
	p = strings.TrimSpace(p)
	exp := "^" + strings.ReplaceAll(regexp.QuoteMeta(p), `\*`, ".*")
	if strings.HasPrefix(p, "*") {
		exp = `^\d` + exp[1:]
	}
	if !strings.Contains(p, "*") {
		exp += "$"
	}
	return regexp.MustCompile(exp)
}

// numbered gives the cases of a group their IDs: group.1, group.2 and so on.
func numbered(group string, cases ...*Case) []*Case {
	for i, c := range cases {
		c.ID = group + "." + strconv.Itoa(i+1)
	}
	return cases
}

// Expectations that many cases share.
const (
	echoed       = "The message comes back as it was sent; then the connection is closed cleanly with 1000."
	failedAtOnce = "The endpoint fails the connection at once."
)

const second = time.Second
