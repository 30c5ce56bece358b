package engineio

// This file holds the seam between sessions and what carries their packets on WebSocket. What stands below it is a
// websocket.Conn with its goroutine now, and may be a connection of an event loop: no goroutine is assumed above it.
//
// From below, a session is driven by three calls, none of which waits for anything but the Handler:
//
//   - receive, with each message, in order and one at a time; it returns who takes the next, or nil for the end;
//   - ended, once, when nothing more comes;
//   - expire, from the Server's clock, when the session's deadline has passed (heartbeat.go).
//
// Downwards it calls link.

import "github.com/seed-d69ae1b7/websocket"

// link is what a session wants of a connection. *websocket.Conn is one. None of its methods waits for the network, but for Close where
// nobody reads.
type link interface {
	Queue(op websocket.Opcode, p []byte) (first bool, err error)
	QueuePrepared(m *websocket.PreparedMessage) (first bool, err error)
	Send()
	Buffered() int
	Stats() websocket.Stats
	Close(code websocket.StatusCode, reason string) error
	CloseNow() error
}

// driven is what is called from below. *Session is one, and so is a probe (upgrade.go) until its session has moved to it.
type driven interface {
	receive(op websocket.Opcode, data []byte) (next driven)
	ended(err error)
}

var (
	_ link   = (*websocket.Conn)(nil)
	_ driven = (*Session)(nil)
)
