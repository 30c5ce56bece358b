package flood

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/leak"
)

var scale = flag.Int("flood.scale", 50, "a flood has a so many-th part of its peers; 1 is all of them")

// flood is what many peers do at once.
type flood struct {
	name  string
	peers int
	// attack does it. What it returns stays as it is until the cost has been measured.
	attack func(t testing.TB, nc *net.TCPConn, i int)
	// ends says that the server ends the connection itself, with this code.
	ends websocket.StatusCode
	// heap is the most bytes that the server and its peer hold for each connection then.
	heap int
}

// some are fragments that come to little, in number.
var some = bytes.Repeat(frame(false, false, websocket.OpContinuation, []byte("x")), 1000)

var floods = []flood{
	{name: "handshakes that do not go on", peers: 5000, heap: 10 << 10, attack: func(_ testing.TB, nc *net.TCPConn, i int) {
		io.WriteString(nc, request[:1+i%(len(request)-1)])
	}},
	{name: "handshakes that end behind each byte", peers: 5000, attack: func(_ testing.TB, nc *net.TCPConn, i int) {
		io.WriteString(nc, request[:i%len(request)])
		nc.Close()
	}},
	{name: "connections that are reset", peers: 10000, attack: func(t testing.TB, nc *net.TCPConn, i int) {
		if i%2 == 0 {
			upgrade(t, nc)
		}
		nc.SetLinger(0)
		nc.Close()
	}},
	{name: "messages that are announced", peers: 2000, heap: 12 << 10, attack: func(t testing.TB, nc *net.TCPConn, _ int) {
		upgrade(t, nc)
		nc.Write(append(announce(1<<20), 'x'))
	}},
	{name: "fragments of a byte", peers: 1000, heap: 16 << 10, attack: func(t testing.TB, nc *net.TCPConn, _ int) {
		upgrade(t, nc)
		nc.Write(frame(false, false, websocket.OpBinary, nil))
		nc.Write(some)
	}},
	{name: "pings of peers that do not read", peers: 500, heap: 80 << 10, attack: func(t testing.TB, nc *net.TCPConn, _ int) {
		upgrade(t, nc)
		pings := bytes.Repeat(frame(true, false, websocket.OpPing, make([]byte, 125)), 1000)
		nc.SetReadBuffer(4 << 10)
		for range 3 {
			nc.Write(pings)
		}
	}},
	{name: "bombs", peers: 500, ends: websocket.StatusMessageTooBig, heap: 16 << 10, attack: func(t testing.TB, nc *net.TCPConn, _ int) {
		upgrade(t, nc)
		nc.Write(bomb)
	}},
	{name: "texts that are none", peers: 2000, ends: websocket.StatusInvalidPayload, attack: func(t testing.TB, nc *net.TCPConn, _ int) {
		upgrade(t, nc)
		nc.Write(frame(true, false, websocket.OpText, []byte{0xFF}))
	}},
	{name: "close frames", peers: 2000, ends: websocket.StatusGoingAway, attack: func(t testing.TB, nc *net.TCPConn, _ int) {
		upgrade(t, nc)
		nc.Write(frame(true, false, websocket.OpClose, []byte{0x03, 0xE9}))
	}},
}

// TestFloods protects, for each flood and both kinds of server, that its peers cost no more than a limit while it lasts, that a
// connection beside them goes on, and that nothing is left when they have gone.
func TestFloods(t *testing.T) {
	for name, serve := range map[string]func(*testing.T, net.Listener) func(context.Context) error{"conns": serveConns, "loops": serveLoops} {
		t.Run(name, func(t *testing.T) {
			for _, f := range floods {
				t.Run(f.name, func(t *testing.T) { f.run(t, serve) })
			}
		})
	}
}

func (f flood) run(t *testing.T, serve func(*testing.T, net.Listener) func(context.Context) error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	shutdown := serve(t, ln)
	beside := newBeside(t, addr)
	quiet := beside.measure(t)
	before := count()
	peers := make([]*net.TCPConn, max(f.peers / *scale, 20))
	each(len(peers), func(i int) {
		peers[i] = connect(t, addr)
		f.attack(t, peers[i], i)
	})
	during := beside.measure(t)
	each(len(peers), func(i int) {
		if f.ends == 0 {
			return
		}
		if code := closeCode(peers[i]); code != f.ends { // until then the server is at work on what the peer has sent
			t.Errorf("peer %d was closed with %v, want %v", i, code, f.ends)
		}
	})
	now := count()
	t.Logf("%d peers: %d bytes of heap and %.1f goroutines each; the connection beside them took %v, and %v in peace",
		len(peers), (int(now.heap)-int(before.heap))/len(peers), float64(now.goroutines-before.goroutines)/float64(len(peers)), during, quiet)
	if limit := int(before.heap) + len(peers)*f.heap; f.heap > 0 && int(now.heap) > limit+slack {
		t.Errorf("the heap has %d bytes, at most %d are right", now.heap, limit)
	}
	each(len(peers), func(i int) { peers[i].Close() })
	settle(t, before)
	beside.c.CloseNow()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := shutdown(ctx); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

// each calls f with the numbers below n, some at a time.
func each(n int, f func(i int)) {
	var all sync.WaitGroup
	for g := range 16 {
		all.Go(func() {
			for i := g; i < n; i += 16 {
				f(i)
			}
		})
	}
	all.Wait()
}

// slack is how much the heap may grow whatever the number of peers.
const slack = 4 << 20

// state is what a flood may not leave larger.
type state struct {
	heap                    uint64
	goroutines, descriptors int
}

func count() state {
	runtime.GC()
	runtime.GC() // pools give up what they hold at the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return state{m.HeapAlloc, runtime.NumGoroutine(), leak.Descriptors()}
}

// settle waits until no more is left than there was.
func settle(t *testing.T, before state) {
	var now state
	for end := time.Now().Add(patience); time.Now().Before(end); runtime.Gosched() {
		if now = count(); now.goroutines <= before.goroutines && now.descriptors <= before.descriptors && now.heap <= before.heap+slack {
			return
		}
	}
	t.Errorf("%+v is left, and there was %+v", now, before)
}

// besideConn is a connection that keeps the rules.
type besideConn struct{ c *websocket.Conn }

func newBeside(t *testing.T, addr string) besideConn {
	c, _, err := websocket.Dial(t.Context(), "ws://"+addr)
	if err != nil {
		t.Fatal(err)
	}
	return besideConn{c}
}

// measure makes some round trips, and returns how long all but the slowest of a hundred took at most.
func (b besideConn) measure(t *testing.T) time.Duration {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	took := make([]time.Duration, 100)
	for i := range took {
		began := time.Now()
		err := b.c.Write(ctx, websocket.OpText, []byte("beside"))
		if err == nil {
			_, err = b.c.Read(ctx)
		}
		if err != nil {
			t.Fatalf("the connection beside: %v", err)
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return took[98]
}

// TestShutdownOfBlockedWriters protects that Shutdown comes to its end, and leaves nothing, where each connection waits for a peer
// that does not read.
func TestShutdownOfBlockedWriters(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	before := count()
	shutdown := serveConns(t, ln)
	peers := make([]*net.TCPConn, max(1000 / *scale, 20))
	each(len(peers), func(i int) {
		nc := connect(t, ln.Addr().String())
		upgrade(t, nc)
		nc.SetReadBuffer(4 << 10)
		nc.SetWriteDeadline(time.Now().Add(200 * time.Millisecond)) // the server reads no more while it cannot write
		for _, err := nc.Write(frame(true, false, websocket.OpBinary, make([]byte, 256<<10))); err == nil; {
			_, err = nc.Write(frame(true, false, websocket.OpBinary, make([]byte, 256<<10)))
		}
		peers[i] = nc
	})
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	var cut *websocket.ShutdownError
	if err := shutdown(ctx); !errors.As(err, &cut) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown: %v", err)
	}
	for _, nc := range peers {
		if _, err := io.Copy(io.Discard, nc); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("a connection was not cut")
		}
		nc.Close()
	}
	settle(t, before)
}
