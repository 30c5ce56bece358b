//go:build unix

package websocket

// This file tests what only the transport of sockets could get wrong: it is told of the edges of
// readability.

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

// ends are ways in which a peer's stream ends.
var ends = map[string]func(p *peer){
	"FIN":        func(p *peer) { p.nc.Close() },
	"half-close": func(p *peer) { p.nc.(*net.TCPConn).CloseWrite() },
	"RST": func(p *peer) {
		p.nc.(*net.TCPConn).SetLinger(0)
		p.nc.Close()
	},
	"close frame": func(p *peer) {
		p.send(OpClose, closePayload(StatusNormalClosure, ""))
		p.nc.(*net.TCPConn).CloseWrite()
	},
	"urgent byte": func(p *peer) {
		sendUrgent(p.t, p.nc.(*net.TCPConn))
		p.nc.Close()
	},
}

// TestQueuedEnd protects that a message is delivered and the end noticed when both were queued before the reader ran,
// whatever the end is, with one processor, with a body that answers and with one that is silent; at once, and when the
// reader has waited before, so that it may know what it need not ask.
func TestQueuedEnd(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for name, end := range ends {
		for _, answers := range []int{0, 1, 2} {
			for _, before := range []int{0, 1, 3} {
				for _, reads := range []string{"Messages", "AppendRead"} {
					t.Run(fmt.Sprintf("%s, %d answers, %d messages before, %s", name, answers, before, reads), func(t *testing.T) {
						queuedEnd(t, name, end, answers, before, reads)
					})
				}
			}
		}
	}
}

// queuedEnd lets a peer exchange messages with a reader, and then send one more and end.
func queuedEnd(t *testing.T, name string, end func(p *peer), answers, before int, reads string) {
	cn, sn := tcpPair(t)
	s, p := connOver(t, sn, false, nil), peerOver(t, cn, true)
	got := 0
	var err error
	finish := func() {
		p.send(OpText, "last")
		end(p)
	}
	handle := func(op Opcode, data []byte) {
		got++
		if string(data) == "message" {
			s.Write(t.Context(), op, data)
			return
		}
		for range answers {
			s.Write(t.Context(), op, data)
		}
	}
	if before == 0 {
		finish()
	} else {
		go func() {
			for range before {
				p.send(OpText, "message")
				p.expect(OpText, "message")
			}
			finish()
		}()
	}
	if reads == "Messages" {
		var m Message
		for m, err = range s.MessagesInPlace(t.Context()) {
			if err == nil {
				handle(m.Op, m.Data)
			}
		}
	} else {
		for err == nil {
			var m Message
			if m, err = s.AppendRead(t.Context(), nil); err == nil {
				handle(m.Op, m.Data)
			}
		}
	}
	// A reset may destroy the message on its way.
	if got != before+1 && name != "RST" {
		t.Errorf("%d messages, want %d", got, before+1)
	}
	if name == "close frame" {
		wantClosed(t, err, StatusNormalClosure, false)
	} else {
		wantClosed(t, err, StatusAbnormalClosure, false)
	}
	cn.Close()
}

// sendUrgent sends a byte out of band.
func sendUrgent(t testing.TB, nc *net.TCPConn) {
	rc, err := nc.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	rc.Control(func(fd uintptr) { err = syscall.Sendto(int(fd), []byte("!"), syscall.MSG_OOB, nil) })
	if err != nil {
		t.Fatal(err)
	}
}

// TestLargeWriteNotBegun protects that a large message of which the kernel has taken nothing when its context ends
// leaves the connection as it was: the next message arrives.
func TestLargeWriteNotBegun(t *testing.T) {
	for _, client := range []bool{false, true} {
		cn, sn := unixPair(t)
		rc, err := sn.(*net.UnixConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		filled := 0
		rc.Write(func(fd uintptr) bool {
			for {
				n, err := syscall.Write(int(fd), make([]byte, 100000))
				if err != nil {
					return true // the kernel's buffer is full
				}
				filled += n
			}
		})
		c, p := connOver(t, sn, client, nil), peerOver(t, cn, !client)
		ctx, cancel := context.WithCancel(t.Context())
		wrote := inGoroutine(func() error { return c.Write(ctx, OpText, make([]byte, 1<<20)) })
		for c.Buffered() == 0 {
			runtime.Gosched() // until the message is on its way
		}
		cancel()
		if err := <-wrote; err != context.Canceled {
			t.Error(err)
		}
		if s := c.Stats(); s.MessagesOut != 0 || c.Buffered() != 0 {
			t.Errorf("%d messages counted, %d bytes buffered", s.MessagesOut, c.Buffered())
		}
		io.ReadFull(p.br, make([]byte, filled))
		if err := c.Write(t.Context(), OpText, []byte("next")); err != nil {
			t.Error(err)
		}
		p.expect(OpText, "next")
	}
}

// TestWritesReachNoStranger protects that a write never lands on another connection: many come and go whose owners close
// the net.Conn while loops wait and others write. Each message says on which connection it was written.
func TestWritesReachNoStranger(t *testing.T) {
	var rounds sync.WaitGroup
	for worker := range 8 {
		rounds.Go(func() {
			for i := range 100 {
				stranger(t, fmt.Sprintf("connection %d of %d", i, worker), i)
			}
		})
	}
	rounds.Wait()
}

// stranger is one connection of TestWritesReachNoStranger.
func stranger(t *testing.T, name string, round int) {
	cn, sn := tcpPair(t)
	c, s := ClientConn(cn, nil, Agreement{}, nil), ServerConn(sn, nil, Agreement{}, nil)
	defer c.CloseNow()
	defer s.CloseNow()
	var both sync.WaitGroup
	looped := make(chan struct{})
	var tell sync.Once
	both.Go(func() {
		for m, err := range s.MessagesInPlace(context.Background()) {
			if err != nil {
				return
			}
			tell.Do(func() { close(looped) })
			s.Write(context.Background(), m.Op, m.Data)
		}
	})
	for range 2 {
		both.Go(func() {
			for s.Write(context.Background(), OpText, []byte(name)) == nil {
				runtime.Gosched() // or nobody asks the poller for long
			}
		})
	}
	c.Write(context.Background(), OpText, []byte(name))
	both.Go(func() {
		<-looped
		for range round % 20 {
			runtime.Gosched()
		}
		sn.Close() // the owner's
	})
	for {
		msg, err := c.Read(context.Background())
		if err != nil {
			var broken *ProtocolError
			if errors.As(err, &broken) {
				t.Errorf("%s: %v", name, err)
			}
			break
		}
		if string(msg.Data) != name {
			t.Errorf("%s got a message of %s", name, msg.Data)
		}
	}
	both.Wait()
}

// TestSocketsHeldInBubble protects sockets that live in a bubble of testing/synctest: replies leave although the bubble's
// clock stands still, as it does while anybody waits for a socket; and the timer of the connections outside stays as it is.
func TestSocketsHeldInBubble(t *testing.T) {
	var bubbled []*Conn
	for _, client := range []bool{false, true} {
		a, b := tcpPair(t)
		b.SetReadDeadline(time.Now().Add(10 * time.Second)) // by the clock outside: fails the test
		synctest.Test(t, func(t *testing.T) {
			c, p := connOver(t, a, client, nil), peerOver(t, b, !client)
			bubbled = append(bubbled, c)
			p.write(bytes.Repeat(p.message("m"), 3), p.frame(true, OpPing, "p"), p.message("n"))
			for range 3 {
				msg, err := c.Read(t.Context())
				wantMessage(t, msg.Op, msg.Data, err, "m")
				c.Write(t.Context(), msg.Op, msg.Data)
				p.expect(OpText, "m")
			}
			msg, err := c.Read(t.Context())
			wantMessage(t, msg.Op, msg.Data, err, "n")
			p.expect(OpPong, "p")
		})
	}
	socketHolds.mu.Lock()
	defer socketHolds.mu.Unlock()
	for _, c := range bubbled {
		if slices.Contains(socketHolds.conns, c) {
			t.Error("a connection of a bubble waits for the timer of those outside")
		}
	}
	if due := socketHolds.due; !due.IsZero() && due == due.Round(0) {
		t.Errorf("the timer of those outside has been set by a bubble's clock, to %v", due)
	}
}

// holdLittle makes the kernel hold little of what is written to a socket, or has come.
func holdLittle(t *testing.T, nc net.Conn) {
	t.Helper()
	if over, ok := nc.(*tls.Conn); ok {
		nc = over.NetConn()
	}
	raw, err := nc.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	controlled := raw.Control(func(fd uintptr) {
		err = errors.Join(unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 32<<10),
			unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF, 32<<10))
	})
	if err := errors.Join(controlled, err); err != nil {
		t.Fatal(err)
	}
}

// TestSocketsCloseNowBesideFlood protects what had been accepted before CloseNow from a peer that goes on sending: input that
// nobody has read would make the end a reset, which destroys what is on its way. There is more of it than is discarded otherwise,
// and, with little that the kernel holds, no more in all than a slow machine takes within lingerTime.
func TestSocketsCloseNowBesideFlood(t *testing.T) {
	onSockets(t, func(t *testing.T, cn, sn net.Conn) {
		if _, ok := sn.(interface{ CloseWrite() error }); !ok {
			return // it ends its stream by closing: see CloseNow
		}
		for _, nc := range []net.Conn{cn, sn} {
			holdLittle(t, nc)
		}
		s, p := connOver(t, sn, false, &Options{FailWhenFull: true}), peerOver(t, cn, true)
		flood := bytes.Repeat(p.message(strings.Repeat("m", 1000)), lingerBytes*5/4/1000)
		flooded := inGoroutine(func() error { return second(p.nc.Write(flood)) })
		accepted := 0
		for s.Write(t.Context(), OpText, bytes.Repeat([]byte("a"), 4000)) == nil {
			accepted++
		}
		s.CloseNow()
		for i := range accepted {
			if _, payload, err := p.next(); len(payload) != 4000 {
				t.Errorf("%d of %d messages came: %v", i, accepted, err)
				break
			}
		}
		if err := <-flooded; err != nil {
			t.Errorf("the peer's input was not taken: %v", err)
		}
	})
}
