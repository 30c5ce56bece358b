//go:build linux

// Feed compares WebSocket libraries as clients that read: processor time of the client, beside one that only reads the bytes, over
// TCP, over TLS, where that is crypto/tls, and compressed with context takeover. A message that comes alone wakes the client; one of a burst does not. Every client is a
// process of its own on one core, and what sends is another process on another core.
//
// Usage, from the root of the repository:
//
//	go run ./bench/feed [-libs gorilla,coder] [-exec 'name=./client {url}'] [-tls off,on] [-deflate off,on] [-bursts 1,16] …
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
	"github.com/seed-d69ae1b7/websocket/bench/internal/clients"
	"github.com/seed-d69ae1b7/websocket/bench/internal/feed"
	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

func main() {
	ran, err := feed.Role(os.Args[1:])
	if !ran {
		err = run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "feed:", err)
		os.Exit(1)
	}
}

// options are what to measure.
type options struct {
	libs, tls, deflate, bursts *string
	size, rounds               *int
	json                       *string
	programs                   []clients.Client
}

func run() error {
	var p plan
	o := parse(&p)
	p.clientCore, p.senderCore = child.Cores()
	r := report.Report{
		Command: "go run ./bench/feed " + strings.Join(os.Args[1:], " "),
		Date:    time.Now().UTC().Format(time.DateOnly),
		Machine: report.ThisMachine(),
		Method: fmt.Sprintf("%d interleaved rounds of %v after %v; a pause of %v behind each burst; GOMAXPROCS=1; client and sender on a core each",
			*o.rounds, p.Time, p.Warm, p.Pause),
	}
	var err error
	if p.clients, err = o.choose(); err != nil {
		return err
	}
	for _, c := range p.clients {
		r.Libraries = append(r.Libraries, report.Library{Name: c.Name, Module: c.Module, Version: c.Version(), Setup: c.Setup})
	}
	shapes, err := o.shapes()
	if err != nil {
		return err
	}
	fmt.Printf("%s\n%s\n", r.Machine, r.Method)
	for _, shape := range shapes {
		c, err := p.measureCell(shape, *o.rounds)
		if err != nil {
			return err
		}
		r.Cells = append(r.Cells, c)
		if err := r.Feed(c).Print(os.Stdout); err != nil {
			return err
		}
	}
	if *o.json == "" {
		return nil
	}
	return r.Save(*o.json)
}

// parse reads the flags.
func parse(p *plan) *options {
	o := &options{
		libs:    flag.String("libs", "", "clients beside the floor, separated by commas; empty: all, or none with -exec"),
		tls:     flag.String("tls", "off,on", "TLS below: off, on, or both; the floor is under it, too"),
		deflate: flag.String("deflate", "off,on", "messages compressed with context takeover, without TLS: off, on, or both"),
		bursts:  flag.String("bursts", "1,16", "messages that are sent at once"),
		size:    flag.Int("size", 200, "bytes of a message"),
		rounds:  flag.Int("rounds", 5, "rounds of each cell"),
		json:    flag.String("json", "", "file to save the report in"),
	}
	flag.Func("exec", "a client of anybody's, `name=command`, run without a shell, with "+clients.URL+" for where to connect; may be given several times",
		func(s string) error {
			c, err := clients.Program(s)
			o.programs = append(o.programs, c)
			return err
		})
	flag.DurationVar(&p.Pause, "pause", feed.DefaultPause, "pause behind each burst")
	flag.DurationVar(&p.Warm, "warm", 100*time.Millisecond, "warm-up of each client in each round")
	flag.DurationVar(&p.Time, "time", 300*time.Millisecond, "measured time of each client in each round")
	flag.Parse()
	return o
}

// shapes are all combinations that can be measured.
func (o *options) shapes() (shapes []wire.Shape, err error) {
	for _, how := range []wire.Shape{{}, {Deflate: true}, {TLS: true}} {
		tls, deflate := "off", "off"
		if how.TLS {
			tls = "on"
		}
		if how.Deflate {
			deflate = "on"
		}
		if !slices.Contains(servers.List(*o.tls), tls) || !slices.Contains(servers.List(*o.deflate), deflate) {
			continue
		}
		for _, word := range servers.List(*o.bursts) {
			burst, err := strconv.Atoi(word)
			if err != nil || burst < 1 || *o.size < 1 {
				return nil, fmt.Errorf("-bursts %q, -size %d", word, *o.size)
			}
			shapes = append(shapes, wire.Shape{Conns: 1, InFlight: burst, Size: *o.size, TLS: how.TLS, Deflate: how.Deflate})
		}
	}
	if len(shapes) == 0 {
		return nil, fmt.Errorf("nothing to measure: -tls %q, -deflate %q, -bursts %q", *o.tls, *o.deflate, *o.bursts)
	}
	return shapes, nil
}

// choose returns the floor and the clients of those names, or all, and the programs.
func (o *options) choose() (chosen []clients.Client, err error) {
	if *o.libs == "" && len(o.programs) == 0 {
		return clients.All, nil
	}
	for _, name := range append([]string{clients.Floor}, servers.List(*o.libs)...) {
		c, err := clients.Named(name)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, c)
	}
	return append(chosen, o.programs...), nil
}
