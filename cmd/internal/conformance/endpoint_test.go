package main

import (
	"context"
	"net"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/autobahn"
	"github.com/seed-d69ae1b7/websocket/compress"
)

// quick are cases of every kind that need no waiting. All of them is what make conformance is for.
var quick = []string{"1.*", "2.*", "3.*", "4.*", "5.3", "5.9", "6.1.*", "6.3.*", "7.*", "10.*", "12.1.1", "12.2.11", "13.7.5", "S2.*"}

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

// TestServer runs every loop of the endpoint, both ways of upgrading, under the race detector.
func TestServer(t *testing.T) {
	for name, f := range echoes {
		for _, behindHTTP := range []bool{false, true} {
			t.Run(name+map[bool]string{true: " behind net/http"}[behindHTTP], func(t *testing.T) {
				t.Parallel()
				ln := listen(t)
				go serve(t.Context(), ln, behindHTTP, options(), f)
				cases := 0
				client := autobahn.FuzzingClient{
					Spec: autobahn.ClientSpec{
						Servers: []autobahn.ServerSpec{{Agent: name, URL: "ws://" + ln.Addr().String()}}, Cases: quick,
					},
					Parallel: 32, Rounds: 5, Started: func(_ string, n int) { cases = n },
				}
				report, err := client.Run(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				noneBad(t, report, name, cases)
			})
		}
	}
}

// TestClient runs the driver with every loop: it plays all cases, asks for verdicts and stops the server.
func TestClient(t *testing.T) {
	for name, f := range echoes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
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
