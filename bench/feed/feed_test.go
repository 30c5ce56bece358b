//go:build linux && !race

// Not under the race detector, as the servers' test: the libraries compared may have data races.

package main

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/bench/internal/clients"
)

// TestEveryClientReads protects that every client reads every message of a feed, alone and in bursts, with TLS and without, and that
// one that has not is found out: there would be nothing to compare.
func TestEveryClientReads(t *testing.T) {
	const size = 200
	frame := len(websocket.AppendHeader(nil, websocket.Header{Opcode: websocket.OpBinary, Length: size})) + size
	for _, c := range clients.All {
		for _, tls := range []bool{false, true} {
			for _, burst := range []int{1, 16} {
				t.Run(fmt.Sprintf("%s/tls=%v/burst=%d", c.Name, tls, burst), func(t *testing.T) {
					from, to := new(sender), &reader{client: c, came: make(chan struct{}, 1)}
					args := ListenArgs{TLS: tls, Raw: c.Raw, Size: size, Burst: burst}
					var addr string
					if err := from.Listen(args, &addr); err != nil {
						t.Fatal(err)
					}
					if err := errors.Join(to.Read(ReadArgs{Addr: addr, TLS: tls}, nil), from.Accept(args, nil)); err != nil {
						t.Fatal(err)
					}
					bursts := 0
					if err := from.Send(Period{Duration: time.Millisecond}, &bursts); err != nil {
						t.Fatal(err)
					}
					want := bursts * burst
					if c.Raw {
						want *= frame
					}
					if err := to.Wait(want, nil); err != nil {
						t.Error(err)
					}
					if err := from.Close(None{}, nil); err != nil {
						t.Error(err)
					}
					if err := to.Wait(want+1, nil); err == nil {
						t.Error("what was not sent has come")
					}
				})
			}
		}
	}
}
