package report

// This file holds the tables of a feed benchmark.

import "fmt"

// Feed is what is known of one cell, a client a row.
func (r Report) Feed(c Cell) Table {
	title := fmt.Sprintf("Client CPU per message of %d B, in bursts of %d", c.Shape.Size, c.Shape.InFlight)
	if c.Shape.InFlight == 1 {
		title = fmt.Sprintf("Client CPU per message of %d B that comes alone", c.Shape.Size)
	}
	if c.Shape.TLS {
		title += ", TLS"
	}
	if c.Shape.Deflate {
		title += ", permessage-deflate with context takeover"
	}
	t := Table{Title: title, Note: c.Note, Header: []string{"client", "CPU/msg", "x floor (spread)", "allocs", "reads", "futex and sleeps", "msg/s", "busy"}}
	for _, l := range r.Libraries {
		if !c.Has(l.Name) {
			continue
		}
		v := func(m Metric) float64 { return c.Value(l.Name, m).Median }
		t.Rows = append(t.Rows, []string{l.Name, Number(v(CPU)) + " ns", spread(c.Ratio(l.Name, CPU)), calls(c.Value(l.Name, Allocs)),
			calls(c.Value(l.Name, Reads)), calls(c.Value(l.Name, Naps)), Number(v(Rate)), fmt.Sprintf("%.0f%%", 100*v(Utilisation))})
	}
	return t
}
