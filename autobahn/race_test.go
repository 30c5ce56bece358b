//go:build race

package autobahn

// underRace: the race detector makes everything ten times slower, and its goroutines are those of all cases, so that under it only
// two of the cases that move much data are played, and one in eight with many faults. Without it, as in make test as well, all are.
const underRace = true
