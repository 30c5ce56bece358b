//go:build linux

// Idle measures what open WebSocket connections hold of a server's memory: fresh, after one message each, and after
// compressed messages, with a raw TCP echo beside it. Every library is a process of its own.
//
// Usage, from the root of the repository:
//
//	go run ./bench/idle [-libs gorilla,coder] [-conns 5000] [-rounds 3] …
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
	"github.com/seed-d69ae1b7/websocket/bench/internal/rig"
	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

func main() {
	ran, err := rig.Role(os.Args[1:])
	if !ran {
		err = run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "idle:", err)
		os.Exit(1)
	}
}

func run() error {
	libs := flag.String("libs", "", "libraries, separated by commas; empty: all")
	conns := flag.Int("conns", 5000, "open connections")
	rounds := flag.Int("rounds", 3, "rounds, each with new server processes")
	file := flag.String("json", "", "file to save the report in")
	tls := flag.Bool("tls", false, "TLS below, and below the floor; without compressed messages")
	flag.Parse()
	libraries, err := servers.Choose(*libs, func(servers.Library) bool { return true })
	if err != nil {
		return err
	}
	libraries = slices.DeleteFunc(libraries, func(l servers.Library) bool { return !l.Can(servers.Options{TLS: *tls}) })
	r := report.Report{
		Command: "go run ./bench/idle " + strings.Join(os.Args[1:], " "),
		Date:    time.Now().UTC().Format(time.DateOnly),
		Machine: report.ThisMachine(),
		Method: fmt.Sprintf("%d rounds; %d connections; resident memory after three collections and FreeOSMemory, less "+
			"that of the warm server without connections", *rounds, *conns),
		Libraries: report.Libraries(libraries),
	}
	fmt.Printf("%s\n%s\n", r.Machine, r.Method)
	cell := report.NewCell(wire.Shape{Conns: *conns, InFlight: 1, Size: plainSize, TLS: *tls})
	for range *rounds {
		for _, l := range libraries {
			sample, err := measure(l, *conns, *tls)
			if err != nil {
				return fmt.Errorf("%s: %w", l.Name, err)
			}
			cell.Add(l.Name, sample)
		}
	}
	r.Cells = []report.Cell{cell}
	if err := r.Idle().Print(os.Stdout); err != nil {
		return err
	}
	if *file == "" {
		return nil
	}
	return r.Save(*file)
}
