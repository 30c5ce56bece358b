package model

// This file holds the transports.

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
	"github.com/seed-d69ae1b7/websocket/internal/transport"
)

// transportPlan is what a conversation is held over.
type transportPlan struct {
	kind   kind
	tls    bool
	filter bool      // ... over the socket, as Dialer and Listener make it
	old    bool      // ... of version 1.2
	wrap   bool      // hide what kind of a net.Conn it is
	buffer int       // of the sockets or pipes; 0 for what is usual
	relay  relayPlan // none if its zero value
}

type kind uint8

const (
	tcp kind = iota
	unix
	pipe    // net.Pipe
	buffers // netpipe
	streams // of HTTP/2: see streamPair
)

func (p transportPlan) String() string {
	s := [...]string{"TCP", "Unix", "net.Pipe", "netpipe", "a stream"}[p.kind]
	if p.filter {
		s = "TLS on " + s
	} else if p.tls {
		s = "TLS over " + s
	}
	if p.old {
		s = "old " + s
	}
	if p.wrap {
		s = "wrapped " + s
	}
	if p.buffer > 0 {
		s += fmt.Sprintf(" of %d bytes", p.buffer)
	}
	if p.relay != (relayPlan{}) {
		s += fmt.Sprintf(" through a relay %+v", p.relay)
	}
	return s
}

// slow reports whether large messages would take too long.
func (p transportPlan) slow() bool {
	return p.relay.chop > 0 && p.relay.chop < 1000 || p.relay.delay > 0 || p.buffer > 0 && p.buffer < 64
}

func drawTransport(r *rand.Rand, bubble bool) (p transportPlan) {
	p.kind = []kind{tcp, tcp, tcp, unix, unix, pipe, buffers, streams}[r.IntN(8)]
	if bubble {
		p.kind = []kind{buffers, buffers, buffers, pipe, streams}[r.IntN(5)]
	} else {
		p.tls = r.IntN(3) == 0
		p.filter = p.tls && p.kind <= unix && r.IntN(3) > 0
		p.old = p.tls && r.IntN(4) == 0
		p.wrap = r.IntN(8) == 0
	}
	if p.kind == buffers && r.IntN(2) == 0 {
		p.buffer = []int{1, 30, 1000, 20_000}[r.IntN(4)]
		if p.tls {
			p.buffer = 20_000
		}
	}
	if p.kind <= unix && r.IntN(3) == 0 {
		p.buffer = 4 << 10 << r.IntN(5)
	}
	if r.IntN(3) == 0 {
		p.relay = drawRelay(r)
	}
	if p.kind == streams {
		p = transportPlan{kind: streams} // nothing stands between its ends: it is not the two halves of a relay that are tested
	}
	return p
}

// filterOnly makes of whatever was drawn TLS on a socket.
func (p *transportPlan) filterOnly() {
	p.kind %= pipe // a socket
	p.tls, p.filter, p.wrap = true, true, false
	if p.buffer < 4<<10 {
		p.buffer = 0
	}
}

// wire is a transport that stands.
type wire struct {
	ends  [2]net.Conn // client and server
	outer [2]net.Conn // the sockets below TLS and wrapping
	relay *relay      // or nil
}

// open makes a transport.
func (p transportPlan) open(t *talk) (*wire, error) {
	w := new(wire)
	var err error
	if w.outer[0], w.outer[1], err = p.pair(); err != nil {
		return nil, err
	}
	if p.relay != (relayPlan{}) {
		left := w.outer[1]
		right, server, err := p.pair()
		if err != nil {
			return nil, err
		}
		w.outer[1] = server
		w.relay = newRelay(t, p.relay, left, right)
	}
	w.ends = w.outer
	if p.tls {
		below := w.outer
		if p.filter {
			below[0], below[1] = transport.UnderTLS(below[0]), transport.UnderTLS(below[1])
		}
		if w.ends[0], w.ends[1], err = p.secure(below[0], below[1]); err != nil {
			return nil, err
		}
	}
	if p.wrap {
		w.ends[0], w.ends[1] = wrapped{w.ends[0]}, wrapped{w.ends[1]}
	}
	return w, nil
}

// secure puts TLS on a connection. The handshake is made here, because a deadline in the middle of it stays.
func (p transportPlan) secure(a, b net.Conn) (net.Conn, net.Conn, error) {
	config := &tls.Config{InsecureSkipVerify: true}
	if p.old {
		config.MaxVersion = tls.VersionTLS12
	}
	client := tls.Client(a, config)
	server := tls.Server(b, &tls.Config{Certificates: []tls.Certificate{certificate()}})
	done := make(chan error, 1)
	go func() { done <- server.Handshake() }()
	return client, server, errors.Join(client.Handshake(), <-done)
}

// wrapped hides what a net.Conn is.
type wrapped struct{ net.Conn }

// close closes everything.
func (w *wire) close() {
	for _, nc := range w.outer {
		nc.Close()
	}
	if w.relay != nil {
		w.relay.close()
	}
}

// pair returns two ends.
func (p transportPlan) pair() (a, b net.Conn, err error) {
	switch p.kind {
	case pipe:
		a, b = net.Pipe()
		return a, b, nil
	case buffers:
		a, b := netpipe.New(p.buffer)
		return a, b, nil
	case streams:
		return streamPair(p.buffer)
	case unix:
		a, b, err = dialPair("unix", socketName())
	default:
		a, b, err = dialPair("tcp", "127.0.0.1:0")
	}
	if err == nil && p.buffer > 0 {
		for _, nc := range []net.Conn{a, b} {
			// Into a receive buffer smaller than a segment of loopback's the kernel gets a full segment only after a
			// series of retransmissions that doubles its pauses: minutes, in which nothing is wrong with either side.
			nc.(interface{ SetReadBuffer(int) error }).SetReadBuffer(max(p.buffer, 128<<10))
			nc.(interface{ SetWriteBuffer(int) error }).SetWriteBuffer(p.buffer)
		}
	}
	return a, b, err
}

var sockets atomic.Int64

func socketName() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("model-%d-%d", os.Getpid(), sockets.Add(1)))
}

func dialPair(network, addr string) (a, b net.Conn, err error) {
	l, err := net.Listen(network, addr)
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	if a, err = net.Dial(network, l.Addr().String()); err != nil {
		return nil, nil, err
	}
	b, err = l.Accept()
	return a, b, err
}

// certificate returns one that signs itself.
var certificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		panic(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(crand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})

// closeWrite ends the stream of nc.
func closeWrite(nc net.Conn) {
	if w, ok := nc.(interface{ CloseWrite() error }); ok {
		w.CloseWrite()
		return
	}
	nc.Close()
}

// reset closes nc so that its peer gets a reset, where there is such a thing.
func reset(nc net.Conn) {
	if t, ok := nc.(*net.TCPConn); ok {
		t.SetLinger(0)
	}
	nc.Close()
}

// settled waits until the other end's kernel has all that was written to nc, or time is up.
func settled(nc net.Conn) bool {
	raw, ok := nc.(*net.TCPConn)
	if !ok {
		return true // what was written stays readable behind the end
	}
	rc, err := raw.SyscallConn()
	if err != nil {
		return false
	}
	for range 200 {
		left := -1
		rc.Control(func(fd uintptr) { left = unsent(fd) })
		if left == 0 {
			return true
		}
		time.Sleep(time.Millisecond)
	}
	return false
}

// discard reads nc to its end.
func discard(nc net.Conn) { io.Copy(io.Discard, nc) }
