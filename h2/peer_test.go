package h2

// This file holds the other side of a connection under test, which says what a test wants it to, right or wrong.

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2/hpack"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// frame is a frame as it came.
type frame struct {
	frameHeader
	payload []byte
}

// peer speaks frames with the side under test.
type peer struct {
	t       *testing.T
	nc      net.Conn
	block   bytes.Buffer
	enc     *hpack.Encoder
	dec     *hpack.Decoder
	served  chan error // what Serve has returned, or what Dial has
	conn    *websocket.Conn
	release func() // lets the function return that opened has
	last    uint32 // of the streams that a script has dealt with
}

// nextStream returns the number of the client's next stream.
func (p *peer) nextStream() uint32 { return p.last + 1 }

func newPeer(t *testing.T, nc net.Conn) *peer {
	p := &peer{t: t, nc: nc, served: make(chan error, 1), dec: hpack.NewDecoder(4096, nil)}
	p.enc = hpack.NewEncoder(&p.block)
	return p
}

// echo sends back all messages until the connection ends.
func echo(c *websocket.Conn, _ *http.Request) {
	for m, err := range c.Messages(context.Background()) {
		if err != nil || c.Write(context.Background(), m.Op, m.Data) != nil {
			return
		}
	}
}

// raw returns a peer of Serve that has said nothing.
func raw(t *testing.T, u *websocket.Upgrader, f func(*websocket.Conn, *http.Request)) *peer {
	a, b := netpipe.New(0)
	p := newPeer(t, a)
	go func() { p.served <- Serve(t.Context(), b, u, f) }()
	return p
}

// newClientPeer returns a client of Serve's that has exchanged settings with it.
func newClientPeer(t *testing.T, u *websocket.Upgrader, f func(*websocket.Conn, *http.Request), ours ...pair) *peer {
	p := raw(t, u, f)
	p.send([]byte(preface), appendSettings(nil, 0, ours...))
	p.greet()
	return p
}

// noProxy is a Dialer's, whatever the environment says.
func noProxy(*http.Request) (*url.URL, error) { return nil, nil }

// newServerPeer returns the server of a Client that dials it, has exchanged settings, and has got the request.
func newServerPeer(t *testing.T, c *Client, ours ...pair) *peer {
	p := dialled(t, c)
	p.send(appendSettings(nil, 0, append(ours, pair{settingConnectProtocol, 1})...))
	p.want(frameSettings, flagAck, 0)
	return p
}

// dialled returns the server of a Client that dials it, and has said nothing.
func dialled(t *testing.T, c *Client) *peer {
	a, b := netpipe.New(0)
	p := newPeer(t, a)
	c.Dialer.Proxy = noProxy
	c.Dialer.DialContext = func(context.Context, string, string) (net.Conn, error) {
		if b == nil {
			return nil, errors.New("dialled twice")
		}
		defer func() { b = nil }()
		return b, nil
	}
	go func() {
		conn, _, err := c.Dial(t.Context(), "ws://server.example/chat?a=b")
		p.conn = conn
		p.served <- err
	}()
	first := make([]byte, len(preface))
	if _, err := io.ReadFull(p.nc, first); err != nil || string(first) != preface {
		t.Fatalf("%q, %v", first, err)
	}
	p.want(frameSettings, 0, 0)
	p.want(frameWindowUpdate, 0, 0)
	return p
}

// greet takes what Serve says first.
func (p *peer) greet() {
	p.t.Helper()
	p.want(frameSettings, 0, 0)
	p.want(frameWindowUpdate, 0, 0)
	p.want(frameSettings, flagAck, 0)
	p.send(appendSettings(nil, flagAck))
}

// send sends bytes.
func (p *peer) send(parts ...[]byte) {
	for _, b := range parts {
		if _, err := p.nc.Write(b); err != nil {
			return // what the other side thinks of it is what the test looks at
		}
	}
}

// next returns the next frame, or io.EOF.
func (p *peer) next() (f frame, err error) {
	var b [frameHeaderSize]byte
	if _, err = io.ReadFull(p.nc, b[:]); err != nil {
		return f, err
	}
	f.frameHeader = parseFrameHeader(&b)
	if err := f.check(); err != nil {
		p.t.Errorf("a wrong frame is sent: %+v", f)
	}
	f.payload = make([]byte, f.length)
	_, err = io.ReadFull(p.nc, f.payload)
	return f, err
}

// want takes a frame that must be the next.
func (p *peer) want(kind frameType, flags uint8, stream uint32) frame {
	p.t.Helper()
	f, err := p.next()
	if err != nil || f.kind != kind || f.flags != flags || f.stream != stream {
		p.t.Fatalf("got %+v with %x, %v; want a frame of type %d with flags %x of stream %d", f.frameHeader, f.payload, err, kind, flags, stream)
	}
	return f
}

// wantHead takes a header block that must be the next, and returns its fields.
func (p *peer) wantHead(flags uint8, stream uint32) map[string][]string {
	p.t.Helper()
	h := map[string][]string{}
	list, err := p.dec.DecodeFull(p.want(frameHeaders, flags|flagEndHeaders, stream).payload)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, f := range list {
		h[f.Name] = append(h[f.Name], f.Value)
	}
	return h
}

// wantReset takes an RST_STREAM that must be the next.
func (p *peer) wantReset(stream uint32, code ErrorCode) {
	p.t.Helper()
	if got := ErrorCode(binary.BigEndian.Uint32(p.want(frameReset, 0, stream).payload)); got != code {
		p.t.Errorf("reset with %v, want %v", got, code)
	}
}

// wantGoAway takes everything up to GOAWAY and the end of the connection, and returns the last stream that it names.
func (p *peer) wantGoAway(code ErrorCode) (last uint32) {
	p.t.Helper()
	for {
		f, err := p.next()
		if err != nil {
			p.t.Fatalf("%v instead of GOAWAY", err)
		}
		if f.kind != frameGoAway {
			continue
		}
		if got := ErrorCode(binary.BigEndian.Uint32(f.payload[4:])); got != code {
			p.t.Errorf("GOAWAY with %v, want %v", got, code)
		}
		return binary.BigEndian.Uint32(f.payload)
	}
}

// wantEnd takes the end of the connection, up to which nothing but a GOAWAY may come.
func (p *peer) wantEnd() {
	p.t.Helper()
	for {
		f, err := p.next()
		if err == io.EOF {
			p.nc.Close()
			return
		}
		if err != nil || f.kind != frameGoAway {
			p.t.Fatalf("%+v, %v; want the end", f.frameHeader, err)
		}
	}
}

// answered makes sure that the other side is alive and has dealt with everything that it was sent.
func (p *peer) answered() {
	p.t.Helper()
	p.send(appendPing(nil, 0, [8]byte{1, 2, 3}))
	if f := p.want(framePing, flagAck, 0); [8]byte(f.payload) != [8]byte{1, 2, 3} {
		p.t.Errorf("PING is answered by %x", f.payload)
	}
}

// encode returns a header block of fields, each a name and a value.
func (p *peer) encode(fields ...string) []byte {
	p.block.Reset()
	for i := 0; i < len(fields); i += 2 {
		p.enc.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return bytes.Clone(p.block.Bytes())
}

// connect are the fields of a request that is right.
var connect = []string{
	":method", "CONNECT", ":protocol", "websocket", ":scheme", "http", ":authority", "server.example", ":path", "/chat",
	"sec-websocket-version", "13",
}

// open sends a right request, and takes the response that accepts it.
func (p *peer) open(stream uint32) {
	p.t.Helper()
	p.send(appendBlock(nil, stream, 0, p.encode(connect...)))
	if h := p.wantHead(0, stream); h[":status"][0] != "200" {
		p.t.Fatal(h)
	}
}

// accept sends the response that accepts a request.
func (p *peer) accept(stream uint32) {
	p.t.Helper()
	p.wantHead(0, stream)
	p.send(appendBlock(nil, stream, 0, p.encode(":status", "200")))
	if err := <-p.served; err != nil {
		p.t.Fatal(err)
	}
}

// data returns a DATA frame.
func data(stream uint32, flags uint8, p string) []byte {
	return append(appendFrameHeader(nil, frameHeader{uint32(len(p)), frameData, flags, stream}), p...)
}

// clientText is a message of a client's, with a mask key of zeros, and serverText one of a server's.
func clientText(text string) string {
	return string(append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...))
}

func serverText(text string) string { return string(append([]byte{0x81, byte(len(text))}, text...)) }

// inBubble runs a test in one, where nothing may be left at its end.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// pass lets time pass in a bubble.
func pass(d time.Duration) {
	time.Sleep(d) // the bubble's time
	synctest.Wait()
}
