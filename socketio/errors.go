package socketio

// This file holds why sockets are disconnected and why calls fail, as values that travel or are told to handlers.

import (
	"errors"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
)

// Errors.
var (
	// ErrDisconnected: the socket is not, or no longer, connected.
	ErrDisconnected = adapter.ErrDisconnected
	// ErrReserved: no event may have that name: connect, connect_error, disconnect, disconnecting, newListener or removeListener.
	ErrReserved = errors.New("socketio: reserved event name")
	// ErrQueueFull: an acknowledgement was not waited for any longer, because so many events that nobody handles stand before it that
	// the connection is not read: see Options.MaxQueued.
	ErrQueueFull = errors.New("socketio: the acknowledgement stands behind more unhandled events than Options.MaxQueued allows")
	// ErrShutdown: the server is, or was, shut down.
	ErrShutdown = errors.New("socketio: the server is shut down")
)

// Reason says why a socket was disconnected, in the words of the Node implementation.
type Reason string

// The reasons.
const (
	ClientNamespaceDisconnect Reason = "client namespace disconnect" // the client left the namespace
	ServerNamespaceDisconnect Reason = "server namespace disconnect" // Socket.Disconnect, Socket.Close, DisconnectSockets, or a panic of a handler
	ForcedServerClose         Reason = "forced server close"         // the client broke a rule, or joined no namespace in time
	ServerShuttingDown        Reason = "server shutting down"        // Server.Shutdown
	TransportClose            Reason = "transport close"             // the connection ended
	TransportError            Reason = "transport error"             // a limit was passed, or the client did not keep up
	PingTimeout               Reason = "ping timeout"                // the client has vanished
	ParseError                Reason = "parse error"                 // what came was no packet
	ForcedClose               Reason = "forced close"                // Session.Close of package engineio
)

// reasonOf returns the reason for that of a session.
func reasonOf(r engineio.Reason) Reason { return Reason(r) } // they have the same words

// isRecoverable reports whether a client that went for that reason may come back as the same socket.
func (r Reason) isRecoverable() bool {
	switch r {
	case TransportClose, TransportError, PingTimeout, ForcedClose, ForcedServerClose, ServerShuttingDown:
		return true
	}
	return false
}

// isOurs reports whether this side has sent the socket away, so that what still comes from it is of no interest.
func (r Reason) isOurs() bool { return r == ServerNamespaceDisconnect || r == ForcedServerClose }

// DisconnectError is the cause of a Socket's context.
type DisconnectError struct {
	Reason Reason // who ended it, and how
	Err    error  // nil, or the cause
}

// Error gives the reason and the cause.
func (e *DisconnectError) Error() string {
	if e.Err != nil {
		return "socketio: " + string(e.Reason) + ": " + e.Err.Error()
	}
	return "socketio: " + string(e.Reason)
}

// Unwrap returns the cause.
func (e *DisconnectError) Unwrap() error { return e.Err }

// Error is an error that travels: one with which middleware refuses a connection, or that a function given to Handle returns.
// Other errors are logged, and the peer learns only that there was one.
type Error struct {
	Message string `json:"message"`
	Data    any    `json:"data,omitzero"`
}

// Error returns Message.
func (e *Error) Error() string { return e.Message }

// travels returns err as what may travel: an *Error itself, and what tells nothing for others.
func travels(err error) *Error {
	var e *Error
	if errors.As(err, &e) && e != nil {
		return e
	}
	return &Error{Message: "internal error"}
}
