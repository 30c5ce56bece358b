package h2

// This file holds the errors of HTTP/2 (RFC 9113, Sections 5.4 and 7), of connections and of streams.

import (
	"errors"
	"fmt"
	"strconv"
)

// ErrUnsupported is what the error of Client.Dial is (errors.Is) where the server does not take WebSocket over HTTP/2, or wants HTTP/1.1 for this
// request, and Client.Fallback is not set.
var ErrUnsupported = errors.New("h2: the server does not take WebSocket over HTTP/2 (RFC 8441)")

// ErrorCode says why a stream or a connection was ended (RFC 9113, Section 7).
type ErrorCode uint32

const (
	NoError            ErrorCode = 0x0 // nothing is wrong
	ProtocolError      ErrorCode = 0x1 // a rule was broken that has no code of its own
	InternalError      ErrorCode = 0x2 // something went wrong inside of an endpoint
	FlowControlError   ErrorCode = 0x3 // more was sent than a window allowed
	SettingsTimeout    ErrorCode = 0x4 // settings were not acknowledged
	StreamClosed       ErrorCode = 0x5 // a frame for a stream that has ended
	FrameSizeError     ErrorCode = 0x6 // a frame of a size that it may not have
	RefusedStream      ErrorCode = 0x7 // nothing was done about the stream, which may be tried again
	Cancel             ErrorCode = 0x8 // the stream is not needed any more
	CompressionError   ErrorCode = 0x9 // a header block cannot be decoded, and so no other
	ConnectError       ErrorCode = 0xa // the connection behind a CONNECT was reset
	EnhanceYourCalm    ErrorCode = 0xb // the peer causes more work than it should
	InadequateSecurity ErrorCode = 0xc // TLS is not good enough
	HTTP11Required     ErrorCode = 0xd // the request is for HTTP/1.1
)

var errorCodeNames = [...]string{
	"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR",
	"REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
}

// String returns the name that the RFC has for the code, or its number.
func (c ErrorCode) String() string {
	if int64(c) < int64(len(errorCodeNames)) {
		return errorCodeNames[c]
	}
	return "error code " + strconv.FormatUint(uint64(c), 10)
}

// ConnectionError says why a connection of HTTP/2 has ended, with all its streams, or will take no more of them. It is wrapped by
// the *websocket.CloseError of each.
type ConnectionError struct {
	Code   ErrorCode // as in GOAWAY; ConnectError where none was sent, because the network or the peer has failed
	Remote bool      // the peer has said so, with GOAWAY
	Reason string    // what this side found wrong, or what the peer says about it, at most 200 bytes
	Err    error     // nil, or the cause
}

// Error says who ended the connection, with what code, and why.
func (e *ConnectionError) Error() string {
	s := "h2: connection ended with " + e.Code.String()
	if e.Remote {
		s += " by the peer"
		if e.Reason != "" {
			return s + ": " + strconv.Quote(e.Reason)
		}
	}
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns Err.
func (e *ConnectionError) Unwrap() error { return e.Err }

// Is reports whether the peer wants HTTP/1.1, which is what ErrUnsupported says.
func (e *ConnectionError) Is(target error) bool { return e.Code.unsupported(target) }

// violation is what the peer did wrong.
func violation(code ErrorCode, reason string) error {
	return &ConnectionError{Code: code, Reason: reason}
}

// StreamError says that one stream was reset (RFC 9113, Section 6.4). It is wrapped by the *websocket.CloseError of the connection.
type StreamError struct {
	Code   ErrorCode // as in RST_STREAM
	Remote bool      // by the peer
}

// Error says who reset the stream, and with what code.
func (e *StreamError) Error() string {
	if e.Remote {
		return fmt.Sprintf("h2: the peer has reset the stream with %v", e.Code)
	}
	return fmt.Sprintf("h2: stream reset with %v", e.Code)
}

// Is reports whether the peer wants HTTP/1.1 for this request, which is what ErrUnsupported says.
func (e *StreamError) Is(target error) bool { return e.Code.unsupported(target) }

// unsupported is the Is of errors with a code. RFC 9113, Section 7: "The endpoint requires that HTTP/1.1 be used instead of HTTP/2."
func (c ErrorCode) unsupported(target error) bool {
	return c == HTTP11Required && target == ErrUnsupported
}

// unprocessed is why a stream has ended that the peer has done nothing about, so that it may be tried again. RFC 9113, Section 8.7: GOAWAY
// and REFUSED_STREAM say so.
type unprocessed struct{ err error }

func (e *unprocessed) Error() string { return e.err.Error() }
func (e *unprocessed) Unwrap() error { return e.err }
