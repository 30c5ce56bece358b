package autobahn

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestCatalogue: the original's cases are all there, by group, and no ID is used twice.
func TestCatalogue(t *testing.T) {
	want := "1.1:8 1.2:8 2:11 3:7 4.1:5 4.2:5 5:20 6.1:3 6.2:4 6.3:2 6.4:4 6.5:5 6.6:11 6.7:4 6.8:2 6.9:4 6.10:3 6.11:5 6.12:8 " +
		"6.13:5 6.14:10 6.15:1 6.16:3 6.17:5 6.18:5 6.19:5 6.20:7 6.21:8 6.22:34 6.23:7 7.1:6 7.3:6 7.5:1 7.7:13 7.9:9 7.13:2 " +
		"9.1:6 9.2:6 9.3:9 9.4:9 9.5:6 9.6:6 9.7:6 9.8:6 10.1:1 12.1:18 12.2:18 12.3:18 12.4:18 12.5:18 " +
		"13.1:18 13.2:18 13.3:18 13.4:18 13.5:18 13.6:18 13.7:18"
	count := map[string]int{}
	var groups []string
	ids := map[string]bool{}
	total := 0
	for i, c := range Cases() {
		if c.Index != i+1 || ids[c.ID] || c.Description == "" || c.Expectation == "" {
			t.Errorf("case %d: %+v", i, c)
		}
		ids[c.ID] = true
		if strings.HasPrefix(c.ID, "S") {
			continue
		}
		total++
		if count[c.Group()] == 0 {
			groups = append(groups, c.Group())
		}
		count[c.Group()]++
	}
	var got []string
	for _, g := range groups {
		got = append(got, fmt.Sprintf("%s:%d", g, count[g]))
		if Title(g) == "" {
			t.Errorf("group %s has no title", g)
		}
	}
	if total != 517 || strings.Join(got, " ") != want {
		t.Errorf("%d cases: %s", total, strings.Join(got, " "))
	}
}

// TestSelect: patterns as the original has them.
func TestSelect(t *testing.T) {
	for _, tt := range []struct {
		patterns, exclude []string
		want              int
		contains          string
	}{
		{[]string{"*"}, nil, 517, "13.7.18"},
		{[]string{"1.*"}, nil, 16, "1.2.8"},
		{[]string{"1.1.1", "2.*"}, nil, 12, "2.11"},
		{[]string{"*"}, []string{"12.*", "13.*", "9.*"}, 247, "10.1.1"},
		{[]string{"6.2*"}, nil, 4 + 7 + 8 + 34 + 7, "6.22.34"},
		{[]string{"S1.1.*"}, []string{"S1.1.1"}, 23, "S1.1.24"},
	} {
		cases, err := Select(tt.patterns, tt.exclude)
		if err != nil || len(cases) != tt.want {
			t.Errorf("%v without %v: %d cases, %v, want %d", tt.patterns, tt.exclude, len(cases), err, tt.want)
		}
		if tt.contains != "" && !slices.ContainsFunc(cases, func(c *Case) bool { return c.ID == tt.contains }) {
			t.Errorf("%v without %v: not %s", tt.patterns, tt.exclude, tt.contains)
		}
	}
	for _, tt := range []struct{ patterns, exclude []string }{
		{[]string{"8.1"}, nil}, {[]string{"99.*"}, nil}, {[]string{"1.*", "S9*"}, nil}, {[]string{"1.*"}, []string{"1.*"}}, {nil, nil},
	} {
		if cases, err := Select(tt.patterns, tt.exclude); err == nil {
			t.Errorf("%v without %v: no error, %d cases", tt.patterns, tt.exclude, len(cases))
		}
	}
}

// ratios are the bounds between which the payloads compress, with windows of 9 and 15 bits: those of the original's kinds.
var ratios = map[string]map[int][2]float64{
	"a JSON text":                {9: {0.03, 0.06}, 15: {0.035, 0.055}},
	"a grey bitmap of 512 x 512": {9: {0.8, 0.95}, 15: {0.8, 0.95}},
	"a book in plain text":       {9: {0.4, 0.55}, 15: {0.4, 0.5}},
	"an HTML page":               {9: {0.1, 0.2}, 15: {0.1, 0.2}},
	"a PDF file":                 {9: {0.9, 1.01}, 15: {0.9, 1.01}},
}

// TestPayloads: the payloads of sections 12 and 13 have the kinds and sizes that the cases need, and a part that runs
// over the end begins again at the start.
func TestPayloads(t *testing.T) {
	for _, p := range payloads {
		whole := string(p.part(0, 128*kib))
		if p.length < 128*kib {
			t.Errorf("%s: %d long, shorter than the largest message", p.name, p.length)
		}
		over := string(p.part(p.length-10, 20))
		if !strings.HasPrefix(whole, string([]rune(over)[10:])) && !strings.HasPrefix(whole, over[10:]) {
			t.Errorf("%s: does not go round", p.name)
		}
		for bits, limits := range ratios[p.name] {
			d := newDeflater(bits, false)
			ratio := float64(len(d.message([]byte(whole)))) / float64(len(whole))
			if ratio < limits[0] || ratio > limits[1] {
				t.Errorf("%s, %d bits: compresses to %.3f", p.name, bits, ratio)
			}
		}
	}
	if n := len([]rune(string(payloads[0].part(190000, 1000)))); n != 1000 {
		t.Errorf("a text of 1000 characters has %d", n)
	}
}
