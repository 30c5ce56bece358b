//go:build linux

// Feed compares WebSocket libraries as clients that read: processor time of the client, beside one that only reads the bytes, over
// TCP and over TLS, where that is crypto/tls. A message that comes alone wakes the client; one of a burst does not. Every client is a
// process of its own on one core, and what sends is another process on another core.
//
// Usage, from the root of the repository:
//
//	go run ./bench/feed [-libs gorilla,coder] [-tls off,on] [-bursts 1,16] [-size 200] …
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
	"github.com/seed-d69ae1b7/websocket/bench/internal/clients"
	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

func main() {
	ran, err := role(os.Args[1:])
	if !ran {
		err = run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "feed:", err)
		os.Exit(1)
	}
}

func run() error {
	libs := flag.String("libs", "", "clients beside the floor, separated by commas; empty: all")
	tlses := flag.String("tls", "off,on", "TLS below: off, on, or both; the floor is under it, too")
	bursts := flag.String("bursts", "1,16", "messages that are sent at once")
	size := flag.Int("size", 200, "bytes of a message")
	rounds := flag.Int("rounds", 5, "rounds of each cell")
	p := plan{}
	flag.DurationVar(&p.pause, "pause", 100*time.Microsecond, "pause behind each burst")
	flag.DurationVar(&p.warm, "warm", 100*time.Millisecond, "warm-up of each client in each round")
	flag.DurationVar(&p.time, "time", 300*time.Millisecond, "measured time of each client in each round")
	file := flag.String("json", "", "file to save the report in")
	flag.Parse()
	p.clientCore, p.senderCore = child.Cores()
	r := report.Report{
		Command: "go run ./bench/feed " + strings.Join(os.Args[1:], " "),
		Date:    time.Now().UTC().Format(time.DateOnly),
		Machine: report.ThisMachine(),
		Method: fmt.Sprintf("%d interleaved rounds of %v after %v; a pause of %v behind each burst; GOMAXPROCS=1; client and sender on a core each",
			*rounds, p.time, p.warm, p.pause),
	}
	var err error
	if p.clients, err = choose(*libs); err != nil {
		return err
	}
	for _, c := range p.clients {
		r.Libraries = append(r.Libraries, report.Library{Name: c.Name, Module: c.Module, Version: c.Version(), Setup: c.Setup})
	}
	fmt.Printf("%s\n%s\n", r.Machine, r.Method)
	for _, tls := range servers.List(*tlses) {
		for _, word := range servers.List(*bursts) {
			burst, err := strconv.Atoi(word)
			if err != nil || burst < 1 || tls != "on" && tls != "off" {
				return fmt.Errorf("-tls %q, -bursts %q", tls, word)
			}
			c, err := p.measureCell(wire.Shape{Conns: 1, InFlight: burst, Size: *size, TLS: tls == "on"}, *rounds)
			if err != nil {
				return err
			}
			r.Cells = append(r.Cells, c)
			if err := r.Feed(c).Print(os.Stdout); err != nil {
				return err
			}
		}
	}
	if *file == "" {
		return nil
	}
	return r.Save(*file)
}

// choose returns the floor and the clients of those names, or all.
func choose(names string) (chosen []clients.Client, err error) {
	if names == "" {
		return clients.All, nil
	}
	for _, name := range append([]string{clients.Floor}, servers.List(names)...) {
		c, err := clients.Named(name)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, c)
	}
	return chosen, nil
}
