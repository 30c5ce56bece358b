//go:build !unix

package websocket

import "net"

// newRawTransport returns nil: only Unix has a transport of its own for sockets.
func newRawTransport(net.Conn) transport { return nil }
