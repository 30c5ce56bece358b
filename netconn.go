package websocket

// This file holds the view of the transport that an application gets.

import (
	"crypto/tls"
	"errors"
	"net"
	"syscall"
	"time"

	"github.com/seed-d69ae1b7/websocket/internal/transport"
)

// errNotRaw is the error of what only the Conn may do with its transport.
var errNotRaw = errors.New("websocket: the transport is read, written and bounded in time by its Conn")

// NetConn returns a view of the transport that c runs over, for its addresses and what its type has beside: that of a
// socket has SyscallConn, for options of the socket, and that of a TLS connection has ConnectionState and NetConn, which
// is the view of what is below.
//
//	if t, ok := conn.NetConn().(interface{ ConnectionState() tls.ConnectionState }); ok { … }
//
// Close is c.CloseNow: closing the transport itself would be behind the back of those who read and write. Everything else
// is an error: Conn does it, and Stream is the net.Conn over messages.
func (c *Conn) NetConn() net.Conn { return c.view(c.t.NetConn()) }

// OnSocket reports whether c works with a socket itself, and not with a net.Conn that may be anything. So it is over plain TCP and Unix
// sockets, and over TLS where that lies on one: with a Dialer that is so unless its TLS may renegotiate, its DialContext returns
// something else or an https proxy is in between, and with a server if it has Listener below its TLS. It never is over a net.Conn
// that wraps another, over a *tls.Conn that was made otherwise, over HTTP/2, and on systems other than Unix.
//
// Every promise holds in either case. What differs is the cost: on a socket a message takes fewer system calls, and a write goes to the
// kernel at once, with any context, and takes a goroutine only for what finds no room there. It may be called at any time.
func (c *Conn) OnSocket() bool { return c.t.Polls() }

// view returns the view of nc.
func (c *Conn) view(nc net.Conn) net.Conn {
	v := netView{nc, c}
	switch nc := nc.(type) {
	case transport.TLSConn:
		return tlsView{v, nc}
	case syscall.Conn:
		return socketView{v, nc}
	}
	return v
}

// netView is the view of a transport.
type netView struct {
	nc net.Conn
	c  *Conn
}

func (v netView) LocalAddr() net.Addr              { return v.nc.LocalAddr() }
func (v netView) RemoteAddr() net.Addr             { return v.nc.RemoteAddr() }
func (v netView) Close() error                     { return v.c.CloseNow() }
func (v netView) Read([]byte) (int, error)         { return 0, errNotRaw }
func (v netView) Write([]byte) (int, error)        { return 0, errNotRaw }
func (v netView) SetDeadline(time.Time) error      { return errNotRaw }
func (v netView) SetReadDeadline(time.Time) error  { return errNotRaw }
func (v netView) SetWriteDeadline(time.Time) error { return errNotRaw }

// socketView is the view of a socket.
type socketView struct {
	netView
	socket syscall.Conn
}

func (v socketView) SyscallConn() (syscall.RawConn, error) { return v.socket.SyscallConn() }

// tlsView is the view of a TLS connection.
type tlsView struct {
	netView
	tls transport.TLSConn
}

func (v tlsView) ConnectionState() tls.ConnectionState { return v.tls.ConnectionState() }
func (v tlsView) NetConn() net.Conn                    { return v.c.view(v.tls.NetConn()) }
