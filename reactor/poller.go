package reactor

// This file holds what a loop asks of the system. poll_linux.go answers for sockets of Linux, poll_net.go for every other
// net.Conn anywhere, with goroutines. Nothing else in this package knows how readiness is found out, or makes a system call.

import (
	"errors"
	"net"
)

// event says what has become of a descriptor since the last event about it.
type event struct {
	slot  uint32 // as it was given to add
	fd    int32
	ready readiness
}

// readiness is a set of what has become possible.
type readiness uint8

const (
	readable readiness = 1 << iota
	writable
	hangup // the peer has ended its stream, or the connection has failed: it is readable, up to an end
)

// errAgain is the error of recv and send where they would have to wait. An event follows when they need not.
var errAgain = errors.New("reactor: not now")

// poller waits for the descriptors of one loop and does their I/O, which never waits. Readiness is told by edges: once, when
// something becomes possible, and again only after it was impossible.
//
// wait, add, recv and close are for the loop's goroutine; a worker that has a connection may call recv for it. send, closeWrite and
// addrs may be called by anybody for a descriptor that is not closed, send by one goroutine at a time for each.
type poller interface {
	wait(events []event, block bool) (int, error) // returns at the first events, or with none after wake or where it is not to block
	wake()                                        // any goroutine
	add(fd int32, slot uint32) error
	recv(fd int32, p []byte) (int, error)    // io.EOF at the end of the stream
	send(fd int32, p, q []byte) (int, error) // p and then q; what fits, and errAgain where that is nothing
	closeWrite(fd int32)                     // ends the outgoing stream behind what was sent
	close(fd int32)                          // what was sent still leaves; no event follows
	addrs(fd int32) (local, remote net.Addr)
	free() // closes the poller, which has no descriptor left
}
