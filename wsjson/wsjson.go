// Package wsjson reads and writes JSON over WebSocket connections: one value is one text message.
package wsjson

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/seed-d69ae1b7/websocket"
)

// maxPooled is the largest buffer in bytes that is kept for reuse.
const maxPooled = 64 << 10

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// putBuffer gives back a buffer of the pool's.
func putBuffer(b *bytes.Buffer) {
	if b.Cap() <= maxPooled {
		b.Reset()
		buffers.Put(b)
	}
}

// errBinary is the error of a message that is not text.
var errBinary = errors.New("wsjson: binary message where JSON was expected")

// Error says that a message was not what the caller wanted to read. The message has been read; the connection is as
// good as before, and the next one can be read.
type Error struct {
	Err error // errors.As finds those of encoding/json in it
}

// Error describes what was wrong with the message.
func (e *Error) Error() string { return "wsjson: cannot decode message: " + e.Err.Error() }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Read reads one message from conn and decodes it into v, by the rules of encoding/json. v keeps no reference to the
// buffer that the message was read into.
//
// The error is an *Error if the message is binary, is not exactly one JSON value, or does not fit v; v may have been
// changed in part, and the connection can still be used. Other errors are those of websocket.Conn.AppendRead: after
// the end of a context, too, the connection can be used, and nothing of the message is lost.
func Read(ctx context.Context, conn *websocket.Conn, v any) error {
	b := buffers.Get().(*bytes.Buffer)
	defer putBuffer(b)
	m, err := conn.AppendRead(ctx, b.AvailableBuffer())
	if err != nil {
		return err
	}
	if len(m.Data) > b.Cap() {
		*b = *bytes.NewBuffer(m.Data) // keep what has grown
	}
	if m.Op != websocket.OpText {
		return &Error{errBinary}
	}
	if err := json.Unmarshal(m.Data, v); err != nil {
		return &Error{err}
	}
	return nil
}

// Write encodes v by the rules of encoding/json and sends it as one text message, without a line feed behind it.
//
// If v cannot be encoded, nothing is sent and the error wraps that of encoding/json. Other errors are those of
// websocket.Conn.Write.
func Write(ctx context.Context, conn *websocket.Conn, v any) error {
	b := buffers.Get().(*bytes.Buffer)
	defer putBuffer(b)
	if err := json.NewEncoder(b).Encode(v); err != nil {
		return fmt.Errorf("wsjson: cannot encode %T: %w", v, err)
	}
	return conn.Write(ctx, websocket.OpText, bytes.TrimSuffix(b.Bytes(), []byte{'\n'}))
}
