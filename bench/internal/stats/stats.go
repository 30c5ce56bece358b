// Package stats holds the arithmetic of the benchmarks: medians with their spread, and a latency histogram. Nothing
// here knows what is measured.
package stats

import (
	"math"
	"slices"
)

// Summary is what remains of the rounds of one measurement.
type Summary struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	N      int     `json:"n"`
}

// Summarize returns the median of v and its spread. Values that are not numbers are left out; of none at all every
// field is 0.
func Summarize(v []float64) Summary {
	s := make([]float64, 0, len(v))
	for _, x := range v {
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			s = append(s, x)
		}
	}
	if len(s) == 0 {
		return Summary{}
	}
	slices.Sort(s)
	mid := len(s) / 2
	median := s[mid]
	if len(s)%2 == 0 {
		median = (s[mid-1] + s[mid]) / 2
	}
	return Summary{Median: median, Min: s[0], Max: s[len(s)-1], N: len(s)}
}

// Ratios divides a by b, round by round. Rounds that only one of them has are left out.
func Ratios(a, b []float64) []float64 {
	n := min(len(a), len(b))
	r := make([]float64, n)
	for i := range r {
		r[i] = a[i] / b[i] // by zero: not a number, which Summarize leaves out
	}
	return r
}
