//go:build linux

package main

import "testing"

// Clients come all at once, each with CONNECT in one segment with its request, and nobody is lost; they vanish all at
// once, and nothing of them is left.
func TestCrowd(t *testing.T) {
	for _, role := range []string{roleHTTP, roleConn} {
		for _, abruptly := range []bool{false, true} {
			m := startServer(t, role)
			fresh, err := m.settle()
			if err != nil {
				t.Fatal(err)
			}
			l, err := newLoad(m.port)
			if err != nil {
				t.Fatal(err)
			}
			l.early = true
			if err := l.open(*crowd, *crowd+1); err != nil {
				t.Fatalf("%s: %v", role, err)
			}
			if s, err := m.settle(); err != nil || s.Sessions != *crowd || s.Sockets != *crowd {
				t.Errorf("%s: %+v, %v; want %d", role, s, err, *crowd)
			}
			if err := l.turn(shout(1), 1, 1, text+"]"); err != nil {
				t.Errorf("%s: a broadcast: %v", role, err)
			}
			if err := l.close(abruptly); err != nil {
				t.Error(err)
			}
			heap := empty(t, m, fresh)
			// Maps keep their tables. A client that is forgotten would be several kilobytes.
			if allowed := fresh.Heap + 512<<10 + uint64(*crowd)*100; heap > allowed {
				t.Errorf("%s: heap of %d bytes, in the beginning %d, allowed %d", role, heap, fresh.Heap, allowed)
			}
			t.Logf("%s: heap %d KiB, before %d KiB", role, heap>>10, fresh.Heap>>10)
			if err := l.end(); err != nil {
				t.Error(err)
			}
		}
	}
}
