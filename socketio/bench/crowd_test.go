//go:build linux

package main

import "testing"

// Clients come all at once, each with CONNECT in one segment with its request, and nobody is lost; they vanish all at
// once, with the end of the stream or with a reset, and nothing of them is left.
func TestCrowd(t *testing.T) {
	t.Run("ServeHTTP", func(t *testing.T) { crowds(t, roleHTTP) })
	t.Run("ServeConn", func(t *testing.T) { crowds(t, roleConn) })
}

func crowds(t *testing.T, role string) {
	m := startServer(t, role)
	fresh, err := m.settle()
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLoad(m.port)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.end(); err != nil {
			t.Error(err)
		}
	}()
	l.early = true
	var heaps []uint64
	for _, abruptly := range []bool{false, true, false, true} {
		if err := l.open(*crowd, *crowd+1); err != nil {
			t.Fatal(err)
		}
		if s, err := m.settle(); err != nil || s.Sessions != *crowd || s.Sockets != *crowd {
			t.Errorf("%+v, %v; want %d", s, err, *crowd)
		}
		if err := l.turn(shout(1), 1, 1, text+"]"); err != nil {
			t.Fatalf("a broadcast: %v", err)
		}
		if err := l.close(abruptly); err != nil {
			t.Fatal(err)
		}
		heaps = append(heaps, empty(t, m, fresh))
	}
	// The first crowd leaves what the runtime keeps of goroutines, and the tables of maps. Others have the use of that.
	t.Logf("%d clients; heap before any %d, after each crowd %d", *crowd, fresh.Heap, heaps)
	for _, heap := range heaps[1:] {
		if allowed := heaps[0] + 256<<10 + uint64(*crowd)*20; heap > allowed {
			t.Errorf("%d bytes, allowed %d", heap, allowed)
		}
	}
}
