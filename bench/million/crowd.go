//go:build linux

package main

// This file holds the process of the clients: sockets of which nothing is kept but what each has received.

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
	"github.com/seed-d69ae1b7/websocket/bench/internal/load"
)

// crowd is the clients of one server.
type crowd struct {
	epoll  int
	fds    []int
	came   []int  // how many bytes of want each has received
	want   []byte // what everybody is to receive
	behind int    // clients that have not received it all
	buf    []byte
	last   time.Duration // when the last byte came
	end    chan error    // of receiving
}

// ConnectArgs say how many connections there are to be.
type ConnectArgs struct {
	Addr  netip.AddrPort
	Conns int
}

// perSource is how many connections come from one address, so that the kernel finds a port for each at once.
const perSource = 8000

// Connect opens connections, or drops those that there are if there is to be none.
func (c *crowd) Connect(args ConnectArgs, _ *child.None) (err error) {
	if args.Conns == 0 {
		return c.drop()
	}
	if c.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return err
	}
	c.buf = make([]byte, 64<<10)
	for i := range args.Conns {
		fd, err := load.Dial(netip.AddrFrom4([4]byte{127, 1, 0, byte(1 + i/perSource)}), args.Addr)
		if err != nil {
			return errors.Join(err, c.drop())
		}
		c.fds = append(c.fds, fd)
		event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}
		if err := errors.Join(unix.SetNonblock(fd, true), unix.EpollCtl(c.epoll, unix.EPOLL_CTL_ADD, fd, &event)); err != nil {
			return errors.Join(err, c.drop())
		}
	}
	c.came = make([]int, args.Conns)
	return nil
}

// drop resets the connections, which leaves nothing of them in the kernel.
func (c *crowd) drop() error {
	errs := []error{unix.Close(c.epoll)}
	for _, fd := range c.fds {
		errs = append(errs, unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}), unix.Close(fd))
	}
	c.fds = c.fds[:0]
	return errors.Join(errs...)
}

// Expect begins to receive what will be published.
func (c *crowd) Expect(args PublishArgs, _ *child.None) error {
	p := args.payload()
	frame := append(websocket.AppendHeader(nil, websocket.Header{Fin: true, Opcode: websocket.OpBinary, Length: uint64(len(p))}), p...)
	c.want = bytes.Repeat(frame, args.Messages)
	clear(c.came)
	c.behind, c.end = len(c.fds), make(chan error, 1)
	go func() { c.end <- c.receive() }()
	return nil
}

// Received waits until everybody has received everything, and says when that was.
func (c *crowd) Received(_ child.None, at *time.Duration) error {
	err := <-c.end
	*at = c.last
	return err
}

func (c *crowd) receive() error {
	var events [256]unix.EpollEvent
	for c.behind > 0 {
		n, err := unix.EpollWait(c.epoll, events[:], int(patience.Milliseconds()))
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return err
		case n == 0:
			return fmt.Errorf("%d clients have not got what was published", c.behind)
		}
		for _, e := range events[:n] {
			if err := c.read(int(e.Fd)); err != nil {
				return err
			}
		}
	}
	c.last = clock()
	return nil
}

// read reads what has come for a client.
func (c *crowd) read(i int) error {
	n, err := unix.Read(c.fds[i], c.buf)
	if err != nil {
		return err
	}
	if n == 0 || !bytes.HasPrefix(c.want[c.came[i]:], c.buf[:n]) {
		return fmt.Errorf("a client got %.100q behind %d of %d bytes", c.buf[:n], c.came[i], len(c.want))
	}
	if c.came[i] += n; c.came[i] == len(c.want) {
		c.behind--
	}
	return nil
}
