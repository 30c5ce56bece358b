package websocket

// This file holds what servers and clients have in common: the options of a connection.

import (
	"context"

	ws "github.com/seed-d69ae1b7/websocket"
)

// CompressionMode says whether messages are compressed (RFC 7692), if the peer agrees.
type CompressionMode int

// The modes.
const (
	CompressionDisabled          CompressionMode = iota // the default
	CompressionContextTakeover                          // messages refer to those before them
	CompressionNoContextTakeover                        // each message is compressed by itself
)

// compression returns the library's options for a mode. The threshold is 128 bytes with context takeover and 512 without.
func compression(mode CompressionMode, threshold int) *ws.CompressionOptions {
	o := new(ws.CompressionOptions)
	switch mode {
	case CompressionContextTakeover:
		o.MinSize = 128
	case CompressionNoContextTakeover:
		o.MinSize = 512
		o.FromServer.NoContextTakeover, o.FromClient.NoContextTakeover = true, true
	default:
		return nil
	}
	if threshold != 0 {
		o.MinSize = threshold
	}
	return o
}

// options returns the library's options. Nothing is bounded in time but by contexts.
func options(
	compression *ws.CompressionOptions, onPing func(context.Context, []byte) bool, onPong func(context.Context, []byte),
) ws.Options {
	o := ws.Options{
		ReadLimit: defaultReadLimit, WriteTimeout: -1, PongTimeout: -1, NoBatching: true, Compression: compression,
	}
	if onPing != nil {
		o.OnPing = func(c *ws.Conn, payload []byte) bool { return !onPing(c.Context(), payload) }
	}
	if onPong != nil {
		o.OnPong = func(c *ws.Conn, payload []byte) { onPong(c.Context(), payload) }
	}
	return o
}
