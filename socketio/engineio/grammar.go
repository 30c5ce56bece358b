package engineio

// This file holds the grammar of packets and of polling payloads. It is pure.

import (
	"bytes"
	"encoding/base64"
	"encoding/json/v2"
	"strconv"

	"github.com/seed-d69ae1b7/websocket"
)

// The types of packets: the first character of a text.
const (
	packetOpen    = '0'
	packetClose   = '1'
	packetPing    = '2'
	packetPong    = '3'
	packetMessage = '4'
	packetUpgrade = '5'
	packetNoop    = '6'
	packetBinary  = 'b' // a binary message in base64
)

// separator stands between the packets of a polling payload.
const separator = 0x1e

// probe is the data of the ping, and of the pong, that tries a second transport.
const probe = "probe"

// packet is what has come. data is borrowed.
type packet struct {
	kind byte // a type of packet; packetMessage also for binary
	op   websocket.Opcode
	data []byte
}

// parsePacket parses a text. It decodes base64 within p.
func parsePacket(p []byte) (packet, bool) {
	if len(p) == 0 {
		return packet{}, false
	}
	kind, data := p[0], p[1:]
	switch {
	case kind == packetBinary:
		n, err := base64.StdEncoding.Decode(data, data)
		return packet{packetMessage, websocket.OpBinary, data[:n]}, err == nil
	case packetOpen <= kind && kind <= packetNoop:
		return packet{kind, websocket.OpText, data}, true
	}
	return packet{}, false
}

// cutPacket splits a polling payload behind its first packet.
func cutPacket(payload []byte) (first, rest []byte, more bool) {
	return bytes.Cut(payload, []byte{separator})
}

// appendSeparator appends what stands between packets, if there is one before.
func appendSeparator(dst []byte) []byte {
	if len(dst) > 0 {
		dst = append(dst, separator)
	}
	return dst
}

// appendMessage appends a message as a text, which a binary one is in polling payloads.
func appendMessage(dst []byte, op websocket.Opcode, data []byte) []byte {
	if op == websocket.OpBinary {
		return base64.StdEncoding.AppendEncode(append(dst, packetBinary), data)
	}
	return append(append(dst, packetMessage), data...)
}

// messageSize returns how many bytes a message takes in a polling payload.
func messageSize(op websocket.Opcode, n int) int {
	if op == websocket.OpBinary {
		n = base64.StdEncoding.EncodedLen(n)
	}
	return len("\x1e4") + n
}

// appendOpen appends the packet that opens a session.
func appendOpen(dst []byte, sid string, upgrades bool, o *Options) []byte {
	dst = append(dst, `0{"sid":"`...)
	dst = append(dst, sid...)
	dst = append(dst, `","upgrades":[`...)
	if upgrades {
		dst = append(dst, `"websocket"`...)
	}
	dst = strconv.AppendInt(append(dst, `],"pingInterval":`...), o.PingInterval.Milliseconds(), 10)
	dst = strconv.AppendInt(append(dst, `,"pingTimeout":`...), o.PingTimeout.Milliseconds(), 10)
	dst = strconv.AppendInt(append(dst, `,"maxPayload":`...), o.MaxPayload, 10)
	return append(dst, '}')
}

// appendError appends a refusal as it travels.
func appendError(dst []byte, e *Error) []byte {
	message, err := json.Marshal(e.Message)
	if err != nil {
		message = []byte(`""`) // it is no UTF-8
	}
	dst = strconv.AppendInt(append(dst, `{"code":`...), int64(e.Code), 10)
	return append(append(append(dst, `,"message":`...), message...), '}')
}
