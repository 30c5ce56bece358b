//go:build linux && !race

// Not under the race detector, as the servers' test: the libraries compared may have data races.

package feed

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/clients"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

// TestEveryClientReads protects that every client reads every message of a feed, alone and in bursts, with TLS, compressed, and without
// either, that a ping is answered behind them, and that one that has not is found out: there would be nothing to compare.
func TestEveryClientReads(t *testing.T) {
	for _, c := range clients.All {
		for _, shape := range []wire.Shape{{InFlight: 1}, {InFlight: 16}, {InFlight: 1, TLS: true}, {InFlight: 16, TLS: true},
			{InFlight: 1, Deflate: true}, {InFlight: 16, Deflate: true}} {
			shape.Conns, shape.Size = 1, 200
			if c.Can(shape) {
				t.Run(fmt.Sprintf("%s/%v", c.Name, shape), func(t *testing.T) { clientReads(t, c, shape) })
			}
		}
	}
}

func clientReads(t *testing.T, c clients.Client, shape wire.Shape) {
	from, to := new(sender), &reader{client: c}
	var out Outlet
	if err := from.Listen(ListenArgs{TLS: shape.TLS, Raw: c.Raw, Deflate: shape.Deflate, Size: shape.Size, Burst: shape.InFlight}, &out); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(to.Read(ReadArgs{out.Addr, shape.TLS, shape.Deflate}, nil), from.Accept(out.Number, nil)); err != nil {
		t.Fatal(err)
	}
	var sent Sent
	for range 2 * len(newTraffic(ListenArgs{Deflate: shape.Deflate, Size: shape.Size, Burst: shape.InFlight}).rest) { // beyond the second time that all comes
		if err := from.Send(SendArgs{Number: out.Number, Duration: 0}, &sent); err != nil {
			t.Fatal(err)
		}
	}
	if err := from.Send(SendArgs{Number: out.Number, Duration: time.Millisecond}, &sent); err != nil {
		t.Fatal(err)
	}
	want := sent.Messages
	if c.Raw {
		want = sent.Bytes
	}
	if err := to.Wait(want, nil); err != nil {
		t.Error(err)
	}
	if c.Name == "ours-messages" { // gobwas's leaves pongs to its user
		if err := from.Ping(out.Number, nil); err != nil {
			t.Error(err)
		}
	}
	if err := from.Close(out.Number, nil); err != nil {
		t.Error(err)
	}
	if err := to.Wait(want+1, nil); err == nil {
		t.Error("what was not sent has come")
	}
}
