// Package nettest runs the test of net.Conn implementations that golang.org/x/net has on websocket.Stream. It stands
// in this module because the root module does not require golang.org/x/net.
package nettest

import (
	"net"
	"testing"

	"golang.org/x/net/nettest"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/wstest"
)

// TestStream protects that Stream is a net.Conn in all that the suite asks, over a pipe in memory and over TCP.
func TestStream(t *testing.T) {
	for name, pair := range map[string]func() (client, server net.Conn, err error){
		"pipe": func() (client, server net.Conn, err error) {
			client, server = wstest.NetPipe()
			return client, server, nil
		},
		"TCP": tcpPair,
	} {
		t.Run(name, func(t *testing.T) {
			nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
				client, server, err := pair()
				if err != nil {
					return nil, nil, nil, err
				}
				c, s := websocket.ClientConn(client, nil, websocket.Agreement{}, nil), websocket.ServerConn(server, nil, websocket.Agreement{}, nil)
				stop = func() {
					c.CloseNow()
					s.CloseNow()
				}
				return websocket.Stream(c, websocket.OpBinary), websocket.Stream(s, websocket.OpBinary), stop, nil
			})
		})
	}
}

// TestNetPipe protects the same of the pipe in memory itself.
func TestNetPipe(t *testing.T) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		c1, c2 = wstest.NetPipe()
		return c1, c2, func() {
			c1.Close()
			c2.Close()
		}, nil
	})
}

func tcpPair() (client, server net.Conn, err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer ln.Close()
	if client, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		return nil, nil, err
	}
	server, err = ln.Accept()
	return client, server, err
}
