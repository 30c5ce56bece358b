package socketio

// This file holds events that have come, their arguments, and their acknowledgements.

import (
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/packet"
)

// Args are all arguments of an event or an acknowledgement, not decoded yet. It can stand for T or R wherever a type is
// decoded to, and for several arguments where some are emitted.
type Args struct {
	array       jsontext.Value
	skip        int // elements in front of the arguments
	attachments [][]byte
}

// errArguments says that arguments could not be decoded.
var errArguments = errors.New("socketio: invalid arguments")

// Len returns the number of arguments.
func (a Args) Len() int {
	n := 0
	for range a.values() {
		n++
	}
	return n
}

// Raw returns an argument as JSON, with placeholders for binary, or nil if there are fewer.
func (a Args) Raw(i int) jsontext.Value {
	for at, v := range a.values() {
		if at == i {
			return v
		}
	}
	return nil
}

// values are the arguments.
func (a Args) values() func(yield func(int, jsontext.Value) bool) {
	return func(yield func(int, jsontext.Value) bool) {
		d := decodeArray(&a)
		defer d.release()
		for i := 0; ; i++ {
			switch d.json.PeekKind() {
			case ']', 0:
				return
			}
			v, err := d.json.ReadValue()
			if err != nil || !yield(i, v.Clone()) {
				return
			}
		}
	}
}

// Bind decodes the arguments into what dst points to, one after another. What is missing is set to zero, what is too much ignored.
func (a Args) Bind(dst ...any) error {
	for _, p := range dst {
		if v := reflect.ValueOf(p); v.Kind() == reflect.Pointer && !v.IsNil() {
			v.Elem().SetZero()
		}
	}
	return bind(&a, dst...)
}

// bind is Bind. dst points to zero values where something may be missing.
func bind(a *Args, dst ...any) error {
	d := decodeArray(a)
	defer d.release()
	for i, p := range dst {
		switch p := p.(type) {
		case *struct{}:
			continue
		case *Args:
			*p = Args{a.array.Clone(), a.skip + i, a.attachments}
			return nil
		}
		if err := d.next(p); err != nil {
			return fmt.Errorf("%w: %d: %w", errArguments, i+1, err)
		}
	}
	return nil
}

// Event is an event that has come. It is valid until the function that it was given to returns.
type Event struct {
	socket *Socket // nil on a Client
	client *Client // nil on a server
	name   []byte
	args   Args
	id     uint64
	hasID  bool
	ack    *acknowledgement // nil until somebody asks
}

// Name returns the name.
func (e *Event) Name() string { return string(e.name) }

// Args returns the arguments, which are valid as long as e is.
func (e *Event) Args() Args { return e.args }

// side is where an event has come, or is acknowledged: a *Socket or a *Client.
type side interface {
	acknowledge(id uint64, enc *encoder) error
	tellError(event string, err error)
	isGone() bool
}

// side returns where the event has come.
func (e *Event) side() side {
	if e.client != nil {
		return e.client
	}
	return e.socket
}

// Socket returns the socket that the event is of, or nil on a Client.
func (e *Event) Socket() *Socket { return e.socket }

// Ack returns the function that acknowledges the event, or nil if the client does not wait for that. It works once, at any time, on any
// goroutine: later calls do nothing.
func (e *Event) Ack() func(args ...any) error {
	if !e.hasID {
		return nil
	}
	if e.ack == nil {
		e.ack = &acknowledgement{side: e.side(), id: e.id}
	}
	return e.ack.send
}

// acknowledgement is one that may be sent.
type acknowledgement struct {
	side side
	id   uint64
	sent atomic.Bool
}

func (a *acknowledgement) send(args ...any) error {
	enc, err := encodeAnswer(args)
	if err != nil {
		return err
	}
	defer enc.release()
	if a.sent.Swap(true) {
		return nil
	}
	return a.side.acknowledge(a.id, enc)
}

// reply acknowledges the event, if the client waits for that and nobody has. What cannot be encoded is no acknowledgement.
func (e *Event) reply(args ...any) error {
	switch {
	case !e.hasID:
		return nil
	case e.ack != nil:
		return e.ack.send(args...)
	}
	enc, err := encodeAnswer(args)
	if err != nil {
		return err
	}
	defer enc.release()
	e.hasID = false
	return e.side().acknowledge(e.id, enc)
}

// acknowledge sends an acknowledgement.
func (s *Socket) acknowledge(id uint64, enc *encoder) error {
	if !s.isReady() {
		return ErrDisconnected
	}
	q := &packet.Packet{Type: packet.Ack, HasID: true, ID: id, Namespace: s.namespace.wire, Data: enc.data()}
	return s.send(q, enc.attachments, false)
}

// failure is how an *Error travels in an acknowledgement.
type failure struct {
	Error *Error `json:"error"`
}

// fail tells of an error, the peer too if it waits for an acknowledgement.
func (e *Event) fail(err error) {
	e.side().tellError(e.Name(), err)
	t := travels(err)
	if errors.Is(err, errArguments) {
		t = &Error{Message: "invalid arguments"}
	}
	if err := e.reply(failure{t}); err != nil && !e.side().isGone() {
		e.side().tellError(e.Name(), err)
	}
}

// tellError tells of an error of an event of the socket.
func (s *Socket) tellError(event string, err error) { s.namespace.tellError(s, event, err) }
