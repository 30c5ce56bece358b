//go:build !js

package websocket

// This file holds the peers of hostile_test.go: sockets that speak the opening handshake by themselves and then send
// whatever bytes they are told to, and the echo programs that they meet.

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// program is an echo program that runs on one end of a connection.
type program struct {
	conn hostileConn
	end  chan error // what its loop returned
	gone func()     // ends the connection, and waits until the transport has been closed
}

// hostileConn is what the tests want of a connection. Those of event loops have it as well.
type hostileConn interface {
	Stats() Stats
	Buffered() int
	Context() context.Context
	Write(ctx context.Context, op Opcode, p []byte) error
	CloseNow() error
}

// runs takes note of the connection.
func (prog *program) runs(c *Conn) {
	prog.conn = c
	prog.gone = func() {
		c.CloseNow()
		c.Close(StatusNormalClosure, "")
	}
}

// hostilePeer is the other end: a bare socket, whose opening handshake is done.
type hostilePeer struct {
	*net.TCPConn
	input  *bufio.Reader
	server bool // it plays the server
}

// opened describes how a connection between a peer and a program is made.
type opened func(t testing.TB, o Options, loop func(context.Context, *Conn) error) (*hostilePeer, *program)

// openings are the ways: the program is a server with and without net/http, and on a connection that is not a plain
// socket, or a client.
var openings = map[string]opened{
	"UpgradeConn": func(t testing.TB, o Options, loop func(context.Context, *Conn) error) (*hostilePeer, *program) {
		return meetUpgradeConn(t, o, loop, func(nc net.Conn) net.Conn { return nc })
	},
	"UpgradeConn, no plain socket": func(t testing.TB, o Options, loop func(context.Context, *Conn) error) (*hostilePeer, *program) {
		return meetUpgradeConn(t, o, loop, func(nc net.Conn) net.Conn { return struct{ *net.TCPConn }{nc.(*net.TCPConn)} })
	},
	"Handler": meetHandler,
	"Dial":    meetDialer,
}

// server is a program that is no loop over a Conn: it serves what ln accepts, with o, and tells of the one connection that comes, and of its
// end. stop ends it.
type server func(t testing.TB, o Options, ln net.Listener) (conns <-chan hostileConn, end chan error, stop func())

// servers are those that tests of package websocket_test have added.
var servers = map[string]server{}

// meeting makes a connection to a program.
type meeting func(testing.TB, Options) (*hostilePeer, *program)

// meetings returns every way to meet one of the programs of these names, and the servers.
func meetings(loops ...string) map[string]meeting {
	all := make(map[string]meeting)
	for how, open := range openings {
		for _, name := range loops {
			all[how+"/"+name] = func(t testing.TB, o Options) (*hostilePeer, *program) { return open(t, o, echoLoops[name]) }
		}
	}
	for name, serve := range servers {
		all[name] = func(t testing.TB, o Options) (*hostilePeer, *program) { return meetServer(t, o, serve) }
	}
	return all
}

// everyLoop are the names of all programs.
var everyLoop = slices.Collect(maps.Keys(echoLoops))

// meetServer makes a connection to a server.
func meetServer(t testing.TB, o Options, serve server) (*hostilePeer, *program) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conns, end, stop := serve(t, o, ln)
	t.Cleanup(stop)
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	peer := askForUpgrade(t, client, o)
	return peer, &program{conn: <-conns, end: end, gone: stop}
}

// meetUpgradeConn makes a connection to a server that stands on UpgradeConn.
func meetUpgradeConn(
	t testing.TB, o Options, loop func(context.Context, *Conn) error, wrap func(net.Conn) net.Conn,
) (*hostilePeer, *program) {
	client, server := tcpPair(t)
	bound(server)
	prog, conns := &program{end: make(chan error, 1)}, make(chan *Conn, 1)
	u := &Upgrader{Options: o}
	go func() {
		c, err := u.UpgradeConn(context.Background(), wrap(server), nil)
		if err != nil {
			t.Error(err)
			server.Close()
			close(conns)
			return
		}
		conns <- c
		prog.end <- loop(context.Background(), c)
	}()
	peer := askForUpgrade(t, client, o)
	prog.runs(<-conns)
	return peer, prog
}

// bound keeps the kernel from taking megabytes off a program before it has to wait.
func bound(nc net.Conn) { nc.(*net.TCPConn).SetWriteBuffer(16 << 10) }

// meetHandler makes a connection to a server that stands on net/http.
func meetHandler(t testing.TB, o Options, loop func(context.Context, *Conn) error) (*hostilePeer, *program) {
	prog, conns := &program{end: make(chan error, 1)}, make(chan *Conn, 1)
	u := &Upgrader{Options: o}
	s := httptest.NewUnstartedServer(u.Handler(func(c *Conn, r *http.Request) {
		conns <- c
		prog.end <- loop(c.Context(), c)
	}))
	s.Config.ConnState = func(nc net.Conn, state http.ConnState) {
		if state == http.StateNew {
			bound(nc)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	client, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	peer := askForUpgrade(t, client, o)
	prog.runs(<-conns)
	return peer, prog
}

// extensionsOf returns the line of a handshake that makes a peer agree with a program that has these options: to
// compression if it wants that.
func extensionsOf(o Options) string {
	if o.Compression == nil {
		return ""
	}
	return "Sec-WebSocket-Extensions: permessage-deflate\r\n"
}

// askForUpgrade plays the client's half of the opening handshake.
func askForUpgrade(t testing.TB, nc net.Conn, o Options) *hostilePeer {
	t.Helper()
	t.Cleanup(func() { nc.Close() })
	if _, err := io.WriteString(nc, strings.TrimSuffix(minimalRequest, "\r\n")+extensionsOf(o)+"\r\n"); err != nil {
		t.Fatal(err)
	}
	peer := &hostilePeer{TCPConn: nc.(*net.TCPConn), input: bufio.NewReader(nc)}
	for line := "-"; line != "\r\n"; {
		var err error
		if line, err = peer.input.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	return peer
}

// meetDialer makes a connection from a client that stands on Dialer.
func meetDialer(t testing.TB, o Options, loop func(context.Context, *Conn) error) (*hostilePeer, *program) {
	client, server := tcpPair(t)
	t.Cleanup(func() { server.Close() })
	bound(client)
	prog, conns := &program{end: make(chan error, 1)}, make(chan *Conn, 1)
	d := Dialer{Options: o}
	d.DialContext = func(context.Context, string, string) (net.Conn, error) { return client, nil }
	go func() {
		c, _, err := d.Dial(context.Background(), "ws://peer.example/")
		if err != nil {
			t.Error(err)
			client.Close()
			close(conns)
			return
		}
		conns <- c
		prog.end <- loop(context.Background(), c)
	}()
	peer := &hostilePeer{TCPConn: server.(*net.TCPConn), input: bufio.NewReader(server), server: true}
	request, err := http.ReadRequest(peer.input)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(peer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: "+AcceptKey(request.Header.Get("Sec-WebSocket-Key"))+"\r\n"+extensionsOf(o)+"\r\n")
	prog.runs(<-conns)
	return peer, prog
}

// receivedFrame is a frame that a peer got.
type receivedFrame struct {
	op      byte // with FIN and RSV
	payload string
}

// code returns the status code of a close frame.
func (f receivedFrame) code() StatusCode {
	if len(f.payload) < 2 {
		return StatusNoStatusReceived
	}
	return StatusCode(f.payload[0])<<8 | StatusCode(f.payload[1])
}

// next reads a frame. io.EOF stands for the end between frames.
func (p *hostilePeer) next() (f receivedFrame, err error) {
	if f.op, err = p.input.ReadByte(); err != nil {
		return f, err
	}
	b1, err := p.input.ReadByte()
	if err != nil {
		return f, io.ErrUnexpectedEOF
	}
	if b1&0x80 != 0 != p.server {
		return f, errors.New("a frame is masked, or not masked, against its role")
	}
	n := uint64(b1 & 0x7F)
	if n >= 126 {
		more := make([]byte, 2+6*(n-126))
		if _, err := io.ReadFull(p.input, more); err != nil {
			return f, io.ErrUnexpectedEOF
		}
		n = 0
		for _, c := range more {
			n = n<<8 | uint64(c)
		}
	}
	var key [4]byte
	if p.server {
		if _, err := io.ReadFull(p.input, key[:]); err != nil {
			return f, io.ErrUnexpectedEOF
		}
	}
	payload := make([]byte, n)
	if _, err := io.ReadFull(p.input, payload); err != nil {
		return f, io.ErrUnexpectedEOF
	}
	for i := range payload {
		payload[i] ^= key[i%4]
	}
	f.payload = string(payload)
	return f, nil
}

// finish reads frames until the end of the stream. Once it has seen a close frame, it ends its own stream, as the
// server of a client must.
func (p *hostilePeer) finish() (items []string, closed *receivedFrame, err error) {
	for {
		f, err := p.next()
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			return items, closed, err
		}
		if closed != nil {
			return items, closed, fmt.Errorf("a frame %x behind the close frame", f.op)
		}
		if f.op == 0x88 {
			closed = &f
			p.CloseWrite()
			continue
		}
		items = append(items, item(Opcode(f.op&0xF), f.payload))
	}
}

// sendOneByOne sends single bytes, and waits after each until the program has read it.
func (p *hostilePeer) sendOneByOne(t testing.TB, c hostileConn, b []byte) {
	t.Helper()
	before := c.Stats().BytesIn
	for i := range b {
		if _, err := p.Write(b[i : i+1]); err != nil {
			return // the program has ended the connection
		}
		for c.Stats().BytesIn <= before+uint64(i) {
			if c.Context().Err() != nil {
				break
			}
			runtime.Gosched()
		}
	}
}

// wait returns the error that ended the program.
func (prog *program) wait(t testing.TB) error {
	t.Helper()
	select {
	case err := <-prog.end:
		return err
	case <-time.After(30 * time.Second):
		stacks := make([]byte, 1<<20)
		t.Fatalf("the program does not end\n%s", stacks[:runtime.Stack(stacks, true)])
		return nil
	}
}
