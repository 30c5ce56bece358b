package stats

import (
	"math"
	"slices"
)

// confidence is how often an Interval holds the median of what was drawn from.
const confidence = 0.95

// Interval returns bounds between which the median of what v was drawn from lies, in at least 95 of 100 such draws, whatever the
// distribution: two values of v, as far from its ends as that allows. Of fewer than six values, of which none are so certain, it returns
// the lowest and the highest. Values that are not numbers are left out; of none at all both are 0.
func Interval(v []float64) (low, high float64) {
	s := slices.DeleteFunc(slices.Clone(v), func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) })
	if len(s) == 0 {
		return 0, 0
	}
	slices.Sort(s)
	k := outside(len(s))
	return s[k], s[len(s)-1-k]
}

// outside returns how many of n sorted values may be left out at either end.
//
// Each value is below the median as often as above it, like a coin. The median lies outside of the values from the k-th to the k-th from
// the end if fewer than k of n coins, or more than n-k, show heads.
func outside(n int) (k int) {
	ways := 1.0 // of n coins to show k heads
	tail := ways
	for ; 1-2*tail/math.Exp2(float64(n)) >= confidence; k++ {
		ways = ways * float64(n-k) / float64(k+1)
		tail += ways
	}
	return max(k-1, 0)
}
