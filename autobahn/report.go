package autobahn

// This file collects results and writes the original's JSON files.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// A Report holds results by agent and case; a case that is run again replaces its result. It is safe for concurrent use.
type Report struct {
	mu      sync.Mutex
	results map[string]map[string]*Result // guarded by mu
}

// NewReport returns an empty report.
func NewReport() *Report { return &Report{results: map[string]map[string]*Result{}} }

// Add puts a result into the report, which keeps it.
func (p *Report) Add(r *Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.results[r.Agent] == nil {
		p.results[r.Agent] = map[string]*Result{}
	}
	p.results[r.Agent][r.ID] = r
}

// Agents are the names of all agents, sorted.
func (p *Report) Agents() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.results))
}

// Get returns the result of a case, or nil.
func (p *Report) Get(agent, id string) *Result {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.results[agent][id]
}

// Results are the results of an agent in the order of the catalogue.
func (p *Report) Results(agent string) []*Result {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := slices.Collect(maps.Values(p.results[agent]))
	slices.SortFunc(list, func(a, b *Result) int { return a.Case - b.Case })
	return list
}

// indexEntry is what index.json says of one case.
type indexEntry struct {
	Behavior        Outcome `json:"behavior"`
	BehaviorClose   Outcome `json:"behaviorClose"`
	Duration        int64   `json:"duration"`
	RemoteCloseCode *int    `json:"remoteCloseCode"`
	ReportFile      string  `json:"reportfile"`
}

// Index returns index.json: an object of agents, each an object of the original's cases. Scripts that read it know no
// others.
func (p *Report) Index() ([]byte, error) { return marshal(p.index(false)) }

// Extra returns extra.json, which has the cases that the original lacks in the form of index.json; nil without any.
func (p *Report) Extra() ([]byte, error) {
	index := p.index(true)
	if len(index) == 0 {
		return nil, nil
	}
	return marshal(index)
}

// index is one of the two indexes. An agent that has run only cases of the other is left out of extra.json only.
func (p *Report) index(extra bool) map[string]map[string]indexEntry {
	index, files := map[string]map[string]indexEntry{}, p.files()
	for _, agent := range p.Agents() {
		cases := map[string]indexEntry{}
		for _, r := range p.Results(agent) {
			if isExtra(r.ID) == extra {
				cases[r.ID] = indexEntry{r.Behavior, r.BehaviorClose, r.Duration, r.RemoteCloseCode, files.of(r, "json")}
			}
		}
		if len(cases) > 0 || !extra {
			index[agent] = cases
		}
	}
	return index
}

// isExtra tells whether the case is one that the original lacks.
func isExtra(id string) bool { return strings.HasPrefix(id, "S") }

// marshal writes JSON as the original does: sorted keys, an indent of three, no escaping of HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "   ")
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// ReportFile is the name of the file about one case of an agent, as the original makes it.
func ReportFile(agent, id, extension string) string { return fileOf(asFile(agent), id, extension) }

func fileOf(agent, id, extension string) string {
	return agent + "_case_" + strings.ReplaceAll(id, ".", "_") + "." + extension
}

// asFile is an agent's name in the names of files.
func asFile(agent string) string {
	name := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return ' '
	}, strings.ToLower(agent))
	return strings.ReplaceAll(strings.TrimSpace(name), " ", "_")
}

// files are the names of agents in the names of files. Where several agents have the same there, as "A/B" and "A:B" do,
// those behind the first get a number.
type files map[string]string

func (p *Report) files() files {
	names, taken := files{}, map[string]bool{}
	for _, agent := range p.Agents() {
		name := asFile(agent)
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s__%d", asFile(agent), n)
		}
		names[agent], taken[name] = name, true
	}
	return names
}

// of is the name of the file about a result.
func (f files) of(r *Result, extension string) string { return fileOf(f[r.Agent], r.ID, extension) }

// WriteJSON writes index.json, extra.json and a file per case into the directory, which it creates.
func (p *Report) WriteJSON(dir string) error {
	if err := p.writeIndexes(dir); err != nil {
		return err
	}
	files := p.files()
	for _, agent := range p.Agents() {
		for _, r := range p.Results(agent) {
			b, err := marshal(r)
			if err != nil {
				return err
			}
			if err := writeFile(dir, files.of(r, "json"), b); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Report) writeIndexes(dir string) error {
	index, err := p.Index()
	if err != nil {
		return err
	}
	if err := writeFile(dir, "index.json", index); err != nil {
		return err
	}
	extra, err := p.Extra()
	if err != nil {
		return err
	}
	if extra == nil {
		os.Remove(filepath.Join(dir, "extra.json")) // of an earlier run, whose results are not these
		return nil
	}
	return writeFile(dir, "extra.json", extra)
}

func writeFile(dir, name string, b []byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("autobahn: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
		return fmt.Errorf("autobahn: %w", err)
	}
	return nil
}
