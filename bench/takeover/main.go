//go:build linux

// Takeover measures what context takeover costs an echo server: processor time and bytes for a message of 1 KiB, and the
// memory of a connection, beside the same without takeover in the same rounds. Every connection says the same 1,024 messages
// of a chat, each from a place of its own on: with one connection, or one text for all, what a server keeps stays in the caches
// of the processor, and the cost is not seen.
//
// Usage, from the root of the repository:
//
//	go run ./bench/takeover [-conns 1,100,1000] [-libs ours-messages,gws] [-rounds 9]
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
	"github.com/seed-d69ae1b7/websocket/bench/internal/rig"
	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
)

func main() {
	ran, err := rig.Role(os.Args[1:])
	if !ran {
		err = run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "takeover:", err)
		os.Exit(1)
	}
}

func run() error {
	libs := flag.String("libs", "ours-messages,ours-balanced,ours-smallest,ours-reactor,gws", "libraries that are measured with takeover")
	conns := flag.String("conns", "1,100,1000", "numbers of connections")
	rounds := flag.Int("rounds", 5, "rounds, in which the contestants take turns")
	period := flag.Duration("time", 200*time.Millisecond, "measured time of each contestant in each round")
	flag.Parse()
	contestants := []contestant{{library: "ours-messages"}}
	for _, name := range servers.List(*libs) {
		contestants = append(contestants, contestant{library: name, takeover: true})
	}
	fmt.Printf("%s\n%d interleaved rounds of %v\n", report.ThisMachine(), *rounds, *period)
	for _, word := range servers.List(*conns) {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 || n > 5000 {
			return fmt.Errorf("%q is not a number of connections from 1 to 5000", word)
		}
		table, err := measure(contestants, n, *rounds, *period)
		if err != nil {
			return err
		}
		if err := table.Print(os.Stdout); err != nil {
			return err
		}
	}
	return nil
}
