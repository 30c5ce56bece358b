package reactor

// This file holds the poller of what is no socket, or not one that this system has a poller for: TLS, pipes, every net.Conn. Each
// connection has a goroutine that reads ahead of the loop by one buffer, and one that writes one buffer behind it, and both turn
// into the events that sockets have.

import (
	"net"
	"sync"
	"time"
)

const (
	aheadSize  = 4 << 10  // what is read ahead
	behindSize = 64 << 10 // the most that is taken for writing at once

	// behindTime is how long what was taken has to leave once the loop has closed a connection.
	behindTime = time.Second
)

// netPoller is the poller. What stands for a descriptor is a number that it gives out.
type netPoller struct {
	signal chan struct{} // holds one when there is something for wait

	mu    sync.Mutex // guards what follows
	conns map[int32]*netConn
	last  int32
	ready []event // what wait has not returned
}

func newNetPoller() *netPoller {
	return &netPoller{signal: make(chan struct{}, 1), conns: make(map[int32]*netConn)}
}

// netConn is a connection.
type netConn struct {
	p    *netPoller
	nc   net.Conn
	fd   int32
	slot uint32

	mu      sync.Mutex // guards what follows
	changed sync.Cond  // for both goroutines
	ahead   []byte     // has been read, and recv has not taken it
	err     error      // of reading, behind ahead
	behind  []byte     // has been taken by send, and is being written; empty when nothing is
	failed  error      // of writing
	ends    bool       // closeWrite was called
	closed  bool       // close was called
}

// register returns the number of a connection that add may be called for.
func (p *netPoller) register(nc net.Conn) int32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.last++; p.last <= 0 || p.conns[p.last] != nil; p.last++ {
		p.last = max(p.last, 0)
	}
	c := &netConn{p: p, nc: nc, fd: p.last}
	c.changed.L = &c.mu
	p.conns[c.fd] = c
	return c.fd
}

func (p *netPoller) conn(fd int32) *netConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.conns[fd]
}

func (p *netPoller) add(fd int32, slot uint32) error {
	c := p.conn(fd)
	c.slot = slot
	go c.read()
	go c.write()
	return nil
}

// tell makes an event. c.mu may be held: it is never taken with p.mu held.
func (c *netConn) tell(ready readiness) {
	c.p.mu.Lock()
	c.p.ready = append(c.p.ready, event{slot: c.slot, fd: c.fd, ready: ready})
	c.p.mu.Unlock()
	c.p.wake()
}

func (p *netPoller) wake() {
	select {
	case p.signal <- struct{}{}:
	default:
	}
}

func (p *netPoller) wait(events []event, block bool) (int, error) {
	if block {
		<-p.signal
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	n := copy(events, p.ready)
	p.ready = p.ready[:copy(p.ready, p.ready[n:])]
	if len(p.ready) > 0 {
		p.wake()
	}
	return n, nil
}

// read reads ahead until the stream ends.
func (c *netConn) read() {
	buf := make([]byte, aheadSize)
	for {
		n, err := c.nc.Read(buf)
		c.mu.Lock()
		c.ahead, c.err = buf[:n], err
		if n > 0 || err != nil {
			c.tell(readable)
		}
		for len(c.ahead) > 0 && !c.closed {
			c.changed.Wait()
		}
		done := c.closed || err != nil
		c.mu.Unlock()
		if done {
			return
		}
	}
}

func (p *netPoller) recv(fd int32, b []byte) (int, error) {
	c := p.conn(fd)
	c.mu.Lock()
	defer c.mu.Unlock()
	n := copy(b, c.ahead)
	if c.ahead = c.ahead[n:]; n > 0 {
		if len(c.ahead) == 0 {
			c.changed.Broadcast()
			if c.err != nil {
				c.tell(readable | hangup) // a short read may be the last for which recv is called
			}
		}
		return n, nil
	}
	if c.err != nil {
		return 0, c.err
	}
	return 0, errAgain
}

func (p *netPoller) send(fd int32, b, q []byte) (int, error) {
	c := p.conn(fd)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.failed != nil:
		return 0, c.failed
	case c.ends:
		return 0, net.ErrClosed
	case len(c.behind) > 0:
		return 0, errAgain
	}
	c.behind = append(c.behind, b[:min(len(b), behindSize)]...)
	c.behind = append(c.behind, q[:min(len(q), behindSize-len(c.behind))]...)
	c.changed.Broadcast()
	return len(c.behind), nil
}

// write writes what send has taken until the loop has ended the stream or closed the connection.
func (c *netConn) write() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.failed == nil {
		switch {
		case len(c.behind) > 0:
			c.writeBehind()
		case c.closed:
			c.mu.Unlock()
			c.nc.Close()
			c.mu.Lock()
			return
		case c.ends:
			c.endStream()
		default:
			c.changed.Wait()
		}
	}
	c.tell(readable | writable | hangup)
	for !c.closed {
		c.changed.Wait()
	}
	c.mu.Unlock()
	c.nc.Close()
	c.mu.Lock()
}

// writeBehind writes what send has taken. mu is held, but not meanwhile.
func (c *netConn) writeBehind() {
	c.mu.Unlock()
	_, err := c.nc.Write(c.behind)
	c.mu.Lock()
	if c.failed = err; err != nil {
		return
	}
	if c.behind = c.behind[:0]; cap(c.behind) > aheadSize {
		c.behind = nil
	}
	c.tell(writable)
}

// endStream ends the outgoing stream, and waits for close. Where the transport can end it only by being closed, that is done now.
func (c *netConn) endStream() {
	c.mu.Unlock()
	if w, ok := c.nc.(interface{ CloseWrite() error }); !ok {
		c.nc.Close()
	} else if w.CloseWrite() != nil {
		c.nc.Close()
	}
	c.mu.Lock()
	for !c.closed {
		c.changed.Wait()
	}
}

func (p *netPoller) closeWrite(fd int32) {
	c := p.conn(fd)
	c.mu.Lock()
	c.ends = true
	c.changed.Broadcast()
	c.mu.Unlock()
}

func (p *netPoller) close(fd int32) {
	p.mu.Lock()
	c := p.conns[fd]
	delete(p.conns, fd)
	for i := range p.ready {
		if p.ready[i].fd == fd {
			p.ready[i] = event{}
		}
	}
	p.mu.Unlock()
	c.mu.Lock()
	c.closed = true
	c.changed.Broadcast()
	if len(c.behind) > 0 {
		c.nc.SetWriteDeadline(time.Now().Add(behindTime))
	}
	idle := c.slot == 0 || len(c.behind) == 0
	c.mu.Unlock()
	if idle {
		c.nc.Close() // which ends the goroutines, if there are any
	}
}

func (p *netPoller) addrs(fd int32) (local, remote net.Addr) {
	c := p.conn(fd)
	return c.nc.LocalAddr(), c.nc.RemoteAddr()
}

func (p *netPoller) free() {}
