package main

// This file holds the echo, once for each of the library's ways to read and write.

import (
	"context"
	"io"

	"github.com/seed-d69ae1b7/websocket"
)

// An echo sends every message back until the connection ends. What ended it is the suite's to judge.
type echo func(ctx context.Context, conn *websocket.Conn)

var echoes = map[string]echo{
	"messages": echoMessages,
	"append":   echoAppend,
	"read":     echoRead,
	"stream":   echoStream,
}

func echoMessages(ctx context.Context, conn *websocket.Conn) {
	for msg, err := range conn.MessagesInPlace(ctx) {
		if err != nil || conn.Write(ctx, msg.Op, msg.Data) != nil {
			return
		}
	}
}

func echoAppend(ctx context.Context, conn *websocket.Conn) {
	var buf []byte
	for {
		m, err := conn.AppendRead(ctx, buf[:0])
		if err != nil || conn.Write(ctx, m.Op, m.Data) != nil {
			return
		}
		buf = m.Data
	}
}

func echoRead(ctx context.Context, conn *websocket.Conn) {
	for {
		m, err := conn.Read(ctx)
		if err != nil || conn.Write(ctx, m.Op, m.Data) != nil {
			return
		}
	}
}

// echoStream begins to answer before the message has come to its end, and leaves the answer open when it never does.
func echoStream(ctx context.Context, conn *websocket.Conn) {
	for {
		op, r, err := conn.Reader(ctx)
		if err != nil {
			return
		}
		w, err := conn.Writer(ctx, op)
		if err != nil {
			return
		}
		if _, err := io.Copy(w, r); err != nil || w.Close() != nil {
			return
		}
	}
}
