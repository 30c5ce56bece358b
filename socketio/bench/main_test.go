//go:build linux

package main

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"
)

var (
	crowd = flag.Int("crowd", 500, "clients of TestCrowd, at most 10,000 or so")
	soak  = flag.Duration("soak", 2*time.Second, "how long TestSoak goes on")
)

// TestMain is a server where the test binary is started as one.
func TestMain(m *testing.M) {
	if args := os.Args[1:]; isRole(args) {
		if err := serve(args); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if err := allowDescriptors(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// startServer starts this binary as a server, which ends with the test.
func startServer(t *testing.T, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	m, err := start(append([]string{self}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.stop(); err != nil {
			t.Errorf("the server's end: %v", err)
		}
	})
	return m
}

// empty waits until a server has nothing more than a new one, but for memory, of which it returns how much there is.
func empty(t *testing.T, m *process, fresh status) (heap uint64) {
	t.Helper()
	fresh.Heap = 0
	for deadline, before := time.Now().Add(patience), false; ; {
		s, err := m.settle()
		if err != nil {
			t.Fatal(err)
		}
		heap, s.Heap = s.Heap, 0
		if s == fresh && before {
			return heap // the garbage of the last session was collected
		}
		if before = s == fresh; !before && time.Now().After(deadline) {
			t.Fatalf("left behind: %+v, in the beginning %+v", s, fresh)
		}
	}
}

// Every server that is measured must understand the load, on every transport, and nothing may be missing in the table.
func TestMeasure(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []server{
		{name: "floor", command: []string{self, roleFloor}},
		{name: "ours", command: []string{self, roleHTTP}, polls: true},
		{name: "ours, detached", command: []string{self, roleDetached}, polls: true, only: true},
		{name: "ours, raw", command: []string{self, roleConn}},
	} {
		got, err := plan{clients: 40, together: 8, period: time.Millisecond}.measure(s)
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
		for _, m := range measures {
			if _, measured := got[m]; measured != (m == idlePoll && s.polls || m != idlePoll && !s.only) {
				t.Errorf("%s: %s measured: %v", s.name, m, measured)
			}
		}
		for _, m := range []measure{connecting, oneNews, manyNews, newsRate, oneEcho, manyEchoes, afterwards} {
			if got[m] <= 0 && !s.only {
				t.Errorf("%s: %s: %v", s.name, m, got[m])
			}
		}
	}
}
