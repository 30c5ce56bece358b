//go:build race

package compress

// underRace: the race detector makes all of this ten times slower, and nearly all of it is of one goroutine. Loops over a whole grid
// then do a part of it, with the same assertions; make test runs the whole without it.
const underRace = true
