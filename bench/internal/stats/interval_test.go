package stats

import (
	"math"
	"testing"
)

// Bounds that are too narrow would call noise a regression; too wide ones would let regressions pass. The numbers are those of the tables
// of the sign test at 5 %, two-sided.
func TestInterval(t *testing.T) {
	for n, want := range map[int]int{1: 0, 2: 0, 5: 0, 6: 0, 7: 0, 8: 0, 9: 1, 11: 1, 12: 2, 14: 2, 15: 3, 20: 5, 25: 7, 30: 9} {
		v := make([]float64, n)
		for i := range v {
			v[(i*7+3)%n] = float64(i) // a permutation, unless 7 divides n
		}
		if n%7 == 0 {
			for i := range v {
				v[i] = float64(n - 1 - i)
			}
		}
		if low, high := Interval(v); low != float64(want) || high != float64(n-1-want) {
			t.Errorf("of 0 to %d: %v to %v, want %d to %d", n-1, low, high, want, n-1-want)
		}
	}
	if low, high := Interval([]float64{math.NaN(), 3, math.Inf(1)}); low != 3 || high != 3 {
		t.Errorf("with values that are no numbers: %v to %v, want 3", low, high)
	}
	if low, high := Interval(nil); low != 0 || high != 0 {
		t.Errorf("of nothing: %v to %v", low, high)
	}
}
