package websocket

// This file holds messages that are encoded once and sent to many connections.

import (
	"bytes"
	"unicode/utf8"

	ws "github.com/seed-d69ae1b7/websocket"
)

// PreparedMessage is a message that is to be sent to many connections. Of up to a mebibyte, it is encoded once for all of them, and
// compressed once for all with the same window, level and takeover, where it refers to nothing before it: with context takeover, that makes it
// about twice as long as what WriteMessage sends. Only masking, which is for clients, is done each time. Any number of goroutines may
// use one.
type PreparedMessage struct {
	messageType int
	shared      *ws.PreparedMessage // or nil, for what WriteMessage sends: control frames, and what is too long for one frame
	data        []byte              // of what WriteMessage sends
}

// NewPreparedMessage returns a message, or a control frame, with a copy of data. The error is that of WriteMessage.
func NewPreparedMessage(messageType int, data []byte) (*PreparedMessage, error) {
	pm := &PreparedMessage{messageType: messageType}
	switch {
	case isControl(messageType) && len(data) > ws.MaxControlPayload:
		return nil, errControlLong
	case !isControl(messageType) && !isData(messageType):
		return nil, errMessageType
	case messageType == TextMessage && !utf8.Valid(data):
		return nil, errText
	case isControl(messageType) || len(data) > maxFrame:
		pm.data = bytes.Clone(data)
		return pm, nil
	}
	var err error
	pm.shared, err = ws.NewPreparedMessage(ws.Opcode(messageType), data)
	return pm, err
}

// WritePreparedMessage sends a message as WriteMessage does.
func (c *Conn) WritePreparedMessage(pm *PreparedMessage) error {
	if pm.shared == nil {
		return c.WriteMessage(pm.messageType, pm.data)
	}
	deadline := c.deadline()
	if err := c.turn.lock(deadline); err != nil {
		return err
	}
	defer c.turn.unlock()
	return c.send(deadline, func(dst []byte) ([]byte, error) {
		return c.choose().AppendPrepared(dst, pm.shared)
	})
}
