//go:build linux

package rig

import (
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/load"
	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
)

// Counters become values for each message.
func TestNewSample(t *testing.T) {
	s := newSample(load.Result{Messages: 100, Bytes: 12700, Elapsed: time.Second, P50: time.Millisecond},
		counters{cpu: 500 * time.Millisecond, mallocs: 200, resident: 1 << 20})
	for m, want := range map[report.Metric]float64{
		report.CPU: 5e6, report.Rate: 100, report.Allocs: 2, report.BytesBack: 127,
		report.Utilisation: 0.5, report.P50: 1000, report.Resident: 1 << 20,
	} {
		if s[m] != want {
			t.Errorf("%s: %v, want %v", m, s[m], want)
		}
	}
}
