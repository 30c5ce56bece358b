//go:build linux

package main

// This file counts system calls, apart from the measurements, which that would disturb.

import (
	"errors"
	"fmt"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
	"github.com/seed-d69ae1b7/websocket/bench/internal/load"
	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
	"github.com/seed-d69ae1b7/websocket/bench/internal/rig"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

// callsPeriod is how long the system calls of each server are counted.
const callsPeriod = 100 * time.Millisecond

// callsPause slows the load down, because counting slows the server down: many a server reads once more after its
// answer, to find that nothing has come, and a load that was much faster than it would have sent something by then.
const callsPause = 300 * time.Microsecond

// countCalls adds to cell how many system calls each server makes for a message. Where they cannot be counted it says
// why in the cell's note.
func (p plan) countCalls(generator *rig.Load, running []*rig.Server, cell *report.Cell) error {
	for _, s := range running {
		sample, err := p.serverCalls(generator, s, cell.Shape)
		if errors.Is(err, child.ErrNotTraced) {
			cell.Note = fmt.Sprintf("No reads and writes: %v.", err)
			return nil
		}
		if err != nil {
			return fmt.Errorf("system calls of %s, %v: %w", s.Library.Name, cell.Shape, err)
		}
		cell.AddOnce(s.Library.Name, sample)
	}
	return nil
}

func (p plan) serverCalls(generator *rig.Load, s *rig.Server, shape wire.Shape) (sample report.Sample, err error) {
	if err := generator.Open(s, shape); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, generator.Close()) }()
	if _, err := generator.Run(load.Period{Duration: p.warm}); err != nil {
		return nil, err
	}
	var r load.Result
	c, err := s.Trace(func() (err error) {
		r, err = generator.Run(load.Period{Duration: callsPeriod, Pause: callsPause})
		return err
	})
	if err != nil {
		return nil, err
	}
	n := float64(r.Messages)
	return report.Sample{report.Reads: float64(c.Reads) / n, report.Writes: float64(c.Writes) / n}, nil
}
