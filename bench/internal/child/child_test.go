//go:build linux

package child

import (
	"runtime"
	"testing"
)

// The counters of /proc are text: a field that is read wrongly would be reported as a measurement.
func TestField(t *testing.T) {
	const file = "55a0-7ffd ---p 00000000 00:00 0 [rollup]\nRss:                5124 kB\nPss:  12 kB\nbad: x\n"
	if n, err := field([]byte(file), "Rss:"); n != 5124 || err != nil {
		t.Errorf("Rss: %d, %v", n, err)
	}
	for _, name := range []string{"Swap:", "bad:"} {
		if n, err := field([]byte(file), name); err == nil {
			t.Errorf("%s: %d, want an error", name, n)
		}
	}
}

// What a process says of itself must move when it allocates and works.
func TestUsageMoves(t *testing.T) {
	before, err := ReadMemory(true)
	if err != nil {
		t.Fatal(err)
	}
	start, err := CPU()
	if err != nil {
		t.Fatal(err)
	}
	held := make([][]byte, 1000)
	for i := range held {
		held[i] = make([]byte, 16<<10)
		for j := range held[i] {
			held[i][j] = byte(i)
		}
	}
	after, err := ReadMemory(false)
	if err != nil {
		t.Fatal(err)
	}
	end, err := CPU()
	if err != nil || end <= start {
		t.Errorf("CPU time from %v to %v, %v", start, end, err)
	}
	if after.Resident < before.Resident+15<<20 || after.Mallocs < before.Mallocs+1000 {
		t.Errorf("16 MB in 1000 objects: from %+v to %+v", before, after)
	}
	runtime.KeepAlive(held)
}
