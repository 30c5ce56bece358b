//go:build linux

package main

// This file measures: one server in one round, and all of them in all rounds of a cell.

import (
	"errors"
	"fmt"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
	"github.com/seed-d69ae1b7/websocket/bench/internal/load"
	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
	"github.com/seed-d69ae1b7/websocket/bench/internal/rig"
	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

// plan is what one call of the program measures.
type plan struct {
	libraries  []servers.Library
	cells      []wire.Shape
	rounds     int
	warm, time time.Duration // of each library in each round
	serverCore child.Core
	loadCore   child.Core
	profiles   string // a directory, or empty
}

// measureCell runs every library of the plan once a round, in turn, so that what disturbs the machine for a while
// disturbs all of them. Each round begins with another one. Servers are new for each cell.
func (p plan) measureCell(shape wire.Shape) (cell report.Cell, err error) {
	generator, err := rig.StartLoad(p.loadCore)
	if err != nil {
		return cell, err
	}
	defer func() { err = errors.Join(err, generator.Stop()) }()
	running, err := p.startServers(shape)
	defer func() {
		for _, s := range running {
			err = errors.Join(err, s.Stop())
		}
	}()
	if err != nil {
		return cell, err
	}
	cell = report.NewCell(shape)
	for round := range p.rounds {
		for i := range running {
			s := running[(i+round)%len(running)]
			sample, err := p.measure(generator, s, shape)
			if err != nil {
				return cell, fmt.Errorf("%s, %v: %w", s.Library.Name, shape, err)
			}
			cell.Add(s.Library.Name, sample)
		}
	}
	if err := p.countCalls(generator, running, &cell); err != nil {
		return cell, err
	}
	return cell, p.profile(generator, running, shape)
}

// startServers starts those libraries that can do what shape asks for.
func (p plan) startServers(shape wire.Shape) (running []*rig.Server, err error) {
	for _, l := range p.libraries {
		o := servers.Options{Deflate: shape.Deflate, TLS: shape.TLS}
		if !l.Can(o) {
			continue
		}
		s, err := rig.StartServer(p.serverCore, l, o)
		if err != nil {
			return running, err
		}
		running = append(running, s)
	}
	return running, nil
}

// measure opens connections to s, warms it up, and measures one period. What reading the counters costs by itself is
// measured first, and taken off the allocations.
func (p plan) measure(generator *rig.Load, s *rig.Server, shape wire.Shape) (sample report.Sample, err error) {
	if err := generator.Open(s, shape); err != nil {
		return sample, err
	}
	defer func() { err = errors.Join(err, generator.Close()) }()
	if _, err := generator.Run(load.Period{Duration: p.warm}); err != nil {
		return sample, err
	}
	nothing, err := count(s, func() error { return nil })
	if err != nil {
		return sample, err
	}
	var r load.Result
	used, err := count(s, func() (err error) {
		r, err = generator.Run(load.Period{Duration: p.time})
		return err
	})
	if err != nil {
		return sample, err
	}
	used.mallocs = max(0, used.mallocs-nothing.mallocs)
	used.mallocBytes = max(0, used.mallocBytes-nothing.mallocBytes)
	return newSample(r, used), nil
}

// counters are what a server used while something ran.
type counters struct {
	cpu                  time.Duration
	mallocs, mallocBytes int64
	resident             uint64 // at the end
}

// count reads the counters of s right before and right after run, whose messages have all come back by then: they
// count exactly those messages.
func count(s *rig.Server, run func() error) (c counters, err error) {
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
