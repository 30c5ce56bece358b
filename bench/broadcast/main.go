//go:build linux

// Broadcast measures what it costs a server to send one message to many connections: processor time and bytes of each delivery, and what
// the server holds, by each way that the library has. The server is a process of its own on one core; another process, on another core,
// reads all connections and checks every message.
//
// Usage, from the root of the repository:
//
//	go run ./bench/broadcast [-conns 1000] [-level fastest] [-ways plain,stream] …
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
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
		fmt.Fprintln(os.Stderr, "broadcast:", err)
		os.Exit(1)
	}
}

// plan is what one call of the program measures.
type plan struct {
	ways                   []way
	level                  string
	conns, rounds          int
	own                    int // messages that each connection is sent for itself, before anything else
	warm, messages         int // of each way in each round
	serverCore, readerCore child.Core
}

func run() error {
	var p plan
	names := flag.String("ways", "", "ways of sending, separated by commas; empty: all")
	flag.StringVar(&p.level, "level", "fastest", "of compression: fastest, balanced, smallest")
	flag.IntVar(&p.conns, "conns", 1000, "connections")
	flag.IntVar(&p.rounds, "rounds", 5, "rounds")
	flag.IntVar(&p.own, "own", 1, "messages that each connection is sent by itself before: then it has a window for its own with takeover")
	flag.IntVar(&p.warm, "warm", 5, "messages before each measurement; the first time as many as fill a window")
	flag.IntVar(&p.messages, "messages", 20, "messages of each measurement")
	file := flag.String("json", "", "file to save the report in")
	flag.Parse()
	p.serverCore, p.readerCore = child.Cores()
	if _, err := levelNamed(p.level); err != nil {
		return err
	}
	r := report.Report{
		Command: "go run ./bench/broadcast " + strings.Join(os.Args[1:], " "),
		Date:    time.Now().UTC().Format(time.DateOnly),
		Machine: report.ThisMachine(),
		Method: fmt.Sprintf("%d connections, each of which has been sent %d of its own; %d interleaved rounds of %d messages of about 1 KiB to each, of a chat in JSON; level %s; GOMAXPROCS=1; server "+
			"and readers on a core each", p.conns, p.own, p.rounds, p.messages, p.level),
	}
	for _, w := range ways {
		if *names == "" || w.name == floor || slices.Contains(servers.List(*names), w.name) {
			p.ways = append(p.ways, w)
			r.Libraries = append(r.Libraries, report.Library{Name: w.name, Setup: w.setup})
		}
	}
	fmt.Printf("%s\n%s\n", r.Machine, r.Method)
	cell, err := p.measure()
	if err != nil {
		return err
	}
	r.Cells = []report.Cell{cell}
	if err := r.Broadcast().Print(os.Stdout); err != nil {
		return err
	}
	if *file == "" {
		return nil
	}
	return r.Save(*file)
}

// pair is a server that sends in one way, and the readers of its connections.
type pair struct {
	way             way
	server, readers *child.Process
	sent            int // messages to each connection
	bytes           int // that the readers had got
	conns           int
}

// measure runs every way once a round, in turn, each round beginning with another one.
func (p plan) measure() (cell report.Cell, err error) {
	cell = report.NewCell(wire.Shape{Conns: p.conns, InFlight: 1, Size: 1 << 10, Deflate: true})
	var pairs []*pair
	defer func() {
		for _, q := range pairs {
			err = errors.Join(err, q.readers.Stop(), q.server.Stop())
		}
	}()
	for _, w := range p.ways {
		q, err := p.start(w)
		if err != nil {
			return cell, err
		}
		pairs = append(pairs, q)
		if _, err := q.publish("Child.Own", p.own); err != nil {
			return cell, fmt.Errorf("%s: %w", w.name, err)
		}
		if _, err := q.publish("Child.Publish", fill); err != nil {
			return cell, fmt.Errorf("%s: %w", w.name, err)
		}
	}
	for round := range p.rounds {
		for i := range pairs {
			q := pairs[(i+round)%len(pairs)]
			if _, err := q.publish("Child.Publish", p.warm); err != nil {
				return cell, fmt.Errorf("%s: %w", q.way.name, err)
			}
			sample, err := q.publish("Child.Publish", p.messages)
			if err != nil {
				return cell, fmt.Errorf("%s: %w", q.way.name, err)
			}
			cell.Add(q.way.name, sample)
		}
	}
	for _, q := range pairs {
		var m child.Memory
		if err := q.server.Call("Child.Memory", true, &m); err != nil {
			return cell, err
		}
		cell.AddOnce(q.way.name, report.Sample{report.Resident: float64(m.Resident)})
	}
	return cell, nil
}

// start starts a server and the readers of its connections.
func (p plan) start(w way) (*pair, error) {
	server, err := child.Start(p.serverCore, serverRole, w.name, p.level)
	if err != nil {
		return nil, err
	}
	readers, err := child.Start(p.readerCore, readersRole)
	if err != nil {
		return nil, errors.Join(err, server.Stop())
	}
	q := &pair{way: w, server: server, readers: readers, conns: p.conns}
	var addr string
	err = server.Call("Child.Addr", child.None{}, &addr)
	if err == nil {
		err = readers.Call("Child.Open", OpenArgs{addr, p.conns}, &child.None{})
	}
	if err == nil {
		err = server.Call("Child.Await", p.conns, &child.None{})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", w.name, err), readers.Stop(), server.Stop())
	}
	return q, nil
}

// publish has the server send messages by one of its methods, and returns what each delivery has cost when all have been read.
func (q *pair) publish(method string, messages int) (report.Sample, error) {
	var start, end time.Duration
	if err := q.server.Call("Child.CPU", child.None{}, &start); err != nil {
		return nil, err
	}
	if err := q.server.Call(method, messages, &child.None{}); err != nil {
		return nil, err
	}
	q.sent += messages
	read := 0
	if err := errors.Join(q.readers.Call("Child.Wait", q.sent*q.conns, &read), q.server.Call("Child.CPU", child.None{}, &end)); err != nil {
		return nil, err
	}
	n := float64(messages * q.conns)
	sample := report.Sample{report.CPU: float64(end-start) / n, report.BytesBack: float64(read-q.bytes) / n}
	q.bytes = read
	return sample, nil
}
