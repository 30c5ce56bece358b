//go:build linux

// Package load is the load generator: many connections, one thread, epoll, prebuilt frames, every echo checked. It
// is meant to run in a process of its own and to cost less than any server.
package load

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/seed-d69ae1b7/websocket/bench/internal/stats"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

// patience is how long the load waits for any echo at all before it calls the server stuck.
const patience = 20 * time.Second

// Args say what to open.
type Args struct {
	Addr  netip.AddrPort
	Shape wire.Shape
	Raw   bool // no handshake, and the echo is of the frames themselves
}

// Period says how long to run: either for Duration, or for so many Bursts on every connection.
type Period struct {
	Duration time.Duration
	Bursts   int
	Pause    time.Duration // from hearing of echoes to reading them: a server that is slowed down is not outrun
}

// Result is what a run measured. Every message that was sent has come back and was right.
type Result struct {
	Messages int
	Bytes    int           // received
	Elapsed  time.Duration // from the first byte sent to the last one received
	P50, P99 time.Duration // from sending a burst to receiving a message of it
	CPU      time.Duration // of the load's process, user and system
}

// Load is a set of open connections. It is not safe for concurrent use.
type Load struct {
	args      Args
	traffic   *wire.Traffic
	epoll     int
	conns     []conn
	buf       []byte
	histogram stats.Histogram

	busy     int           // connections with a burst in flight
	deadline time.Duration // on clock, after which no burst starts
	pause    unix.Timespec // that of the period
	messages int
	bytes    int
}

// conn is one connection. It sends a burst of messages, and the next one when all have come back.
type conn struct {
	fd      int
	secure  *secure // what is read and written in place of fd, or nil
	checker *wire.Checker
	next    int           // the first message of the next burst
	out     []byte        // what is left of the burst to send
	due     int           // messages of the burst that have not come back
	bursts  int           // that may still be sent; negative: no limit
	sent    time.Duration // when the burst was, on clock
}

var epoch = time.Now()

// clock is the monotonic time since the process began.
func clock() time.Duration { return time.Since(epoch) }

// Open connects and upgrades as many connections as args say. They send traffic, which is of the same shape.
func Open(args Args, traffic *wire.Traffic) (*Load, error) {
	l := &Load{args: args, traffic: traffic, buf: make([]byte, 512<<10)}
	var err error
	if l.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("load: epoll: %w", err)
	}
	l.conns = make([]conn, 0, args.Shape.Conns)
	for range args.Shape.Conns {
		if err := l.open(); err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	return l, nil
}

func (l *Load) open() error {
	fd, err := connect(netip.Addr{}, l.args.Addr)
	if err != nil {
		return err
	}
	i := len(l.conns)
	first := l.traffic.First(i)
	l.conns = append(l.conns, conn{fd: fd, next: first, checker: wire.NewChecker(l.traffic, l.args.Raw, first)})
	if err := l.conns[i].begin(l.args); err != nil {
		return err
	}
	if err := l.prelude(&l.conns[i]); err != nil {
		return err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return fmt.Errorf("load: %w", err)
	}
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET, Fd: int32(i)}
	if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
		return fmt.Errorf("load: epoll: %w", err)
	}
	return nil
}

// begin makes the handshakes of c, which blocks.
func (c *conn) begin(args Args) (err error) {
	var rw io.ReadWriter = blocking(c.fd)
	if args.Shape.TLS {
		if c.secure, err = startTLS(c.fd); err != nil {
			return err
		}
		rw = c.secure.tc
	}
	if args.Raw {
		return nil
	}
	return handshake(rw, args.Shape)
}

// prelude says what must have been said before the first message, and waits for its echo.
func (l *Load) prelude(c *conn) error {
	p := l.traffic.Prelude(c.next)
	if p == nil || l.args.Raw {
		return nil
	}
	if _, err := blocking(c.fd).Write(p); err != nil {
		return fmt.Errorf("load: write: %w", err)
	}
	for done := 0; done == 0; {
		n, err := blocking(c.fd).Read(l.buf)
		if n <= 0 {
			return fmt.Errorf("load: no echo of what was said first: %w", err)
		}
		if done, err = c.checker.Feed(l.buf[:n]); err != nil {
			return err
		}
	}
	return nil
}

// Close drops the connections without a closing handshake.
func (l *Load) Close() error {
	var errs []error
	for _, c := range l.conns {
		errs = append(errs, unix.Close(c.fd))
	}
	l.conns = nil
	return errors.Join(append(errs, unix.Close(l.epoll))...)
}

// Run sends bursts on all connections until the period is over and every echo has come back.
func (l *Load) Run(p Period) (Result, error) {
	l.histogram.Reset()
	l.messages, l.bytes = 0, 0
	before, start := cpu(), clock()
	l.deadline = start + p.Duration
	l.pause = unix.NsecToTimespec(p.Pause.Nanoseconds())
	for i := range l.conns {
		c := &l.conns[i]
		c.bursts = p.Bursts
		if p.Bursts == 0 {
			c.bursts = -1
		}
		l.busy++
		if err := l.burst(c); err != nil {
			return Result{}, err
		}
	}
	for l.busy > 0 {
		if err := l.wait(); err != nil {
			return Result{}, err
		}
	}
	return Result{
		Messages: l.messages, Bytes: l.bytes, Elapsed: clock() - start, CPU: cpu() - before,
		P50: l.histogram.Quantile(0.50), P99: l.histogram.Quantile(0.99),
	}, nil
}

// wait handles one round of events.
func (l *Load) wait() error {
	var events [256]unix.EpollEvent
	n, err := unix.EpollWait(l.epoll, events[:], int(patience.Milliseconds()))
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("load: epoll: %w", err)
	}
	if n == 0 {
		return fmt.Errorf("load: no echo for %v, %d connections wait", patience, l.busy)
	}
	if l.pause.Nano() > 0 {
		_ = unix.Nanosleep(&l.pause, nil) // a signal may shorten it; time.Sleep rounds up to milliseconds
	}
	for _, e := range events[:max(n, 0)] {
		c := &l.conns[e.Fd]
		if len(c.out) > 0 && e.Events&unix.EPOLLOUT != 0 {
			if err := c.flush(); err != nil {
				return err
			}
		}
		if c.secure != nil && len(c.secure.out) > 0 {
			if err := c.secure.flush(); err != nil {
				return fmt.Errorf("load: write: %w", err)
			}
		}
		if e.Events&^unix.EPOLLOUT != 0 {
			if err := l.receive(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// burst sends the next messages of c, or lets it rest when the period is over.
func (l *Load) burst(c *conn) error {
	now := clock()
	if c.bursts == 0 || c.bursts < 0 && now >= l.deadline {
		l.busy--
		return nil
	}
	c.bursts--
	n := l.args.Shape.InFlight
	c.out, c.due, c.sent = l.traffic.Frames(c.next, n), n, now
	c.next = (c.next + n) % l.traffic.Len()
	return c.flush()
}

// flush sends what the socket takes. The rest follows when epoll reports room.
func (c *conn) flush() error {
	for len(c.out) > 0 {
		n, err := c.write(c.out)
		switch {
		case errors.Is(err, unix.EAGAIN):
			return nil
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return fmt.Errorf("load: write: %w", err)
		}
		c.out = c.out[n:]
	}
	return nil
}

// receive reads and checks what has come. A read that does not fill the buffer has emptied the socket: whatever comes
// later is a new edge.
func (l *Load) receive(c *conn) error {
	for {
		n, err := c.read(l.buf)
		switch {
		case errors.Is(err, unix.EAGAIN):
			return nil
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return fmt.Errorf("load: read: %w", err)
		case n == 0:
			return errors.New("load: the server closed the connection")
		}
		l.bytes += n
		done, err := c.checker.Feed(l.buf[:n])
		if err != nil {
			return err
		}
		if done > 0 {
			if err := l.count(c, done); err != nil {
				return err
			}
		}
		if n < len(l.buf) && c.secure == nil {
			return nil
		}
	}
}

// count records that done messages have come back, and sends the next burst after the last of them.
func (l *Load) count(c *conn, done int) error {
	if done > c.due {
		return fmt.Errorf("load: %d more messages than were sent", done-c.due)
	}
	l.histogram.Record(clock()-c.sent, done)
	l.messages += done
	if c.due -= done; c.due > 0 {
		return nil
	}
	return l.burst(c)
}

// read reads what has come, without waiting.
func (c *conn) read(p []byte) (int, error) {
	if c.secure != nil {
		return c.secure.read(p)
	}
	return transfer(unix.SYS_READ, c.fd, p)
}

// write writes what the socket takes.
func (c *conn) write(p []byte) (int, error) {
	if c.secure != nil {
		return c.secure.write(p)
	}
	return transfer(unix.SYS_WRITE, c.fd, p)
}

// transfer is a read or a write that does not block, so that the scheduler need not be told of it. p is not empty.
func transfer(call uintptr, fd int, p []byte) (int, error) {
	n, _, errno := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// cpu is the processor time that this process has used, user and system.
func cpu() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
