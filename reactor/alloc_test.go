//go:build !race

package reactor

// This file asserts what connections take. Under the race detector sync.Pool drops items at random.

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/seed-d69ae1b7/websocket"
)

// TestAllocs protects that a message costs no allocation: whole ones, bursts, fragments, large ones; written in the handler and elsewhere,
// prepared and not.
func TestAllocs(t *testing.T) {
	m := newSim(t, &Server{Handler: echo})
	fd, s := m.connect(nil)
	m.arrive(fd, []byte(request))
	s.out = make([]byte, 0, 1<<20)
	c := newClient()
	fragments, _ := c.AppendFragment(nil, websocket.OpText, []byte("first"), false)
	fragments, _ = c.AppendControl(fragments, websocket.OpPing, []byte("between"))
	fragments, _ = c.AppendFragment(fragments, websocket.OpText, []byte("last"), true)
	cut := c.message(websocket.OpBinary, strings.Repeat("x", 5000))
	prepared, err := websocket.NewPreparedMessage(websocket.OpText, []byte("Hello"))
	if err != nil {
		t.Fatal(err)
	}
	conn := m.conn(fd)
	large := c.message(websocket.OpBinary, strings.Repeat("x", 2*largeSize))
	hello := []byte("Hello")
	arrive := func(b []byte) {
		s.in = append(s.in, b...)
		m.happens(fd, readable|writable)
		m.loop.turn()
		m.loop.turn()
	}
	for name, f := range map[string]func(){
		"burst":     func() { arrive(cut); arrive(cut) },
		"fragments": func() { arrive(fragments) },
		"cut":       func() { arrive(cut[:1]); arrive(cut[1:100]); arrive(cut[100:]) },
		"large":     func() { arrive(large) },
		"Write":     func() { conn.Write(context.Background(), websocket.OpText, hello) },
		"prepared":  func() { conn.WritePrepared(context.Background(), prepared) },
	} {
		n := testing.AllocsPerRun(200, func() {
			s.out = s.out[:0]
			f()
		})
		if n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	m.end(fd)
}

// TestMemory protects the size of an idle connection, on the heap of the loop: with a shared handler at most 144 bytes, and a subscription
// at most 36 more: 24, and what slices have grown ahead.
func TestMemory(t *testing.T) {
	if size := unsafe.Sizeof(Conn{}); size > 96 {
		t.Errorf("a Conn has %d bytes", size)
	}
	const conns = 10_000
	m := newSim(t, &Server{Handler: echo})
	one := &simSock{room: -1}
	open := func() {
		m.fds++
		m.socks[1] = one
		one.in = append(one.in[:0], request...)
		one.out = one.out[:0]
		m.loop.add(1, nil)
		m.loop.worker.serve(m.loop.conns[one.slot])
		m.loop.turn()
	}
	open()
	before := liveHeap()
	for range conns {
		open()
	}
	after := liveHeap()
	wantIdle(t, before, after, conns)
	for _, c := range m.loop.conns[1:] {
		m.loop.topics.add(c.slot, "all")
	}
	if each := float64(liveHeap()-after) / conns; each > 36 {
		t.Errorf("a subscription takes %.0f bytes of the heap", each)
	}
	runtime.KeepAlive(m)
}

// TestMemoryCompressed protects that an idle connection with compression without context takeover, and a subprotocol, takes no more than one
// without either.
func TestMemoryCompressed(t *testing.T) {
	const conns = 10_000
	o := websocket.Options{Compression: &websocket.CompressionOptions{MinSize: -1}}
	m := newSim(t, &Server{Handler: echo, Upgrader: &websocket.Upgrader{Options: o}})
	one := &simSock{room: -1}
	message := deflating().message(websocket.OpText, strings.Repeat("compressible ", 20))
	open := func() {
		m.socks[1] = one
		m.loop.add(1, &adoption{agreed: websocket.Agreement{Subprotocol: "chat", Compression: alone(15)}})
		one.in, one.out = append(one.in[:0], message...), one.out[:0]
		m.loop.worker.serve(m.loop.conns[one.slot])
		m.loop.turn()
	}
	open()
	before := liveHeap()
	for range conns {
		open()
	}
	wantIdle(t, before, liveHeap(), conns)
	if n := m.loop.conns[len(m.loop.conns)-1].counts; n.messagesIn != 1 || n.messagesOut != 1 {
		t.Errorf("counts %+v: this tests nothing", n)
	}
	runtime.KeepAlive(m)
}

// wantIdle compares what the heap has grown by with what so many idle connections may take. Less than they are, themselves, means that what
// tests before had left went meanwhile: then nothing was measured.
func wantIdle(t *testing.T, before, after uint64, conns int) {
	t.Helper()
	each := float64(int64(after-before)) / float64(conns)
	if each < float64(unsafe.Sizeof(Conn{})) || each > 144 {
		t.Errorf("an idle connection takes %.0f bytes of the heap", each)
	}
}

// liveHeap returns the bytes of live objects. Two collections empty the pools.
func liveHeap() uint64 {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}
