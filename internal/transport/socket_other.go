//go:build !unix

package transport

import "net"

// newSocket returns nil: only Unix has transports of its own for sockets.
func newSocket(net.Conn) Transport { return nil }

// newTLS returns nil for the same reason.
func newTLS(net.Conn) Transport { return nil }

// UnderTLS returns nc: there is no transport that would look for anything else below TLS.
func UnderTLS(nc net.Conn) net.Conn { return nc }
