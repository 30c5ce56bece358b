package model

// This file holds the calls and the errors whose shape may change.

import (
	"context"
	"errors"
	"iter"
	"net"

	"github.com/seed-d69ae1b7/websocket"
)

// flush calls Flush.
func flush(ctx context.Context, c *websocket.Conn) error { return c.Flush(ctx) }

// read calls Read.
func read(ctx context.Context, c *websocket.Conn) (websocket.Opcode, []byte, error) {
	m, err := c.Read(ctx)
	return m.Op, m.Data, err
}

// appendRead calls AppendRead.
func appendRead(ctx context.Context, c *websocket.Conn, dst []byte) (websocket.Opcode, []byte, error) {
	m, err := c.AppendRead(ctx, dst)
	return m.Op, m.Data, err
}

// messages calls Messages, or the loop over borrowed data.
func messages(ctx context.Context, c *websocket.Conn, inPlace bool) iter.Seq2[websocket.Message, error] {
	if inPlace {
		return c.MessagesInPlace(ctx)
	}
	return c.Messages(ctx)
}

// writeFailed reports whether err says that writing has failed while the end is not known yet.
func writeFailed(err error) bool {
	var closed *websocket.CloseError
	return errors.Is(err, websocket.ErrWriteFailed) && !errors.As(err, &closed)
}

// bare makes a side's connection over nc without an opening handshake. Nothing is compressed then.
func bare(client bool, nc net.Conn, o *websocket.Options) *websocket.Conn {
	if client {
		return websocket.ClientConn(nc, o, websocket.Agreement{}, nil)
	}
	return websocket.ServerConn(nc, o, websocket.Agreement{}, nil)
}
