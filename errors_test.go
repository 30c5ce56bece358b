package websocket

// This file tests errors.go: what the errors say, and what errors.Is and errors.As find in them.

import (
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
)

func TestProtocolErrorText(t *testing.T) {
	for _, tt := range []struct {
		err  *ProtocolError
		want string
	}{
		{protocolError(1002, "5.5", "fragmented ping frame"),
			"websocket: protocol error: fragmented ping frame (RFC 6455, Section 5.5)"},
		{protocolError(1002, "RFC 7692, Section 7.2.2", "wrong block"),
			"websocket: protocol error: wrong block (RFC 7692, Section 7.2.2)"},
		{protocolError(1008, "", "too many empty fragments"), "websocket: protocol error: too many empty fragments"},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// The cause of a ProtocolError is found through it, and no error is shared that a caller could change.
func TestProtocolErrorUnwrap(t *testing.T) {
	err := protocolError(StatusMessageTooBig, "10.4", "message over the limit")
	if errors.Is(err, ErrMessageTooBig) {
		t.Error("found a cause where there is none")
	}
	err.Err = ErrMessageTooBig
	if !errors.Is(fmt.Errorf("reading: %w", err), ErrMessageTooBig) {
		t.Error("the cause is not found")
	}
	_, _, err1 := ParseHeader([]byte{0x83})
	_, _, err2 := ParseHeader([]byte{0x83})
	if err1 == err2 {
		t.Error("two headers share one error")
	}
}

func TestCloseErrorText(t *testing.T) {
	for _, tt := range []struct {
		err  *CloseError
		want string
	}{
		{&CloseError{Code: 1000}, "websocket: closed by the peer: 1000 (normal closure)"},
		{&CloseError{Code: 4000, Reason: "bye"}, "websocket: closed by the peer: 4000: bye"},
		{&CloseError{Code: 1001, Local: true}, "websocket: closed: 1001 (going away)"},
		{&CloseError{Code: 1002, Local: true, Err: protocolError(1002, "5.2", "reserved opcode 3")},
			"websocket: closed: 1002 (protocol error): protocol error: reserved opcode 3 (RFC 6455, Section 5.2)"},
		{&CloseError{Code: 1006, Err: io.ErrUnexpectedEOF},
			"websocket: closed by the peer: 1006 (abnormal closure): unexpected EOF"},
		{&CloseError{Code: 1008, Reason: "slow down", Local: true, Err: errors.New("flood")},
			"websocket: closed: 1008 (policy violation): slow down: flood"},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// errors.Is: net.ErrClosed says that this side ended the connection, io.EOF that the peer did and meant well.
func TestCloseErrorIs(t *testing.T) {
	for _, tt := range []struct {
		err           *CloseError
		isClosed, eof bool
	}{
		{&CloseError{Code: StatusNormalClosure}, false, true},
		{&CloseError{Code: StatusGoingAway}, false, true},
		{&CloseError{Code: StatusNoStatusReceived}, false, false},
		{&CloseError{Code: StatusAbnormalClosure, Err: io.ErrUnexpectedEOF}, false, false},
		{&CloseError{Code: StatusProtocolError}, false, false},
		{&CloseError{Code: 4000}, false, false},
		{&CloseError{Code: StatusNormalClosure, Local: true}, true, false},
		{&CloseError{Code: StatusGoingAway, Local: true}, true, false},
		{&CloseError{Code: StatusProtocolError, Local: true, Err: protocolError(1002, "5.2", "x")}, true, false},
	} {
		err := fmt.Errorf("reading: %w", tt.err)
		if got := errors.Is(err, net.ErrClosed); got != tt.isClosed {
			t.Errorf("%v: is net.ErrClosed: %v", err, got)
		}
		if got := errors.Is(err, io.EOF); got != tt.eof {
			t.Errorf("%v: is io.EOF: %v", err, got)
		}
		if errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%v: is io.ErrClosedPipe", err)
		}
	}
}

// What caused the end is found through the CloseError: by value and by type.
func TestCloseErrorUnwrap(t *testing.T) {
	cause := &ProtocolError{Code: StatusMessageTooBig, Text: "message over the limit", Err: ErrMessageTooBig}
	var err error = &CloseError{Code: StatusMessageTooBig, Local: true, Err: cause}
	var pe *ProtocolError
	if !errors.Is(err, ErrMessageTooBig) || !errors.As(err, &pe) || pe != cause {
		t.Errorf("%v: the cause is not found", err)
	}
	if errors.Unwrap(&CloseError{Code: 1000}) != nil {
		t.Error("a cause where there is none")
	}
}
