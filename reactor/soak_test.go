//go:build unix

package reactor

// This file holds a soak: traffic of every kind that finds a wake-up that was lost, because something then waits for ever.

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// TestSoak has peers send and read at random speeds, over sockets that hold little, to handlers that echo, pause, and have other goroutines
// write and resume: all that was sent comes back in order, and all that others have written comes.
func TestSoak(t *testing.T) {
	onDrivers(t, func(t *testing.T, wrap wrapper) {
		s := &Server{Loops: 2, Upgrader: &websocket.Upgrader{Options: websocket.Options{WriteBuffer: 8 << 10, ReadLimit: 1 << 20}}}
		var waited atomic.Int32
		s.Accept = func(*websocket.Request) (Handler, error) { return &soaker{t: t, waited: &waited}, nil }
		addr := start(t, s, func(ln net.Listener) net.Listener {
			hold(t, ln, 8<<10)
			return wrap(ln)
		})
		end := time.Now().Add(*soakTime)
		var all sync.WaitGroup
		for g := range 6 {
			all.Go(func() {
				for round := uint64(0); time.Now().Before(end) && !t.Failed(); round++ {
					soak(t, addr, rand.New(rand.NewPCG(uint64(g), round)))
				}
			})
		}
		all.Wait()
		if waited.Load() == 0 {
			t.Error("nothing ever had to wait: this tests nothing")
		}
	})
}

// hold has the sockets of a listener hold few bytes that a peer has not taken.
func hold(t *testing.T, ln net.Listener, n int) {
	raw, err := ln.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) { syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF, n) })
}

// soaker is a handler that echoes, and has others write and resume.
type soaker struct {
	t      testing.TB
	n      int
	others sync.WaitGroup
	waited *atomic.Int32 // how often the peer had not taken what was written
}

func (h *soaker) Open(c *Conn) {}
func (h *soaker) Message(c *Conn, op websocket.Opcode, p []byte) {
	if err := c.Write(context.Background(), op, p); err != nil {
		h.t.Errorf("echo: %v", err)
	}
	if c.has(blocked) {
		h.waited.Add(1)
	}
	switch h.n++; h.n % 7 {
	case 3:
		c.PauseReading()
		h.others.Go(c.ResumeReading)
	case 5:
		h.others.Go(func() { c.Write(context.Background(), websocket.OpText, []byte("beside")) }) // may be refused
	}
}
func (h *soaker) Close(*Conn, *websocket.CloseError) { h.others.Wait() }

// soak is one connection: so many messages out, and the same back in order.
func soak(t *testing.T, addr string, r *rand.Rand) {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Error(err)
		return
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(settleTime))
	nc.(*net.TCPConn).SetReadBuffer(64 << 10)
	nc.(*net.TCPConn).SetWriteBuffer(64 << 10)
	const messages = 60
	sizes := make([]int, messages)
	for i := range sizes {
		sizes[i] = 8 + r.IntN(1<<r.IntN(17))
	}
	sent := make(chan error, 1)
	go func() {
		c := newClient()
		_, err := io.WriteString(nc, request)
		for i := 0; i < messages && err == nil; i++ {
			p := make([]byte, sizes[i])
			binary.BigEndian.PutUint64(p, uint64(i))
			var b []byte
			b, _ = c.AppendMessage(nil, websocket.OpBinary, p)
			_, err = nc.Write(b)
		}
		sent <- err
	}()
	in := bufio.NewReaderSize(nc, 64)
	for line := ""; line != "\r\n" && err == nil; {
		line, err = in.ReadString('\n')
	}
	for next := 0; next < messages && err == nil; {
		var op byte
		var p []byte
		if op, p, err = readFrame(in); err != nil || op == 0x81 {
			continue
		}
		if n := binary.BigEndian.Uint64(p); op != 0x82 || len(p) != sizes[next] || n != uint64(next) {
			err = fmt.Errorf("frame %x, %d of %d bytes, want %d of %d", op, n, len(p), next, sizes[next])
		}
		next++
	}
	if err != nil {
		nc.Close()
		t.Errorf("reading: %v", err)
	}
	if err := <-sent; err != nil && !t.Failed() {
		t.Errorf("sending: %v", err)
	}
}
