package report

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

// example has a library twice as dear as the floor in every round, while the floor itself varies.
func example() Report {
	shape := wire.Shape{Conns: 100, InFlight: 1, Size: 125}
	c := NewCell(shape)
	for _, floor := range []float64{1000, 4000, 2000} {
		c.Add(servers.Floor, Sample{CPU: floor})
		c.Add("a", Sample{CPU: 2 * floor, Allocs: 1})
	}
	return Report{Command: "go run ./bench/echo", Libraries: []Library{{Name: servers.Floor}, {Name: "a"}, {Name: "absent"}}, Cells: []Cell{c}}
}

// A ratio must be taken within a round: that is what makes it survive a noisy machine.
func TestRatiosAreOfTheSameRound(t *testing.T) {
	c := example().Cells[0]
	if r := c.Ratio("a", CPU); r.Median != 2 || r.Min != 2 || r.Max != 2 || r.N != 3 {
		t.Errorf("ratio %+v, want 2 in all of 3 rounds", r)
	}
	if v := c.Value("a", CPU); v.Median != 4000 || v.Min != 2000 || v.Max != 8000 {
		t.Errorf("value %+v", v)
	}
}

// What is published is made from the saved file, so nothing may be lost in it.
func TestSaveAndOpen(t *testing.T) {
	path, want := filepath.Join(t.TempDir(), "r.json"), example()
	if err := want.Save(path); err != nil {
		t.Fatal(err)
	}
	got, err := Open(path)
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("%v\n%s", err, cmp.Diff(want, got))
	}
}

// A library that was not measured must not get a row.
func TestTables(t *testing.T) {
	r := example()
	overview, ok := r.Overview(CPU, "x", 125, false)
	if want := [][]string{{"raw", "1.00"}, {"a", "2.00"}}; !ok || !cmp.Equal(overview.Rows, want) {
		t.Errorf("overview %v", overview.Rows)
	}
	if _, ok := r.Overview(CPU, "x", 125, true); ok {
		t.Error("an overview of cells that were not measured")
	}
	details := r.Details(r.Cells[0])
	if len(details.Rows) != 2 || len(details.Rows[1]) != len(details.Header) || details.Rows[1][2] != "2.00 (2.00-2.00)" {
		t.Errorf("details %q", details.Rows)
	}
	var b strings.Builder
	if err := details.Print(&b); err != nil || !strings.Contains(b.String(), "2.00 (2.00-2.00)") {
		t.Errorf("%v, %s", err, b.String())
	}
}

// A count that is not known must not look like none, and the table must say why it is not known.
func TestUnknownCalls(t *testing.T) {
	c := example().Cells[0]
	c.AddOnce("a", Sample{Reads: 2, Writes: 0})
	c.Note = "No reads: forbidden."
	table := example().Details(c)
	column := slices.Index(table.Header, "reads")
	for i, want := range [][]string{{"-", "-"}, {"2.00", "0.00"}} {
		if got := table.Rows[i][column : column+2]; !cmp.Equal(got, want) {
			t.Errorf("%s: %q, want %q", table.Rows[i][0], got, want)
		}
	}
	var b strings.Builder
	if err := table.Print(&b); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{b.String(), table.Markdown()} {
		if !strings.HasSuffix(text, "\n"+c.Note+"\n") {
			t.Errorf("no note below\n%s", text)
		}
	}
}

// There is a chart of the cells that were measured, with all libraries.
func TestCharts(t *testing.T) {
	charts := example().Charts()
	if len(charts) != 1 || len(charts[0].Series) == 0 || !slices.Contains(charts[0].Series[0].Labels, "raw") {
		t.Errorf("%+v, want a chart of the cell that was measured", charts)
	}
}

func TestReplaceSection(t *testing.T) {
	const doc = "a\n<!-- begin x: by make -->\nold\n<!-- end x -->\nb\n"
	got, err := ReplaceSection(doc, "x", "new\n")
	if want := "a\n<!-- begin x: by make -->\n\nnew\n\n<!-- end x -->\nb\n"; got != want || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, bad := range []string{"", "<!-- begin x: -->", "<!-- end x -->\n<!-- begin x: -->", "<!-- begin x: --><!-- end x -->"} {
		if got, err := ReplaceSection(bad, "x", "new"); err == nil {
			t.Errorf("%q became %q", bad, got)
		}
	}
}

func TestMicro(t *testing.T) {
	const out = "goos: linux\nBenchmarkA/x=1-2   100   12.5 ns/op   80.00 MB/s   0 B/op   0 allocs/op\n" +
		"BenchmarkB-2  5  300 ns/op\nBenchmarkA/x=1-2   100   10.5 ns/op   90.00 MB/s   0 B/op   0 allocs/op\nPASS\n"
	want := [][]string{{"A/x=1", "11.5", "10.5-12.5", "85", "0", "0"}, {"B", "300", "300-300", "-", "-", "-"}}
	if got := Micro(out).Rows; !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}
