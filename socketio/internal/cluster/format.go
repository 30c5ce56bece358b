package cluster

// This file holds the format of the cluster adapters of Node: {"type":3,"data":{...},"uid":"...","nsp":"/"}, as JSON, or as MessagePack where
// something is binary.

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/msgpack"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/packet"
)

var errMessage = errors.New("socketio: a message of another server that cannot be understood")

// binaryEvent is the type of a packet that Node's parser has seen binary values in.
const binaryEvent = 5

// maxAttachments bounds the binary values of a message.
const maxAttachments = 1 << 16

// lenient is what JavaScript takes, too.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// Encode returns a message as JSON, or as MessagePack if it holds binary values, or if always is set.
func Encode(m *Message, always bool) ([]byte, error) {
	b := strconv.AppendInt(Member([]byte{'{'}, "type"), int64(m.Kind), 10)
	b = AppendData(Member(b, "data"), m)
	b = AppendString(Member(b, "uid"), m.From)
	b = AppendString(Member(b, "nsp"), m.Namespace)
	return Pack(append(b, '}'), m.Attachments(), always)
}

// Pack returns JSON as it is, or as MessagePack if there are binary values, or if always is set.
func Pack(text []byte, attachments [][]byte, always bool) ([]byte, error) {
	if !always && len(attachments) == 0 {
		return text, nil
	}
	return msgpack.Append(nil, text, attachments)
}

// AppendData appends what is peculiar to the kind of a message, as JSON with placeholders.
func AppendData(b []byte, m *Message) []byte {
	b = append(b, '{')
	switch m.Kind {
	case Broadcast:
		b = append(append(Member(b, "packet"), `{"type":2,"data":`...), m.Packet.Args...)
		b = append(b, '}')
		b = AppendTarget(appendRequest(b, m), m, true)
		if m.Losses {
			b = append(Member(b, "losses"), "true"...)
		}
	case Join, Leave:
		b = AppendStrings(Member(AppendTarget(b, m, true), "rooms"), m.Rooms)
	case Disconnect:
		b = strconv.AppendBool(Member(AppendTarget(b, m, true), "close"), m.Close)
	case FetchSockets:
		b = appendRequest(AppendTarget(b, m, true), m)
	case Probe, Probed:
		b = appendRequest(b, m)
	case FetchedSockets:
		b = AppendSockets(Member(appendRequest(b, m), "sockets"), m.Sockets)
		if m.More {
			b = append(Member(b, "more"), "true"...)
		}
	case ServerSideEmit:
		b = append(Member(appendRequest(b, m), "packet"), m.Packet.Args...)
	case ServerSideEmitted, ClientAck:
		b = AppendAnswer(appendRequest(b, m), "packet", m)
	case ClientCount, Yielded:
		b = strconv.AppendInt(Member(appendRequest(b, m), "clientCount"), int64(m.Clients), 10)
	case Yield:
		b = AppendStrings(Member(appendRequest(b, m), "rooms"), m.Rooms)
	}
	return append(b, '}')
}

// Member appends the name of the next member of an object.
func Member(b []byte, name string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	return append(append(append(b, '"'), name...), '"', ':')
}

// AppendString appends a string.
func AppendString(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s) // what is not UTF-8 becomes U+FFFD
	return b
}

// AppendStrings appends an array of strings.
func AppendStrings(b []byte, all []string) []byte {
	b = append(b, '[')
	for i, s := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendString(b, s)
	}
	return append(b, ']')
}

func appendRequest(b []byte, m *Message) []byte {
	if m.Request == "" {
		return b
	}
	return AppendString(Member(b, "requestId"), m.Request)
}

// AppendTarget appends the member "opts", with flags if so.
func AppendTarget(b []byte, m *Message, flags bool) []byte {
	return AppendOptions(Member(b, "opts"), m, flags)
}

// AppendOptions appends which sockets are meant, with flags if so.
func AppendOptions(b []byte, m *Message, flags bool) []byte {
	b = AppendStrings(Member(append(b, '{'), "rooms"), m.Target.Rooms)
	b = AppendStrings(Member(b, "except"), m.Target.Except)
	if flags {
		b = append(Member(b, "flags"), '{')
		if m.Target.Volatile {
			b = append(Member(b, "volatile"), "true"...)
		}
		if m.Timeout > 0 { // whole milliseconds
			b = strconv.AppendInt(Member(b, "timeout"), max(1, m.Timeout.Milliseconds()), 10)
		}
		b = append(b, '}')
	}
	return append(b, '}')
}

// AppendAnswer appends an acknowledgement, which is one value, or the error in its place, which Node ignores.
func AppendAnswer(b []byte, name string, m *Message) []byte {
	if m.Answer.Err != nil {
		return AppendString(Member(b, "error"), m.Answer.Err.Error())
	}
	if one := first(m.Answer.Args); one != nil {
		b = append(Member(b, name), one...)
	}
	return b
}

// first returns the first element of an array, or nil.
func first(array jsontext.Value) jsontext.Value {
	var all []jsontext.Value
	if err := json.Unmarshal(array, &all, lenient); err != nil || len(all) == 0 {
		return nil
	}
	return all[0]
}

// AppendSockets appends sockets as other servers see them.
func AppendSockets(b []byte, all []adapter.Socket) []byte {
	out := make([]socket, 0, len(all))
	for _, s := range all {
		h := &s.Handshake
		one := socket{ID: Text(s.ID), Data: s.Data, Rooms: Texts(s.Rooms)}
		one.Handshake = handshake{
			Headers: textMap(h.Headers), Query: textMap(h.Query), Time: Text(h.Time), Address: Text(h.Address), URL: Text(h.URL),
			XDomain: h.XDomain, Secure: h.Secure, Issued: float64(h.Issued), Auth: h.Auth,
		}
		if len(one.Data) == 0 {
			one.Data = jsontext.Value("{}")
		}
		if len(h.Auth) == 0 {
			one.Handshake.Auth = jsontext.Value("{}")
		}
		out = append(out, one)
	}
	text, err := json.Marshal(out, lenient)
	if err != nil { // an Auth that is no JSON, which nobody makes
		text = []byte("[]")
	}
	return append(b, text...)
}

// socket and handshake are how sockets are written.
type socket struct {
	ID        Text           `json:"id"`
	Handshake handshake      `json:"handshake"`
	Rooms     []Text         `json:"rooms"`
	Data      jsontext.Value `json:"data"`
}

type handshake struct {
	Headers map[string]Text `json:"headers"`
	Time    Text            `json:"time"`
	Address Text            `json:"address"`
	XDomain bool            `json:"xdomain"`
	Secure  bool            `json:"secure"`
	Issued  float64         `json:"issued"`
	URL     Text            `json:"url"`
	Query   map[string]Text `json:"query"`
	Auth    jsontext.Value  `json:"auth"`
}

// Text is a string, or what JavaScript makes a string of where there should be one: a number that is the name of a room, a list of
// values of a header.
type Text string

// UnmarshalJSONFrom takes any value.
func (t *Text) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	v, err := d.ReadValue()
	if err != nil {
		return err
	}
	switch v.Kind() {
	case '"':
		s, _ := jsontext.AppendUnquote(nil, v) // what is not UTF-8 becomes U+FFFD
		*t = Text(s)
	case '[':
		var all []Text
		if err := json.Unmarshal(v, &all, lenient); err != nil {
			return err
		}
		*t = ""
		for i, one := range all {
			if i > 0 {
				*t += ", "
			}
			*t += one
		}
	case 'n':
		*t = ""
	default:
		*t = Text(v)
	}
	return nil
}

// Texts returns strings as Texts.
func Texts(all []string) []Text {
	out := make([]Text, 0, len(all))
	for _, s := range all {
		out = append(out, Text(s))
	}
	return out
}

// Strings returns Texts as strings.
func Strings(all []Text) []string {
	var out []string
	for _, s := range all {
		out = append(out, string(s))
	}
	return out
}

func textMap(m map[string]string) map[string]Text {
	out := make(map[string]Text, len(m))
	for name, value := range m {
		out[name] = Text(value)
	}
	return out
}

func stringMap(m map[string]Text) map[string]string {
	out := make(map[string]string, len(m))
	for name, value := range m {
		out[name] = string(value)
	}
	return out
}

// Data is what is peculiar to the kinds of messages, as it is read.
type Data struct {
	Request Text           `json:"requestId"`
	Packet  jsontext.Value `json:"packet"`
	Options Options        `json:"opts"`
	Rooms   []Text         `json:"rooms"`
	Close   bool           `json:"close"`
	Losses  bool           `json:"losses"`
	More    bool           `json:"more"`
	Sockets jsontext.Value `json:"sockets"`
	Clients int            `json:"clientCount"`
	Error   *string        `json:"error"`
}

// Options say which sockets are meant.
type Options struct {
	Rooms  []Text `json:"rooms"`
	Except []Text `json:"except"`
	Flags  struct {
		Volatile bool    `json:"volatile"`
		Timeout  float64 `json:"timeout"`
	} `json:"flags"`
}

// Set lets m have them.
func (o *Options) Set(m *Message) {
	m.Target = adapter.Target{Rooms: Strings(o.Rooms), Except: Strings(o.Except), Volatile: o.Flags.Volatile}
	if ms := o.Flags.Timeout; ms > 0 && ms < math.MaxInt32 {
		m.Timeout = time.Duration(ms * float64(time.Millisecond))
	}
}

// Unpack returns what is JSON, or MessagePack if it does not begin with one of first, as JSON with binary values beside it.
func Unpack(p []byte, first ...byte) (text jsontext.Value, attachments [][]byte, err error) {
	for _, c := range first {
		if len(p) > 0 && p[0] == c {
			return p, nil, nil
		}
	}
	return msgpack.AppendJSON(nil, p, nil, maxAttachments)
}

// Decode returns a message. It borrows from p.
func Decode(p []byte) (*Message, error) {
	text, attachments, err := Unpack(p, '{')
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMessage, err)
	}
	var w struct {
		Kind      Kind           `json:"type"`
		Data      jsontext.Value `json:"data"`
		From      Text           `json:"uid"`
		Namespace Text           `json:"nsp"`
	}
	if err := Unmarshal(text, &w); err != nil {
		return nil, err
	}
	m := &Message{Kind: w.Kind, From: string(w.From), Namespace: string(w.Namespace)}
	return m, m.SetData(w.Data, attachments)
}

// Unmarshal decodes JSON of another server.
func Unmarshal(text jsontext.Value, v any) error {
	if err := json.Unmarshal(text, v, lenient); err != nil {
		return fmt.Errorf("%w: %w", errMessage, err)
	}
	return nil
}

// SetData lets m, which has a kind, have its data.
func (m *Message) SetData(text jsontext.Value, attachments [][]byte) error {
	var d Data
	if len(text) > 0 {
		if err := Unmarshal(text, &d); err != nil {
			return err
		}
	}
	m.Request, m.Rooms, m.Clients = string(d.Request), Strings(d.Rooms), d.Clients
	m.Close, m.Losses, m.More = d.Close, d.Losses, d.More
	d.Options.Set(m)
	switch m.Kind {
	case Broadcast:
		return m.SetPacket(d.Packet, attachments)
	case ServerSideEmit:
		return m.SetEvent(d.Packet, attachments)
	case ServerSideEmitted, ClientAck:
		return m.SetAnswer(d.Packet, d.Error, attachments)
	case FetchedSockets:
		return m.SetSockets(d.Sockets)
	}
	return nil
}

// SetPacket lets m have the event of a packet as Node's servers have them: {"type":2,"data":[...]}.
func (m *Message) SetPacket(text jsontext.Value, attachments [][]byte) error {
	var p struct {
		Type int            `json:"type"`
		Data jsontext.Value `json:"data"`
		Nsp  *Text          `json:"nsp"`
	}
	if err := Unmarshal(text, &p); err != nil {
		return err
	}
	if p.Type != int(packet.Event) && p.Type != binaryEvent {
		return fmt.Errorf("%w: a packet of type %d", errMessage, p.Type)
	}
	if p.Nsp != nil && m.Namespace == "" {
		m.Namespace = string(*p.Nsp)
	}
	return m.SetEvent(p.Data, attachments)
}

// SetEvent lets m have an event: an array of its name and its arguments.
func (m *Message) SetEvent(args jsontext.Value, attachments [][]byte) error {
	name, err := packet.EventName(args)
	if err == nil && len(attachments) > 0 {
		err = packet.CheckPlaceholders(args, len(attachments))
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errMessage, err)
	}
	m.Packet = &adapter.Packet{Event: string(name), Args: args, Attachments: attachments}
	return nil
}

// SetAnswer lets m have an acknowledgement of one value, which may be missing, or an error.
func (m *Message) SetAnswer(value jsontext.Value, text *string, attachments [][]byte) error {
	if text != nil {
		m.Answer.Err = errors.New(*text)
		if *text == adapter.ErrDisconnected.Error() {
			m.Answer.Err = adapter.ErrDisconnected
		}
		return nil
	}
	args := append(append(jsontext.Value{'['}, value...), ']')
	if len(attachments) > 0 {
		if err := packet.CheckPlaceholders(args, len(attachments)); err != nil {
			return fmt.Errorf("%w: %w", errMessage, err)
		}
	}
	m.Answer = adapter.Answer{Args: args, Attachments: attachments}
	return nil
}

// SetSockets lets m have sockets.
func (m *Message) SetSockets(text jsontext.Value) error {
	var all []socket
	if len(text) > 0 {
		if err := Unmarshal(text, &all); err != nil {
			return err
		}
	}
	for _, s := range all {
		h := &s.Handshake
		m.Sockets = append(m.Sockets, adapter.Socket{ID: string(s.ID), Rooms: Strings(s.Rooms), Data: s.Data, Handshake: adapter.Handshake{
			Headers: stringMap(h.Headers), Query: stringMap(h.Query), Auth: h.Auth, Address: string(h.Address), URL: string(h.URL),
			Time: string(h.Time), Issued: int64(h.Issued), Secure: h.Secure, XDomain: h.XDomain,
		}})
	}
	return nil
}
