//go:build race

// Package race says whether the race detector watches: it makes everything ten times slower. Tests whose loops are of one goroutine over a whole
// grid, or move much data, then do a part of it, with the same assertions; make test runs the whole without it.
package race

// Enabled is whether it does.
const Enabled = true
