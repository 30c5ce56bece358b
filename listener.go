package websocket

// This file holds what puts the connections of a server that speaks TLS on their sockets.

import (
	"net"

	"github.com/seed-d69ae1b7/websocket/internal/transport"
)

// Listener returns a listener for servers that speak TLS, which accepts what ln does. TLS over its connections is a filter over
// the socket, where a Conn otherwise has only a net.Conn to work with: see Conn.OnSocket for what differs. It must be the innermost
// listener, with nothing between it and TLS:
//
//	srv.ServeTLS(websocket.Listener(ln), certFile, keyFile)
//	tls.NewListener(websocket.Listener(ln), config)
//
// Until the opening handshake is done, and for ever where there is none, its connections do what those of ln do, HTTP/2 included. They
// are of a type of their own: who sets options of a socket finds it by SyscallConn, and not as a *net.TCPConn. Without TLS they do no
// harm to anything but net/http's use of sendfile; a server of plain WebSockets does not need them. Connections of other types than
// *net.TCPConn and *net.UnixConn are passed on as they are.
func Listener(ln net.Listener) net.Listener { return listener{ln} }

type listener struct{ net.Listener }

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return transport.UnderTLS(nc), nil
}
