package websocket

import (
	"crypto/tls"
	"net"
	"syscall"
	"testing"
	"time"
)

// TestSocketsNetConn protects that the view shows what the transport is, lets nobody do what its Conn does, and that closing
// it is CloseNow.
func TestSocketsNetConn(t *testing.T) {
	onSockets(t, func(t *testing.T, cn, sn net.Conn) {
		c, s := connOver(t, cn, true, nil), connOver(t, sn, false, nil)
		v := c.NetConn()
		if v.LocalAddr() != cn.LocalAddr() || v.RemoteAddr() != cn.RemoteAddr() {
			t.Errorf("addresses %v, %v", v.LocalAddr(), v.RemoteAddr())
		}
		below := v
		if _, isTLS := cn.(*tls.Conn); isTLS {
			state, ok := v.(interface{ ConnectionState() tls.ConnectionState })
			if !ok || !state.ConnectionState().HandshakeComplete {
				t.Error("no state of TLS")
			}
			below = v.(interface{ NetConn() net.Conn }).NetConn()
		}
		_, hasSocket := below.(syscall.Conn)
		if _, wrapped := cn.(struct{ net.Conn }); hasSocket == wrapped {
			t.Errorf("socket: %v", hasSocket)
		}
		if hasSocket {
			rc, err := below.(syscall.Conn).SyscallConn()
			if err == nil {
				err = rc.Control(func(uintptr) {})
			}
			if err != nil {
				t.Error(err)
			}
		}
		_, readErr := v.Read(make([]byte, 1))
		_, writeErr := v.Write([]byte("raw"))
		for _, err := range []error{
			readErr, writeErr, v.SetDeadline(time.Now()), v.SetReadDeadline(time.Now()), v.SetWriteDeadline(time.Now()),
		} {
			if err != errNotRaw {
				t.Error(err)
			}
		}
		if err := c.Write(t.Context(), OpText, []byte("still")); err != nil {
			t.Error(err)
		}
		m, err := s.Read(t.Context())
		wantMessage(t, m.Op, m.Data, err, "still")
		if err := below.Close(); err != nil {
			t.Error(err)
		}
		wantClosed(t, c.Write(t.Context(), OpText, nil), StatusAbnormalClosure, true)
	})
}
