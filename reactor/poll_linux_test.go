package reactor

// This file tests the poller of Linux.

import (
	"errors"
	"io"
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/seed-d69ae1b7/websocket"
)

// socketPair returns two ends of a socket that do not block.
func socketPair(t *testing.T) (a, b int) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return fds[0], fds[1]
}

// TestWakeAfterFree protects that waking a loop that has ended, as its timer may, writes nothing to the descriptor that has got the number
// meanwhile: it was seen to put eight bytes in front of a client's request.
func TestWakeAfterFree(t *testing.T) {
	p, err := newPoller()
	if err != nil {
		t.Fatal(err)
	}
	number := p.(*epoll).in
	p.free()
	var fds []int
	defer func() {
		for _, fd := range fds {
			unix.Close(fd)
		}
	}()
	for !contains(fds, number) {
		a, b := socketPair(t)
		fds = append(fds, a, b)
	}
	p.wake()
	for _, fd := range fds {
		if n, err := unix.Read(fd, make([]byte, 8)); err != unix.EAGAIN {
			t.Errorf("%d bytes were written to another descriptor, %v", n, err)
		}
	}
}

func contains(fds []int, fd int) bool {
	for _, f := range fds {
		if f == fd {
			return true
		}
	}
	return false
}

// TestCloseWithCopy protects that no event comes for a descriptor that was closed while a copy of it is open elsewhere: epoll goes on
// to tell of what is open.
func TestCloseWithCopy(t *testing.T) {
	p, err := newPoller()
	if err != nil {
		t.Fatal(err)
	}
	defer p.free()
	a, b := socketPair(t)
	defer unix.Close(b)
	kept, err := unix.Dup(a)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(kept)
	if err := p.add(int32(a), 1); err != nil {
		t.Fatal(err)
	}
	p.close(int32(a))
	unix.Write(b, []byte("x"))
	if n, err := p.wait(make([]event, 8), false); n != 0 || err != nil {
		t.Errorf("%d events, %v", n, err)
	}
}

// TestPollerEdges protects what a loop relies on: an event when bytes come, none while they are not read, one when more come, and the
// end of the peer's stream among them.
func TestPollerEdges(t *testing.T) {
	p, err := newPoller()
	if err != nil {
		t.Fatal(err)
	}
	defer p.free()
	a, b := socketPair(t)
	fd := int32(a)
	if err := p.add(fd, 7); err != nil {
		t.Fatal(err)
	}
	events := make([]event, 8)
	want := func(ready readiness) {
		t.Helper()
		n, err := p.wait(events, false)
		if err != nil || (n > 0) != (ready != 0) || n > 0 && (events[0].ready&ready != ready || events[0].slot != 7 || events[0].fd != fd) {
			t.Errorf("%+v, %v, want %b", events[:n], err, ready)
		}
	}
	want(writable)
	want(0)
	unix.Write(b, []byte("one"))
	want(readable)
	want(0)
	unix.Write(b, []byte("two"))
	want(readable)
	buf := make([]byte, 100)
	if n, err := p.recv(fd, buf); string(buf[:max(n, 0)]) != "onetwo" || err != nil {
		t.Errorf("%q, %v", buf[:n], err)
	}
	if _, err := p.recv(fd, buf); err != errAgain {
		t.Error(err)
	}
	if n, err := p.send(fd, []byte("three"), []byte("four")); n != 9 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if n, _ := unix.Read(b, buf); string(buf[:n]) != "threefour" {
		t.Errorf("%q", buf[:n])
	}
	unix.Shutdown(b, unix.SHUT_WR)
	want(readable | hangup)
	if _, err := p.recv(fd, buf); err != io.EOF {
		t.Error(err)
	}
	unix.Close(b)
	if _, err := p.send(fd, []byte("x"), nil); !errors.Is(err, unix.EPIPE) {
		t.Error(err)
	}
	p.wake()
	if n, err := p.wait(events, true); err != nil {
		t.Errorf("%d, %v", n, err)
	}
	p.close(fd)
}

// TestAcceptedSockets protects that an accepted socket is as package net makes them, and that Adopt makes the copy of a blocking one harmless.
func TestAcceptedSockets(t *testing.T) {
	conns := make(chan *Conn, 2)
	s := &Server{Handler: &funcs{open: func(c *Conn) { conns <- c }, message: echo, close: (echo).Close}}
	addr := start(t, s, func(ln net.Listener) net.Listener { return ln })
	dial(t, addr, websocket.Options{})
	c := <-conns
	for _, o := range [][2]int{{unix.IPPROTO_TCP, unix.TCP_NODELAY}, {unix.SOL_SOCKET, unix.SO_KEEPALIVE}} {
		if v, err := unix.GetsockoptInt(int(c.fd), o[0], o[1]); err != nil || v == 0 {
			t.Errorf("option %v: %d, %v", o, v, err)
		}
	}
	if c.RemoteAddr() == nil || c.LocalAddr().String() != addr {
		t.Errorf("%v, %v", c.LocalAddr(), c.RemoteAddr())
	}
	a, b := tcpPair(t)
	file, err := b.File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unix.SetNonblock(int(file.Fd()), false)
	if err := s.Adopt(b, websocket.Agreement{}, nil, nil); err != nil {
		t.Fatal(err)
	}
	<-conns
	peer := newClient()
	a.Write(peer.message(websocket.OpText, "Hello"))
	got := make([]byte, 7)
	if _, err := io.ReadFull(a, got); err != nil || string(got[2:]) != "Hello" {
		t.Errorf("%q, %v", got, err)
	}
}

// tcpPair returns two ends of a TCP connection.
func tcpPair(t *testing.T) (a, b *net.TCPConn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	nc, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	accepted, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return nc.(*net.TCPConn), accepted.(*net.TCPConn)
}
