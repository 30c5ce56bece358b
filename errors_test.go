package websocket

// This file tests errors.go: what the errors say, and what errors.Is and errors.As find in them.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-d69ae1b7/websocket/internal/errno"
	"github.com/seed-d69ae1b7/websocket/internal/transport"
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
		{protocolError(1007, "", "not UTF-8"), "websocket: protocol error: not UTF-8"},
		// A limit of this side is no rule of the protocol.
		{protocolError(1008, "10.4", "too many empty fragments"), "websocket: too many empty fragments (RFC 6455, Section 10.4)"},
		{tooBig(overLimit).(*ProtocolError), "websocket: message over the read limit (RFC 6455, Section 7.4.1)"},
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

// Each text says once who ended the connection, with what code, and why; what the peer chose cannot leave its quotes.
func TestCloseErrorText(t *testing.T) {
	violated := func(e *ProtocolError) *CloseError {
		return &CloseError{Code: e.Code, Reason: e.Text, Local: true, Err: e}
	}
	for _, tt := range []struct {
		err  *CloseError
		want string
	}{
		{&CloseError{Code: 1000}, `websocket: closed by the peer: 1000 (normal closure)`},
		{&CloseError{Code: 4000, Reason: "bye"}, `websocket: closed by the peer: 4000: "bye"`},
		{&CloseError{Code: 4000, Reason: "a\nlevel=info \x1b[2J\"é\u202e"}, `websocket: closed by the peer: 4000: "a\nlevel=info \x1b[2J\"é\u202e"`},
		{&CloseError{Code: 1001, Local: true}, `websocket: closed by this side: 1001 (going away)`},
		{&CloseError{Code: 1000, Local: true, Reason: "done", Err: errCloseTimeout},
			`websocket: closed by this side: 1000 (normal closure): "done": closing handshake was not completed`},
		{violated(protocolError(1002, "5.2", "reserved opcode 3")),
			`websocket: closed by this side: 1002 (protocol error): reserved opcode 3 (RFC 6455, Section 5.2)`},
		{violated(tooBig(overLimit).(*ProtocolError)),
			`websocket: closed by this side: 1009 (message too big): message over the read limit (RFC 6455, Section 7.4.1)`},
		{&CloseError{Code: 1006, Local: true}, `websocket: cut off by this side: 1006 (abnormal closure)`},
		{&CloseError{Code: 1006, Local: true, Err: errPongTimeout},
			`websocket: cut off by this side: 1006 (abnormal closure): ping was not answered in time: i/o timeout`},
		{&CloseError{Code: 1006, Err: io.ErrUnexpectedEOF},
			`websocket: cut off by the peer or the network: 1006 (abnormal closure): unexpected EOF`},
		{&CloseError{Code: 1008, Reason: "slow down", Local: true, Err: errors.New("flood")},
			`websocket: closed by this side: 1008 (policy violation): "slow down": flood`},
		{&CloseError{Code: 1011, Local: true, Err: fmt.Errorf("%w: %w", errUnfinished, errSendUTF8)},
			`websocket: closed by this side: 1011 (internal error): streamed message cannot be finished: ` +
				strings.TrimPrefix(errSendUTF8.Error(), "websocket: ")},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}

// errors.Is: net.ErrClosed says that the application ended the connection, io.EOF that the peer did and meant well.
func TestCloseErrorIs(t *testing.T) {
	for _, tt := range []struct {
		err           *CloseError
		isClosed, eof bool
	}{
		{&CloseError{Code: StatusNormalClosure}, false, true},
		{&CloseError{Code: StatusGoingAway}, false, true},
		{&CloseError{Code: StatusNoStatusReceived}, false, true},
		{&CloseError{Code: StatusProtocolError}, false, false},
		{&CloseError{Code: 4000}, false, false},
		{&CloseError{Code: StatusNormalClosure, Local: true}, true, false},
		{&CloseError{Code: StatusGoingAway, Local: true}, true, false},
		{&CloseError{Code: StatusNoStatusReceived, Local: true}, true, false},
		{&CloseError{Code: StatusNormalClosure, Local: true, Err: errCloseTimeout}, true, false},
		{&CloseError{Code: StatusProtocolError, Local: true, Err: protocolError(1002, "5.2", "x")}, false, false},
		{&CloseError{Code: StatusMessageTooBig, Local: true, Err: tooBig(overLimit)}, false, false},
		{&CloseError{Code: StatusAbnormalClosure, Local: true, Err: errPongTimeout}, false, false},
		{brokenBy(io.EOF), false, false},
		{brokenBy(&net.OpError{Op: "read", Net: "tunnel", Err: io.EOF}), false, false},
		{brokenBy(&net.OpError{Op: "write", Net: "tcp", Err: errno.Pipe}), false, false},
		{brokenBy(&net.OpError{Op: "write", Net: "tcp", Err: os.ErrDeadlineExceeded}), false, false},
		{brokenBy(&net.OpError{Op: "read", Net: "tcp", Err: net.ErrClosed}), true, false},
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

// What a transport fails with tells which side has ended the connection: deadlines are this side's.
func TestBrokenBy(t *testing.T) {
	for _, tt := range []struct {
		err   error
		local bool
	}{
		{io.EOF, false},
		{errno.ConnReset, false},
		{&net.OpError{Op: "read", Net: "tcp", Err: syscall.ETIMEDOUT}, false}, // TCP has given the peer up
		{io.ErrClosedPipe, false},
		{&net.OpError{Op: "write", Net: "tcp", Err: os.ErrDeadlineExceeded}, true},
		{fmt.Errorf("tunnel: %w", net.ErrClosed), true},
		{fmt.Errorf("%w: %w", errCut, context.Canceled), true},
		{fmt.Errorf("tls: %w", transport.ErrFlooded), true},
	} {
		if e := brokenBy(tt.err); e.Local != tt.local || e.Code != StatusAbnormalClosure {
			t.Errorf("%v: Local is %v", e, e.Local)
		}
	}
}

// CloseStatus finds the code through whatever wraps it, and nothing where nothing has ended.
func TestCloseStatus(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want StatusCode
	}{
		{nil, 0},
		{io.EOF, 0},
		{ErrReadInProgress, 0},
		{protocolError(1002, "5.2", "x"), 0},
		{&CloseError{Code: 4000}, 4000},
		{fmt.Errorf("reading: %w", &CloseError{Code: 1001, Local: true}), 1001},
	} {
		if got := CloseStatus(tt.err); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.err, got, tt.want)
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
