package websocket

// This file holds codes, types of messages and errors, and how the library's errors are told.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	ws "github.com/seed-d69ae1b7/websocket"
)

// StatusCode says why a connection was closed (RFC 6455, Section 7.4).
type StatusCode int

// The registered codes. StatusNoStatusRcvd, StatusAbnormalClosure and StatusTLSHandshake are never sent: they stand for what
// happened when there was no code.
const (
	StatusNormalClosure           StatusCode = 1000
	StatusGoingAway               StatusCode = 1001
	StatusProtocolError           StatusCode = 1002
	StatusUnsupportedData         StatusCode = 1003
	StatusNoStatusRcvd            StatusCode = 1005
	StatusAbnormalClosure         StatusCode = 1006
	StatusInvalidFramePayloadData StatusCode = 1007
	StatusPolicyViolation         StatusCode = 1008
	StatusMessageTooBig           StatusCode = 1009
	StatusMandatoryExtension      StatusCode = 1010
	StatusInternalError           StatusCode = 1011
	StatusServiceRestart          StatusCode = 1012
	StatusTryAgainLater           StatusCode = 1013
	StatusBadGateway              StatusCode = 1014
	StatusTLSHandshake            StatusCode = 1015
)

// statusNames are the names of the constants.
var statusNames = map[StatusCode]string{
	StatusNormalClosure: "StatusNormalClosure", StatusGoingAway: "StatusGoingAway", StatusProtocolError: "StatusProtocolError",
	StatusUnsupportedData: "StatusUnsupportedData", 1004: "statusReserved", StatusNoStatusRcvd: "StatusNoStatusRcvd",
	StatusAbnormalClosure: "StatusAbnormalClosure", StatusInvalidFramePayloadData: "StatusInvalidFramePayloadData",
	StatusPolicyViolation: "StatusPolicyViolation", StatusMessageTooBig: "StatusMessageTooBig",
	StatusMandatoryExtension: "StatusMandatoryExtension", StatusInternalError: "StatusInternalError",
	StatusServiceRestart: "StatusServiceRestart", StatusTryAgainLater: "StatusTryAgainLater",
	StatusBadGateway: "StatusBadGateway", StatusTLSHandshake: "StatusTLSHandshake",
}

// String returns the name of the constant, or the number.
func (i StatusCode) String() string {
	if name := statusNames[i]; name != "" {
		return name
	}
	return "StatusCode(" + strconv.Itoa(int(i)) + ")"
}

// MessageType is the type of a message.
type MessageType int

// The types of messages (RFC 6455, Section 5.6).
const (
	MessageText   MessageType = iota + 1 // UTF-8, which is checked in both directions
	MessageBinary                        // any bytes
)

// String returns the name of the constant, or the number.
func (i MessageType) String() string {
	switch i {
	case MessageText:
		return "MessageText"
	case MessageBinary:
		return "MessageBinary"
	}
	return "MessageType(" + strconv.Itoa(int(i)) + ")"
}

// CloseError is wrapped by the errors of a connection that the peer has closed with a close frame.
type CloseError struct {
	Code   StatusCode // StatusNoStatusRcvd if the frame had none
	Reason string     // of the peer's, at most 123 bytes
}

// Error gives the code and the reason.
func (ce CloseError) Error() string {
	return fmt.Sprintf("status = %v and reason = %q", ce.Code, ce.Reason)
}

// CloseStatus returns the code of the CloseError that err wraps, or -1.
func CloseStatus(err error) StatusCode {
	if ce := (CloseError{}); errors.As(err, &ce) {
		return ce.Code
	}
	return -1
}

// ErrMessageTooBig is wrapped by the error of a read whose message passed the read limit.
var ErrMessageTooBig = errors.New("websocket: message too big")

// told returns an error of the library as coder tells it: by a CloseError where the peer has sent a close frame, and else by what
// was the cause. A context that has ended ends the connection.
func (c *Conn) told(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		c.c.CloseNow()
		if !errors.Is(err, ctx.Err()) {
			err = fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}
	return fmt.Errorf("%s: %w", doing, translated(err))
}

// translated returns an error of the library by coder's types.
func translated(err error) error {
	ended := (*ws.CloseError)(nil)
	switch {
	case !errors.As(err, &ended):
	case errors.Is(err, ws.ErrMessageTooBig):
		return fmt.Errorf("%w: %w", ErrMessageTooBig, err)
	case !ended.Local && ended.Code != ws.StatusAbnormalClosure:
		return fmt.Errorf("received close frame: %w", CloseError{StatusCode(ended.Code), ended.Reason})
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: %w", io.EOF, err)
	}
	return err
}
