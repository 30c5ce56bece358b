//go:build race

package websocket

// underRace: the race detector makes all of this ten times slower. Loops of one goroutine over a whole grid then do a part of it, with the
// same assertions; make test runs the whole without it.
const underRace = true
