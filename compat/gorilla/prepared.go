package websocket

// This file holds messages that are encoded once and sent to many connections.

import (
	"bytes"
	"sync"
	"unicode/utf8"

	ws "github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/compress"
)

// PreparedMessage is a message that is to be sent to many connections. A server encodes it once for all that are not
// compressed, and once for each way of compressing without context takeover. Where there is takeover, and for clients, which
// mask, it is encoded each time. Any number of goroutines may use one.
type PreparedMessage struct {
	messageType int
	data        []byte

	mu     sync.Mutex
	plain  []byte // the frame, uncompressed
	packed map[compress.DeflaterOptions][]byte
}

// NewPreparedMessage returns a message, or a control frame, with a copy of data. The error is that of WriteMessage.
func NewPreparedMessage(messageType int, data []byte) (*PreparedMessage, error) {
	switch {
	case isControl(messageType) && len(data) > ws.MaxControlPayload:
		return nil, errControlLong
	case !isControl(messageType) && !isData(messageType):
		return nil, errMessageType
	case messageType == TextMessage && !utf8.Valid(data):
		return nil, errText
	}
	return &PreparedMessage{messageType: messageType, data: bytes.Clone(data)}, nil
}

// WritePreparedMessage sends a message as WriteMessage does.
func (c *Conn) WritePreparedMessage(pm *PreparedMessage) error {
	if c.client || isControl(pm.messageType) || len(pm.data) > maxFrame {
		return c.WriteMessage(pm.messageType, pm.data)
	}
	deadline := c.deadline()
	if err := c.turn.lock(deadline); err != nil {
		return err
	}
	defer c.turn.unlock()
	return c.send(deadline, func(dst []byte) ([]byte, error) {
		sender := c.choose()
		if sender == &c.plain {
			return append(dst, pm.plainFrame()...), nil
		}
		if o := c.deflaterOptions(c.packedLevel); !o.Takeover {
			return append(dst, pm.packedFrame(o)...), nil
		}
		return sender.AppendMessage(dst, ws.Opcode(pm.messageType), pm.data)
	})
}

// plainFrame returns the frame as a server sends it uncompressed.
func (pm *PreparedMessage) plainFrame() []byte {
	pm.mu.Lock()
	defer pm.mu.Unlock()
	if pm.plain == nil {
		pm.plain = pm.frame(ws.SenderOptions{})
	}
	return pm.plain
}

// packedFrame returns the frame as a server sends it compressed.
func (pm *PreparedMessage) packedFrame(o compress.DeflaterOptions) []byte {
	pm.mu.Lock()
	defer pm.mu.Unlock()
	if pm.packed[o] == nil {
		if pm.packed == nil {
			pm.packed = make(map[compress.DeflaterOptions][]byte)
		}
		pm.packed[o] = pm.frame(ws.SenderOptions{Deflater: compress.NewDeflater(o)})
	}
	return pm.packed[o]
}

// frame returns the frame that a Sender with the given options makes.
func (pm *PreparedMessage) frame(o ws.SenderOptions) []byte {
	var sender ws.Sender
	sender.Reset(o)
	frame, _ := sender.AppendMessage(nil, ws.Opcode(pm.messageType), pm.data) // it was checked when it was prepared
	return frame
}
