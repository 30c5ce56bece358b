//go:build linux && !race

// Not under the race detector: nbio v1.6.9 has data races, and says so with go:norace.

package servers_test

import (
	"net"
	"testing"

	"github.com/seed-d69ae1b7/websocket/bench/internal/load"
	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

// Every library must echo every message of every shape, or there is nothing to compare. The servers run on until the
// test process ends: most of them have no way to stop.
func TestEveryLibraryEchoes(t *testing.T) {
	traffic := map[wire.Shape]*wire.Traffic{}
	for _, l := range servers.All() {
		for _, o := range servers.AllOptions() {
			if !l.Can(o) {
				continue
			}
			ln, err := net.Listen("tcp4", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			addr := ln.Addr().(*net.TCPAddr).AddrPort()
			go l.ServeOver(ln, o)
			for _, size := range []int{1, 125, 70000, 1 << 20} {
				shape := wire.Shape{Conns: 2, InFlight: 2, Size: size, Deflate: o.Deflate, TLS: o.TLS}
				if o.Takeover {
					shape.Chat, shape.Takeover = true, true
				}
				if traffic[shape] == nil {
					traffic[shape] = wire.NewTraffic(shape)
				}
				if err := exchange(load.Args{Addr: addr, Shape: shape, Raw: l.Raw}, traffic[shape]); err != nil {
					t.Errorf("%s, %v: %v", l.Name, shape, err)
				}
			}
		}
	}
}

func exchange(args load.Args, traffic *wire.Traffic) error {
	l, err := load.Open(args, traffic)
	if err != nil {
		return err
	}
	if _, err := l.Run(load.Period{Bursts: 3}); err != nil {
		return err
	}
	return l.Close()
}
