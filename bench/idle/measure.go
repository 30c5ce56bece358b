//go:build linux

package main

// This file measures one library in one round.

import (
	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
	"github.com/seed-d69ae1b7/websocket/bench/internal/rig"
	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

const (
	plainSize     = 125     // bytes of the one message
	deflateSize   = 1 << 10 // bytes of each compressed message
	deflateBursts = 3       // how many of them
)

// measure opens connections to new servers of l, one without and one with compression.
func measure(l servers.Library, conns int, tls bool) (report.Sample, error) {
	fresh, echoed, err := rig.Hold(l, wire.Shape{Conns: conns, InFlight: 1, Size: plainSize, TLS: tls}, 1)
	if err != nil {
		return nil, err
	}
	sample := report.Sample{report.Fresh: fresh, report.Echoed: echoed}
	if (l.Deflate || l.Raw) && !tls {
		_, deflated, err := rig.Hold(l, wire.Shape{Conns: conns, InFlight: 1, Size: deflateSize, Deflate: true}, deflateBursts)
		if err != nil {
			return nil, err
		}
		sample[report.Deflated] = deflated
	}
	return sample, nil
}
