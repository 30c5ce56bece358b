//go:build !unix

package transport

import "net"

// newSocket returns nil: only Unix has a transport of its own for sockets.
func newSocket(net.Conn) Transport { return nil }
