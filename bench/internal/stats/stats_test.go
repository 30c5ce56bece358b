package stats

import (
	"math"
	"testing"
	"time"
)

// A wrong median would be reported as a measurement.
func TestSummarize(t *testing.T) {
	for _, tc := range []struct {
		name string
		in   []float64
		want Summary
	}{
		{"none", nil, Summary{}},
		{"one", []float64{3}, Summary{3, 3, 3, 1}},
		{"odd, unsorted", []float64{9, 1, 5}, Summary{5, 1, 9, 3}},
		{"even", []float64{4, 1, 2, 3}, Summary{2.5, 1, 4, 4}},
		{"no numbers", []float64{math.NaN(), math.Inf(1), 7}, Summary{7, 7, 7, 1}},
	} {
		if got := Summarize(tc.in); got != tc.want {
			t.Errorf("%s: %+v, want %+v", tc.name, got, tc.want)
		}
	}
}

// Ratios must pair the values of one round, and not stumble over a floor of zero.
func TestRatios(t *testing.T) {
	got := Ratios([]float64{6, 8, 1}, []float64{2, 4})
	if len(got) != 2 || got[0] != 3 || got[1] != 2 {
		t.Errorf("%v, want [3 2]", got)
	}
	if s := Summarize(Ratios([]float64{1, 0}, []float64{0, 0})); s.N != 0 {
		t.Errorf("ratio to a floor of zero counted: %+v", s)
	}
}

// Every value must fall into a bucket whose upper end is not below it and at most 1/64 above it.
func TestHistogramBuckets(t *testing.T) {
	for _, v := range []uint64{0, 1, 63, 64, 65, 127, 128, 129, 1000, 1 << 20, 1<<20 + 1, 1<<40 - 1, 1<<63 - 1} {
		u := upper(bucket(v))
		if u < v || float64(u-v) > float64(v)/subBuckets {
			t.Errorf("%d is reported as %d", v, u)
		}
	}
}

func TestHistogramQuantiles(t *testing.T) {
	var h Histogram
	for i := 1; i <= 1000; i++ {
		h.Record(time.Duration(i)*time.Microsecond, 1)
	}
	for q, want := range map[float64]time.Duration{0.5: 500 * time.Microsecond, 0.99: 990 * time.Microsecond} {
		got := h.Quantile(q)
		if got < want || float64(got-want) > float64(want)/subBuckets {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	h.Reset()
	if got := h.Quantile(0.5); got != 0 {
		t.Errorf("quantile of nothing is %v", got)
	}
}
