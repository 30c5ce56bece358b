package autobahn

// This file reads the original's specification files and resolves what they say into cases.

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"
)

// ClientSpec is the original's fuzzingclient.json: which cases to run against which servers. Unknown keys are ignored.
type ClientSpec struct {
	Outdir            string              `json:"outdir"`
	Servers           []ServerSpec        `json:"servers"`
	Cases             []string            `json:"cases"`
	ExcludeCases      []string            `json:"exclude-cases"`
	ExcludeAgentCases map[string][]string `json:"exclude-agent-cases"`
	Headers           map[string]string   `json:"headers"` // added to every request
	Options           ProtocolOptions     `json:"options"`
}

// ServerSpec is one server of a ClientSpec.
type ServerSpec struct {
	Agent     string            `json:"agent"` // name in the reports; if empty, what the server calls itself
	URL       string            `json:"url"`   // ws or wss
	Hostname  string            `json:"hostname"`
	Origin    string            `json:"origin"`
	Protocols []string          `json:"protocols"`
	Headers   map[string]string `json:"headers"`
	Options   ProtocolOptions   `json:"options"`
}

// ServerSpecFile is the original's fuzzingserver.json: where to listen and which cases to offer.
type ServerSpecFile struct {
	Outdir            string              `json:"outdir"`
	URL               string              `json:"url"`
	Key               string              `json:"key"`     // file; for a url that is wss
	Cert              string              `json:"cert"`    // file
	WebPort           *int                `json:"webport"` // of the page for browsers; 0: no page; nil: the original's, 8080
	Protocols         []string            `json:"protocols"`
	Cases             []string            `json:"cases"`
	ExcludeCases      []string            `json:"exclude-cases"`
	ExcludeAgentCases map[string][]string `json:"exclude-agent-cases"`
	Options           ProtocolOptions     `json:"options"`
}

// ProtocolOptions are those options of the original that have a meaning here: limits in seconds. The others are ignored.
type ProtocolOptions struct {
	OpenHandshakeTimeout        float64 `json:"openHandshakeTimeout"`
	CloseHandshakeTimeout       float64 `json:"closeHandshakeTimeout"`
	ServerConnectionDropTimeout float64 `json:"serverConnectionDropTimeout"`
}

// over returns the timeouts that o sets, and for the rest those of t.
func (o ProtocolOptions) over(t Timeouts) Timeouts {
	set := func(to *time.Duration, seconds float64) {
		if seconds > 0 {
			*to = time.Duration(seconds * float64(time.Second))
		}
	}
	set(&t.Open, o.OpenHandshakeTimeout)
	set(&t.Close, o.CloseHandshakeTimeout)
	set(&t.Drop, o.ServerConnectionDropTimeout)
	return t
}

// ReadSpec reads a specification file into spec, a *ClientSpec or a *ServerSpecFile.
func ReadSpec(file string, spec any) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("autobahn: %w", err)
	}
	if err := json.Unmarshal(b, spec); err != nil {
		return fmt.Errorf("autobahn: %s: %w", file, err)
	}
	return nil
}

// exclusions are the compiled exclude-agent-cases.
type exclusions []struct {
	agent *regexp.Regexp
	cases []*regexp.Regexp
}

func compileExclusions(m map[string][]string) exclusions {
	exact := func(p string) *regexp.Regexp {
		return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(p), `\*`, ".*") + "$")
	}
	var x exclusions
	for agent, cases := range m {
		e := struct {
			agent *regexp.Regexp
			cases []*regexp.Regexp
		}{agent: exact(agent)}
		for _, c := range cases {
			e.cases = append(e.cases, exact(c))
		}
		x = append(x, e)
	}
	return x
}

// has tells whether the case is not to be run for the agent.
func (x exclusions) has(agent, id string) bool {
	for _, e := range x {
		if !e.agent.MatchString(agent) {
			continue
		}
		for _, c := range e.cases {
			if c.MatchString(id) {
				return true
			}
		}
	}
	return false
}
