//go:build linux

package main

// This file holds the parent: what is done with all processes, and what is printed of it.

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
)

// pair is a server and its clients.
type pair struct {
	server, crowd *child.Process
	addr          netip.AddrPort
	conns         int
	idle          ServerState // without connections
}

// pairs are all of them.
type pairs struct {
	all   []*pair
	conns int
}

// mostFiles returns how many files a process may have open. The runtime raises the limit to that by itself.
func mostFiles() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return 1024
	}
	return int(min(limit.Max, 1<<20))
}

// startPairs starts the processes for so many connections. The servers have addresses of their own, so that the ports of
// clients suffice.
func startPairs(conns, per int) (*pairs, error) {
	ps := &pairs{conns: conns}
	n := (conns + per - 1) / per
	for i := range n {
		p := &pair{conns: (i+1)*conns/n - i*conns/n}
		ps.all = append(ps.all, p)
		if err := p.start(netip.AddrFrom4([4]byte{127, 0, byte((i + 1) >> 8), byte(i + 1)})); err != nil {
			return nil, errors.Join(err, ps.stop())
		}
	}
	return ps, nil
}

// start starts the processes of one pair, and has them touch what they need for a connection.
func (p *pair) start(host netip.Addr) (err error) {
	if p.server, err = child.Start(child.Unpinned, serverRole, host.String()); err != nil {
		return err
	}
	if err := p.server.Call("Child.Addr", child.None{}, &p.addr); err != nil {
		return err
	}
	if p.crowd, err = child.Start(child.Unpinned, crowdRole); err != nil {
		return err
	}
	for _, n := range []int{8, 0} {
		if err := p.connect(n); err != nil {
			return err
		}
	}
	return p.server.Call("Child.State", child.None{}, &p.idle)
}

// connect has the crowd keep n connections.
func (p *pair) connect(n int) error {
	if err := p.crowd.Call("Child.Connect", ConnectArgs{Addr: p.addr, Conns: n}, &child.None{}); err != nil {
		return err
	}
	return p.server.Call("Child.Await", n, &child.None{})
}

// each runs f for all pairs at once.
func (ps *pairs) each(f func(*pair) error) error {
	var all sync.WaitGroup
	errs := make([]error, len(ps.all))
	for i, p := range ps.all {
		all.Go(func() { errs[i] = f(p) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func (ps *pairs) stop() error {
	return ps.each(func(p *pair) error {
		var errs []error
		for _, process := range []*child.Process{p.crowd, p.server} {
			if process != nil {
				errs = append(errs, process.Stop())
			}
		}
		return errors.Join(errs...)
	})
}

// ServerState is what a server says of itself.
type ServerState struct {
	child.Memory
	CPU time.Duration
}

// states adds up what the servers say, less what they had without connections.
func (ps *pairs) states() (memory uint64, goroutines int, cpu time.Duration, err error) {
	for _, p := range ps.all {
		var s ServerState
		if err := p.server.Call("Child.State", child.None{}, &s); err != nil {
			return 0, 0, 0, err
		}
		memory += s.Resident - p.idle.Resident
		goroutines += s.Goroutines
		cpu += s.CPU
	}
	return memory, goroutines, cpu, nil
}

// cpu adds up the processor time of the servers.
func (ps *pairs) cpu() (sum time.Duration, err error) {
	for _, p := range ps.all {
		var d time.Duration
		if err := p.server.Call("Child.CPU", child.None{}, &d); err != nil {
			return 0, err
		}
		sum += d
	}
	return sum, nil
}

// enough is from how many connections on what is not a connection's own does not count.
const enough = 10_000

// open opens the connections, and prints what they hold.
func (ps *pairs) open() error {
	kernel, err := kernelMemory()
	if err != nil {
		return err
	}
	before, err := ps.cpu()
	if err != nil {
		return err
	}
	start := time.Now()
	if err := ps.each(func(p *pair) error { return p.connect(p.conns) }); err != nil {
		return err
	}
	took := time.Since(start)
	after, err := ps.cpu()
	if err != nil {
		return err
	}
	memory, goroutines, _, err := ps.states()
	if err != nil {
		return err
	}
	holds, err := kernelMemory()
	if err != nil {
		return err
	}
	n := float64(ps.conns)
	user, sockets := float64(memory)/n, float64(holds-kernel)/n
	fmt.Printf("%d connections, %d server processes with %d goroutines in all, %d client processes\n",
		ps.conns, len(ps.all), goroutines, len(ps.all))
	fmt.Printf("opened in                %8.1f s, %.0f us of server CPU for each: accept, handshake, subscription\n",
		took.Seconds(), float64((after-before).Microseconds())/n)
	fmt.Printf("the servers' memory      %8.0f bytes a connection, its subscription included\n", user)
	fmt.Printf("the kernel's             %8.0f bytes a connection, both ends\n", sockets)
	if ps.conns < enough {
		return nil
	}
	fmt.Printf("1,000,000 would hold     %8.0f MB of the servers' and %.1f GB of the kernel's\n", user, sockets/1000)
	return nil
}

// broadcast publishes messages to everybody, and prints how long that took.
func (ps *pairs) broadcast(messages, size int) error {
	before, err := ps.cpu()
	if err != nil {
		return err
	}
	args := PublishArgs{Messages: messages, Size: size}
	if err := ps.each(func(p *pair) error { return p.crowd.Call("Child.Expect", args, &child.None{}) }); err != nil {
		return err
	}
	start := clock()
	if err := ps.each(func(p *pair) error { return p.server.Call("Child.Publish", args, &child.None{}) }); err != nil {
		return err
	}
	var mu sync.Mutex
	var last time.Duration
	err = ps.each(func(p *pair) error {
		var at time.Duration
		err := p.crowd.Call("Child.Received", child.None{}, &at)
		mu.Lock()
		last = max(last, at)
		mu.Unlock()
		return err
	})
	if err != nil {
		return err
	}
	after, err := ps.cpu()
	if err != nil {
		return err
	}
	deliveries := float64(ps.conns) * float64(messages)
	fmt.Printf("published to all         %8.1f ms from the first call to the last byte at a client; %.0f ns of server CPU a delivery\n",
		(last-start).Seconds()*1e3, float64((after-before).Nanoseconds())/deliveries)
	return nil
}

// clock is the same for all processes.
func clock() time.Duration {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// kernelMemory returns what the kernel of this machine holds where it has sockets and tables of files.
func kernelMemory() (sum uint64, err error) {
	meminfo, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(meminfo)) {
		words := strings.Fields(line)
		switch words[0] {
		case "Slab:", "VmallocUsed:", "Percpu:":
			n, err := strconv.ParseUint(words[1], 10, 64)
			if err != nil {
				return 0, err
			}
			sum += n << 10
		}
	}
	return sum, nil
}
