//go:build !race && !js

package websocket

// This file asserts what an idle connection holds of the heap. The race detector takes memory of its own.

import (
	"bytes"
	"context"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
)

// heapOfIdle returns how many bytes of the heap a connection to addr holds that waits for its first message, with the
// client's end of it. Every one that is about to wait says so. They stay open until the test ends, so that nothing goes
// while the next ones are measured.
func heapOfIdle(t *testing.T, addr string, waits <-chan struct{}) float64 {
	const conns = 80
	heap := func() float64 {
		for range 3 { // the second empties the pools
			runtime.GC()
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	before := heap()
	for range conns {
		bareClient(t, addr)
		<-waits
	}
	return (heap() - before) / conns
}

// bareClient returns a connection to addr on which the opening handshake is done, and nothing else was made. It stays open until
// the test ends.
func bareClient(t *testing.T, addr string) net.Conn {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	io.WriteString(nc, minimalRequest)
	var buf [1 << 10]byte
	for n := 0; !bytes.HasSuffix(buf[:n], []byte("\r\n\r\n")); {
		more, err := nc.Read(buf[n:])
		if err != nil {
			t.Fatal(err)
		}
		n += more
	}
	return nc
}

// TestIdleHeap protects the memory of an idle connection through DetachedHandler: net/http makes some 10 KiB for its
// request, and none of that may be left when it waits. UpgradeConn, which has none of it, is the measure. A loop with
// Conn.Context may hold that context, and nothing that waits for its end.
//
// What other tests have left behind may go at any time, and make any of them seem smaller: it would have to happen
// twice to UpgradeConn, and never to the other, to be taken for a fault. net/http's contexts alone would take three
// times the margin, and so would what context.AfterFunc needs.
func TestIdleHeap(t *testing.T) {
	const (
		margin     = 100
		ownContext = 304 // the sum of what Conn.Context makes, in the size classes of the allocator
	)
	waits := make(chan struct{})
	loop := func(c *Conn, ctx context.Context) {
		waits <- struct{}{}
		for range c.MessagesInPlace(ctx) {
		}
	}
	var u Upgrader
	handler := httptest.NewServer(u.DetachedHandler(func(c *Conn, _ *http.Request) { loop(c, context.Background()) }))
	defer handler.Close()
	own := httptest.NewServer(u.DetachedHandler(func(c *Conn, _ *http.Request) { loop(c, c.Context()) }))
	defer own.Close()
	upgraded := upgradeServers(t, &u, func(c *Conn) { loop(c, context.Background()) })["UpgradeConn"]
	throughHandler, withOwn, bare := math.Inf(1), math.Inf(1), 0.0
	for range 2 {
		throughHandler = min(throughHandler, heapOfIdle(t, handler.Listener.Addr().String(), waits))
		withOwn = min(withOwn, heapOfIdle(t, own.Listener.Addr().String(), waits))
		bare = max(bare, heapOfIdle(t, upgraded, waits))
	}
	if throughHandler > bare+margin {
		t.Errorf("%.0f bytes through DetachedHandler, %.0f through UpgradeConn", throughHandler, bare)
	}
	if withOwn > bare+ownContext+margin {
		t.Errorf("%.0f bytes with the connection's context, %.0f without", withOwn, bare)
	}
}
