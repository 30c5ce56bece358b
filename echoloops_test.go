package websocket

// This file holds the programs that echo, one for each way of reading.

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// echoLoopOf is the program with a loop.
func echoLoopOf(messages loopKind) func(ctx context.Context, c *Conn) error {
	return func(ctx context.Context, c *Conn) error {
		for msg, err := range messages(c, ctx) {
			if err != nil {
				return err
			}
			if err := c.Write(ctx, msg.Op, msg.Data); err != nil {
				return fmt.Errorf("write: %w", err)
			}
		}
		return errors.New("the loop ended without an error")
	}
}

// echoLoops are the programs that a peer meets: each way of reading.
var echoLoops = map[string]func(ctx context.Context, c *Conn) error{
	"Messages":        echoLoopOf((*Conn).Messages),
	"MessagesInPlace": echoLoopOf((*Conn).MessagesInPlace),
	"AppendRead": func(ctx context.Context, c *Conn) error {
		var buf []byte
		for {
			m, err := c.AppendRead(ctx, buf[:0])
			if err != nil {
				return err
			}
			if err := c.Write(ctx, m.Op, m.Data); err != nil {
				return fmt.Errorf("write: %w", err)
			}
			buf = m.Data
		}
	},
	"Read": func(ctx context.Context, c *Conn) error {
		for {
			m, err := c.Read(ctx)
			if err != nil {
				return err
			}
			if err := c.Write(ctx, m.Op, m.Data); err != nil {
				return fmt.Errorf("write: %w", err)
			}
		}
	},
	"Reader": func(ctx context.Context, c *Conn) error {
		for {
			op, r, err := c.Reader(ctx)
			if err != nil {
				return err
			}
			p, err := io.ReadAll(r)
			if err != nil {
				return err
			}
			if err := c.Write(ctx, op, p); err != nil {
				return fmt.Errorf("write: %w", err)
			}
		}
	},
}
