package websocket

import (
	"context"
	"net"
)

// Conn is a WebSocket connection.
type Conn struct {
	nc  net.Conn
	cfg connConfig
}

// connConfig is what the opening handshake hands to newConn.
type connConfig struct {
	client      bool
	options     *Options        // shared by the connections of one Upgrader or Dialer, read only
	subprotocol string          // as negotiated, or empty
	buffered    []byte          // what the peer sent right behind its half of the handshake; newConn copies it
	base        context.Context // nil, or the context whose values Conn.Context shows
	tracker     *tracker        // nil, or where to sign off when the connection has ended
}

func newConn(nc net.Conn, cfg connConfig) *Conn { return &Conn{nc: nc, cfg: cfg} }

func (c *Conn) Close(code StatusCode, reason string) error { return c.nc.Close() }

func (c *Conn) CloseNow() error { return c.nc.Close() }
