package report

// This file holds the table of a broadcast benchmark.

import "fmt"

// Broadcast is what is known of each way of sending to many, a way a row. The first is what the others are divided by.
func (r Report) Broadcast() Table {
	c := r.Cells[0]
	first := r.Libraries[0].Name
	t := Table{
		Title:  fmt.Sprintf("One message to each of %d connections", c.Shape.Conns),
		Header: []string{"way", "server CPU/delivery", "x " + first + " (spread)", "bytes/delivery", "resident"},
	}
	for _, l := range r.Libraries {
		if !c.Has(l.Name) {
			continue
		}
		v := func(m Metric) float64 { return c.Value(l.Name, m).Median }
		t.Rows = append(t.Rows, []string{l.Name, Number(v(CPU)) + " ns", spread(c.RatioTo(first, l.Name, CPU)), Number(v(BytesBack)), bytes(v(Resident))})
	}
	return t
}
