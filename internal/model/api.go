package model

// This file holds the calls and the errors whose shape may change.

import (
	"context"
	"errors"
	"net"

	"github.com/seed-d69ae1b7/websocket"
)

// flush calls Flush. It reports whether ctx bounds it.
func flush(ctx context.Context, c *websocket.Conn) (bounded bool, err error) {
	f, ok := any(c).(interface{ Flush(context.Context) error })
	if ok {
		return true, f.Flush(ctx)
	}
	return false, any(c).(interface{ Flush() error }).Flush()
}

// flushBounded reports whether Flush has a context.
func flushBounded() bool {
	_, ok := any((*websocket.Conn)(nil)).(interface{ Flush(context.Context) error })
	return ok
}

// writeFailed reports whether err says that writing has failed while the end is not known yet.
func writeFailed(err error) bool {
	var closed *websocket.CloseError
	return err != nil && !errors.As(err, &closed) && isWriteFailed(err)
}

// isWriteFailed is to become errors.Is(err, websocket.ErrWriteFailed).
func isWriteFailed(err error) bool { return false }

// dial makes the client's side over nc, with an opening handshake.
func dial(nc net.Conn, o websocket.Options) (*websocket.Conn, error) {
	d := websocket.Dialer{Options: o}
	d.DialContext = func(context.Context, string, string) (net.Conn, error) { return nc, nil }
	c, _, err := d.Dial(context.Background(), "ws://model.test/")
	return c, err
}
