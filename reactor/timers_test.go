package reactor

// This file tests what is bounded in time, in bubbles of testing/synctest: connections in memory, on the poller for every net.Conn.

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// timed is a server and one connection of it in a bubble.
type timed struct {
	t      *testing.T
	s      *Server
	peer   *netpipe.Conn
	in     *bufio.Reader
	client *client
	conn   *Conn
	began  time.Time
	closed chan *websocket.CloseError
}

// inTime runs f in a bubble, with a connection whose opening handshake is done unless bare is set.
func inTime(t *testing.T, o websocket.Options, bare bool, f func(*timed)) {
	synctest.Test(t, func(t *testing.T) {
		x := &timed{t: t, client: newClient(), closed: make(chan *websocket.CloseError, 1)}
		conns := make(chan *Conn, 1)
		x.s = &Server{Upgrader: &websocket.Upgrader{Options: o}, Handler: &funcs{
			open: func(c *Conn) { conns <- c }, message: echo,
			close: func(_ *Conn, err *websocket.CloseError) { x.closed <- err },
		}}
		if err := x.s.begin(); err != nil {
			t.Fatal(err)
		}
		a, b := netpipe.New(1000)
		x.peer, x.in = a, bufio.NewReader(a)
		if bare {
			if err := x.s.take(b, nil); err != nil {
				t.Fatal(err)
			}
		} else {
			if err := x.s.Adopt(b, websocket.Agreement{}, nil, nil); err != nil {
				t.Fatal(err)
			}
			x.conn = <-conns
		}
		x.began = time.Now()
		f(x)
		x.peer.Close()
		if err := x.s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// took wants d to have passed since the beginning, give or take two ticks.
func (x *timed) took(d time.Duration) {
	x.t.Helper()
	if took := time.Since(x.began); took < d || took > d+2*time.Second/tickRate {
		x.t.Errorf("took %v, want %v", took, d)
	}
}

// TestHandshakeTimeout protects that a client that is too slow gets 408 after HandshakeTimeout, whatever it sends.
func TestHandshakeTimeout(t *testing.T) {
	inTime(t, websocket.Options{HandshakeTimeout: 3 * time.Second}, true, func(x *timed) {
		go func() {
			for i := range 10 {
				time.Sleep(time.Second / 2)
				io.WriteString(x.peer, request[i:i+1])
			}
		}()
		line, err := x.in.ReadString('\n')
		if !strings.HasPrefix(line, "HTTP/1.1 408 ") || err != nil {
			t.Errorf("%q, %v", line, err)
		}
		x.took(3 * time.Second)
		io.Copy(io.Discard, x.in)
		time.Sleep(5 * time.Second)
	})
}

// TestCloseTimeout protects that Close is bounded where the peer does not answer, and that Handler.Close says what Close was given.
func TestCloseTimeout(t *testing.T) {
	inTime(t, websocket.Options{CloseTimeout: 2 * time.Second}, false, func(x *timed) {
		x.conn.Close(4000, "why")
		err := <-x.closed
		x.took(2 * time.Second)
		if err.Code != 4000 || err.Reason != "why" || !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}

// TestLingers protects that a peer that does not end its stream after the closing handshake is waited for, for a second.
func TestLingers(t *testing.T) {
	inTime(t, websocket.Options{}, false, func(x *timed) {
		b, _ := x.client.AppendClose(nil, 1000, "")
		x.peer.Write(b)
		if err := <-x.closed; err.Code != 1000 {
			t.Error(err)
		}
		x.took(0)
		if b, err := io.ReadAll(x.in); string(b) != "\x88\x02\x03\xe8" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		x.took(0) // the stream ends at once
		for !x.conn.has(gone) {
			time.Sleep(time.Second / 100)
		}
		x.took(time.Second)
	})
}

// TestWriteTimeout protects that a peer that takes nothing loses the connection after WriteTimeout, and that one that takes a little now
// and then does not.
func TestWriteTimeout(t *testing.T) {
	inTime(t, websocket.Options{WriteTimeout: 2 * time.Second, WriteBuffer: 1 << 20}, false, func(x *timed) {
		for range 10 {
			x.conn.Write(context.Background(), websocket.OpBinary, make([]byte, 100_000))
		}
		for range 10 { // the poller for net.Conns has taken 64 KiB, which count as sent
			time.Sleep(time.Second)
			io.CopyN(io.Discard, x.in, 70_000)
		}
		select {
		case err := <-x.closed:
			t.Fatalf("after %v: %v", time.Since(x.began), err)
		default:
		}
		x.began = time.Now()
		err := <-x.closed
		x.took(2 * time.Second)
		if err.Code != websocket.StatusAbnormalClosure || !err.Local || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
	})
}

// TestKeepalive protects that a silent peer is sent pings, loses the connection if it does not answer one within PongTimeout, and keeps it
// while it answers.
func TestKeepalive(t *testing.T) {
	o := websocket.Options{PingInterval: 3 * time.Second, PongTimeout: 2 * time.Second}
	inTime(t, o, false, func(x *timed) {
		for i := range 5 {
			b := make([]byte, 2)
			if _, err := io.ReadFull(x.in, b); err != nil || string(b) != "\x89\x00" {
				t.Fatalf("%q, %v", b, err)
			}
			if took := time.Since(x.began); took < time.Duration(i+1)*3*time.Second || took > time.Duration(i+1)*(3*time.Second+3*time.Second/tickRate) {
				t.Errorf("ping %d after %v", i, took)
			}
			pong, _ := x.client.AppendControl(nil, websocket.OpPong, nil)
			x.peer.Write(pong)
		}
		x.began = time.Now()
		err := <-x.closed
		if took := time.Since(x.began); took < 5*time.Second || took > 5*time.Second+4*time.Second/tickRate {
			t.Errorf("took %v", took)
		}
		if err.Code != websocket.StatusAbnormalClosure || !err.Local || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
	})
}

// TestCloseNowLeaves protects that CloseNow lets what was written leave, for a second, and that no close frame is among it.
func TestCloseNowLeaves(t *testing.T) {
	inTime(t, websocket.Options{}, false, func(x *timed) {
		x.conn.Write(context.Background(), websocket.OpText, []byte(strings.Repeat("x", 5000)))
		x.conn.CloseNow()
		if err := <-x.closed; err.Code != websocket.StatusAbnormalClosure || !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		x.took(0)
		b, err := io.ReadAll(x.in)
		if got := received(t, b, nil); len(got) != 1 || !strings.HasPrefix(got[0], "text 5000 ") || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	})
}

// failing is a listener that cannot accept for a while, as when there are no descriptors left.
type failing struct {
	net.Listener
	conns chan net.Conn
	tries int
	until time.Time
}

type noDescriptors struct{ error }

func (noDescriptors) Temporary() bool { return true }

func (f *failing) Accept() (net.Conn, error) {
	if f.tries++; time.Now().Before(f.until) {
		return nil, noDescriptors{errors.New("too many open files")}
	}
	if nc, ok := <-f.conns; ok {
		return nc, nil
	}
	return nil, net.ErrClosed
}
func (f *failing) Close() error { return nil }

// TestAcceptPauses protects that a listener that cannot accept for a minute is asked a few times only, and that connections are accepted
// when it can.
func TestAcceptPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &failing{conns: make(chan net.Conn, 1), until: time.Now().Add(time.Minute)}
		opened := make(chan *Conn, 1)
		s := &Server{Upgrader: &websocket.Upgrader{ErrorLog: discardLog()}, Handler: &funcs{
			open: func(c *Conn) { opened <- c }, message: echo, close: echo.Close,
		}}
		served := make(chan error, 1)
		go func() { served <- s.Serve(f) }()
		a, b := netpipe.New(0)
		f.conns <- b
		go io.WriteString(a, request)
		(<-opened).CloseNow()
		a.Close()
		close(f.conns)
		if err := <-served; err != net.ErrClosed {
			t.Error(err)
		}
		if f.tries > 80 {
			t.Errorf("%d tries in a minute", f.tries)
		}
		s.Shutdown(context.Background())
	})
}

func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }
