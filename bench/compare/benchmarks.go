//go:build linux

package main

// This file holds what is measured.

import (
	"errors"
	"fmt"

	"github.com/seed-d69ae1b7/websocket/bench/internal/clients"
	"github.com/seed-d69ae1b7/websocket/bench/internal/feed"
	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
	"github.com/seed-d69ae1b7/websocket/bench/internal/rig"
	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

// benchmark is something that is measured of both sides in turns.
type benchmark struct {
	name    string
	metrics []report.Metric // less is better
	fits    func(s side) bool
	run     func(p plan, sides [2]side) (samples, error)
}

// samples are what the sides showed, round by round.
type samples [2][]report.Sample

// The metrics beside those of other benchmarks.
const (
	handshakeCPU report.Metric = "server CPU per handshake, ns"
	clientCPU    report.Metric = "client CPU per message, ns"
)

var benchmarks = []benchmark{
	echo("echo", wire.Shape{InFlight: 1, Size: 125}, report.CPU),
	echo("echo", wire.Shape{InFlight: 16, Size: 125}, report.CPU),
	echo("echo", wire.Shape{InFlight: 1, Size: 1 << 10}, report.CPU),
	echo("deflate", wire.Shape{InFlight: 1, Size: 1 << 10, Deflate: true}, report.CPU, report.BytesBack),
	echo("takeover", wire.Shape{InFlight: 1, Size: 1 << 10, Deflate: true, Chat: true, Takeover: true}, report.CPU, report.BytesBack),
	{"handshake", []report.Metric{handshakeCPU}, side.hasServer, handshakes},
	{"idle", []report.Metric{report.Fresh, report.Echoed}, side.hasServer, idle(wire.Shape{Size: 125}, 1)},
	{"idle, after deflate", []report.Metric{report.Echoed}, side.hasServer, idle(wire.Shape{Size: 1 << 10, Deflate: true}, 3)},
	reads("feed, alone", wire.Shape{InFlight: 1, Size: 200}),
	reads("feed, in bursts", wire.Shape{InFlight: 16, Size: 200}),
	reads("feed, in bursts, deflate with takeover", wire.Shape{InFlight: 16, Size: 200, Deflate: true}),
}

func (s side) hasServer() bool { return len(s.server) > 0 }
func (s side) hasClient() bool { return len(s.client) > 0 }

// alternate measures the sides in turns, each round beginning with the other one.
func alternate(rounds int, measure func(i int) (report.Sample, error)) (all samples, err error) {
	for round := range rounds {
		for turn := range 2 {
			i := (round + turn) % 2
			s, err := measure(i)
			if err != nil {
				return all, err
			}
			all[i] = append(all[i], s)
		}
	}
	return all, nil
}

// program returns a server of a side as an entry of the other benchmarks.
func program(s side, command []string) servers.Library {
	return servers.Library{Name: s.name, Command: command, Deflate: true, PlainNet: true}
}

// withServers runs f with a server of each side, and what loads them.
func (p plan) withServers(sides [2]side, f func(l *rig.Load, s [2]*rig.Server) (samples, error)) (all samples, err error) {
	generator, err := rig.StartLoad(p.loadCore)
	if err != nil {
		return all, err
	}
	defer func() { err = errors.Join(err, generator.Stop()) }()
	var running [2]*rig.Server
	for i, s := range sides {
		if running[i], err = rig.StartServer(p.testedCore, program(s, s.server), servers.Options{}); err != nil {
			return all, err
		}
		defer func() { err = errors.Join(err, running[i].Stop()) }()
	}
	return f(generator, running)
}

// echo measures a server that echoes.
func echo(name string, shape wire.Shape, metrics ...report.Metric) benchmark {
	run := func(p plan, sides [2]side) (samples, error) {
		shape := shape
		shape.Conns = p.conns
		return p.withServers(sides, func(l *rig.Load, s [2]*rig.Server) (samples, error) {
			return alternate(p.rounds, func(i int) (report.Sample, error) { return rig.Measure(l, s[i], shape, p.warm, p.time) })
		})
	}
	return benchmark{fmt.Sprintf("%s, %d x %s", name, shape.InFlight, wire.Bytes(shape.Size)), metrics, side.hasServer, run}
}

// handshakes measures connections that are opened and dropped.
func handshakes(p plan, sides [2]side) (samples, error) {
	const atOnce = 50
	return p.withServers(sides, func(l *rig.Load, s [2]*rig.Server) (samples, error) {
		open := func(i, n int) error {
			for ; n > 0; n -= atOnce {
				if err := errors.Join(l.Open(s[i], wire.Shape{Conns: min(n, atOnce), InFlight: 1, Size: 125}), l.Close()); err != nil {
					return err
				}
			}
			return nil
		}
		return alternate(p.rounds, func(i int) (report.Sample, error) {
			if err := open(i, p.handshakes/10); err != nil {
				return nil, err
			}
			before, err := s[i].CPU()
			if err != nil {
				return nil, err
			}
			if err := open(i, p.handshakes); err != nil {
				return nil, err
			}
			after, err := s[i].CPU()
			return report.Sample{handshakeCPU: float64(after-before) / float64(p.handshakes)}, err
		})
	})
}

// idle measures what open connections hold, fresh and after so many messages.
func idle(shape wire.Shape, messages int) func(p plan, sides [2]side) (samples, error) {
	return func(p plan, sides [2]side) (samples, error) {
		shape := shape
		shape.Conns, shape.InFlight = p.idle, 1
		return alternate(p.rounds, func(i int) (report.Sample, error) {
			fresh, echoed, err := rig.Hold(program(sides[i], sides[i].idle), shape, messages)
			return report.Sample{report.Fresh: fresh, report.Echoed: echoed}, err
		})
	}
}

// reads measures a client that reads a feed.
func reads(name string, shape wire.Shape) benchmark {
	shape.Conns = 1
	run := func(p plan, sides [2]side) (all samples, err error) {
		from, err := feed.StartSender(p.loadCore)
		if err != nil {
			return all, err
		}
		defer func() { err = errors.Join(err, from.Stop()) }()
		var feeds [2]*feed.Feed
		for i, s := range sides {
			if feeds[i], err = from.Start(p.testedCore, clients.Client{Name: s.name, Command: s.client}, shape); err != nil {
				return all, err
			}
			defer func() { err = errors.Join(err, feeds[i].Stop()) }()
		}
		how := feed.Plan{Pause: feed.DefaultPause, Warm: p.warm, Time: p.time}
		return alternate(p.rounds, func(i int) (report.Sample, error) {
			s, err := feeds[i].Measure(how)
			return report.Sample{clientCPU: s[report.CPU]}, err
		})
	}
	return benchmark{name, []report.Metric{clientCPU}, side.hasClient, run}
}

// names are what -only takes: the first words of the names of benchmarks.
func names() []string { return []string{"echo", "deflate", "takeover", "handshake", "idle", "feed"} }
