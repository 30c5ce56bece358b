package websocket

// This file holds the errors that callers branch on. A connection's end is always a *CloseError; what else is
// exported here either is wrapped in one or leaves the connection as it was.

import (
	"errors"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/seed-d69ae1b7/websocket/internal/transport"
)

var (
	// ErrReadInProgress is returned by a read while another one, or the body of a Messages loop, is under way. The
	// connection is not affected.
	ErrReadInProgress = errors.New("websocket: another read is in progress")

	// ErrWriteInProgress is returned by a write that waited for the write timeout while another message was being streamed
	// through Writer, or that does not wait: with Options.FailWhenFull, and Queue. Nothing was sent and the connection is
	// not affected. Close the Writer.
	ErrWriteInProgress = errors.New("websocket: another message is being written")

	// ErrBackpressure is returned by a write for which the buffer has no room, when Options.FailWhenFull is set.
	// Nothing was sent and the connection is not affected.
	ErrBackpressure = errors.New("websocket: write buffer is full")

	// ErrWriteFailed is wrapped, with the cause, by the error of every write after one that the network has refused: nothing
	// can be sent any more. How the connection ended is known only when its reading has ended: read on, and what the peer had
	// sent is delivered, its close frame included, before the *CloseError; or call Close, which discards up to there.
	ErrWriteFailed = errors.New("websocket: write failed")

	// ErrMessageTooBig is wrapped by the error of a read whose message passed the read limit, or took more than twice that and 64 KiB on
	// the wire. The connection was closed with StatusMessageTooBig.
	ErrMessageTooBig = errors.New("websocket: message is over the read limit")
)

// ProtocolError tells what the peer did wrong, or which limit it passed. It has ended the connection, or prevented it.
type ProtocolError struct {
	Code    StatusCode // to close with: 1002, 1007, 1008 or 1009
	Section string     // the rule that was broken: a section of RFC 6455, or "RFC 7692, Section 7.2.2" and the like
	Text    string     // what was seen, without prefix
	Err     error      // nil, or the cause: ErrMessageTooBig, or what the inflater found
}

// Error describes what the peer did and names the rule. Only a violation of the protocol is called a protocol error: a
// message may pass a limit of this side's and break no rule.
func (e *ProtocolError) Error() string {
	if e.Code == StatusPolicyViolation || e.Code == StatusMessageTooBig {
		return "websocket: " + e.what()
	}
	return "websocket: protocol error: " + e.what()
}

// what is Error without prefix.
func (e *ProtocolError) what() string {
	switch {
	case e.Section == "":
		return e.Text
	case strings.HasPrefix(e.Section, "RFC "):
		return e.Text + " (" + e.Section + ")"
	}
	return e.Text + " (RFC 6455, Section " + e.Section + ")"
}

// Unwrap returns Err.
func (e *ProtocolError) Unwrap() error { return e.Err }

// protocolError returns a ProtocolError of its own, so that no caller can change another's.
func protocolError(code StatusCode, section, text string) *ProtocolError {
	return &ProtocolError{Code: code, Section: section, Text: text}
}

// CloseError says how a connection ended: who ended it, with what code, and why. Every call on a connection that has
// ended returns an error that wraps the same one. CloseStatus finds its code. The package's documentation has a table of
// the situations in which a connection ends.
//
// errors.Is(err, net.ErrClosed) holds when the application ended the connection: by Close, CloseNow or Shutdown, or by
// closing the net.Conn under it. errors.Is(err, io.EOF) holds when the peer has closed it in order: by a closing handshake
// with StatusNormalClosure, StatusGoingAway, or no code at all, which is what a browser's close() sends (RFC 6455, Section
// 7.1.4).
type CloseError struct {
	Code   StatusCode // received, or sent when Local; StatusAbnormalClosure when there was no close frame
	Reason string     // the reason beside Code, at most MaxCloseReason bytes; whatever the peer likes, unless Local
	Local  bool       // this side ended it: the application, or a rule, a limit or a timeout that this side keeps
	Err    error      // why it ended, if neither side simply closed it: a *ProtocolError, a timeout, an error of the transport
}

// CloseStatus returns the code of the *CloseError that err wraps, or 0 if it wraps none: the connection has not ended, or
// never was.
func CloseStatus(err error) StatusCode {
	var closed *CloseError
	if errors.As(err, &closed) {
		return closed.Code
	}
	return 0
}

// errCloseTimeout is why Close fails: the application ended the connection, but the peer did not answer.
var errCloseTimeout = errors.New("websocket: closing handshake was not completed")

// errCut is wrapped by the error of a message that its context cut in the middle.
var errCut = errors.New("websocket: message cut in the middle")

// brokenBy returns how a connection ended whose transport has failed with err.
func brokenBy(err error) *CloseError {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // io.EOF stands for an ordinary close, and this was none
	}
	// Deadlines are only ever set on this side, as it is only this side that can close its net.Conn, and that bounds its queue.
	local := isTimeout(err) || errors.Is(err, net.ErrClosed) || errors.Is(err, errCut) || errors.Is(err, transport.ErrFlooded)
	return &CloseError{Code: StatusAbnormalClosure, Local: local, Err: err}
}

// Error says who ended the connection, with what code, and why. The reason is quoted, since the peer chooses it.
func (e *CloseError) Error() string {
	why := e.why()
	s := "websocket: " + e.who() + ": " + e.Code.String()
	if e.Reason != "" && !strings.Contains(why, e.Reason) {
		s += ": " + strconv.Quote(e.Reason)
	}
	if why != "" {
		s += ": " + why
	}
	return s
}

// who says who ended the connection, and whether there was a close frame.
func (e *CloseError) who() string {
	switch {
	case e.Local && e.Code == StatusAbnormalClosure:
		return "cut off by this side"
	case e.Local:
		return "closed by this side"
	case e.Code == StatusAbnormalClosure:
		return "cut off by the peer or the network"
	}
	return "closed by the peer"
}

// why is the text of Err without the prefixes that Error begins with.
func (e *CloseError) why() string {
	if e.Err == nil {
		return ""
	}
	if violation, ok := e.Err.(*ProtocolError); ok {
		return violation.what()
	}
	return strings.ReplaceAll(e.Err.Error(), "websocket: ", "")
}

// Unwrap returns Err.
func (e *CloseError) Unwrap() error { return e.Err }

// Is reports whether target is net.ErrClosed and the application ended the connection, or io.EOF and the peer closed it
// in order.
func (e *CloseError) Is(target error) bool {
	switch target {
	case net.ErrClosed:
		return e.Local && (e.Err == nil || e.Err == errCloseTimeout)
	case io.EOF:
		return !e.Local && (e.Code == StatusNormalClosure || e.Code == StatusGoingAway || e.Code == StatusNoStatusReceived)
	}
	return false
}
