//go:build linux

package main

// This file measures what an event costs that goes from one server through a broker to the clients of another: the processor time of both servers, and that of the
// broker, a delivery. Ours stand beside two official servers with the same adapter.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	nats "github.com/nats-io/nats-server/v2/server"
	"github.com/redis/go-redis/v9"

	"github.com/seed-d69ae1b7/websocket/socketio"
	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/natsadapter"
	"github.com/seed-d69ae1b7/websocket/socketio/redisadapter"
)

// The arguments that make this program one of several servers, with an adapter and where its broker is, or a NATS server with a folder.
const (
	roleMember = "serve-member"
	roleNATS   = "serve-nats"
)

// adapters are ours, by name.
var adapters = map[string]func(at string) adapter.New{
	"pubsub":    func(at string) adapter.New { return redisadapter.PubSub(redisAt(at), nil) },
	"sharded":   func(at string) adapter.New { return redisadapter.Sharded(redisAt(at), nil) },
	"streams":   func(at string) adapter.New { return redisadapter.Streams(redisAt(at), nil) },
	"core":      func(at string) adapter.New { return natsadapter.Core(at, nil) },
	"jetstream": func(at string) adapter.New { return natsadapter.JetStream(at, nil) },
}

func redisAt(socket string) redis.UniversalClient {
	return redis.NewClient(&redis.Options{Network: "unix", Addr: socket})
}

// serveMember is one of several servers.
func serveMember(name, at string, tell func(int, settled)) error {
	o := &socketio.Options{Adapter: adapters[name](at)}
	o.Logger, o.PingInterval = slog.New(slog.DiscardHandler), pingInterval
	srv := socketio.NewServer(o)
	srv.On("shout", func(_ *socketio.Socket, times int) {
		for range times {
			_ = srv.Emit("news", bareText) // what is lost is missed by the load
		}
	})
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	tell(ln.Addr().(*net.TCPAddr).Port, nil)
	return http.Serve(ln, srv)
}

// serveNATS is a NATS server.
func serveNATS(dir string, tell func(int, settled)) error {
	s, err := nats.NewServer(&nats.Options{Host: "127.0.0.1", Port: nats.RANDOM_PORT, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true})
	if err != nil {
		return err
	}
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		return errors.New("the NATS server does not start")
	}
	tell(s.Addr().(*net.TCPAddr).Port, nil)
	s.WaitForShutdown()
	return nil
}

// couple is a kind of cluster that can be measured.
type couple struct {
	kind, adapter string // "ours" or "node"
	broker        string // "Redis" or "NATS"
}

var couples = []couple{
	{"node", "pubsub", "Redis"}, {"ours", "pubsub", "Redis"},
	{"node", "sharded", "Redis"}, {"ours", "sharded", "Redis"},
	{"node", "streams", "Redis"}, {"ours", "streams", "Redis"},
	{"ours", "core", "NATS"}, {"ours", "jetstream", "NATS"},
}

func (c couple) String() string { return c.kind + ", " + c.adapter }

// audience is what is measured: events of one server to that many clients of the other, and how many at once.
type audience struct{ clients, together int }

var audiences = []audience{{1, 1}, {1, many}, {1000, 1}, {1000, many}}

// costs are in microseconds a delivery.
type costs struct{ servers, broker float64 }

// measureCluster measures everything in rounds, and prints the medians.
func measureCluster(rounds int, period time.Duration) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	all := make(map[couple]map[audience][]costs)
	for round := range rounds {
		for i := range couples {
			c := couples[(i+round)%len(couples)]
			got, err := c.measure(self, period)
			if err != nil {
				return fmt.Errorf("%v: %w", c, err)
			}
			if all[c] == nil {
				all[c] = make(map[audience][]costs)
			}
			for audience, cost := range got {
				all[c][audience] = append(all[c][audience], cost)
			}
		}
	}
	printCluster(os.Stdout, all)
	return nil
}

// measure measures a cluster of two servers.
func (c couple) measure(self string, period time.Duration) (_ map[audience]costs, err error) {
	dir, err := os.MkdirTemp("", "cluster")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	broker, at, err := c.startBroker(self, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, broker.stop()) }()
	command := []string{self, roleMember, c.adapter, at}
	if c.kind == "node" {
		command = []string{"node", "bench/node/cluster.js", c.adapter, at}
	}
	got := make(map[audience]costs)
	for _, audience := range audiences {
		if got[audience], err = audience.measure(command, broker, period); err != nil {
			return nil, err
		}
	}
	return got, nil
}

// startBroker starts a broker, and returns where it is.
func (c couple) startBroker(self, dir string) (*process, string, error) {
	if c.broker == "NATS" {
		p, err := start(self, roleNATS, dir)
		if err != nil {
			return nil, "", err
		}
		return p, fmt.Sprintf("nats://127.0.0.1:%d", p.port), nil
	}
	socket := filepath.Join(dir, "s")
	p := &process{cmd: exec.Command("redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", dir)}
	p.in = killer{p}
	if err := p.cmd.Start(); err != nil {
		return nil, "", fmt.Errorf("redis-server (Debian: redis-server) is needed: %w", err)
	}
	client := redisAt(socket)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for client.Ping(ctx).Err() != nil {
		if ctx.Err() != nil {
			return nil, "", errors.Join(errors.New("redis-server does not answer"), p.stop())
		}
		time.Sleep(5 * time.Millisecond)
	}
	return p, socket, nil
}

// killer is the input of a process that ends by SIGTERM.
type killer struct{ p *process }

func (k killer) Write(b []byte) (int, error) { return len(b), nil }
func (k killer) Close() error                { return k.p.cmd.Process.Signal(os.Interrupt) }

var _ io.WriteCloser = killer{}

// measure starts two servers, of which the first has one client, who asks for events, and the second has the others.
func (c audience) measure(command []string, broker *process, period time.Duration) (cost costs, err error) {
	var members [2]*process
	var loads [2]*load
	for i := range members {
		if members[i], err = start(command...); err != nil {
			return cost, err
		}
		defer func() { err = errors.Join(err, members[i].stop()) }()
		if loads[i], err = newLoad(members[i].port); err != nil {
			return cost, err
		}
		defer func() { err = errors.Join(err, loads[i].end()) }()
		if err := loads[i].open([]int{1, c.clients}[i], 256); err != nil {
			return cost, err
		}
	}
	if err := c.meet(loads); err != nil {
		return cost, err
	}
	for range 20 { // warm
		if err := c.turn(loads); err != nil {
			return cost, err
		}
	}
	all := []*process{members[0], members[1], broker}
	var used [3]time.Duration
	for i, p := range all {
		if used[i], err = p.cpu(); err != nil {
			return cost, err
		}
	}
	deliveries := 0
	for began := time.Now(); time.Since(began) < period; deliveries += c.clients * c.together {
		if err := c.turn(loads); err != nil {
			return cost, err
		}
	}
	for i, p := range all {
		now, err := p.cpu()
		if err != nil {
			return cost, err
		}
		used[i] = now - used[i]
	}
	return costs{micros(used[0]+used[1]) / float64(deliveries), micros(used[2]) / float64(deliveries)}, nil
}

// meet asks for events until they reach the other server: nobody says when it has subscribed.
func (c audience) meet(loads [2]*load) error {
	near, far := loads[0], loads[1]
	near.want, far.want = text+"]", text+"]"
	for began := time.Now(); ; {
		far.heard, near.heard = 0, 0
		if err := near.send(near.clients[0], shout(1)); err != nil {
			return err
		}
		if err := near.wait(func() bool { return near.heard == 1 }); err != nil {
			return err
		}
		time.Sleep(100 * time.Millisecond)
		if heard, err := far.poll(); err != nil || heard {
			return errors.Join(err, far.wait(func() bool { return far.heard >= len(far.clients) }))
		}
		if time.Since(began) > patience {
			return errors.New("the servers do not hear each other")
		}
	}
}

// turn asks for events, and waits until all have them.
func (c audience) turn(loads [2]*load) error {
	for _, l := range loads {
		l.heard, l.want = 0, text+"]"
	}
	near := loads[0]
	if err := near.send(near.clients[0], shout(c.together)); err != nil {
		return err
	}
	for _, l := range loads {
		target := c.together * len(l.clients)
		if err := l.wait(func() bool { return l.heard >= target }); err != nil {
			return err
		}
		if l.heard > target {
			return fmt.Errorf("%d heard instead of %d", l.heard, target)
		}
	}
	return nil
}

// printCluster prints the medians, and those of Node in relation to ours with the same adapter.
func printCluster(w io.Writer, all map[couple]map[audience][]costs) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer t.Flush()
	head := []string{"µs a delivery: both servers + broker"}
	for _, c := range audiences {
		head = append(head, fmt.Sprintf("%d client(s), %d at once", c.clients, c.together))
	}
	fmt.Fprintln(t, strings.Join(head, "\t"))
	for _, c := range couples {
		line := []string{fmt.Sprintf("%v (%s)", c, c.broker)}
		for _, audience := range audiences {
			m := median(all[c][audience])
			cell := fmt.Sprintf("%.2f + %.2f", m.servers, m.broker)
			if node := median(all[couple{"node", c.adapter, c.broker}][audience]); c.kind == "ours" && node.servers > 0 {
				cell += fmt.Sprintf(" (%.2f of Node's)", m.servers/node.servers)
			}
			line = append(line, cell)
		}
		fmt.Fprintln(t, strings.Join(line, "\t"))
	}
}

// median returns the median, by what the servers cost.
func median(all []costs) costs {
	if len(all) == 0 {
		return costs{}
	}
	sorted := slices.SortedFunc(slices.Values(all), func(a, b costs) int {
		switch {
		case a.servers < b.servers:
			return -1
		case a.servers > b.servers:
			return 1
		}
		return 0
	})
	return sorted[len(sorted)/2]
}
