// Package wstest makes connected pairs of WebSocket connections in memory, for tests. They need no network and wait on
// nothing but sync.Cond, channels and timers, so that they work inside a testing/synctest bubble, where timeouts
// take no time:
//
//	synctest.Test(t, func(t *testing.T) {
//		client, server := wstest.Pipe(nil, nil)
//		defer client.CloseNow()
//		go echo(server)
//		…
//	})
//
// In such a bubble every connection must be ended before the test returns: the goroutines that end it belong to the
// bubble.
package wstest

import (
	"net"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// Pipe returns the two sides of a connection whose opening handshake is done. Either options may be nil.
func Pipe(client, server *websocket.Options) (*websocket.Conn, *websocket.Conn) {
	c, s := netpipe.New(0)
	return websocket.ClientConn(c, client, websocket.Agreement{}, nil), websocket.ServerConn(s, server, websocket.Agreement{}, nil)
}

// NetPipe returns the two ends of a connection in memory, without WebSocket on it. Unlike those of net.Pipe, they
// behave as a TCP connection does: each direction buffers 64 KiB, so that a writer waits only when so much has not
// been read; both have a method CloseWrite; and what was written before Close can still be read by the other end.
// Deadlines and concurrent calls work as net.Conn describes.
func NetPipe() (net.Conn, net.Conn) {
	return netpipe.New(0)
}
