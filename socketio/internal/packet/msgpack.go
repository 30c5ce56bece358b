package packet

// This file holds packets as socket.io-msgpack-parser has them: one binary message, a map of type, nsp, data and id. It turns that into
// the JSON and the attachments that packets have otherwise.

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"strconv"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/msgpack"
)

// message is the map.
type message struct {
	Type      jsontext.Value `json:"type"`
	Namespace jsontext.Value `json:"nsp"`
	ID        jsontext.Value `json:"id"`
	Data      jsontext.Value `json:"data"`
}

// ParseMsgpack parses a packet with at most that many attachments, which keep p.
func ParseMsgpack(p []byte, maxAttachments int) (*Whole, error) {
	text, attachments, err := msgpack.AppendJSON(nil, p, nil, maxAttachments)
	if err != nil {
		return nil, err
	}
	var m message
	if err := json.Unmarshal(text, &m, lenient...); err != nil {
		return nil, errData // no map
	}
	q, err := m.packet()
	if err != nil {
		return nil, err
	}
	q.Attachments, q.Binary = len(attachments), len(attachments) > 0
	if q.Binary && q.Type != Event && q.Type != Ack {
		return nil, errAttachments
	}
	return &Whole{q, attachments}, q.check()
}

// packet returns what the map says.
func (m *message) packet() (q Packet, err error) {
	if len(m.Type) != 1 || m.Type[0] < '0' || m.Type[0] > '0'+byte(ConnectError) {
		return q, errType
	}
	q.Type = Type(m.Type[0] - '0')
	if m.Namespace.Kind() != '"' {
		return q, errNamespace
	}
	q.Namespace = unquote(m.Namespace)
	if q.HasID = len(m.ID) > 0; q.HasID {
		var ok bool
		if q.ID, ok = parseDigits(m.ID); !ok {
			return q, errID
		}
	}
	q.Data = m.Data
	return q, nil
}

// AppendMsgpack appends a packet with its attachments.
func AppendMsgpack(dst []byte, q *Packet, attachments [][]byte) ([]byte, error) {
	name := q.Namespace
	if len(name) == 0 {
		name = mainNamespace
	}
	text := append(make([]byte, 0, 64+len(name)+len(q.Data)), `{"type":`...)
	text = append(text, '0'+byte(q.Type))
	text, err := jsontext.AppendQuote(append(text, `,"nsp":`...), name)
	if err != nil {
		return dst, err
	}
	if q.HasID {
		text = strconv.AppendUint(append(text, `,"id":`...), q.ID, 10)
	}
	if len(q.Data) > 0 {
		text = append(append(text, `,"data":`...), q.Data...)
	}
	return msgpack.Append(dst, append(text, '}'), attachments)
}
