package socketio

// This file holds packets as MessagePack has them: one binary message each.

import (
	"errors"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/packet"
)

var errNoMsgpack = errors.New("a text, where packets are MessagePack: see Options.Msgpack")

// encodeMsgpack encodes a packet, for many connections if so.
func encodeMsgpack(q *packet.Packet, attachments [][]byte, many bool) (out outgoing, err error) {
	out.op, out.text = websocket.OpBinary, scratch.Get().(*[]byte)
	*out.text, err = packet.AppendMsgpack((*out.text)[:0], q, attachments)
	out.size = len(*out.text)
	if err == nil && many && len(*out.text) >= preparedFrom {
		out.prepared, err = engineio.Prepare(websocket.Message{Op: out.op, Data: *out.text})
	}
	return out, err
}

// receiveMsgpack takes a message. The error says that it is none of the protocol.
//
//go:noinline
func (c *conn) receiveMsgpack(op websocket.Opcode, data []byte) error {
	if op != websocket.OpBinary {
		return errNoMsgpack
	}
	w, err := packet.ParseMsgpack(data, c.srv.opts.MaxAttachments)
	if err != nil {
		return err
	}
	return c.take(&item{Whole: *w})
}
