//go:build linux

package main

import (
	"testing"

	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

// Cells over the bound on bytes in flight would measure how a machine swaps; a number that is misread would measure
// something else than the report says.
func TestCells(t *testing.T) {
	f := func(conns, inFlight, sizes, deflate string) ([]wire.Shape, error) {
		tls := "off"
		return flags{conns: &conns, inFlight: &inFlight, sizes: &sizes, deflate: &deflate, tls: &tls}.cells()
	}
	cells, err := f("1,1000", "1,16", "125,65536", "off,on")
	if err != nil || len(cells) != 14 {
		t.Errorf("%d cells, %v; want 16 without the two of 1000 x 16 x 64 KiB", len(cells), err)
	}
	for _, c := range cells {
		if c.Conns*c.InFlight*c.Size > maxInFlight {
			t.Errorf("%v is over the bound", c)
		}
	}
	for _, bad := range [][4]string{{"0", "1", "1", "on"}, {"1", "17", "1", "on"}, {"1", "1", "x", "on"}, {"1", "1", "1", "yes"}} {
		if cells, err := f(bad[0], bad[1], bad[2], bad[3]); err == nil {
			t.Errorf("%q: %v", bad, cells)
		}
	}
}

// The gate must fail for a library that allocates in every round, and only for those that it names.
func TestGate(t *testing.T) {
	c := report.NewCell(wire.Shape{})
	for _, allocs := range []float64{0.3, 0.01, 0.02} {
		c.Add("clean", report.Sample{report.Allocs: allocs})
		c.Add("dirty", report.Sample{report.Allocs: 1 + allocs})
	}
	r := report.Report{Cells: []report.Cell{c}}
	if err := gate(r, "clean,absent"); err != nil {
		t.Error(err)
	}
	if err := gate(r, "clean,dirty"); err == nil {
		t.Error("one allocation for each message passed")
	}
}
