//go:build linux

package main

// This file measures all servers in all rounds of a cell.

import (
	"errors"
	"fmt"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
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
			sample, err := rig.Measure(generator, s, shape, p.warm, p.time)
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
