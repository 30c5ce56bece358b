package reactor

import (
	"runtime"
	"runtime/metrics"
	"testing"
)

// BenchmarkCollector measures what a million idle connections are to the garbage collector: the processor time of a cycle.
func BenchmarkCollector(b *testing.B) {
	m := newSim(b, &Server{Handler: echo})
	m.socks[1] = &simSock{room: -1}
	for range 1_000_000 {
		m.loop.add(1, nil)
	}
	m.loop.turn()
	spent := func() float64 {
		s := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}}
		metrics.Read(s)
		return s[0].Value.Float64()
	}
	runtime.GC()
	before := spent()
	for range b.N {
		runtime.GC()
	}
	b.ReportMetric((spent()-before)*1e3/float64(b.N), "CPU-ms/cycle")
	runtime.KeepAlive(m)
}
