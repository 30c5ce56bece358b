//go:build linux

package main

// This file is what is said of the figures: a table, and JSON.

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// report is all that was measured.
type report struct {
	Command  string
	Date     string
	Machine  string
	Method   string
	Rounds   int
	Servers  []string // in the order of the table
	Versions map[string]string
	Figures  map[measure]map[string][]float64 // of each server, one for each round
}

func newReport(p plan, servers []server) *report {
	r := &report{
		Command: strings.TrimSpace("go run ./bench " + strings.Join(os.Args[1:], " ")),
		Date:    time.Now().UTC().Format(time.DateOnly),
		Machine: machine(),
		Method: fmt.Sprintf("%d clients, of which at most %d connect at once; %v for each measure of events",
			p.clients, p.together, p.period),
		Versions: map[string]string{},
		Figures:  map[measure]map[string][]float64{},
	}
	for _, s := range servers {
		r.Servers = append(r.Servers, s.name)
		if s.version != "" {
			r.Versions[s.name] = s.version
		}
	}
	return r
}

// add adds what a round has given.
func (r *report) add(name string, got sample) {
	for m, figure := range got {
		if r.Figures[m] == nil {
			r.Figures[m] = map[string][]float64{}
		}
		r.Figures[m][name] = append(r.Figures[m][name], figure)
	}
}

// print prints the table, in Markdown: medians, and the least and the most where there are several rounds.
func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "%s, %s\n%s; rounds: %d\n", r.Machine, r.Date, r.Method, r.Rounds)
	for _, name := range r.Servers {
		if version := r.Versions[name]; version != "" {
			fmt.Fprintf(w, "%s: %s\n", name, version)
		}
	}
	fmt.Fprintf(w, "\n| | %s |\n|---|%s\n", strings.Join(r.Servers, " | "), strings.Repeat("---|", len(r.Servers)))
	for _, m := range measures {
		cells := []string{string(m)}
		for _, name := range r.Servers {
			cells = append(cells, cell(r.Figures[m][name]))
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
}

// cell is what the table says of figures.
func cell(figures []float64) string {
	if len(figures) == 0 {
		return ""
	}
	sorted := slices.Sorted(slices.Values(figures))
	least, median, most := number(sorted[0]), number(sorted[len(sorted)/2]), number(sorted[len(sorted)-1])
	if least == most {
		return median
	}
	return fmt.Sprintf("%s (%s-%s)", median, least, most)
}

// number is a figure with as many digits as it deserves.
func number(f float64) string {
	switch {
	case f >= 10_000:
		return fmt.Sprintf("%.0f k", f/1000)
	case f >= 100:
		return fmt.Sprintf("%.0f", f)
	case f >= 10:
		return fmt.Sprintf("%.1f", f)
	default:
		return fmt.Sprintf("%.2f", f)
	}
}

// save saves the report as JSON.
func (r *report) save(file string) error {
	b, err := json.Marshal(r, jsontext.WithIndent("  "), json.Deterministic(true))
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o666)
}

// load takes the figures of a file, which must be of the same plan on the same machine.
func (r *report) load(file string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var old report
	if err := json.Unmarshal(b, &old); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if old.Method != r.Method || old.Machine != r.Machine || !slices.Equal(old.Servers, r.Servers) {
		return fmt.Errorf("%s: of another plan or machine: %s, %s, %s", file, old.Method, old.Machine, old.Servers)
	}
	*r = old
	return nil
}

// machine names what this runs on.
func machine() string {
	model := "unknown processor"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, after, found := strings.Cut(string(info), "model name\t: "); found {
			model, _, _ = strings.Cut(after, "\n")
		}
	}
	kernel := ""
	var u syscall.Utsname
	if syscall.Uname(&u) == nil {
		for _, c := range u.Release {
			if c == 0 {
				break
			}
			kernel += string(rune(c))
		}
	}
	return fmt.Sprintf("%s, %d cores, Linux %s, %s", model, runtime.NumCPU(), kernel, runtime.Version())
}
