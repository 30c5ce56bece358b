// Package report holds what benchmarks have measured, as JSON, and makes tables and charts of it.
package report

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"

	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
	"github.com/seed-d69ae1b7/websocket/bench/internal/stats"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

// Metric names something that is measured, with its unit.
type Metric string

// The metrics of an echo benchmark.
const (
	CPU         Metric = "server CPU per message, ns"
	Rate        Metric = "messages per second"
	P50         Metric = "latency p50, us"
	P99         Metric = "latency p99, us"
	Resident    Metric = "server resident memory, bytes"
	Allocs      Metric = "allocations per message"
	AllocBytes  Metric = "allocated bytes per message"
	Reads       Metric = "read calls per message"
	Writes      Metric = "write calls per message"
	Naps        Metric = "futex and sleep calls per message"
	Utilisation Metric = "server core utilisation"
	LoadBusy    Metric = "load core utilisation"
	BytesBack   Metric = "bytes received per message"
)

// The metrics of an idle benchmark: resident bytes for each open connection.
const (
	Fresh    Metric = "resident bytes per connection, fresh"
	Echoed   Metric = "resident bytes per connection, after one message"
	Deflated Metric = "resident bytes per connection, after compressed messages"
)

// Sample is what one library showed in one round.
type Sample map[Metric]float64

// MarshalJSON writes five significant digits of each value.
func (s Sample) MarshalJSON() ([]byte, error) {
	short := make(map[Metric]json.Number, len(s))
	for m, v := range s {
		short[m] = json.Number(strconv.FormatFloat(v, 'g', 5, 64))
	}
	return json.Marshal(short)
}

// Cell is one point of the comparison: one shape, all libraries, all rounds.
type Cell struct {
	Shape   wire.Shape          `json:"shape"`
	Samples map[string][]Sample `json:"samples"`        // by library, in the order of the rounds
	Note    string              `json:"note,omitempty"` // what could not be measured, and why
}

// NewCell returns a cell without samples.
func NewCell(s wire.Shape) Cell { return Cell{Shape: s, Samples: map[string][]Sample{}} }

// Add adds what library showed in the next round.
func (c Cell) Add(library string, s Sample) { c.Samples[library] = append(c.Samples[library], s) }

// AddOnce adds what library showed apart from the rounds. It goes with the first of them.
func (c Cell) AddOnce(library string, s Sample) {
	if !c.Has(library) {
		c.Add(library, Sample{})
	}
	maps.Copy(c.Samples[library][0], s)
}

// values are the values of m, round by round.
func (c Cell) values(library string, m Metric) []float64 {
	var v []float64
	for _, s := range c.Samples[library] {
		if x, ok := s[m]; ok {
			v = append(v, x)
		}
	}
	return v
}

// Value is the median and spread of m.
func (c Cell) Value(library string, m Metric) stats.Summary {
	return stats.Summarize(c.values(library, m))
}

// Ratio is the median and spread of m divided by the floor's of the same round.
func (c Cell) Ratio(library string, m Metric) stats.Summary {
	return c.RatioTo(servers.Floor, library, m)
}

// RatioTo is Ratio to another one than the floor.
func (c Cell) RatioTo(floor, library string, m Metric) stats.Summary {
	return stats.Summarize(stats.Ratios(c.values(library, m), c.values(floor, m)))
}

// Library says what was compared.
type Library struct {
	Name    string `json:"name"`
	Module  string `json:"module,omitempty"`
	Version string `json:"version,omitempty"`
	Setup   string `json:"setup"`
}

// Libraries describes ls.
func Libraries(ls []servers.Library) []Library {
	var out []Library
	for _, l := range ls {
		out = append(out, Library{l.Name, l.Module, l.Version(), l.Setup})
	}
	return out
}

// Report is everything that one call of a benchmark measured.
type Report struct {
	Command   string    `json:"command"`
	Date      string    `json:"date"`
	Machine   Machine   `json:"machine"`
	Method    string    `json:"method"` // rounds, periods, pinning
	Libraries []Library `json:"libraries"`
	Cells     []Cell    `json:"cells"`
}

// Has reports whether c has samples of library.
func (c Cell) Has(library string) bool { return len(c.Samples[library]) > 0 }

// Cell returns the cell of that shape, and whether there is one.
func (r Report) Cell(s wire.Shape) (Cell, bool) {
	i := slices.IndexFunc(r.Cells, func(c Cell) bool { return c.Shape == s })
	if i < 0 {
		return Cell{}, false
	}
	return r.Cells[i], true
}

// Save writes r as JSON.
func (r Report) Save(path string) error {
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}

// Open reads a report that was saved.
func Open(path string) (r Report, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return r, fmt.Errorf("report: %s: %w", path, err)
	}
	return r, nil
}
