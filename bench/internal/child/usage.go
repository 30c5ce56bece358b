//go:build linux

package child

// This file holds what a process can say of its own resources.

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Usage is the calls by which a parent asks what a process has used: what is given to Serve embeds it.
type Usage struct{}

// CPU is the processor time used so far.
func (Usage) CPU(_ None, d *time.Duration) (err error) {
	*d, err = CPU()
	return err
}

// Memory is ReadMemory.
func (Usage) Memory(settle bool, m *Memory) (err error) {
	*m, err = ReadMemory(settle)
	return err
}

// CPU returns the processor time that this process has used, user and system.
func CPU() (time.Duration, error) {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("child: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

// Memory is what a process holds and has done so far.
type Memory struct {
	Resident    uint64 // bytes
	Mallocs     uint64 // objects allocated
	MallocBytes uint64
	Goroutines  int
}

// ReadMemory measures this process. With settle it first collects garbage three times (objects with finalizers and
// pools take more than once) and returns free memory to the system.
func ReadMemory(settle bool) (Memory, error) {
	if settle {
		for range 3 {
			runtime.GC()
		}
		debug.FreeOSMemory()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	mem := Memory{Mallocs: m.Mallocs, MallocBytes: m.TotalAlloc, Goroutines: runtime.NumGoroutine()}
	var err error
	mem.Resident, err = resident("self")
	return mem, err
}

// resident returns the bytes that a process holds in memory. of is its number, or self.
func resident(of string) (uint64, error) {
	rollup, err := os.ReadFile("/proc/" + of + "/smaps_rollup")
	if err != nil {
		return 0, fmt.Errorf("child: %w", err)
	}
	n, err := field(rollup, "Rss:")
	return n << 10, err
}

// field returns the number behind name in a file of /proc.
func field(file []byte, name string) (uint64, error) {
	_, after, found := bytes.Cut(file, []byte(name))
	words := bytes.Fields(after)
	if !found || len(words) == 0 {
		return 0, fmt.Errorf("child: no %s in %q", name, file)
	}
	n, err := strconv.ParseUint(string(words[0]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("child: %s %w", name, err)
	}
	return n, nil
}
