//go:build linux

package rig

// This file measures: one server in one round.

import (
	"errors"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/load"
	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

// Measure opens connections to s, warms it up, and measures one period. What reading the counters costs by itself is
// measured first, and taken off the allocations.
func Measure(generator *Load, s *Server, shape wire.Shape, warm, period time.Duration) (sample report.Sample, err error) {
	if err := generator.Open(s, shape); err != nil {
		return sample, err
	}
	defer func() { err = errors.Join(err, generator.Close()) }()
	if _, err := generator.Run(load.Period{Duration: warm}); err != nil {
		return sample, err
	}
	nothing, err := count(s, func() error { return nil })
	if err != nil {
		return sample, err
	}
	var r load.Result
	used, err := count(s, func() (err error) {
		r, err = generator.Run(load.Period{Duration: period})
		return err
	})
	if err != nil {
		return sample, err
	}
	used.mallocs = max(0, used.mallocs-nothing.mallocs)
	used.mallocBytes = max(0, used.mallocBytes-nothing.mallocBytes)
	sample = newSample(r, used)
	if s.program != nil {
		delete(sample, report.Allocs) // nobody counts them
		delete(sample, report.AllocBytes)
	}
	return sample, nil
}

// counters are what a server used while something ran.
type counters struct {
	cpu                  time.Duration
	mallocs, mallocBytes int64
	resident             uint64 // at the end
}

// count reads the counters of s right before and right after run, whose messages have all come back by then: they
// count exactly those messages.
func count(s *Server, run func() error) (c counters, err error) {
	before, err := s.Memory(false)
	if err != nil {
		return c, err
	}
	start, err := s.CPU()
	if err != nil {
		return c, err
	}
	if err := run(); err != nil {
		return c, err
	}
	end, err := s.CPU()
	if err != nil {
		return c, err
	}
	after, err := s.Memory(false)
	return counters{
		cpu:         end - start,
		mallocs:     int64(after.Mallocs - before.Mallocs),
		mallocBytes: int64(after.MallocBytes - before.MallocBytes),
		resident:    after.Resident,
	}, err
}

// newSample turns counters into what is reported: values for each message where that makes sense.
func newSample(r load.Result, c counters) report.Sample {
	n := float64(r.Messages)
	return report.Sample{
		report.CPU:         float64(c.cpu.Nanoseconds()) / n,
		report.Rate:        n / r.Elapsed.Seconds(),
		report.P50:         float64(r.P50.Nanoseconds()) / 1e3,
		report.P99:         float64(r.P99.Nanoseconds()) / 1e3,
		report.Resident:    float64(c.resident),
		report.Allocs:      float64(c.mallocs) / n,
		report.AllocBytes:  float64(c.mallocBytes) / n,
		report.Utilisation: float64(c.cpu) / float64(r.Elapsed),
		report.LoadBusy:    float64(r.CPU) / float64(r.Elapsed),
		report.BytesBack:   float64(r.Bytes) / n,
	}
}
