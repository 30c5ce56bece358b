package reactor

// This file tests servers over sockets, on every poller.

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/testlog"
)

// TestEcho protects the whole way: messages of all sizes, of both kinds, by several connections, compressed and not.
func TestEcho(t *testing.T) {
	onDrivers(t, func(t *testing.T, wrap wrapper) {
		for _, compression := range []*websocket.CompressionOptions{nil, {MinSize: -1}} {
			o := websocket.Options{Compression: compression, ReadLimit: 4 << 20}
			addr := start(t, &Server{Handler: echo, Upgrader: &websocket.Upgrader{Options: o}}, wrap)
			for range 3 {
				c := dial(t, addr, o)
				for _, n := range []int{0, 1, 125, 126, 5000, 65535, 65536, 300_000} {
					want := bytes.Repeat([]byte("0123456789abcdef"), n/16+1)[:n]
					if err := c.Write(bounded(t), websocket.OpText, want); err != nil {
						t.Fatal(err)
					}
					m, err := c.Read(bounded(t))
					if err != nil || m.Op != websocket.OpText || !bytes.Equal(m.Data, want) {
						t.Fatalf("%d bytes: %v, %d bytes, %v", n, m.Op, len(m.Data), err)
					}
				}
				if err := c.Close(websocket.StatusNormalClosure, "bye"); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

// peer is a client in the hands of a test, over a socket.
type peer struct {
	t testing.TB
	*net.TCPConn
	in *bufio.Reader
	client
}

// meet connects a peer and has it shake hands.
func meet(t testing.TB, addr string) *peer {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(settleTime))
	p := &peer{t: t, TCPConn: nc.(*net.TCPConn), in: bufio.NewReader(nc), client: *newClient()}
	io.WriteString(nc, request)
	for line := ""; line != "\r\n"; {
		if line, err = p.in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// readFrame reads a server's frame.
func readFrame(in *bufio.Reader) (op byte, p []byte, err error) {
	b := make([]byte, 0, websocket.MaxHeaderSize)
	for {
		c, err := in.ReadByte()
		if err != nil {
			return 0, nil, err
		}
		b = append(b, c)
		h, n, err := websocket.ParseHeader(b)
		if err != nil {
			return 0, nil, err
		}
		if n > 0 {
			p = make([]byte, h.Length)
			_, err = io.ReadFull(in, p)
			return b[0], p, err
		}
	}
}

// rest returns what comes until the end of the stream.
func (p *peer) rest() []string {
	p.t.Helper()
	b, err := io.ReadAll(p.in)
	if err != nil {
		p.t.Error(err)
	}
	return received(p.t, b, nil)
}

// TestHalfClose protects a peer that sends much and ends its stream: all of it is delivered and answered before the connection goes.
func TestHalfClose(t *testing.T) {
	onDrivers(t, func(t *testing.T, wrap wrapper) {
		for _, size := range []int{1, 100, 128 << 10} {
			closed := make(chan *websocket.CloseError, 1)
			s := &Server{Accept: func(*websocket.Request) (Handler, error) {
				h := echoing(t)
				return &closer{Handler: h, closed: closed}, nil
			}}
			p := meet(t, start(t, s, wrap))
			var want []string
			var stream []byte
			for i := range max(3000*10/size, 30) {
				text := fmt.Sprintf("%d %s", i, strings.Repeat("x", size))
				stream = append(stream, p.message(websocket.OpText, text)...)
				want = append(want, fmt.Sprintf("text %d %.20q", len(text), text))
			}
			go func() {
				p.Write(stream)
				p.CloseWrite()
			}()
			if got := p.rest(); !slices.Equal(got, want) {
				t.Errorf("%d bytes: %d messages came back, want %d", size, len(got), len(want))
			}
			if err := <-closed; err.Code != websocket.StatusAbnormalClosure || err.Local || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%d bytes: %v", size, err)
			}
		}
	})
}

// closer is a handler that tells of the end.
type closer struct {
	Handler
	closed chan *websocket.CloseError
}

func (c *closer) Close(conn *Conn, err *websocket.CloseError) {
	c.Handler.Close(conn, err)
	c.closed <- err
}

// TestPanics protects that a handler that panics, or ends its goroutine, in any of its methods or in Accept, loses its own connection
// and no other, that the peer is told, that Close is called once, and that the panic is logged.
func TestPanics(t *testing.T) {
	onDrivers(t, func(t *testing.T, wrap wrapper) {
		var logged testlog.Buffer
		for _, end := range []func(){func() { panic("a panic of the test") }, runtime.Goexit} {
			for _, where := range []string{"open", "message", "close", "accept"} {
				closed := make(chan *websocket.CloseError, 1)
				ends := func(here string, yes bool) {
					if here == where && yes {
						end()
					}
				}
				s := &Server{Loops: 1, Upgrader: &websocket.Upgrader{ErrorLog: log.New(&logged, "", 0)}}
				s.Accept = func(r *websocket.Request) (Handler, error) {
					bad := r.Path() == "/bad"
					ends("accept", bad)
					return &funcs{
						open:    func(*Conn) { ends("open", bad) },
						message: func(c *Conn, op websocket.Opcode, p []byte) { ends("message", bad); echo(c, op, p) },
						close: func(_ *Conn, err *websocket.CloseError) {
							if bad {
								closed <- err
							}
							ends("close", bad)
						},
					}, nil
				}
				addr := start(t, s, wrap)
				good := dial(t, addr, websocket.Options{})
				exchange(t, good)
				nc, err := net.Dial("tcp", addr)
				if err != nil {
					t.Fatal(err)
				}
				nc.SetDeadline(time.Now().Add(settleTime))
				bad := newClient()
				stream := append([]byte(strings.Replace(request, "GET / ", "GET /bad ", 1)), bad.message(websocket.OpText, "Hello")...)
				stream, _ = bad.AppendClose(stream, websocket.StatusNormalClosure, "")
				nc.Write(stream)
				answer, err := io.ReadAll(nc)
				nc.Close()
				if err != nil {
					t.Error(err)
				}
				want := websocket.StatusInternalError
				switch where {
				case "accept":
					if len(answer) > 0 {
						t.Errorf("answered %q", answer)
					}
				case "close":
					want = websocket.StatusNormalClosure
					fallthrough
				default:
					if err := <-closed; err.Code != want {
						t.Errorf("in %s: %v", where, err)
					}
					got := received(t, answer, nil)
					if last := got[len(got)-1]; !strings.HasPrefix(last, fmt.Sprintf("close %d", want)) {
						t.Errorf("in %s: the peer got %q", where, got)
					}
				}
				exchange(t, good)
			}
		}
		if n := strings.Count(logged.String(), "a panic of the test"); n != 4 {
			t.Errorf("%d panics logged: %.2000s", n, logged.String())
		}
		if n := strings.Count(logged.String(), "Goexit"); n < 4 {
			t.Errorf("%d ends of goroutines logged", n)
		}
	})
}

// exchange sends a message and waits for its echo.
func exchange(t testing.TB, c *websocket.Conn) {
	t.Helper()
	if err := c.Write(bounded(t), websocket.OpText, []byte("again")); err != nil {
		t.Fatal(err)
	}
	if m, err := c.Read(bounded(t)); err != nil || string(m.Data) != "again" {
		t.Fatalf("%q, %v", m.Data, err)
	}
}

// funcs is a handler of functions.
type funcs struct {
	open    func(*Conn)
	message func(*Conn, websocket.Opcode, []byte)
	close   func(*Conn, *websocket.CloseError)
}

func (f *funcs) Open(c *Conn)                                   { f.open(c) }
func (f *funcs) Message(c *Conn, op websocket.Opcode, p []byte) { f.message(c, op, p) }
func (f *funcs) Close(c *Conn, err *websocket.CloseError)       { f.close(c, err) }

// TestEndsOnce protects the order of a handler's calls while sixteen goroutines write to its connection, and end it in every way: Open
// first, Close once and last, and nothing hangs.
func TestEndsOnce(t *testing.T) {
	onDrivers(t, func(t *testing.T, wrap wrapper) {
		for round := range 12 {
			conns := make(chan *Conn, 1)
			closed := make(chan struct{})
			var state atomic.Int32 // 1: open, 2: closed
			h := &funcs{
				open: func(c *Conn) {
					if !state.CompareAndSwap(0, 1) {
						t.Error("opened again")
					}
					conns <- c
				},
				message: func(c *Conn, op websocket.Opcode, p []byte) {
					if state.Load() != 1 {
						t.Error("a message before Open or after Close")
					}
					c.Write(context.Background(), op, p)
				},
				close: func(c *Conn, err *websocket.CloseError) {
					if !state.CompareAndSwap(1, 2) {
						t.Error("closed again")
					}
					if c.Context().Err() == nil || context.Cause(c.Context()) != error(err) {
						t.Error("the context has not ended")
					}
					close(closed)
				},
			}
			p := meet(t, start(t, &Server{Handler: h, Loops: 2}, wrap))
			c := <-conns
			var all sync.WaitGroup
			for i := range 16 {
				all.Go(func() {
					for n := range 20 {
						switch {
						case i == 0 && n == 10:
							c.Close(websocket.StatusNormalClosure, "")
						case i == 1 && n == 15 && round%2 == 0:
							c.CloseNow()
						case i == 2:
							p.Write(p.message(websocket.OpBinary, "x"))
						case i == 3:
							c.PauseReading()
							c.ResumeReading()
						case i == 4 && n == 12 && round%3 == 0:
							p.SetLinger(0)
							p.Close()
						default:
							c.Write(context.Background(), websocket.OpText, []byte("Hello"))
						}
					}
				})
			}
			all.Wait()
			p.Close()
			select {
			case <-closed:
			case <-time.After(settleTime):
				t.Fatalf("Close was not called: flags %b", c.flags.Load())
			}
			if err := c.Write(context.Background(), websocket.OpText, nil); websocket.CloseStatus(err) == 0 {
				t.Errorf("a write after the end: %v", err)
			}
		}
	})
}

// TestReusedDescriptors protects that no message reaches another connection, while connections come and go and their numbers with them, for
// as long as the soak takes.
func TestReusedDescriptors(t *testing.T) {
	onDrivers(t, func(t *testing.T, wrap wrapper) {
		s := &Server{Loops: 3, Accept: func(r *websocket.Request) (Handler, error) {
			who := r.Path()
			return MessageFunc(func(c *Conn, op websocket.Opcode, p []byte) {
				if !bytes.HasPrefix(p, []byte(who+" ")) {
					t.Errorf("%s was delivered %q", who, p)
				}
				go c.Write(context.Background(), op, []byte(who+" late")) // may come when the connection is gone
				c.Write(context.Background(), op, p)
			}), nil
		}}
		addr := start(t, s, wrap)
		end := time.Now().Add(*soakTime)
		var all sync.WaitGroup
		for g := range 8 {
			all.Go(func() {
				for i := 0; i < 20 || time.Now().Before(end); i++ {
					who := fmt.Sprintf("/%d-%d", g, i)
					nc, err := net.Dial("tcp", addr)
					if err != nil {
						t.Error(err)
						return
					}
					nc.SetDeadline(time.Now().Add(settleTime))
					c := newClient()
					io.WriteString(nc, strings.Replace(request, "GET / ", "GET "+who+" ", 1))
					nc.Write(c.message(websocket.OpText, who+" first"))
					in := bufio.NewReader(nc)
					for line := ""; line != "\r\n" && err == nil; {
						line, err = in.ReadString('\n')
					}
					head := make([]byte, 2)
					io.ReadFull(in, head)
					text := make([]byte, head[1])
					if _, err := io.ReadFull(in, text); err != nil || !bytes.HasPrefix(text, []byte(who+" ")) {
						t.Errorf("%s got %q, %v", who, text, err)
					}
					if i%3 == 0 {
						nc.(*net.TCPConn).SetLinger(0)
					}
					nc.Close()
				}
			})
		}
		all.Wait()
	})
}

// TestPauseReading protects a connection whose reading is paused: nothing is delivered, nothing is lost, and an end that comes meanwhile is
// found when reading goes on.
func TestPauseReading(t *testing.T) {
	onDrivers(t, func(t *testing.T, wrap wrapper) {
		for _, resets := range []bool{false, true} {
			conns, closed := make(chan *Conn, 1), make(chan *websocket.CloseError, 1)
			var delivered atomic.Int32
			h := &funcs{
				open: func(*Conn) {},
				message: func(c *Conn, op websocket.Opcode, p []byte) {
					if delivered.Add(1) == 1 {
						c.PauseReading() // in the middle of what has come at once
						conns <- c
					}
				},
				close: func(_ *Conn, err *websocket.CloseError) { closed <- err },
			}
			p := meet(t, start(t, &Server{Handler: h}, wrap))
			const messages = 100
			var stream []byte
			for range messages {
				stream = append(stream, p.message(websocket.OpBinary, "x")...)
			}
			p.Write(stream)
			c := <-conns
			if resets {
				p.SetLinger(0)
				p.Close()
			} else {
				p.CloseWrite()
			}
			if c.Write(context.Background(), websocket.OpText, nil); delivered.Load() != 1 {
				t.Errorf("%d were delivered while paused", delivered.Load())
			}
			select {
			case err := <-closed:
				t.Errorf("closed while paused: %v", err)
			default:
			}
			c.ResumeReading()
			if err := <-closed; err.Code != websocket.StatusAbnormalClosure || err.Local {
				t.Error(err)
			}
			if n := delivered.Load(); n != messages && !resets {
				t.Errorf("%d of %d were delivered", n, messages)
			}
		}
	})
}

// TestShutdown protects that every connection is closed with StatusGoingAway, that Serve and Adopt end, and that a peer that does not
// answer is cut when the context ends.
func TestShutdown(t *testing.T) {
	onDrivers(t, func(t *testing.T, wrap wrapper) {
		var closes atomic.Int32
		h := &funcs{
			open: func(*Conn) {}, message: func(*Conn, websocket.Opcode, []byte) {},
			close: func(_ *Conn, err *websocket.CloseError) {
				if err.Code != websocket.StatusGoingAway || !errors.Is(err, net.ErrClosed) {
					t.Error(err)
				}
				closes.Add(1)
			},
		}
		s := &Server{Handler: h}
		addr := start(t, s, wrap)
		var answering []*websocket.Conn
		for range 10 {
			answering = append(answering, dial(t, addr, websocket.Options{}))
		}
		silent, half := meet(t, addr), meet(t, addr)
		half.Write([]byte("\x82"))
		var reads sync.WaitGroup
		for _, c := range answering {
			reads.Go(func() {
				if _, err := c.Read(bounded(t)); websocket.CloseStatus(err) != websocket.StatusGoingAway {
					t.Error(err)
				}
			})
		}
		ctx, cancel := context.WithCancel(context.Background())
		result := make(chan error, 1)
		go func() { result <- s.Shutdown(ctx) }()
		reads.Wait()
		cancel()
		if err := <-result; err != context.Canceled {
			t.Error(err)
		}
		if got := silent.rest(); len(got) != 1 || !strings.HasPrefix(got[0], "close 1001") {
			t.Errorf("the silent one got %q", got)
		}
		if closes.Load() != 12 {
			t.Errorf("%d of 12 were closed", closes.Load())
		}
		a, b := net.Pipe()
		defer a.Close()
		if err := s.Adopt(b, websocket.Agreement{}, nil, nil); err != ErrServerClosed {
			t.Error(err)
		}
	})
}

// TestShutdownBlocked protects that Shutdown returns when its context has ended, also where a handler does not return.
func TestShutdownBlocked(t *testing.T) {
	block, blocked := make(chan struct{}), make(chan struct{})
	s := &Server{Loops: 1, Handler: MessageFunc(func(*Conn, websocket.Opcode, []byte) {
		close(blocked)
		<-block
	})}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	p := meet(t, ln.Addr().String())
	p.Write(p.message(websocket.OpText, ""))
	<-blocked
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Shutdown(ctx); err != context.Canceled {
		t.Error(err)
	}
	if err := <-served; err != ErrServerClosed {
		t.Error(err)
	}
	close(block)
	if err := s.Shutdown(bounded(t)); err != nil {
		t.Error(err)
	}
}

// TestCloseIsTold protects that Handler.Close is called where a connection is cut at the very tick at which its closing handshake has taken
// too long.
func TestCloseIsTold(t *testing.T) {
	h := new(recorder)
	m := newSim(t, &Server{Handler: h})
	fds, conns := m.subscribers(1)
	conns[0].Close(websocket.StatusNormalClosure, "")
	m.settle()
	conns[0].CloseNow()
	conns[0].mu.Lock()
	conns[0].ext.deadline = 0
	conns[0].mu.Unlock()
	m.loop.expire(conns[0])
	conns[0].mu.Lock()
	conns[0].ext.deadline = 0
	conns[0].mu.Unlock()
	m.loop.expire(conns[0])
	if want := []string{"open", "close 1000 (normal closure)"}; !slices.Equal(h.told, want) || !m.socks[fds[0]].closed {
		t.Errorf("told %q, closed %v", h.told, m.socks[fds[0]].closed)
	}
}
