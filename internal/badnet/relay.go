// Package badnet is a bad network between two net.Conns, for tests: it delays, cuts writes into pieces and puts them together,
// stalls, resets, ends streams in one direction or both, anywhere. Over connections in memory it works in testing/synctest.
package badnet

import (
	"io"
	"net"
	"sync"
	"time"
)

// Way is what happens to the bytes that go one way. The zero value passes them on as they come.
type Way struct {
	Delay  time.Duration // wait so long before passing bytes on
	Pieces int           // pass on at most so many bytes by one write; 0 is any number
	Cut    int64         // end a write behind so many bytes from the beginning on; 0 is nowhere
	Gather time.Duration // ... and before that for more of them

	Fault Fault
	After int64 // the fault happens when so many bytes have passed
}

// Fault is what breaks, at one place of one way.
type Fault uint8

const (
	NoFault   Fault = iota
	Stall           // nothing more passes on this way, and nothing more is read; the other way goes on
	HalfClose       // this way ends in order; the other one goes on
	Truncate        // both ways end in order, whatever is under way
	Reset           // both connections are reset, or closed where they cannot be
)

// Relay passes bytes between two net.Conns.
type Relay struct {
	ends   [2]net.Conn
	closed chan struct{}
	once   sync.Once
	pumps  sync.WaitGroup
}

// New begins to pass bytes between a client and a server, which belong to the Relay from then on.
func New(client, server net.Conn, toServer, toClient Way) *Relay {
	r := &Relay{ends: [2]net.Conn{client, server}, closed: make(chan struct{})}
	r.pumps.Go(func() { r.pump(client, server, toServer) })
	r.pumps.Go(func() { r.pump(server, client, toClient) })
	return r
}

// Close closes both connections, and waits until nothing passes any more.
func (r *Relay) Close() {
	r.once.Do(func() { close(r.closed) })
	for _, nc := range r.ends {
		nc.Close()
	}
	r.pumps.Wait()
}

// pump passes bytes on until they end, or something breaks.
func (r *Relay) pump(from, to net.Conn, way Way) {
	buf := make([]byte, 64<<10)
	passed := int64(0)
	for {
		n, err := r.read(from, buf, way)
		if !r.wait(way.Delay) {
			return
		}
		for p := buf[:n]; len(p) > 0; {
			k := way.next(passed, len(p))
			if k > 0 {
				if _, err := to.Write(p[:k]); err != nil {
					io.Copy(io.Discard, from) // nobody is left to take it
					return
				}
			}
			passed, p = passed+int64(k), p[k:]
			if way.breaks(passed) {
				r.fail(from, to, way.Fault)
				return
			}
		}
		if err != nil {
			closeWrite(to)
			return
		}
	}
}

// read reads what comes, and what comes soon after.
func (r *Relay) read(from net.Conn, buf []byte, way Way) (n int, err error) {
	if way.breaks(0) {
		way.Gather = 0
	}
	n, err = from.Read(buf)
	if way.Gather == 0 || err != nil {
		return n, err
	}
	from.SetReadDeadline(time.Now().Add(way.Gather))
	defer from.SetReadDeadline(time.Time{})
	for n < len(buf) {
		k, err := from.Read(buf[n:])
		n += k
		if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// wait waits, and reports false if the relay is closed meanwhile.
func (r *Relay) wait(d time.Duration) bool {
	if d == 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.closed:
		return false
	}
}

// next returns how many of n bytes go by the next write, when so many have passed.
func (w Way) next(passed int64, n int) int {
	if w.Pieces > 0 {
		n = min(n, w.Pieces)
	}
	if left := w.Cut - passed; left > 0 {
		n = int(min(int64(n), left))
	}
	if w.Fault != NoFault {
		n = int(min(int64(n), w.After-passed))
	}
	return n
}

// breaks reports whether the fault happens now.
func (w Way) breaks(passed int64) bool { return w.Fault != NoFault && passed >= w.After }

// fail lets a fault happen.
func (r *Relay) fail(from, to net.Conn, f Fault) {
	switch f {
	case Stall:
		<-r.closed
	case HalfClose:
		closeWrite(to)
		io.Copy(io.Discard, from)
	case Truncate:
		closeWrite(to)
		closeWrite(from)
		io.Copy(io.Discard, from)
	case Reset:
		for _, nc := range r.ends {
			if tcp, ok := nc.(*net.TCPConn); ok {
				tcp.SetLinger(0)
			}
			nc.Close()
		}
	}
}

// closeWrite ends a stream in one direction.
func closeWrite(nc net.Conn) {
	if w, ok := nc.(interface{ CloseWrite() error }); ok {
		w.CloseWrite()
	}
}
