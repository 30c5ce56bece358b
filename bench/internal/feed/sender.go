//go:build linux

package feed

// This file holds the process that sends.

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/bench/internal/child"
	"github.com/seed-d69ae1b7/websocket/bench/internal/servers"
)

// sender is the process that sends, to one client after the other.
type sender struct {
	outlets []*outlet
}

// outlet is the connection of one client.
type outlet struct {
	args    ListenArgs
	ln      net.Listener
	nc      net.Conn
	br      *bufio.Reader
	traffic *traffic
}

// ListenArgs say what to send to the client that connects.
type ListenArgs struct {
	TLS, Raw, Deflate bool
	Size, Burst       int
}

// Outlet is how a client is named from then on, and where it is to connect.
type Outlet struct {
	Number int
	Addr   string
}

// Listen begins to listen for one client.
func (s *sender) Listen(args ListenArgs, to *Outlet) error {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	*to = Outlet{len(s.outlets), ln.Addr().String()}
	s.outlets = append(s.outlets, &outlet{args: args, ln: ln, traffic: newTraffic(args)})
	return nil
}

// Accept waits for the client and makes its handshakes.
func (s *sender) Accept(number int, _ *child.None) error { return s.outlets[number].accept() }

func (o *outlet) accept() (err error) {
	if err := o.ln.(*net.TCPListener).SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if o.nc, err = o.ln.Accept(); err != nil {
		return err
	}
	o.ln.Close()
	if o.args.TLS {
		tc := tls.Server(o.nc, servers.ServerTLS())
		o.nc = tc
		if err := tc.Handshake(); err != nil {
			return err
		}
	}
	o.br = bufio.NewReader(o.nc)
	if o.args.Raw {
		return nil
	}
	return o.handshake()
}

// handshake answers the client's request.
func (o *outlet) handshake() error {
	r, err := http.ReadRequest(o.br)
	if err != nil {
		return err
	}
	extension := ""
	if o.args.Deflate {
		offer := strings.Join(r.Header.Values("Sec-WebSocket-Extensions"), ", ")
		if !strings.Contains(offer, "permessage-deflate") || strings.Contains(offer, "server_no_context_takeover") {
			return fmt.Errorf("feed: the client offers %q, want permessage-deflate with context takeover", offer)
		}
		extension = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
	}
	_, err = io.WriteString(o.nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+extension+
		"Sec-WebSocket-Accept: "+websocket.AcceptKey(r.Header.Get("Sec-WebSocket-Key"))+"\r\n\r\n")
	return err
}

// SendArgs say to whom to send, for how long, and how long to rest behind each burst.
type SendArgs struct {
	Number          int
	Duration, Pause time.Duration
}

// Sent is what has been sent.
type Sent struct{ Messages, Bytes int }

// Send sends bursts, one at least.
func (s *sender) Send(args SendArgs, sent *Sent) error {
	o := s.outlets[args.Number]
	pause := unix.NsecToTimespec(args.Pause.Nanoseconds())
	for end := time.Now().Add(args.Duration); ; {
		n, err := o.nc.Write(o.traffic.burst())
		if err != nil {
			return err
		}
		sent.Messages += o.args.Burst
		sent.Bytes += n
		if !time.Now().Before(end) {
			return nil
		}
		if args.Pause > 0 {
			_ = unix.Nanosleep(&pause, nil)
		}
	}
}

// Ping sends a ping and waits for its pong: then the client has read what was sent before.
func (s *sender) Ping(number int, _ *child.None) error {
	o := s.outlets[number]
	if _, err := o.nc.Write(websocket.AppendHeader(nil, websocket.Header{Fin: true, Opcode: websocket.OpPing})); err != nil {
		return err
	}
	if err := o.nc.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	for {
		op, err := readFrame(o.br)
		if err != nil {
			return fmt.Errorf("feed: no pong: %w", err)
		}
		if op == websocket.OpPong {
			return nil
		}
	}
}

// readFrame reads a frame, and returns of what kind it was.
func readFrame(br *bufio.Reader) (websocket.Opcode, error) {
	for n := 2; ; n++ {
		b, err := br.Peek(n)
		if err != nil {
			return 0, err
		}
		h, size, err := websocket.ParseHeader(b)
		if err != nil {
			return 0, err
		}
		if size > 0 {
			_, err = br.Discard(size)
			if err == nil {
				_, err = io.CopyN(io.Discard, br, int64(h.Length))
			}
			return h.Opcode, err
		}
	}
}

// Close drops the connection of a client.
func (s *sender) Close(number int, _ *child.None) error {
	o := s.outlets[number]
	if o.nc == nil {
		return o.ln.Close()
	}
	return o.nc.Close()
}
