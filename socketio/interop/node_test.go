package interop

// This file runs the official clients in Node.

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json/v2"
	"os/exec"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio"
)

// client is a client to run the scenarios with.
type client struct {
	URL        string         `json:"url"`
	Recovering string         `json:"recovering"`
	Version    int            `json:"version"`
	Msgpack    bool           `json:"msgpack"`
	Options    map[string]any `json:"options"`
}

// result is a line of what a client says.
type result struct {
	Name  string `json:"name"`
	Error string `json:"error"`
}

// clients are the official clients, each on every way.
var clients = []struct {
	name string
	client
}{
	{"4 polling", client{Version: 4, Options: map[string]any{"transports": []string{"polling"}}}},
	{"4 websocket", client{Version: 4, Options: map[string]any{"transports": []string{"websocket"}}}},
	{"4 upgrade", client{Version: 4, Options: map[string]any{}}},
	{"4 msgpack", client{Version: 4, Msgpack: true, Options: map[string]any{}}},
	{"3 polling", client{Version: 3, Options: map[string]any{"transports": []string{"polling"}}}},
	{"3 websocket", client{Version: 3, Options: map[string]any{"transports": []string{"websocket"}}}},
	{"3 upgrade", client{Version: 3, Options: map[string]any{}}},
	{"3 msgpack", client{Version: 3, Msgpack: true, Options: map[string]any{}}},
}

// start starts the servers for a client in a page of one of these origins.
func (c *client) start(t *testing.T, http2 bool, origins ...string) (servers []*server) {
	for _, one := range []struct {
		url      *string
		recovery *socketio.Recovery
	}{{&c.URL, nil}, {&c.Recovering, new(socketio.Recovery)}} {
		o := &socketio.Options{Msgpack: c.Msgpack, Recovery: one.recovery}
		o.Origins = origins
		s := startServerOver(t, o, http2)
		*one.url = s.http.URL
		servers = append(servers, s)
	}
	return servers
}

func TestNode(t *testing.T) {
	for _, test := range clients {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := test.client
			c.start(t, false)
			argument, err := json.Marshal(&c)
			if err != nil {
				t.Fatal(err)
			}
			runClient(t, "node", "node/run.js", string(argument))
		})
	}
}

// runClient runs a program that says a line of JSON for each scenario.
func runClient(t *testing.T, name string, args ...string) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%s: %v\n%s", name, err, stderr.Bytes())
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	n := 0
	for ; lines.Scan(); n++ {
		var r result
		if err := json.Unmarshal(lines.Bytes(), &r, json.RejectUnknownMembers(true)); err != nil || r.Name == "" {
			t.Fatalf("%q: %v", lines.Bytes(), err)
		}
		t.Run(r.Name, func(t *testing.T) {
			if r.Error != "" {
				t.Error(r.Error)
			}
		})
	}
	if n == 0 {
		t.Error("no scenario was run")
	}
}
