// Package wsjson reads and writes JSON over the connections of package websocket: one value is one text message.
//
// Its functions take whatever reads, writes and closes as a *websocket.Conn does, and not that type, so that the module can stand
// behind another path: a package may not import another one of its module by two names.
package wsjson

import (
	"context"
	"encoding/json"
	"fmt"
)

const (
	messageText          = 1
	invalidFramePayload  = 1007
	invalidPayloadReason = "failed to unmarshal JSON"
)

// reader is the reading part of a *websocket.Conn.
type reader[T, S ~int] interface {
	Read(ctx context.Context) (T, []byte, error)
	Close(code S, reason string) error
}

// writer is the writing part of a *websocket.Conn.
type writer[T ~int] interface {
	Write(ctx context.Context, typ T, p []byte) error
}

// Read waits for the next message and decodes it into v. A message that is no JSON, or does not fit, ends the connection with
// StatusInvalidFramePayloadData.
func Read[C reader[T, S], T, S ~int](ctx context.Context, c C, v any) error {
	_, p, err := c.Read(ctx)
	if err != nil {
		return fmt.Errorf("failed to read JSON message: %w", err)
	}
	if err := json.Unmarshal(p, v); err != nil {
		c.Close(invalidFramePayload, invalidPayloadReason)
		return fmt.Errorf("failed to read JSON message: %s: %w", invalidPayloadReason, err)
	}
	return nil
}

// Write sends v as a text message, as encoding/json encodes it, with a line feed behind it.
func Write[C writer[T], T ~int](ctx context.Context, c C, v any) error {
	p, err := json.Marshal(v)
	if err == nil {
		err = c.Write(ctx, messageText, append(p, '\n'))
	}
	if err != nil {
		return fmt.Errorf("failed to write JSON message: %w", err)
	}
	return nil
}
