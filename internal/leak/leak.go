// Package leak finds what tests leave behind: goroutines and descriptors.
package leak

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// settleTime bounds the wait for what ends by itself after a test: a connection lingers for up to a second, and the
// closing handshake may take a few.
const settleTime = 30 * time.Second

// runtimeDescriptors is what the network poller opens when it is first used, and keeps: its epoll instance and what
// wakes it. Elsewhere it is a kqueue and a pipe.
const runtimeDescriptors = 3

// Main runs the tests of a package, then idle, which may be nil, and ends the process: with a failure if anything is left.
// Under the fuzzer's coordinator there is nothing to check: its workers are other processes.
func Main(m *testing.M, idle func()) {
	flag.Parse()
	before := Descriptors()
	code := m.Run()
	if idle != nil {
		idle()
	}
	if fuzzing := flag.Lookup("test.fuzz"); code == 0 && (fuzzing == nil || fuzzing.Value.String() == "") {
		if left := Left(before, func(string) bool { return true }); left != "" {
			fmt.Fprint(os.Stderr, "the tests leave behind:\n", left)
			code = 1
		}
	}
	os.Exit(code)
}

// Left waits until nothing is left: no goroutine but the runtime's and this one whose stack counts, and no more than so many
// descriptors. It describes what is left when the time is up.
func Left(descriptors int, counts func(stack string) bool) (left string) {
	for end := time.Now().Add(settleTime); ; runtime.Gosched() {
		runtime.GC() // closes descriptors that only a finalizer knows, which are not leaks of connections under test
		left = goroutines(counts)
		if n := Descriptors(); n > descriptors+runtimeDescriptors {
			left += fmt.Sprintf("%d open descriptors; there were %d\n", n, descriptors)
		}
		if left == "" || time.Now().After(end) {
			return left
		}
	}
}

// goroutines returns the stacks that count.
func goroutines(counts func(stack string) bool) string {
	stacks := make([]byte, 4<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var left []string
	for i, g := range strings.Split(string(stacks), "\n\n") {
		switch {
		case i == 0: // the caller
		case strings.Contains(g, "os/signal.loop"), strings.Contains(g, "runtime.ensureSigM"):
		case strings.Contains(g, "runtime.handleEvent") && !strings.Contains(g, "syscall/js."): // under js, between two events
		case strings.Contains(g, "created by runtime."), strings.Contains(g, "testing.(*M).startAlarm"):
		case counts(g):
			left = append(left, g+"\n")
		}
	}
	return strings.Join(left, "\n")
}

// Descriptors returns how many descriptors are open, or 0 where the system does not tell.
func Descriptors() int {
	for _, dir := range []string{"/proc/self/fd", "/dev/fd"} {
		if entries, err := os.ReadDir(dir); err == nil {
			return len(entries)
		}
	}
	return 0
}
