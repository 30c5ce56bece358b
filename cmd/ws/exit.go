package main

// This file holds what the tool's exit status means.

import (
	"errors"
	"io"

	"github.com/seed-d69ae1b7/websocket"
)

// The exit statuses. Those from 3 on tell how the connection of ws dial ended.
const (
	exitOrdinary    = 0 // done, or closed in order: by us, or by the server with 1000, 1001 or no code
	exitFailed      = 1 // something on this side, such as a file, or a threshold of ws load
	exitUsage       = 2 // the command line is wrong
	exitUnreachable = 3 // no connection: a name, the network, TLS, a proxy
	exitRefused     = 4 // the server's answer was not 101
	exitClosed      = 5 // the server closed with another code
	exitLost        = 6 // the connection ended without a closing handshake
	exitBroken      = 7 // the server broke the protocol, or a limit
)

// usageError is an error of the command line.
type usageError struct{ error }

// Unwrap returns the cause.
func (e usageError) Unwrap() error { return e.error }

// unreachable is the error of a connection that could not be made, without an answer of the server's.
type unreachable struct{ error }

// Unwrap returns the cause.
func (e unreachable) Unwrap() error { return e.error }

// exitStatus returns the status that tells of err.
func exitStatus(err error) int {
	var end *websocket.CloseError
	var refused *websocket.HandshakeError
	switch {
	case err == nil:
		return exitOrdinary
	case errors.As(err, &end):
		return closeStatus(end)
	case errors.As(err, new(usageError)):
		return exitUsage
	case errors.As(err, new(unreachable)):
		return exitUnreachable
	case errors.As(err, &refused), errors.As(err, new(notFollowed)):
		return exitRefused
	}
	return exitFailed
}

// closeStatus returns the status that tells how a connection ended.
func closeStatus(end *websocket.CloseError) int {
	var broken *websocket.ProtocolError
	switch {
	case errors.As(end.Err, &broken):
		return exitBroken
	case end.Err != nil || end.Code == websocket.StatusAbnormalClosure:
		return exitLost
	case end.Local || errors.Is(end, io.EOF):
		return exitOrdinary
	}
	return exitClosed
}
