// Package wstest makes WebSocket connections in memory, for tests: Pipe the two sides of one, Connect those of a Dialer and an
// Upgrader, and Serve a whole http.Server. They need no network and wait on nothing but sync.Cond, channels and timers, so
// that they work inside a testing/synctest bubble, where timeouts take no time:
//
//	synctest.Test(t, func(t *testing.T) {
//		dialer, stop := wstest.Serve(&http.Server{Handler: mux})
//		defer stop()
//		conn, _, err := dialer.Dial(t.Context(), "ws://server.example/chat")
//		…
//		time.Sleep(time.Hour)
//	})
//
// In such a bubble every connection must be ended before the test returns: the goroutines that end it belong to the
// bubble. What Serve returns does it for all of the server's.
//
// Under GOOS=js, whose Dialer knows no network and no compression, there are Pipe, on which nothing is compressed, and NetPipe.
package wstest

import (
	"net"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/internal/netpipe"
)

// Pipe returns the two sides of a connection whose opening handshake is done. Either options may be nil. If both ask for
// compression, it is what they would have negotiated; options that no handshake accepts, see Upgrader.Validate, are a
// panic. Connect has subprotocols as well.
func Pipe(client, server *websocket.Options) (*websocket.Conn, *websocket.Conn) {
	ofClient, ofServer := agree(client, server)
	c, s := netpipe.New(0)
	return websocket.ClientConn(c, client, ofClient, nil), websocket.ServerConn(s, server, ofServer, nil)
}

// NetPipe returns the two ends of a connection in memory, without WebSocket on it. Unlike those of net.Pipe, they
// behave as a TCP connection does: each direction buffers 64 KiB, so that a writer waits only when so much has not
// been read; both have a method CloseWrite; and what was written before Close can still be read by the other end.
// Deadlines and concurrent calls work as net.Conn describes.
func NetPipe() (net.Conn, net.Conn) {
	return netpipe.New(0)
}
