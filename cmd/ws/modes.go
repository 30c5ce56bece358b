package main

// This file holds what ws serve can do with connections, and the two ways that need no more than a function: echo and broadcast.

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/urfave/cli/v3"
)

// mode is what ws serve does with connections.
type mode struct {
	does        string // said when it starts: ws://… does
	handler     func(*service) http.Handler
	harmless    bool // any page may connect: there is nothing to learn or to do
	writeBuffer int  // bytes that may wait for a connection; 0 for the library's default
}

// chooseMode returns the mode that the flags ask for.
func chooseMode(cmd *cli.Command) (mode, error) {
	var chosen []mode
	if cmd.Bool("broadcast") {
		chosen = append(chosen, mode{does: "broadcasts", handler: broadcast, writeBuffer: broadcastBuffer})
	}
	if command := cmd.String("exec"); command != "" {
		chosen = append(chosen, mode{does: "runs " + command, handler: running(command, cmd.Bool("binary"), cmd.Int64("limit"))})
	}
	if addr := cmd.String("tcp"); addr != "" {
		chosen = append(chosen, mode{does: "leads to " + addr, handler: bridgeTo(addr)})
	}
	switch {
	case len(chosen) > 1:
		return mode{}, usageError{errors.New("-broadcast, -exec and -tcp exclude one another")}
	case cmd.Bool("binary") && cmd.String("exec") == "":
		return mode{}, usageError{errors.New("-binary is for -exec")}
	case len(chosen) == 1:
		return chosen[0], nil
	}
	return mode{does: "echoes", handler: func(s *service) http.Handler { return s.detached(echo) }, harmless: true}, nil
}

// detached returns a handler whose connections f has, watched.
func (s *service) detached(f func(*websocket.Conn, *http.Request)) http.Handler {
	return s.upgrader.DetachedHandler(s.watched(f))
}

// echo sends every message back until the connection ends.
func echo(conn *websocket.Conn, _ *http.Request) {
	ctx := context.Background()
	for msg, err := range conn.MessagesInPlace(ctx) {
		if err != nil || conn.Write(ctx, msg.Op, msg.Data) != nil {
			return
		}
	}
}

// The bounds of a broadcast: how many bytes, beside one message, a connection may be behind, and how long the others wait for those
// that are further behind.
const (
	broadcastBuffer  = 1 << 20
	broadcastTimeout = time.Second
)

// broadcast sends every message to all connections, to the sender's, too, in the same order to each. Who does not keep up is closed.
func broadcast(s *service) http.Handler {
	var order sync.Mutex
	return s.detached(func(conn *websocket.Conn, _ *http.Request) {
		for msg, err := range conn.MessagesInPlace(context.Background()) {
			if err != nil {
				return
			}
			prepared, err := websocket.NewPreparedMessage(msg.Op, msg.Data)
			if err != nil {
				return // cannot be: it has just been read
			}
			order.Lock()
			s.sendAll(prepared)
			order.Unlock()
		}
	})
}

// sendAll sends a message to all connections.
func (s *service) sendAll(m *websocket.PreparedMessage) {
	var late []*websocket.Conn
	for conn := range s.upgrader.All() {
		first, err := conn.QueuePrepared(m)
		if first {
			conn.Send()
		}
		if errors.Is(err, websocket.ErrBackpressure) {
			late = append(late, conn)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), broadcastTimeout)
	defer cancel()
	var waiting sync.WaitGroup
	for _, conn := range late {
		waiting.Go(func() {
			if err := conn.WritePrepared(ctx, m); errors.Is(err, context.DeadlineExceeded) {
				conn.CloseContext(ctx, websocket.StatusPolicyViolation, "too slow") // which does not wait any more
			}
		})
	}
	waiting.Wait()
}
