package interop

// This file holds inbox, which reads an endpoint of a Go library all the time.

import (
	"context"

	"github.com/seed-d69ae1b7/websocket"
)

// inbox collects what arrives at an endpoint.
type inbox struct {
	messages chan websocket.Message
	ended    chan struct{}
	err      error // how reading ended; set before ended is closed
}

// newInbox calls read until it fails, and then hangUp. The slices that read returns must stay as they are.
func newInbox(read func() (websocket.Message, error), hangUp func()) *inbox {
	in := &inbox{messages: make(chan websocket.Message, 16), ended: make(chan struct{})}
	go func() {
		defer close(in.ended)
		defer hangUp()
		for {
			msg, err := read()
			if err != nil {
				in.err = err
				return
			}
			in.messages <- msg
		}
	}()
	return in
}

// receive is endpoint.receive.
func (in *inbox) receive(ctx context.Context) (websocket.Message, error) {
	select {
	case msg := <-in.messages:
		return msg, nil
	default:
	}
	select {
	case msg := <-in.messages:
		return msg, nil
	case <-in.ended:
		return websocket.Message{}, in.err
	case <-ctx.Done():
		return websocket.Message{}, ctx.Err()
	}
}

// waitEnd waits until reading has ended, and returns why.
func (in *inbox) waitEnd(ctx context.Context) error {
	select {
	case <-in.ended:
		return in.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// answered returns nil if err says that the other end closed with code, which is the answer to a close frame.
func answered(err error, code websocket.StatusCode) error {
	if c, ok := err.(closed); ok && c.Code == code {
		return nil
	}
	return err
}
