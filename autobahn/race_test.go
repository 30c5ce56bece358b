//go:build race

package autobahn

// underRace: the race detector makes the cases that move much data ten times slower, and their goroutines are those of
// all cases, so that only two of them are played under it. Without it all are.
const underRace = true
