package websocket

// This file holds the errors that callers branch on. A connection's end is always a *CloseError; what else is
// exported here either is wrapped in one or leaves the connection as it was.

import (
	"errors"
	"io"
	"net"
	"strings"
)

var (
	// ErrReadInProgress is returned by a read while another one, or the body of a Messages loop, is under way. The
	// connection is not affected.
	ErrReadInProgress = errors.New("websocket: another read is in progress")

	// ErrWriteInProgress is returned by a write that waited for the write timeout while another message was being
	// streamed through Writer. Nothing was sent and the connection is not affected. Close the Writer.
	ErrWriteInProgress = errors.New("websocket: another message is being written")

	// ErrBackpressure is returned by a write for which the buffer has no room, when Options.FailWhenFull is set.
	// Nothing was sent and the connection is not affected.
	ErrBackpressure = errors.New("websocket: write buffer is full")

	// ErrMessageTooBig is wrapped by the error of a read whose message passed the read limit. The connection was
	// closed with StatusMessageTooBig.
	ErrMessageTooBig = errors.New("websocket: message is over the read limit")
)

// ProtocolError tells what the peer did wrong. It has ended the connection, or prevented it.
type ProtocolError struct {
	Code    StatusCode // to close with: 1002, 1007, 1008 or 1009
	Section string     // the rule that was broken: a section of RFC 6455, or "RFC 7692, Section 7.2.2" and the like
	Text    string     // what was seen, without prefix
	Err     error      // nil, or the cause: ErrMessageTooBig, or what the inflater found
}

// Error describes what the peer did and names the rule.
func (e *ProtocolError) Error() string {
	s := "websocket: protocol error: " + e.Text
	if e.Section == "" {
		return s
	}
	if !strings.HasPrefix(e.Section, "RFC ") {
		return s + " (RFC 6455, Section " + e.Section + ")"
	}
	return s + " (" + e.Section + ")"
}

// Unwrap returns Err.
func (e *ProtocolError) Unwrap() error { return e.Err }

// protocolError returns a ProtocolError of its own, so that no caller can change another's.
func protocolError(code StatusCode, section, text string) *ProtocolError {
	return &ProtocolError{Code: code, Section: section, Text: text}
}

// CloseError says how a connection ended. Every call on a connection that has ended returns an error that wraps the
// same one. errors.Is(err, net.ErrClosed) holds when this side ended it; errors.Is(err, io.EOF) when the peer closed with
// StatusNormalClosure or StatusGoingAway, which is how a connection ends that nobody has anything against.
type CloseError struct {
	Code   StatusCode // received, or sent when Local; StatusAbnormalClosure when there was no close frame
	Reason string     // the reason beside Code, at most MaxCloseReason bytes
	Local  bool       // this side ended the connection: by Close, or because of Err
	Err    error      // nil, or the cause: a *ProtocolError, an error of the transport, a timeout
}

// Error says who ended the connection, with what code, and why.
func (e *CloseError) Error() string {
	s := "websocket: closed by the peer: "
	if e.Local {
		s = "websocket: closed: "
	}
	s += e.Code.String()
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	if e.Err != nil {
		s += ": " + strings.TrimPrefix(e.Err.Error(), "websocket: ")
	}
	return s
}

// Unwrap returns Err.
func (e *CloseError) Unwrap() error { return e.Err }

// Is reports whether target is net.ErrClosed and this side ended the connection, or io.EOF and the peer did in an
// ordinary way.
func (e *CloseError) Is(target error) bool {
	switch target {
	case net.ErrClosed:
		return e.Local
	case io.EOF:
		return !e.Local && (e.Code == StatusNormalClosure || e.Code == StatusGoingAway)
	}
	return false
}
