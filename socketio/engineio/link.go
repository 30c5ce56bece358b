package engineio

// This file holds the seam between sessions and what carries their packets on WebSocket. What stands below it is a websocket.Conn
// with its goroutine (websocket.go) or a connection of an event loop (loop.go): no goroutine is assumed above it.
//
// From below, a session is driven by three calls, none of which waits for anything but the Handler:
//
//   - receive, with each message, in order and one at a time; it returns who takes the next, or nil for the end;
//   - ended, once, when nothing more comes;
//   - expire, from the Server's clock, when the session's deadline has passed (heartbeat.go).
//
// Whoever has a goroutine for it calls awaitReading after receive: a loop is paused instead.
//
// Downwards it calls link.

import (
	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/reactor"
)

// link is what a session wants of a connection. *websocket.Conn and *reactor.Conn are. None of its methods waits for the network, but for
// Close of the former where nobody reads.
type link interface {
	Queue(op websocket.Opcode, p []byte) (first bool, err error)
	QueuePrepared(m *websocket.PreparedMessage) (first bool, err error)
	Send()
	Buffered() int
	Stats() websocket.Stats
	Close(code websocket.StatusCode, reason string) error
	CloseNow() error
}

// pauser is a link that stops and begins again to call receive when it is told so.
type pauser interface {
	PauseReading()
	ResumeReading()
}

// driven is what is called from below. *Session is one, and so is a probe (upgrade.go) until its session has moved to it.
type driven interface {
	receive(op websocket.Opcode, data []byte) (next driven)
	ended(err error)
	awaitReading()
}

var (
	_ link   = (*websocket.Conn)(nil)
	_ link   = (*reactor.Conn)(nil)
	_ pauser = (*reactor.Conn)(nil)
	_ driven = (*Session)(nil)
)
