//go:build linux

package main

// This file is the load: many clients on one thread, epoll, prebuilt frames. It opens and counts; what of that is a
// measure is for others to say. What the clients say is in wire.go.

import (
	"errors"
	"fmt"
	"syscall"
	"time"
)

// patience is how long the load waits for anything at all before it calls the server stuck.
const patience = 20 * time.Second

// load is a number of clients of one server. Only one goroutine may use it.
type load struct {
	address syscall.SockaddrInet4
	polling bool // clients poll; they only connect, and are idle then
	early   bool // CONNECT leaves in one segment with the upgrade
	epoll   int
	clients []*client
	free    []byte // for what comes
	events  []syscall.EpollEvent

	joined int    // clients that are in the namespace
	heard  int    // events and acknowledgements
	want   string // how each of them ends
}

// client is one connection.
type client struct {
	fd    int
	stage stage
	rest  []byte // the begin of a frame or a response
	sid   string // of one that polls
}

// newLoad returns a load without clients.
func newLoad(port int) (*load, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	return &load{
		address: syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}},
		epoll:   epoll,
		free:    make([]byte, 256<<10),
		events:  make([]syscall.EpollEvent, 1024),
	}, nil
}

// open opens n more clients, of which at most together are on their way at once, and waits until all have joined.
func (l *load) open(n, together int) error {
	target := len(l.clients) + n
	for len(l.clients) < target {
		if err := l.add(); err != nil {
			return err
		}
		if err := l.wait(func() bool { return len(l.clients)-l.joined < together }); err != nil {
			return err
		}
	}
	return l.wait(func() bool { return l.joined == target })
}

// add connects a client, which sends its first request.
func (l *load) add() error {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	c := &client{fd: fd}
	l.clients = append(l.clients, c)
	if err := syscall.Connect(fd, &l.address); err != nil { // on loopback at once
		return fmt.Errorf("connect: %w", err)
	}
	err = errors.Join(
		syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1),
		syscall.SetNonblock(fd, true),
		syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_ADD, fd,
			&syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLRDHUP, Fd: int32(len(l.clients) - 1)}),
	)
	if err != nil {
		return err
	}
	return l.send(c, l.first())
}

// send writes what always fits into a socket's buffer, because little is in flight.
func (l *load) send(c *client, b []byte) error {
	if n, err := syscall.Write(c.fd, b); err != nil || n < len(b) {
		return fmt.Errorf("write: %d of %d bytes: %w", n, len(b), err)
	}
	return nil
}

// turn lets the first senders clients send burst, and waits until each of all clients has heard each times something
// that ends with want.
func (l *load) turn(burst []byte, senders, each int, want string) error {
	l.heard, l.want = 0, want
	for _, c := range l.clients[:senders] {
		if err := l.send(c, burst); err != nil {
			return err
		}
	}
	target := each * len(l.clients)
	if err := l.wait(func() bool { return l.heard >= target }); err != nil {
		return err
	}
	if l.heard > target {
		return fmt.Errorf("%d heard instead of %d", l.heard, target)
	}
	return nil
}

// wait reads what comes until done.
func (l *load) wait(done func() bool) error {
	for !done() {
		n, err := syscall.EpollWait(l.epoll, l.events, int(patience.Milliseconds()))
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("epoll: %w", err)
		}
		if n == 0 {
			return fmt.Errorf("nothing came for %v: %d of %d joined, %d heard", patience, l.joined, len(l.clients), l.heard)
		}
		for _, event := range l.events[:n] {
			if err := l.read(l.clients[event.Fd]); err != nil {
				return fmt.Errorf("client %d: %w", event.Fd, err)
			}
		}
	}
	return nil
}

// poll reads what has come, and reports whether anything was heard.
func (l *load) poll() (bool, error) {
	n, err := syscall.EpollWait(l.epoll, l.events, 0)
	if err != nil && !errors.Is(err, syscall.EINTR) {
		return false, fmt.Errorf("epoll: %w", err)
	}
	for _, event := range l.events[:max(n, 0)] {
		if err := l.read(l.clients[event.Fd]); err != nil {
			return false, fmt.Errorf("client %d: %w", event.Fd, err)
		}
	}
	return l.heard > 0, nil
}

// read takes once what has come for c.
func (l *load) read(c *client) error {
	room := l.free[copy(l.free, c.rest):]
	n, err := syscall.Read(c.fd, room)
	if errors.Is(err, syscall.EAGAIN) {
		return nil
	}
	if err != nil || n == 0 {
		return fmt.Errorf("read: %w", errors.Join(err, errEnded))
	}
	data := l.free[:len(c.rest)+n]
	rest, err := l.consume(c, data)
	c.rest = append(c.rest[:0], rest...)
	if len(rest) == 0 {
		c.rest = nil
	}
	return err
}

var errEnded = errors.New("the server has ended the connection")

// close ends all clients without a word; abruptly with a reset, otherwise with the end of the stream.
func (l *load) close(abruptly bool) error {
	var errs []error
	for _, c := range l.clients {
		if abruptly {
			errs = append(errs, syscall.SetsockoptLinger(c.fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1}))
		}
		errs = append(errs, syscall.Close(c.fd))
	}
	l.clients, l.joined = nil, 0
	return errors.Join(errs...)
}

// end closes the load itself, too.
func (l *load) end() error { return errors.Join(l.close(true), syscall.Close(l.epoll)) }
