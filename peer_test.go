package websocket

// This file holds the peer that tests of Conn play: it writes and reads single frames, right or wrong ones, over a
// pipe in memory or over a socket.

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"

	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
	"github.com/seed-d69ae1b7/websocket/internal/transport"
)

// peer is the other side of a Conn under test.
type peer struct {
	t      testing.TB
	nc     net.Conn
	br     *bufio.Reader
	client bool
}

// pipeSize is the size of the pipe's buffers in most tests.
const pipeSize = 1 << 20

// newPeer returns a Conn over one end of a pipe and the peer at the other end.
func newPeer(t testing.TB, client bool, o *Options) (*Conn, *peer) {
	return narrow(t, pipeSize, client, o)
}

// narrow returns a Conn and a peer between which the network holds only size bytes.
func narrow(t testing.TB, size int, client bool, o *Options) (*Conn, *peer) {
	a, b := netpipe.New(size)
	return connOver(t, a, client, o), peerOver(t, b, !client)
}

// connOver returns the Conn of a role over nc, which the test ends in any case.
func connOver(t testing.TB, nc net.Conn, client bool, o *Options) *Conn {
	c := ServerConn(nc, o, Agreement{}, nil)
	if client {
		c = ClientConn(nc, o, Agreement{}, nil)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c
}

func peerOver(t testing.TB, nc net.Conn, client bool) *peer {
	t.Cleanup(func() { nc.Close() })
	if _, isUnix := nc.(*net.UnixConn); isUnix {
		nc = transport.New(nc).NetConn() // of a socket of packets it is another one
	}
	return &peer{t: t, nc: nc, br: bufio.NewReader(nc), client: client}
}

// frame returns the bytes of a frame, masked if the peer is a client.
func (p *peer) frame(fin bool, op Opcode, payload string) []byte {
	h := Header{Fin: fin, Opcode: op, Length: uint64(len(payload)), Masked: p.client}
	if p.client {
		h.MaskKey = [4]byte{0x12, 0x34, 0x56, byte(len(payload))}
	}
	b := AppendHeader(nil, h)
	n := len(b)
	b = append(b, payload...)
	if p.client {
		Mask(h.MaskKey, b[n:])
	}
	return b
}

// message returns the bytes of a whole text message.
func (p *peer) message(payload string) []byte { return p.frame(true, OpText, payload) }

// write sends bytes in one write.
func (p *peer) write(parts ...[]byte) {
	p.t.Helper()
	if _, err := p.nc.Write(bytes.Join(parts, nil)); err != nil {
		p.t.Errorf("peer cannot write: %v", err)
	}
}

// send sends a frame.
func (p *peer) send(op Opcode, payload string) { p.t.Helper(); p.write(p.frame(true, op, payload)) }

// next reads a frame.
func (p *peer) next() (h Header, payload []byte, err error) {
	var b []byte
	for n := 0; n == 0; {
		c, err := p.br.ReadByte()
		if err != nil {
			return h, nil, err
		}
		b = append(b, c)
		if h, n, err = ParseHeader(b); err != nil {
			return h, nil, err
		}
	}
	payload = make([]byte, h.Length)
	if _, err := io.ReadFull(p.br, payload); err != nil {
		return h, nil, err
	}
	if h.Masked {
		Mask(h.MaskKey, payload)
	}
	if h.Masked == p.client {
		return h, payload, errors.New("frame with the masking of the wrong role")
	}
	return h, payload, nil
}

// expect reads a final frame and wants it to be the one given.
func (p *peer) expect(op Opcode, payload string) {
	p.t.Helper()
	h, got, err := p.next()
	if err != nil || !h.Fin || h.Opcode != op || string(got) != payload {
		p.t.Errorf("peer got %+v %.100q, %v; want %v %.100q", h, got, err, op, payload)
	}
}

// closePayload returns the payload of a close frame.
func closePayload(code StatusCode, reason string) string {
	b, err := AppendClose(nil, code, reason)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// expectEnd wants the stream to end here.
func (p *peer) expectEnd() {
	p.t.Helper()
	if h, payload, err := p.next(); err != io.EOF {
		p.t.Errorf("peer got %+v %.100q, %v; want the end of the stream", h, payload, err)
	}
}

// close completes the closing handshake that the Conn has begun with code and reason.
func (p *peer) close(code StatusCode, reason string) {
	p.t.Helper()
	p.expect(OpClose, closePayload(code, reason))
	p.send(OpClose, closePayload(code, ""))
	p.nc.(interface{ CloseWrite() error }).CloseWrite()
	p.expectEnd()
	p.nc.Close()
}

// inBubble runs f for both roles of the Conn under test, each in a bubble of testing/synctest.
func inBubble(t *testing.T, f func(t *testing.T, client bool)) {
	for _, client := range []bool{false, true} {
		name := "server"
		if client {
			name = "client"
		}
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, client) })
		})
	}
}

// wantClosed wants err to be the end of a connection with these values, and returns it. What else it has to be stands in
// the table of doc.go, which is tested in conn_end_test.go.
func wantClosed(t testing.TB, err error, code StatusCode, local bool) *CloseError {
	t.Helper()
	var closed *CloseError
	if !errors.As(err, &closed) {
		t.Fatalf("error is %v (%T), want a *CloseError", err, err)
	}
	if closed.Code != code || closed.Local != local {
		t.Errorf("error is %v with Local %v, want code %v, Local %v", err, closed.Local, code, local)
	}
	if !local && errors.Is(err, net.ErrClosed) {
		t.Errorf("%v: is net.ErrClosed", err)
	}
	if local && errors.Is(err, io.EOF) {
		t.Errorf("%v: is io.EOF", err)
	}
	return closed
}

// wantMessage wants a read to have delivered payload as text.
func wantMessage(t testing.TB, op Opcode, p []byte, err error, payload string) {
	t.Helper()
	if op != OpText || string(p) != payload || err != nil {
		t.Fatalf("read %v %.100q, %v; want text %.100q", op, p, err, payload)
	}
}

// ended returns a context that has ended.
func endedContext() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
