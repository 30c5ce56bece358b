package reactor

// This file holds the poller that tests drive a loop with, turn by turn and in one goroutine: sockets in memory, whose peers do
// exactly what a test says.

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
)

// simPoller is a poller in memory.
type simPoller struct {
	socks  map[int32]*simSock
	events []event
	freed  bool
	onSend func(fd int32) // unless nil, called in every send
	kqueue *kslots        // unless nil, events are told as kqueue does
}

// simSock is a socket and its peer.
type simSock struct {
	slot   uint32
	in     []byte // has come, and recv has not taken it
	eof    error  // behind it; nil: nothing yet
	out    []byte // what the peer got
	room   int    // how much more it takes; negative: all
	sends  int
	recvs  int
	shut   bool
	closed bool
}

func (p *simPoller) wait(events []event, _ bool) (int, error) {
	n := copy(events, p.events)
	p.events = p.events[:copy(p.events, p.events[n:])]
	return n, nil
}
func (p *simPoller) wake() {}
func (p *simPoller) add(fd int32, slot uint32) error {
	p.socks[fd].slot = slot
	if p.kqueue != nil {
		p.kqueue.add(fd, slot)
	}
	return nil
}
func (p *simPoller) recv(fd int32, b []byte) (int, error) {
	s := p.socks[fd]
	s.recvs++
	if s.closed {
		panic("recv of a closed descriptor")
	}
	if len(s.in) == 0 {
		if s.eof != nil {
			return 0, s.eof
		}
		return 0, errAgain
	}
	n := copy(b, s.in)
	s.in = s.in[:copy(s.in, s.in[n:])]
	return n, nil
}
func (p *simPoller) send(fd int32, b, q []byte) (int, error) {
	s := p.socks[fd]
	s.sends++
	if s.closed || s.shut {
		panic("send to a closed descriptor")
	}
	if p.onSend != nil {
		p.onSend(fd)
	}
	was, room := len(s.out), s.room
	s.out = append(append(s.out, b...), q...)
	n := len(s.out) - was
	if room >= 0 {
		n = min(n, room)
		s.out, s.room = s.out[:was+n], room-n
	}
	if n == 0 {
		return 0, errAgain
	}
	return n, nil
}
func (p *simPoller) closeWrite(fd int32) { p.socks[fd].shut = true }
func (p *simPoller) close(fd int32) {
	p.socks[fd].closed = true
	if p.kqueue != nil {
		p.kqueue.drop(fd)
	}
}
func (p *simPoller) addrs(int32) (local, remote net.Addr) { return &net.TCPAddr{}, &net.TCPAddr{} }
func (p *simPoller) free()                                { p.freed = true }

// happens has an event come. kqueue tells of the two directions one by one, of the end with each, and of no number that it does not know.
func (p *simPoller) happens(fd int32, r readiness) {
	if p.kqueue == nil {
		p.events = append(p.events, event{p.socks[fd].slot, fd, r})
		return
	}
	for _, e := range []kevent{{fd: fd, write: true}, {fd: fd}} {
		e.eof = r&hangup != 0 && !e.write
		if e.write && r&writable != 0 || !e.write && r&readable != 0 {
			if event, ok := p.kqueue.event(e); ok {
				p.events = append(p.events, event)
			}
		}
	}
}

// overKqueue is set while tests run over what stands for a kqueue.
var overKqueue bool

// sim is a loop in the hands of a test.
type sim struct {
	t testing.TB
	*simPoller
	loop *loop
	fds  int32
}

// newSim returns a loop of s without a goroutine.
func newSim(t testing.TB, s *Server) *sim {
	if s.Upgrader == nil {
		s.Upgrader = new(websocket.Upgrader)
	}
	s.up = s.Upgrader
	s.limits = limitsOf(&s.up.Options)
	s.terms.number(s, websocket.Agreement{})
	p := &simPoller{socks: make(map[int32]*simSock)}
	if overKqueue {
		p.kqueue = new(kslots)
	}
	l := newLoop(s, p)
	t.Cleanup(func() {
		l.timer.Stop()
		l.conns = nil // the runtime may hold a timer that was stopped for long, and what it is to call
	})
	return &sim{t: t, simPoller: p, loop: l}
}

// connect returns a new socket, whose peer takes everything.
func (m *sim) connect(a *adoption) (int32, *simSock) {
	m.fds++
	s := &simSock{room: -1}
	m.socks[m.fds] = s
	m.loop.post(mail{fd: m.fds, adopt: a})
	m.settle()
	return m.fds, s
}

// arrive has each piece come by itself, and lets the loop do what it can before the next.
func (m *sim) arrive(fd int32, pieces ...[]byte) {
	for _, p := range pieces {
		m.socks[fd].in = append(m.socks[fd].in, p...)
		m.happens(fd, readable)
		m.settle()
	}
}

// end ends the peer's stream.
func (m *sim) end(fd int32) {
	m.socks[fd].eof = io.EOF
	m.happens(fd, readable|hangup)
	m.settle()
}

// settle makes turns until there is nothing to do.
func (m *sim) settle() {
	for range 10_000 {
		m.loop.turn()
		if m.loop.got == 0 && len(m.events) == 0 && len(m.loop.mail) == 0 && len(m.loop.going) == 0 && len(m.loop.again) == 0 {
			return
		}
	}
	m.t.Fatal("the loop does not come to rest")
}

// conn returns the connection of a socket, or nil.
func (m *sim) conn(fd int32) *Conn {
	if c := m.loop.conns[m.socks[fd].slot]; c != nil && c.fd == fd {
		return c
	}
	return nil
}

// recorder is a handler that remembers what it is told, and answers.
type recorder struct {
	told []string
	err  *websocket.CloseError
	do   func(c *Conn, op websocket.Opcode, p []byte)
}

func (r *recorder) Open(*Conn) { r.told = append(r.told, "open") }
func (r *recorder) Message(c *Conn, op websocket.Opcode, p []byte) {
	r.told = append(r.told, fmt.Sprintf("%v %d %.20q", op, len(p), p))
	if r.do != nil {
		r.do(c, op, p)
	}
}
func (r *recorder) Close(_ *Conn, err *websocket.CloseError) {
	r.told = append(r.told, "close "+err.Code.String())
	r.err = err
}

// request is an opening handshake.
const request = "GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

// client makes the frames of a client.
type client struct{ websocket.Sender }

func newClient() *client {
	c := new(client)
	c.Reset(websocket.SenderOptions{Client: true, MaskKey: func() [4]byte { return [4]byte{0x12, 0x34, 0x56, 0x78} }})
	return c
}

// message returns a whole message.
func (c *client) message(op websocket.Opcode, p string) []byte {
	b, err := c.AppendMessage(nil, op, []byte(p))
	if err != nil {
		panic(err)
	}
	return b
}

// received returns what a client makes of what a server has sent: without the answer to the opening handshake if that is in front.
func received(t testing.TB, b []byte, inflater func(*websocket.ReceiverOptions)) (items []string) {
	t.Helper()
	if bytes.HasPrefix(b, []byte("HTTP/")) {
		head, rest, ok := bytes.Cut(b, []byte("\r\n\r\n"))
		if !ok || !bytes.HasPrefix(head, []byte("HTTP/1.1 101 ")) {
			t.Fatalf("answer %q", head)
		}
		b = rest
	}
	var r websocket.Receiver
	o := websocket.ReceiverOptions{Client: true}
	if inflater != nil {
		inflater(&o)
	}
	r.Reset(o)
	b = bytes.Clone(b)
	var message []byte
	for {
		out, ev, n, err := r.Next(nil, b)
		b = b[n:]
		if err != nil {
			t.Fatal(err)
		}
		_ = out
		switch ev.Kind {
		case websocket.EventNone:
			if !r.Idle() {
				items = append(items, "...")
			}
			return items
		case websocket.EventData:
			if message = append(message, ev.Payload...); ev.Last {
				items = append(items, fmt.Sprintf("%v %d %.20q", ev.Op, len(message), message))
				message = nil
			}
		case websocket.EventPing:
			items = append(items, fmt.Sprintf("ping %q", ev.Payload))
		case websocket.EventPong:
			items = append(items, fmt.Sprintf("pong %q", ev.Payload))
		case websocket.EventClose:
			items = append(items, fmt.Sprintf("close %d %q", ev.Code, ev.Payload))
		}
	}
}
