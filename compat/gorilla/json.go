package websocket

// This file holds messages of JSON.

import (
	"bytes"
	"encoding/json"
	"io"
)

// WriteJSON is Conn.WriteJSON.
//
// Deprecated: as in gorilla, the method is its name.
func WriteJSON(c *Conn, v any) error { return c.WriteJSON(v) }

// ReadJSON is Conn.ReadJSON.
//
// Deprecated: as in gorilla, the method is its name.
func ReadJSON(c *Conn, v any) error { return c.ReadJSON(v) }

// WriteJSON sends v as a text message, as encoding/json encodes it, with a line feed behind it. Nothing is sent if that fails.
func (c *Conn) WriteJSON(v any) error {
	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(v); err != nil {
		return err
	}
	return c.WriteMessage(TextMessage, buf.Bytes())
}

// ReadJSON waits for the next message and decodes the first value in it into v, which what encoding/json says of Unmarshal
// holds for. An empty message is io.ErrUnexpectedEOF.
func (c *Conn) ReadJSON(v any) error {
	_, r, err := c.NextReader()
	if err != nil {
		return err
	}
	if err = json.NewDecoder(r).Decode(v); err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
