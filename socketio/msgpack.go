package socketio

// This file holds packets as MessagePack has them.

import (
	"errors"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/packet"
)

var errNoMsgpack = errors.New("socketio: Options.Msgpack is not there yet")

func (srv *Server) encodeMsgpack(q *packet.Packet, attachments [][]byte) (outgoing, error) {
	return outgoing{}, errNoMsgpack
}

func (c *conn) receiveMsgpack(data []byte) error { return errNoMsgpack }
