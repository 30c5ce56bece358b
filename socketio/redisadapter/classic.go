package redisadapter

// This file holds the format of @socket.io/redis-adapter and @socket.io/redis-emitter. A broadcast is MessagePack, [uid, packet, opts]. Requests and answers are
// JSON, or MessagePack where a value may be binary; whoever reads takes either.

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"strconv"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
)

var errFormat = errors.New("redisadapter: a message that cannot be understood")

// The types of requests and answers.
const (
	typeSockets     = 0
	typeAllRooms    = 1
	typeJoin        = 2
	typeLeave       = 3
	typeDisconnect  = 4
	typeFetch       = 5
	typeServerSide  = 6
	typeBroadcast   = 7
	typeClientCount = 8
	typeClientAck   = 9
)

// encodeClassic returns a message as it is published.
func encodeClassic(m *cluster.Message) ([]byte, error) {
	if m.Kind == cluster.Broadcast && m.Request == "" {
		b := cluster.AppendString([]byte{'['}, m.From)
		b = appendPacket(append(b, ','), m)
		b = cluster.AppendOptions(append(b, ','), m, true)
		return cluster.Pack(append(b, ']'), m.Attachments(), true)
	}
	o := object{'{'}
	if m.IsAnswer() {
		o.answer(m)
	} else if !o.request(m) {
		return nil, fmt.Errorf("redisadapter: no message for kind %d", m.Kind)
	}
	packed := m.Kind == cluster.Broadcast || m.Kind == cluster.ClientAck // what Node has as MessagePack whatever it holds
	return cluster.Pack(append(o, '}'), m.Attachments(), packed)
}

// object is a JSON object that is being written.
type object []byte

func (o *object) text(name, value string) { *o = cluster.AppendString(cluster.Member(*o, name), value) }
func (o *object) texts(name string, values []string) {
	*o = cluster.AppendStrings(cluster.Member(*o, name), values)
}
func (o *object) number(name string, n int) {
	*o = strconv.AppendInt(cluster.Member(*o, name), int64(n), 10)
}

// request writes what asks other servers for something. It is false if the format has nothing for that.
func (o *object) request(m *cluster.Message) bool {
	if m.From != "" {
		o.text("uid", m.From)
	}
	switch m.Kind {
	case cluster.Join, cluster.Leave:
		o.number("type", typeJoin+int(m.Kind-cluster.Join))
		*o = cluster.AppendTarget(*o, m, false)
		o.texts("rooms", m.Rooms)
	case cluster.Disconnect:
		o.number("type", typeDisconnect)
		*o = cluster.AppendTarget(*o, m, false)
		*o = strconv.AppendBool(cluster.Member(*o, "close"), m.Close)
	case cluster.FetchSockets:
		o.text("requestId", m.Request)
		o.number("type", typeFetch)
		*o = cluster.AppendTarget(*o, m, false)
	case cluster.ServerSideEmit:
		if m.Request != "" {
			o.text("requestId", m.Request)
		}
		o.number("type", typeServerSide)
		*o = append(cluster.Member(*o, "data"), m.Packet.Args...)
	case cluster.Broadcast:
		o.text("requestId", m.Request)
		o.number("type", typeBroadcast)
		*o = appendPacket(cluster.Member(*o, "packet"), m)
		*o = cluster.AppendTarget(*o, m, true)
		if m.Losses {
			*o = append(cluster.Member(*o, "losses"), "true"...)
		}
	default:
		return false
	}
	return true
}

// answer writes what another server has asked for.
func (o *object) answer(m *cluster.Message) {
	switch m.Kind { // Node's order of members
	case cluster.ServerSideEmitted:
		o.number("type", typeServerSide)
	case cluster.ClientCount:
		o.number("type", typeClientCount)
	case cluster.ClientAck:
		o.number("type", typeClientAck)
	}
	o.text("requestId", m.Request)
	switch m.Kind {
	case cluster.FetchedSockets:
		*o = cluster.AppendSockets(cluster.Member(*o, "sockets"), m.Sockets)
	case cluster.FetchedIDs:
		o.texts("sockets", m.Rooms)
	case cluster.FetchedRoom:
		o.texts("rooms", m.Rooms)
	case cluster.ServerSideEmitted:
		*o = cluster.AppendAnswer(*o, "data", m)
	case cluster.ClientCount:
		o.number("clientCount", m.Clients)
	case cluster.ClientAck:
		*o = cluster.AppendAnswer(*o, "packet", m)
	}
	if m.Kind == cluster.ClientCount || m.Kind == cluster.ClientAck { // Node does not say, nor look
		o.text("uid", m.From)
	}
}

// appendPacket appends the packet of an event, in the order of Node's members.
func appendPacket(b []byte, m *cluster.Message) []byte {
	b = append(append(b, `{"type":2,"data":`...), m.Packet.Args...)
	return append(cluster.AppendString(append(b, `,"nsp":`...), m.Namespace), '}')
}

// decodeBroadcast returns a broadcast.
func decodeBroadcast(p []byte) (*cluster.Message, error) {
	text, attachments, err := cluster.Unpack(p, '[')
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFormat, err)
	}
	var parts []jsontext.Value
	if err := cluster.Unmarshal(text, &parts); err != nil {
		return nil, err
	}
	if len(parts) < 3 {
		return nil, errFormat
	}
	var from cluster.Text
	var o cluster.Options
	if err := errors.Join(cluster.Unmarshal(parts[0], &from), cluster.Unmarshal(parts[2], &o)); err != nil {
		return nil, err
	}
	m := &cluster.Message{Kind: cluster.Broadcast, From: string(from)}
	o.Set(m)
	if err := m.SetPacket(parts[1], attachments); err != nil {
		return nil, err
	}
	if m.Namespace == "" {
		m.Namespace = "/"
	}
	return m, nil
}

// message is a request, or an answer.
type message struct {
	From    cluster.Text     `json:"uid"`
	Type    *int             `json:"type"`
	Request cluster.Text     `json:"requestId"`
	Options *cluster.Options `json:"opts"`
	Rooms   []cluster.Text   `json:"rooms"`
	Close   bool             `json:"close"`
	Data    jsontext.Value   `json:"data"`
	Packet  jsontext.Value   `json:"packet"`
	Sockets jsontext.Value   `json:"sockets"`
	Clients int              `json:"clientCount"`
	Losses  bool             `json:"losses"`
	Error   *string          `json:"error"`
	SID     cluster.Text     `json:"sid"`
	Room    cluster.Text     `json:"room"`
}

// readMessage returns a request, or an answer, and its binary values.
func readMessage(p []byte) (r message, attachments [][]byte, err error) {
	text, attachments, err := cluster.Unpack(p, '{')
	if err != nil {
		return r, nil, fmt.Errorf("%w: %w", errFormat, err)
	}
	return r, attachments, cluster.Unmarshal(text, &r)
}

// kinds are those of requests, by type.
var kinds = [...]cluster.Kind{
	typeSockets: cluster.FetchIDs, typeAllRooms: cluster.FetchRooms, typeJoin: cluster.Join, typeLeave: cluster.Leave,
	typeDisconnect: cluster.Disconnect, typeFetch: cluster.FetchSockets, typeServerSide: cluster.ServerSideEmit,
	typeBroadcast: cluster.Broadcast,
}

// decodeRequest returns a request, or nil for one that is not known.
func decodeRequest(p []byte) (*cluster.Message, error) {
	r, attachments, err := readMessage(p)
	if err != nil || r.Type == nil || *r.Type < 0 || *r.Type >= len(kinds) {
		return nil, err
	}
	m := &cluster.Message{Kind: kinds[*r.Type], From: string(r.From), Request: string(r.Request), Rooms: cluster.Strings(r.Rooms), Close: r.Close, Losses: r.Losses}
	switch {
	case r.Options != nil:
		r.Options.Set(m)
	case m.Kind == cluster.FetchIDs:
		m.Target.Rooms, m.Rooms = m.Rooms, nil
	case r.SID != "": // the form of older packages
		m.Target.Rooms, m.Rooms = []string{string(r.SID)}, []string{string(r.Room)}
	case m.Kind == cluster.Join || m.Kind == cluster.Leave || m.Kind == cluster.Disconnect:
		return nil, errFormat // not an order to all
	}
	switch m.Kind {
	case cluster.Broadcast:
		err = m.SetPacket(r.Packet, attachments)
	case cluster.ServerSideEmit:
		err = m.SetEvent(r.Data, attachments)
	}
	return m, err
}

// decodeResponse returns an answer. What kind of answer one without a type is follows from what it has.
func decodeResponse(p []byte) (*cluster.Message, error) {
	r, attachments, err := readMessage(p)
	if err != nil {
		return nil, err
	}
	m := &cluster.Message{From: string(r.From), Request: string(r.Request), Clients: r.Clients}
	switch {
	case r.Type == nil && len(r.Sockets) > 0:
		m.Kind = cluster.FetchedSockets
		var ids []string
		if json.Unmarshal(r.Sockets, &ids) == nil && len(ids) > 0 {
			return nil, nil // an answer to a request for identifiers, which we do not make
		}
		return m, m.SetSockets(r.Sockets)
	case r.Type == nil:
		return nil, nil
	case *r.Type == typeServerSide:
		m.Kind = cluster.ServerSideEmitted
		return m, m.SetAnswer(r.Data, r.Error, attachments)
	case *r.Type == typeClientCount:
		m.Kind = cluster.ClientCount
	case *r.Type == typeClientAck:
		m.Kind = cluster.ClientAck
		return m, m.SetAnswer(r.Packet, r.Error, attachments)
	default:
		return nil, nil
	}
	return m, nil
}
