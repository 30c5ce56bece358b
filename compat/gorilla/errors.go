package websocket

// This file holds the errors, but for those of a connection that was closed, which stand in closeerror.go.

import (
	"errors"
	"net"
)

var (
	// ErrCloseSent is returned by every write after a close frame has been sent, by the application or by the handler of
	// the peer's. Go on reading until the peer's close frame, or close the connection.
	ErrCloseSent = errors.New("websocket: close sent")

	// ErrReadLimit is returned by a read whose message is longer than SetReadLimit allows. The peer has been sent a close
	// frame with CloseMessageTooBig, and nothing more can be read.
	ErrReadLimit = errors.New("websocket: read limit exceeded")

	// ErrBadHandshake is returned by a Dialer when the server's response does not accept; it comes with the response.
	ErrBadHandshake = errors.New("websocket: bad handshake")
)

var (
	errMessageType  = errors.New("websocket: no such type of message to write")
	errControlLong  = errors.New("websocket: payload of a control message is over 125 bytes")
	errWriterClosed = errors.New("websocket: message to write to has been closed")
	errMalformedURL = errors.New("malformed ws or wss URL")
	errExtensions   = errors.New("websocket: Sec-WebSocket-Extensions is the handshake's own")
	errLevel        = errors.New("websocket: compression level is not from -2 to 9")

	errWriteTimeout error = &timeoutError{errors.New("websocket: time for the write is up")}
)

// timeoutError is a timeout as the connection tells it: for good, so that no loop takes it for a reason to try again.
type timeoutError struct{ err error }

func (e *timeoutError) Error() string   { return e.err.Error() }
func (e *timeoutError) Unwrap() error   { return e.err }
func (e *timeoutError) Timeout() bool   { return true }
func (e *timeoutError) Temporary() bool { return false }

// final returns an error of the net.Conn as the connection tells it from now on.
func final(err error) error {
	if ne, ok := err.(net.Error); ok && ne.Timeout() {
		return &timeoutError{err}
	}
	return err
}

// HandshakeError says why an Upgrade failed.
type HandshakeError struct{ message string }

// Error says what was wrong with the request.
func (e HandshakeError) Error() string { return e.message }
