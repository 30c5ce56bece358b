//go:build linux

// Million opens many connections that mostly wait, to servers of event loops, and publishes to all of them: as many processes of
// servers, each with one of clients, as the bound on open files needs. It prints what a connection costs the server and the
// kernel, and how long a message takes to reach everybody.
//
// Usage, from the root of the repository:
//
//	go run ./bench/million [-conns 200000] [-per 19900] [-messages 1] [-size 100] [-times 3]
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
)

func main() {
	ran, err := role(os.Args[1:])
	if !ran {
		err = run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "million:", err)
		os.Exit(1)
	}
}

// spare is how many descriptors a process needs beside those of its connections.
const spare = 100

func run() error {
	conns := flag.Int("conns", 10_000, "open connections in all")
	per := flag.Int("per", 0, "the most connections of a process; 0: as many as it may have open files, less 100")
	messages := flag.Int("messages", 1, "messages that are published at once")
	size := flag.Int("size", 100, "bytes of a message")
	times := flag.Int("times", 3, "how often they are published")
	flag.Parse()
	if *per == 0 {
		*per = mostFiles() - spare
	}
	if *conns < 1 || *per < 1 || *messages < 1 || *size < 0 || *times < 1 {
		return fmt.Errorf("nothing to do: %d connections, %d for a process", *conns, *per)
	}
	fmt.Printf("%s, %s\n", report.ThisMachine(), time.Now().UTC().Format(time.DateOnly))
	p, err := startPairs(*conns, *per)
	if err != nil {
		return err
	}
	defer p.stop()
	if err := p.open(); err != nil {
		return err
	}
	for range *times {
		if err := p.broadcast(*messages, *size); err != nil {
			return err
		}
	}
	return nil
}
