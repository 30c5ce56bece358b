//go:build unix

package transport

// This file tests what a Conn cannot see of the transport of sockets. Everything else is tested through Conn.

import (
	"errors"
	"net"
	"path/filepath"
	"syscall"
	"testing"
)

// pair returns two ends of a socket.
func pair(t *testing.T, network string) (client, server net.Conn) {
	addr := "127.0.0.1:0"
	if network != "tcp" {
		addr = filepath.Join(t.TempDir(), "s")
	}
	ln, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if client, err = net.Dial(network, ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	return client, server
}

// TestRawSocketOnly protects that a type that embeds a *net.TCPConn is not taken for one: it may read and write
// differently.
func TestRawSocketOnly(t *testing.T) {
	cn, sn := pair(t, "tcp")
	defer cn.Close()
	defer sn.Close()
	type embeds struct{ *net.TCPConn }
	for _, nc := range []net.Conn{embeds{cn.(*net.TCPConn)}, &embeds{cn.(*net.TCPConn)}} {
		if New(nc).Polls() {
			t.Errorf("%T is taken for a socket", nc)
		}
	}
}

// leaver is a reader of a transport whose owner closes it while the reader waits.
type leaver struct {
	nc   net.Conn
	left func()
}

func (l *leaver) Readable() bool { go l.nc.Close(); return false }
func (l *leaver) Leave()         { l.left() }

// TestDescriptorIsHeld protects that the number of a descriptor is no other connection's before the reader has left, when
// the owner of the net.Conn closes that.
func TestDescriptorIsHeld(t *testing.T) {
	for _, name := range []string{"tcp", "unix"} {
		cn, sn := pair(t, name)
		tr := New(sn).(*Socket)
		var before, after syscall.Stat_t
		if err := syscall.Fstat(int(tr.fd), &before); err != nil {
			t.Fatal(err)
		}
		left := false
		err := tr.Run(&leaver{sn, func() {
			left = true
			if err := syscall.Fstat(int(tr.fd), &after); err != nil || after.Ino != before.Ino {
				t.Errorf("%s: the descriptor is another's, or closed: %v", name, err)
			}
		}}, true)
		if !left || !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: left %v, %v", name, left, err)
		}
		cn.Close()
	}
}
