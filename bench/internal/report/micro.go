package report

// This file reads what `go test -bench` prints.

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-d69ae1b7/websocket/bench/internal/stats"
)

// Micro makes a table of the output of `go test -bench -benchmem`, a benchmark a row, in the order in which they ran.
// Of a benchmark that ran several times it shows the median and the spread.
func Micro(output string) Table {
	t := Table{Title: "Micro benchmarks", Header: []string{"benchmark", "ns/op", "spread", "MB/s", "B/op", "allocs/op"}}
	runs, names := map[string]map[string][]float64{}, []string(nil)
	for line := range strings.Lines(output) {
		name, values, ok := benchmarkLine(line)
		if !ok {
			continue
		}
		if runs[name] == nil {
			runs[name] = map[string][]float64{}
			names = append(names, name)
		}
		for unit, v := range values {
			runs[name][unit] = append(runs[name][unit], v)
		}
	}
	for _, name := range names {
		row := []string{name}
		for _, unit := range t.Header[1:] {
			row = append(row, microValue(runs[name], unit))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func microValue(values map[string][]float64, unit string) string {
	if unit == "spread" {
		s := stats.Summarize(values["ns/op"])
		return fmt.Sprintf("%s-%s", Number(s.Min), Number(s.Max))
	}
	s := stats.Summarize(values[unit])
	if s.N == 0 {
		return "-"
	}
	return Number(s.Median)
}

// benchmarkLine reads "BenchmarkName-2   1000   12.3 ns/op   0 B/op". The name comes without "Benchmark" and without
// the number of processors.
func benchmarkLine(line string) (name string, values map[string]float64, ok bool) {
	words := strings.Fields(line)
	if len(words) < 4 || !strings.HasPrefix(words[0], "Benchmark") {
		return "", nil, false
	}
	name = strings.TrimPrefix(words[0], "Benchmark")
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		if _, err := strconv.Atoi(name[i+1:]); err == nil {
			name = name[:i]
		}
	}
	values = map[string]float64{}
	for pair := range slices.Chunk(words[2:], 2) {
		if v, err := strconv.ParseFloat(pair[0], 64); err == nil && len(pair) == 2 {
			values[pair[1]] = v
		}
	}
	return name, values, len(values) > 0
}
