//go:build linux

// Bench measures what a Socket.IO server costs: connects, broadcasts, echoes with acknowledgements, idle clients on both
// transports. Package socketio, over net/http and over bare connections, stands beside the official server for Node, a Go port
// of it, and a floor: one write for each delivery, and nothing else. Each is a process of its own; this one is the load.
//
// Usage, from socketio/, once "npm ci" has run in bench/node:
//
//	go run ./bench [-quick] [-rounds 3] [-servers ours,node] [-json file] …
//	go run ./bench -cluster [-quick] [-rounds 3]
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	if args := os.Args[1:]; isRole(args) {
		return serve(args)
	}
	clients := flag.Int("clients", 10_000, "clients")
	period := flag.Duration("time", 2*time.Second, "for each measure of events")
	rounds := flag.Int("rounds", 3, "rounds, in each of which every server is measured")
	quick := flag.Bool("quick", false, "one round, a thousand clients, a tenth of the time")
	chosen := flag.String("servers", "", "servers, separated by commas; empty: all")
	file := flag.String("json", "", "file to save the figures in")
	more := flag.Bool("continue", false, "add the rounds to those that the file has; with -rounds 0 its table is printed")
	clusters := flag.Bool("cluster", false, "instead, what events cost that go through Redis and NATS")
	flag.Parse()
	if *quick {
		*clients, *period, *rounds = 1000, *period/10, 1
	}
	if err := allowDescriptors(); err != nil {
		return err
	}
	if *clusters {
		return measureCluster(*rounds, *period)
	}
	dir, err := os.MkdirTemp("", "socketio-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	servers, err := choose(*chosen, dir)
	if err != nil {
		return err
	}
	p := plan{clients: *clients, together: 256, period: *period}
	r := newReport(p, servers)
	if *more {
		if err := r.load(*file); err != nil {
			return err
		}
	}
	for range *rounds {
		round := r.Rounds
		for i := range servers {
			s := servers[(i+round)%len(servers)]
			got, err := p.measure(s)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			r.add(s.name, got)
		}
		r.Rounds++
		if *file == "" {
			continue
		}
		if err := r.save(*file); err != nil { // after each round: what has been measured is not lost
			return err
		}
	}
	r.print(os.Stdout)
	return nil
}

// allowDescriptors raises what this process and its children may hold as far as it goes. Go raises it for itself only.
func allowDescriptors() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	limit.Cur = limit.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
}

// server is one that can be measured.
type server struct {
	name    string
	version string
	command []string
	polls   bool
	only    bool // polls: its WebSocket is another one's
}

// choose returns the servers of a list of names. What has to be built is built in dir.
func choose(names, dir string) (chosen []server, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	all := []server{
		{name: "floor", command: []string{self, roleFloor}},
		{name: "ours", command: []string{self, roleHTTP}, polls: true},
		{name: "ours, detached", command: []string{self, roleDetached}, polls: true, only: true},
		{name: "ours, raw", command: []string{self, roleConn}},
		{name: "node", command: []string{"node", "--expose-gc", "bench/node/server.js"}, polls: true},
		{name: "zishang", command: []string{filepath.Join(dir, "zishang")}, polls: true},
	}
	for _, s := range all {
		if names != "" && !strings.Contains(","+names+",", ","+strings.Split(s.name, ",")[0]+",") {
			continue
		}
		if s.version, err = prepare(s); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		chosen = append(chosen, s)
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no server in %q", names)
	}
	return chosen, nil
}

// prepare makes sure that a server can be started, and returns its version, as far as it is not this repository's.
func prepare(s server) (version string, err error) {
	switch s.name {
	case "node":
		if _, err := os.Stat("bench/node/node_modules/socket.io"); err != nil {
			return "", fmt.Errorf("run npm ci in socketio/bench/node: %w", err)
		}
		return output("node", "-p", `'socket.io '+require('./bench/node/node_modules/socket.io/package.json').version+', Node '+process.version`)
	case "zishang":
		if _, err := output("go", "build", "-C", "bench/zishang", "-o", s.command[0], "."); err != nil {
			return "", err
		}
		return output("go", "list", "-C", "bench/zishang", "-m", "github.com/zishang520/socket.io/servers/socket/v3")
	}
	return "", nil
}

// output returns what a command prints, without the workspace: bench/zishang is not in it.
func output(command ...string) (string, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "GOWORK=off")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}
