//go:build linux

package main

import (
	"slices"
	"testing"
)

// Each contestant is divided by the first of the same round, and stands for itself.
func TestTable(t *testing.T) {
	all := []contestant{
		{library: "a", cpu: []float64{10, 20, 40}, bytes: []float64{700, 700, 700}, held: []float64{0, 0, 0}},
		{library: "a", takeover: true, cpu: []float64{13, 24, 60}, bytes: []float64{400, 410, 420}, held: []float64{79, 80, 83}},
	}
	got := table(all, 100).Rows
	want := [][]string{
		{"a without takeover", "20.0 us", "1.00 (1.00-1.00)", "700", "0"},
		{"a", "24.0 us", "1.30 (1.20-1.50)", "410", "80"},
	}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("%q, want %q", got, want)
	}
	if few := table(all, 10).Rows[1]; few[4] != "-" {
		t.Errorf("%q: what few connections hold is lost in what the process does", few)
	}
}

// Contestants with takeover are asked for it, and all say the same.
func TestShape(t *testing.T) {
	with, without := contestant{takeover: true}.shape(7), contestant{}.shape(7)
	if !with.Takeover || without.Takeover || !with.Chat || !without.Chat || !with.Deflate || with.Conns != 7 {
		t.Errorf("%+v, %+v", with, without)
	}
}
