package stats

import (
	"math/bits"
	"time"
)

// subBuckets is how many buckets each power of two has: a quantile is at most 1/subBuckets above the truth.
const (
	subBits    = 6
	subBuckets = 1 << subBits
)

// Histogram counts durations in buckets of at most 1.6% width. The zero value is empty. Recording does not allocate.
type Histogram struct {
	counts [(64 - subBits) * subBuckets]uint64
	total  uint64
}

// Reset empties h.
func (h *Histogram) Reset() { *h = Histogram{} }

// Record counts n durations of d.
func (h *Histogram) Record(d time.Duration, n int) {
	h.counts[bucket(uint64(max(d, 0)))] += uint64(n)
	h.total += uint64(n)
}

// Quantile returns the duration that the fraction q of all recorded ones does not exceed: the upper end of its
// bucket. It is 0 when nothing was recorded.
func (h *Histogram) Quantile(q float64) time.Duration {
	rank := uint64(q * float64(h.total))
	var seen uint64
	for i, n := range h.counts {
		seen += n
		if n > 0 && seen >= rank {
			return time.Duration(upper(i))
		}
	}
	return 0
}

// bucket is the index of v: exact below subBuckets, then subBits leading bits of it below the first.
func bucket(v uint64) int {
	if v < subBuckets {
		return int(v)
	}
	shift := bits.Len64(v) - 1 - subBits
	return shift*subBuckets + int(v>>shift)
}

// upper is the largest value whose bucket is i.
func upper(i int) uint64 {
	if i < 2*subBuckets {
		return uint64(i)
	}
	shift := i/subBuckets - 1
	return uint64(i-shift*subBuckets+1)<<shift - 1
}
