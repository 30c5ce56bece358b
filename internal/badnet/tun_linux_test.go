//go:build linux && tun

package badnet

// This file holds a network of real packets that are lost, late and out of order: two network namespaces, a TUN device in each,
// and a relay of packets between them. What the kernel makes of it is what a program sees on a bad line. It needs root, and
// iproute2: make faulty-network.

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/seed-d69ae1b7/websocket"
)

// The addresses of the two sides.
const clientIP, serverIP = "10.99.0.1", "10.99.0.2"

// line is what happens to packets.
type line struct {
	delay time.Duration // of each
	loss  int           // of a thousand
	late  int           // of a thousand: those that take twice as long, so that others overtake them
	dead  atomic.Bool   // all are lost
	lost  atomic.Int64
	begun atomic.Int64 // those that came
}

// site is a network namespace with a TUN device.
type site struct{ space, tun *os.File }

// newSite makes a site with an address whose peer is the other side's.
func newSite(t *testing.T, own, other string) (s site) {
	onThread(t, func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return err
		}
		fd, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		s.space = os.NewFile(uintptr(fd), "namespace")
		if s.tun, err = openTUN(); err != nil {
			return err
		}
		for _, args := range []string{"addr add " + own + " peer " + other + " dev tun0", "link set tun0 up mtu 1400"} {
			if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
				return errors.New("ip " + args + ": " + string(out))
			}
		}
		return nil
	})
	t.Cleanup(func() { s.space.Close() })
	return s
}

// openTUN makes a TUN device in the namespace of the thread.
func openTUN() (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	req, err := unix.NewIfreq("tun0")
	if err != nil {
		return nil, err
	}
	req.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TUNSETIFF, uintptr(unsafe.Pointer(req))); errno != 0 {
		return nil, errno
	}
	return os.NewFile(uintptr(fd), "/dev/net/tun"), nil
}

// onThread runs f on a thread of its own, which is thrown away: it may be in another namespace then.
func onThread(t *testing.T, f func() error) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked
		done <- f()
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// in runs f in the namespace of s: sockets that it makes belong there for good.
func (s site) in(t *testing.T, f func() error) {
	t.Helper()
	onThread(t, func() error {
		if err := unix.Setns(int(s.space.Fd()), unix.CLONE_NEWNET); err != nil {
			return err
		}
		return f()
	})
}

// carry passes packets one way until the device is closed.
func (l *line) carry(from, to *os.File, r *rand.Rand) {
	var under sync.WaitGroup
	defer under.Wait()
	for {
		p := make([]byte, 2<<10)
		n, err := from.Read(p)
		if err != nil {
			return
		}
		l.begun.Add(1)
		if l.dead.Load() || r.IntN(1000) < l.loss {
			l.lost.Add(1)
			continue
		}
		delay := l.delay
		if r.IntN(1000) < l.late {
			delay *= 2
		}
		under.Add(1)
		time.AfterFunc(delay, func() {
			defer under.Done()
			to.Write(p[:n]) // a device that is closed takes nothing more
		})
	}
}

// badLine connects two sites, and has a server at one of them call serve with each connection.
func badLine(t *testing.T, l *line, o websocket.Options, serve func(*websocket.Conn)) (dial func() *websocket.Conn) {
	near, far := newSite(t, clientIP, serverIP), newSite(t, serverIP, clientIP)
	var carriers sync.WaitGroup
	carriers.Go(func() { l.carry(near.tun, far.tun, rand.New(rand.NewPCG(1, 1))) })
	carriers.Go(func() { l.carry(far.tun, near.tun, rand.New(rand.NewPCG(2, 2))) })
	t.Cleanup(func() {
		near.tun.Close()
		far.tun.Close()
		carriers.Wait()
		t.Logf("%d of %d packets were lost", l.lost.Load(), l.begun.Load())
	})
	up := &websocket.Upgrader{Options: o}
	srv := &http.Server{Handler: up.Handler(func(c *websocket.Conn, _ *http.Request) { serve(c) })}
	var ln net.Listener
	far.in(t, func() (err error) {
		ln, err = net.Listen("tcp", serverIP+":8080")
		return err
	})
	go srv.Serve(ln)
	t.Cleanup(func() { srv.Close(); up.Shutdown(context.Background()) })
	return func() (c *websocket.Conn) {
		near.in(t, func() (err error) {
			d := &websocket.Dialer{Options: o, DialContext: (&net.Dialer{FallbackDelay: -1}).DialContext}
			d.HandshakeTimeout = time.Minute
			c, _, err = d.Dial(context.Background(), "ws://"+serverIP+":8080/")
			return err
		})
		return c
	}
}

// echo is a server's loop.
func echo(c *websocket.Conn) {
	for m, err := range c.Messages(context.Background()) {
		if err != nil || c.Write(context.Background(), m.Op, m.Data) != nil {
			return
		}
	}
}

// TestLossyLine protects that large messages arrive as they were sent over a line that loses packets, swaps them, and takes 50 ms
// each way; that a keepalive which is shorter than the way is long does not take that for death while anything moves; and that the
// closing handshake is completed.
func TestLossyLine(t *testing.T) {
	l := &line{delay: 50 * time.Millisecond, loss: 5, late: 20}
	dial := badLine(t, l, websocket.Options{
		PingInterval: 20 * time.Millisecond, PongTimeout: 20 * time.Second, CloseTimeout: time.Minute, ReadLimit: 4 << 20,
	}, echo)
	var all sync.WaitGroup
	for i := range 4 {
		c := dial()
		all.Go(func() {
			defer c.CloseNow()
			r := rand.NewChaCha8([32]byte{byte(i)})
			for _, size := range []int{0, 100, 64 << 10, 1 << 20} {
				sent := make([]byte, size)
				r.Read(sent)
				go c.Write(context.Background(), websocket.OpBinary, sent)
				m, err := c.Read(context.Background())
				if err != nil || !bytes.Equal(m.Data, sent) {
					t.Errorf("%d bytes came back as %d, %v", size, len(m.Data), err)
					return
				}
			}
			if err := c.Close(websocket.StatusNormalClosure, "bye"); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
	all.Wait()
	if l.lost.Load() == 0 {
		t.Error("no packet was lost: this tests nothing")
	}
}

// TestDeadLine protects that both sides find out by their keepalive that nothing arrives any more, where the kernel would say
// nothing for a quarter of an hour.
func TestDeadLine(t *testing.T) {
	l := &line{delay: 10 * time.Millisecond}
	ended := make(chan error, 1)
	options := websocket.Options{PingInterval: 200 * time.Millisecond, PongTimeout: 500 * time.Millisecond}
	dial := badLine(t, l, options, func(c *websocket.Conn) {
		_, err := c.Read(context.Background())
		ended <- err
	})
	c := dial()
	l.dead.Store(true)
	_, err := c.Read(context.Background())
	for side, err := range map[string]error{"client": err, "server": <-ended} {
		var end *websocket.CloseError
		if !errors.As(err, &end) || end.Code != websocket.StatusAbnormalClosure || !end.Local || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the %s saw %v", side, err)
		}
	}
}
