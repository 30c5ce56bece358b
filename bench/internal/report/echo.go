package report

// This file holds the tables and charts of an echo benchmark.

import (
	"fmt"

	"github.com/seed-d69ae1b7/websocket/bench/internal/stats"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

// Details is everything that is known of one cell, a library a row.
func (r Report) Details(c Cell) Table {
	t := Table{Title: c.Shape.String(), Note: c.Note, Header: []string{"library", "CPU/msg", "x floor (spread)", "msg/s", "x floor", "p50 us", "x floor",
		"p99 us", "x floor", "resident", "x floor", "allocs", "B/msg", "reads", "writes", "bytes back", "server busy", "load busy"}}
	for _, l := range r.Libraries {
		if !c.Has(l.Name) {
			continue
		}
		v := func(m Metric) float64 { return c.Value(l.Name, m).Median }
		x := func(m Metric) string { return fmt.Sprintf("%.2f", c.Ratio(l.Name, m).Median) }
		t.Rows = append(t.Rows, []string{l.Name,
			Number(v(CPU)) + " ns", spread(c.Ratio(l.Name, CPU)), Number(v(Rate)), x(Rate), Number(v(P50)), x(P50), Number(v(P99)), x(P99),
			bytes(v(Resident)), x(Resident), calls(c.Value(l.Name, Allocs)), known(c.Value(l.Name, AllocBytes)),
			calls(c.Value(l.Name, Reads)), calls(c.Value(l.Name, Writes)), Number(v(BytesBack)),
			fmt.Sprintf("%.0f%%", 100*v(Utilisation)), fmt.Sprintf("%.0f%%", 100*v(LoadBusy))})
	}
	return t
}

// Short is what says most of one cell, a library a row.
func (r Report) Short(c Cell) Table {
	t := Table{Title: c.Shape.String(), Note: c.Note, Header: []string{"library", "CPU/msg", "x floor (spread)", "allocs", "reads", "writes", "p50 us", "p99 us"}}
	for _, l := range r.Libraries {
		if !c.Has(l.Name) {
			continue
		}
		v := func(m Metric) float64 { return c.Value(l.Name, m).Median }
		t.Rows = append(t.Rows, []string{l.Name, Number(v(CPU)) + " ns", spread(c.Ratio(l.Name, CPU)), calls(c.Value(l.Name, Allocs)),
			calls(c.Value(l.Name, Reads)), calls(c.Value(l.Name, Writes)), Number(v(P50)), Number(v(P99))})
	}
	return t
}

// known writes a number, if it is known.
func known(s stats.Summary) string {
	if s.N == 0 {
		return "-"
	}
	return Number(s.Median)
}

// calls writes how many system calls or allocations a message takes, if that is known.
func calls(s stats.Summary) string {
	if s.N == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", s.Median)
}

// Overview shows metric m, as a ratio to the floor, of every library in every cell of one payload size.
func (r Report) Overview(m Metric, title string, size int, deflate bool) (t Table, ok bool) {
	t = Table{Title: title, Header: []string{"connections x in flight"}}
	var cells []Cell
	for _, c := range r.Cells {
		if c.Shape.Size == size && c.Shape.Deflate == deflate {
			cells = append(cells, c)
			t.Header = append(t.Header, fmt.Sprintf("%d x %d", c.Shape.Conns, c.Shape.InFlight))
		}
	}
	for _, l := range r.Libraries {
		row, measured := []string{l.Name}, false
		for _, c := range cells {
			cell := "-"
			if c.Has(l.Name) {
				cell, measured = fmt.Sprintf("%.2f", c.Ratio(l.Name, m).Median), true
			}
			row = append(row, cell)
		}
		if measured {
			t.Rows = append(t.Rows, row)
		}
	}
	return t, len(cells) > 0
}

// Sizes are the payload sizes of the cells, in their order.
func (r Report) Sizes(deflate bool) []int {
	var sizes []int
	seen := map[int]bool{}
	for _, c := range r.Cells {
		if c.Shape.Deflate == deflate && !seen[c.Shape.Size] {
			seen[c.Shape.Size] = true
			sizes = append(sizes, c.Shape.Size)
		}
	}
	return sizes
}

// budgetCells are the shapes that the design has budgets for, on a connection count that saturates the server.
var budgetCells = []wire.Shape{
	{Conns: 100, InFlight: 1, Size: 125}, {Conns: 100, InFlight: 16, Size: 125}, {Conns: 100, InFlight: 16, Size: 1 << 10},
}

// deflateCells are the same with compression, where a message costs far more than its system calls.
var deflateCells = []wire.Shape{
	{Conns: 100, InFlight: 1, Size: 125, Deflate: true}, {Conns: 100, InFlight: 1, Size: 1 << 10, Deflate: true},
}

// Charts are the charts of r, as far as it has their cells.
func (r Report) Charts() []Chart {
	var charts []Chart
	for _, want := range []struct {
		file, title string
		shapes      []wire.Shape
	}{
		{"echo-cpu.svg", "Server CPU per message, raw TCP echo = 1 (lower is better)", budgetCells},
		{"echo-deflate-cpu.svg", "Server CPU per message with permessage-deflate, raw TCP echo = 1 (lower is better)", deflateCells},
	} {
		c := Chart{File: want.file, Title: want.title}
		for _, s := range want.shapes {
			if cell, ok := r.Cell(s); ok {
				c.Series = append(c.Series, r.series(cell, s.String(), func(name string) float64 { return cell.Ratio(name, CPU).Median }))
			}
		}
		if len(c.Series) > 0 {
			charts = append(charts, c)
		}
	}
	return charts
}

// series takes one value of every library that c has.
func (r Report) series(c Cell, name string, value func(library string) float64) Series {
	s := Series{Name: name}
	for _, l := range r.Libraries {
		if c.Has(l.Name) {
			s.Labels, s.Values = append(s.Labels, l.Name), append(s.Values, value(l.Name))
		}
	}
	return s
}
