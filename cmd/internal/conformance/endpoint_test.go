package main

import (
	"context"
	"maps"
	"net"
	"slices"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/autobahn"
	"github.com/seed-d69ae1b7/websocket/compress"
)

// quick are cases of every kind that wait for nothing. All cases are what make conformance is for. They are played two at
// a time: the suite gives an endpoint a second for most things, which is plenty unless hundreds want the processor.
var quick = []string{
	"1.*", "2.1", "2.2", "2.10", "3.1", "4.1.1", "5.3", "5.9", "6.1.*", "7.1.*", "7.7.*", "10.*",
	"12.1.1", "12.2.11", "13.7.5", "S2.2.*", "S2.5.*",
}

func options() websocket.Options {
	return websocket.Options{ReadLimit: 1 << 20, Compression: &compress.Options{MinSize: -1}}
}

func listen(t *testing.T) net.Listener {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln
}

func noneBad(t *testing.T, report *autobahn.Report, agent string, cases int) {
	t.Helper()
	results := report.Results(agent)
	if len(results) != cases || cases == 0 {
		t.Errorf("%d results, want %d", len(results), cases)
	}
	for _, r := range results {
		if r.Behavior != autobahn.OK && r.Behavior != autobahn.Informational || r.BehaviorClose != r.Behavior {
			t.Errorf("%s: %s, closing %s: %s %s", r.ID, r.Behavior, r.BehaviorClose, r.Result, r.ResultClose)
		}
	}
}

// TestServer runs every loop of the endpoint, half of them behind net/http, under the race detector.
func TestServer(t *testing.T) {
	for i, name := range slices.Sorted(maps.Keys(echoes)) {
		t.Run(name, func(t *testing.T) {
			ln := listen(t)
			go serve(t.Context(), ln, i%2 == 0, options(), echoes[name])
			cases := 0
			client := autobahn.FuzzingClient{
				Spec: autobahn.ClientSpec{
					Servers: []autobahn.ServerSpec{{Agent: name, URL: "ws://" + ln.Addr().String()}}, Cases: quick,
				},
				Parallel: 2, Rounds: 5, Started: func(_ string, n int) { cases = n },
			}
			report, err := client.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			noneBad(t, report, name, cases)
		})
	}
}

// TestClient runs the driver with every loop: it plays all cases, asks for verdicts and stops the server.
func TestClient(t *testing.T) {
	for name, f := range echoes {
		t.Run(name, func(t *testing.T) {
			ln := listen(t)
			server := autobahn.FuzzingServer{Spec: autobahn.ServerSpecFile{Cases: quick}, Rounds: 5}
			cases, err := server.Count()
			if err != nil {
				t.Fatal(err)
			}
			failed := make(chan error, 1)
			go func() { failed <- newDriver("ws://"+ln.Addr().String(), name, options()).run(context.Background(), f) }()
			report, err := server.Serve(t.Context(), ln)
			if err != nil {
				t.Fatal(err)
			}
			if err := <-failed; err != nil {
				t.Error(err)
			}
			noneBad(t, report, name, cases)
		})
	}
}
