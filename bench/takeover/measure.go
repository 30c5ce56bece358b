//go:build linux

package main

// This file measures all contestants with one number of connections.

import (
	"errors"
	"fmt"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
	"github.com/seed-d69ae1b7/websocket/bench/internal/load"
	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
	"github.com/seed-d69ae1b7/websocket/bench/internal/rig"
	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
	"github.com/seed-d69ae1b7/websocket/bench/internal/stats"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

// warmBursts is how many messages each connection says before it is measured, behind the one that has filled its windows.
const warmBursts = 8

// contestant is a library with takeover or without, and what it showed in each round.
type contestant struct {
	library  string
	takeover bool

	server *rig.Server
	cpu    []float64 // us for a message
	bytes  []float64 // back, for a message
	held   []float64 // resident KiB of a connection, beside the first contestant's
}

func (c contestant) name() string {
	if c.takeover {
		return c.library
	}
	return c.library + " without takeover"
}

func (c contestant) shape(conns int) wire.Shape {
	return wire.Shape{Conns: conns, InFlight: 1, Size: 1 << 10, Deflate: true, Chat: true, Takeover: c.takeover}
}

// measure lets the contestants take turns, each round begun by another one. The first is what the others are divided by.
func measure(contestants []contestant, conns, rounds int, period time.Duration) (t report.Table, err error) {
	all := append([]contestant(nil), contestants...)
	loads := map[bool]*rig.Load{} // with takeover and without: each builds its messages once
	defer func() {
		for _, c := range all {
			if c.server != nil {
				err = errors.Join(err, c.server.Stop())
			}
		}
		for _, l := range loads {
			err = errors.Join(err, l.Stop())
		}
	}()
	serverCore, loadCore := child.Cores()
	for i := range all {
		if err := all[i].start(serverCore); err != nil {
			return t, err
		}
		if loads[all[i].takeover] == nil {
			if loads[all[i].takeover], err = rig.StartLoad(loadCore); err != nil {
				return t, err
			}
		}
	}
	for round := range rounds {
		for i := range all {
			c := &all[(i+round)%len(all)]
			if err := c.round(loads[c.takeover], conns, period); err != nil {
				return t, fmt.Errorf("%s: %w", c.name(), err)
			}
		}
		nothing := all[0].held[round]
		for i := range all {
			all[i].held[round] -= nothing
		}
	}
	return table(all, conns), nil
}

// start starts the server.
func (c *contestant) start(core child.Core) error {
	library, err := servers.Named(c.library)
	if err != nil {
		return err
	}
	c.server, err = rig.StartServer(core, library, servers.Options{Deflate: true, Takeover: c.takeover})
	return err
}

// round measures one period, over connections of its own.
func (c *contestant) round(generator *rig.Load, conns int, period time.Duration) (err error) {
	if err := generator.Open(c.server, c.shape(conns)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, generator.Close()) }()
	if _, err := generator.Run(load.Period{Bursts: warmBursts}); err != nil {
		return err
	}
	start, err := c.server.CPU()
	if err != nil {
		return err
	}
	r, err := generator.Run(load.Period{Duration: period})
	if err != nil {
		return err
	}
	end, err := c.server.CPU()
	if err != nil {
		return err
	}
	m, err := c.server.Memory(true)
	if err != nil {
		return err
	}
	n := float64(r.Messages)
	c.cpu = append(c.cpu, float64((end-start).Nanoseconds())/1e3/n)
	c.bytes = append(c.bytes, float64(r.Bytes)/n)
	c.held = append(c.held, float64(m.Resident)/1024/float64(conns))
	return nil
}

// table shows the medians.
func table(all []contestant, conns int) report.Table {
	t := report.Table{
		Title:  fmt.Sprintf("%d connections x 1 in flight x 1 KiB of chat", conns),
		Header: []string{"library", "server CPU/msg", "x without (spread)", "bytes back", "KiB more held"},
	}
	for _, c := range all {
		x := stats.Summarize(stats.Ratios(c.cpu, all[0].cpu))
		held := "-"
		if conns >= 100 {
			held = fmt.Sprintf("%.0f", stats.Summarize(c.held).Median)
		}
		t.Rows = append(t.Rows, []string{c.name(), fmt.Sprintf("%.1f us", stats.Summarize(c.cpu).Median),
			fmt.Sprintf("%.2f (%.2f-%.2f)", x.Median, x.Min, x.Max), fmt.Sprintf("%.0f", stats.Summarize(c.bytes).Median), held})
	}
	return t
}
