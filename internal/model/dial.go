//go:build !js

package model

import (
	"context"
	"net"

	"github.com/seed-d69ae1b7/websocket"
)

// dial makes the client's side over nc, with an opening handshake.
func dial(nc net.Conn, o websocket.Options) (*websocket.Conn, error) {
	d := websocket.Dialer{Options: o}
	d.DialContext = func(context.Context, string, string) (net.Conn, error) { return nc, nil }
	c, _, err := d.Dial(context.Background(), "ws://model.test/")
	return c, err
}
