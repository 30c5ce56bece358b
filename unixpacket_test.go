//go:build linux

package websocket

// This file has all tests over sockets run over sockets of packets, too.

import (
	"bytes"
	"errors"
	"net"
	"path/filepath"
	"testing"
)

func init() { socketPairs["unixpacket"] = packetPair }

func packetPair(t testing.TB) (client, server net.Conn) {
	ln, err := net.Listen("unixpacket", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if client, err = net.Dial("unixpacket", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	return client, server
}

// TestPackets protects messages of a peer whose packets are large, over sockets that tell where a packet ends, and lose what was
// not read of it; and that a packet which cannot come whole is an error.
func TestPackets(t *testing.T) {
	for _, client := range []bool{false, true} {
		a, b := packetPair(t)
		c, p := connOver(t, a, client, nil), peerOver(t, b, !client)
		for _, n := range []int{0, 100, 5000, 70_000, 150_000} {
			frames := p.message(string(make([]byte, n)))
			if _, err := b.Write(bytes.Repeat(frames, 1+150_000/len(frames)/8)); err != nil { // one packet
				t.Fatal(err)
			}
			for range 1 + 150_000/len(frames)/8 {
				m, err := c.Read(t.Context())
				wantMessage(t, m.Op, m.Data, err, string(make([]byte, n)))
			}
		}
		if err := b.(*net.UnixConn).SetWriteBuffer(1 << 20); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Write(make([]byte, packetRoom+1)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(t.Context()); !errors.Is(err, errPacketSize) {
			t.Error(err)
		}
	}
}
