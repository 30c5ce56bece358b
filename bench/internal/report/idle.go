package report

// This file holds the table and the chart of an idle benchmark.

import "fmt"

// Idle shows the memory of open connections, a library a row.
func (r Report) Idle() Table {
	t := Table{Title: "Resident memory of one open connection", Header: []string{"library", "fresh", "x floor", "after one message", "x floor",
		"after compressed messages", "x floor"}}
	for _, c := range r.Cells {
		for _, l := range r.Libraries {
			if !c.Has(l.Name) {
				continue
			}
			row := []string{l.Name}
			for _, m := range []Metric{Fresh, Echoed, Deflated} {
				v := c.Value(l.Name, m)
				if v.N == 0 {
					row = append(row, "-", "-")
					continue
				}
				row = append(row, bytes(v.Median), fmt.Sprintf("%.2f", c.Ratio(l.Name, m).Median))
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

// IdleChart is the same as bars.
func (r Report) IdleChart() Chart {
	c := Chart{File: "idle.svg", Title: "Resident memory of one open connection, KiB (lower is better)"}
	for _, cell := range r.Cells {
		for _, m := range []struct {
			name   string
			metric Metric
		}{{"fresh", Fresh}, {"after one message", Echoed}} {
			c.Series = append(c.Series, r.series(cell, m.name, func(name string) float64 { return cell.Value(name, m.metric).Median / 1024 }))
		}
	}
	return c
}
