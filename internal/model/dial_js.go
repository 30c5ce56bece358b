package model

import (
	"errors"
	"net"

	"github.com/seed-d69ae1b7/websocket"
)

// dial fails: the Dialer of a browser takes no net.Conn.
func dial(net.Conn, websocket.Options) (*websocket.Conn, error) { return nil, errors.ErrUnsupported }
