package websocket

// This file holds what runs around all tests of the package: the check that they leave nothing behind.

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// settleTime bounds the wait for what ends by itself after a test: a connection lingers for up to a second, and the
// closing handshake may take a few.
const settleTime = 15 * time.Second

// TestMain fails the package when goroutines or descriptors are left after its tests. Under the fuzzer's coordinator
// there is nothing to check: its workers are other processes.
func TestMain(m *testing.M) {
	flag.Parse()
	before := openDescriptors()
	code := m.Run()
	http.DefaultClient.CloseIdleConnections()
	if fuzzing := flag.Lookup("test.fuzz"); code == 0 && (fuzzing == nil || fuzzing.Value.String() == "") {
		if left := leftBehind(before); left != "" {
			fmt.Fprint(os.Stderr, "the tests leave behind:\n", left)
			code = 1
		}
	}
	os.Exit(code)
}

// leftBehind waits until nothing is left, and describes what is when the time is up.
func leftBehind(descriptors int) (left string) {
	for end := time.Now().Add(settleTime); ; runtime.Gosched() {
		runtime.GC() // closes descriptors that only a finalizer knows, which are not leaks of connections under test
		left = goroutinesLeft()
		if n := openDescriptors(); n > descriptors+runtimeDescriptors {
			left += fmt.Sprintf("%d open descriptors; there were %d\n", n, descriptors)
		}
		if left == "" || time.Now().After(end) {
			return left
		}
	}
}

// runtimeDescriptors is what the network poller opens when it is first used, and keeps: its epoll instance and what
// wakes it. Elsewhere it is a kqueue and a pipe.
const runtimeDescriptors = 3

// goroutinesLeft returns the stacks of the goroutines that are not the runtime's or this one.
func goroutinesLeft() string {
	stacks := make([]byte, 4<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var left []string
	for i, g := range strings.Split(string(stacks), "\n\n") {
		switch {
		case i == 0: // the caller
		case strings.Contains(g, "os/signal.loop"), strings.Contains(g, "runtime.ensureSigM"):
		case strings.Contains(g, "created by runtime."), strings.Contains(g, "testing.(*M).startAlarm"):
		default:
			left = append(left, g+"\n")
		}
	}
	return strings.Join(left, "\n")
}

// openDescriptors returns how many descriptors are open, or 0 where the system does not tell.
func openDescriptors() int {
	for _, dir := range []string{"/proc/self/fd", "/dev/fd"} {
		if entries, err := os.ReadDir(dir); err == nil {
			return len(entries)
		}
	}
	return 0
}
